//! The command line: which flags there are, and for which connections they count.

use std::sync::Arc;

use tls12::{
    crypto::RUSTCRYPTO,
    wire::{NamedGroup, SignatureScheme},
};

use super::{
    signing::{Holder, certificates},
    text::{base64, hex},
};

/// A flag, or a value of one, that this program does not have.
#[derive(Debug)]
pub(super) struct Unimplemented(pub(super) String);

/// The flags of the first connection and of those after it.
pub(super) struct Command {
    pub(super) initial: Arc<Flags>,
    pub(super) resume: Arc<Flags>,
}

/// What one `-new-x509-credential`, or the default, is made of.
#[derive(Debug, Default, Clone)]
pub(super) struct CredentialFlags {
    pub(super) cert_file: Option<String>,
    pub(super) key_file: Option<String>,
    pub(super) signing_prefs: Vec<SignatureScheme>,
    pub(super) ocsp_response: Option<Vec<u8>>,
    pub(super) must_match_issuer: bool,
}

/// What an application does about the hook for OCSP.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum OcspHook {
    #[default]
    None,
    Passes,
    Fails,
    Declines,
    Sets,
}

/// How an application chooses a protocol.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum ChooseProtocol {
    #[default]
    None,
    One(Vec<u8>),
    Rejects,
    Empty,
}

/// What one connection is to do.
#[derive(Default)]
pub(super) struct Flags {
    pub(super) port: u16,
    pub(super) shim_id: u64,
    pub(super) ipv6: bool,
    pub(super) server: bool,
    pub(super) resume_count: usize,
    pub(super) byte_by_byte: bool,
    pub(super) curves: Vec<NamedGroup>,
    versions: Versions,
    pub(super) verify_prefs: Vec<SignatureScheme>,
    /// The default first, then as they came.
    credentials: Vec<CredentialFlags>,
    /// In the order in which they are tried.
    pub(super) holders: Vec<Holder>,
    pub(super) expect_peer_scheme: Option<u16>,
    pub(super) expect_peer_verify_prefs: Vec<u16>,
    pub(super) expect_selected_credential: Option<i32>,
    pub(super) expect_peer_cert_file: Option<String>,
    pub(super) verify_peer: bool,
    pub(super) require_client_certificate: bool,
    pub(super) verify_fail: bool,
    pub(super) expect_verify_result: bool,
    pub(super) custom_verify: bool,
    pub(super) reverify_on_resume: bool,
    pub(super) client_ca_list: Option<Vec<Vec<u8>>>,
    pub(super) expect_client_ca_list: Option<Vec<Vec<u8>>>,
    pub(super) expect_certificate_types: Option<Vec<u8>>,
    pub(super) fail_cert_callback: bool,
    pub(super) ignore_key_usage: bool,
    pub(super) expect_key_usage_invalid: bool,
    pub(super) ocsp_stapling: bool,
    pub(super) expect_ocsp_response: Option<Vec<u8>>,
    pub(super) ocsp_hook: OcspHook,
    pub(super) writes_first: bool,
    pub(super) shuts_down: bool,
    pub(super) check_close_notify: bool,
    pub(super) send_alert: bool,
    pub(super) export_len: usize,
    pub(super) export_label: Vec<u8>,
    pub(super) export_context: Vec<u8>,
    pub(super) use_export_context: bool,
    pub(super) max_send_fragment: Option<usize>,
    pub(super) read_size: Option<usize>,
    pub(super) expect_session_miss: bool,
    pub(super) expect_ticket_renewal: bool,
    pub(super) expect_no_session: bool,
    pub(super) expect_session_id: Option<bool>,
    pub(super) no_ticket: bool,
    pub(super) renew_ticket: bool,
    pub(super) skip_ticket: bool,
    pub(super) expect_extended_master_secret: bool,
    pub(super) expect_curve: Option<u16>,
    pub(super) host_name: Option<String>,
    pub(super) expect_server_name: Option<String>,
    pub(super) no_server_name_ack: bool,
    pub(super) advertise_alpn: Vec<u8>,
    pub(super) expect_alpn: Vec<u8>,
    pub(super) choose_protocol: ChooseProtocol,
    pub(super) expect_advertised_alpn: Vec<u8>,
    pub(super) any_alpn: bool,
    pub(super) fail_early_callback: bool,
    pub(super) fallback_scsv: bool,
}

/// The versions that are switched on, of which we have one.
#[derive(Debug, Default, Clone, Copy)]
struct Versions {
    min: Option<u16>,
    max: Option<u16>,
    no_tls12: bool,
}

impl Versions {
    const TLS12: u16 = 0x0303;

    fn have_tls12(self) -> bool {
        !self.no_tls12
            && self.min.is_none_or(|min| min <= Self::TLS12)
            && self.max.is_none_or(|max| max >= Self::TLS12)
    }
}

impl Command {
    /// Reads the command line twice, once for either kind of connection.
    pub(super) fn parse(args: &[Vec<u8>]) -> Result<Self, Unimplemented> {
        let initial = Arc::new(Flags::parse(args, "on-initial-")?);
        let resume = Arc::new(Flags::parse(args, "on-resume-")?);
        Ok(Self { initial, resume })
    }
}

/// What is left of the command line.
struct Args<'a> {
    name: &'a str,
    rest: &'a [Vec<u8>],
}

impl<'a> Args<'a> {
    fn value(&mut self) -> Result<&'a [u8], Unimplemented> {
        let (value, rest) = self.rest.split_first().ok_or_else(|| self.bad("needs a value"))?;
        self.rest = rest;
        Ok(value)
    }

    fn text(&mut self) -> Result<&'a str, Unimplemented> {
        let value = self.value()?;
        std::str::from_utf8(value).map_err(|_| self.bad("is no text"))
    }

    fn number<T: std::str::FromStr>(&mut self) -> Result<T, Unimplemented> {
        let text = self.text()?;
        text.parse().map_err(|_| self.bad(text))
    }

    fn base64(&mut self) -> Result<Vec<u8>, Unimplemented> {
        let text = self.text()?;
        base64(text).ok_or_else(|| self.bad(text))
    }

    /// Names in hexadecimal with commas between them.
    fn names(&mut self) -> Result<Vec<Vec<u8>>, Unimplemented> {
        let text = self.text()?;
        if ["<NULL>", "<EMPTY>"].contains(&text) {
            return Ok(Vec::new());
        }
        let names = text.split(',').map(hex).collect::<Option<_>>();
        names.ok_or_else(|| self.bad(text))
    }

    fn bad(&self, why: &str) -> Unimplemented {
        Unimplemented(format!("-{} {why}", self.name))
    }
}

impl Flags {
    /// The flags of the connections whose own flags begin with `own`.
    fn parse(args: &[Vec<u8>], own: &str) -> Result<Self, Unimplemented> {
        let mut flags = Self { credentials: vec![CredentialFlags::default()], ..Self::default() };
        // Takes what is not meant for these connections.
        let mut others = Self { credentials: vec![CredentialFlags::default()], ..Self::default() };
        let mut args = Args { name: "", rest: args };
        while let Some((flag, rest)) = args.rest.split_first() {
            args.rest = rest;
            let name = std::str::from_utf8(flag).ok().and_then(|flag| flag.strip_prefix('-'));
            args.name = name.ok_or_else(|| Unimplemented(String::from_utf8_lossy(flag).into_owned()))?;
            let mut target = &mut flags;
            for prefix in ["on-initial-", "on-resume-"] {
                if let Some(name) = args.name.strip_prefix(prefix) {
                    args.name = name;
                    target = if prefix == own { target } else { &mut others };
                }
            }
            target.apply(&mut args)?;
        }
        flags.finish()
    }

    fn finish(mut self) -> Result<Self, Unimplemented> {
        if !self.versions.have_tls12() {
            return Err(Unimplemented("a range of versions without TLS 1.2".into()));
        }
        // The default is tried last.
        let order = (1..self.credentials.len()).chain([0]);
        for n in order {
            let index = i32::try_from(n).unwrap_or(i32::MAX) - 1;
            self.holders.extend(Holder::load(&self.credentials[n], index)?);
        }
        if let Some(path) = &self.expect_peer_cert_file {
            certificates(path)?;
        }
        Ok(self)
    }

    fn apply(&mut self, args: &mut Args<'_>) -> Result<(), Unimplemented> {
        let known = self.connecting(args)?
            || self.credential(args)?
            || self.peer(args)?
            || self.ocsp(args)?
            || self.application(args)?
            || self.sessions(args)?
            || self.extensions(args)?
            || is_without_effect(args)?;
        if known { Ok(()) } else { Err(Unimplemented(format!("-{}", args.name))) }
    }

    /// Who and how.
    fn connecting(&mut self, args: &mut Args<'_>) -> Result<bool, Unimplemented> {
        match args.name {
            "port" => self.port = args.number()?,
            "shim-id" => self.shim_id = args.number()?,
            "ipv6" => self.ipv6 = true,
            "server" => self.server = true,
            "resume-count" => self.resume_count = args.number()?,
            "async" => self.byte_by_byte = true,
            "curves" => {
                let group = NamedGroup(args.number()?);
                if RUSTCRYPTO.group(group).is_none() {
                    return Err(args.bad(&group.to_string()));
                }
                self.curves.push(group);
            }
            "min-version" => self.versions.min = Some(args.number()?),
            "max-version" => self.versions.max = Some(args.number()?),
            "no-tls12" => self.versions.no_tls12 = true,
            // There are no others to switch off.
            "no-tls1" | "no-tls11" | "no-tls13" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whom we present ourselves as, and what we sign and accept.
    fn credential(&mut self, args: &mut Args<'_>) -> Result<bool, Unimplemented> {
        if args.name == "new-x509-credential" {
            self.credentials.push(CredentialFlags::default());
            return Ok(true);
        }
        let Some(credential) = self.credentials.last_mut() else { return Ok(false) };
        match args.name {
            "cert-file" => credential.cert_file = Some(args.text()?.into()),
            "key-file" => credential.key_file = Some(args.text()?.into()),
            "signing-prefs" => credential.signing_prefs.push(SignatureScheme(args.number()?)),
            "ocsp-response" => credential.ocsp_response = Some(args.base64()?),
            "must-match-issuer" => credential.must_match_issuer = true,
            "verify-prefs" => self.verify_prefs.push(SignatureScheme(args.number()?)),
            "expect-peer-signature-algorithm" => self.expect_peer_scheme = Some(args.number()?),
            "expect-peer-verify-pref" => self.expect_peer_verify_prefs.push(args.number()?),
            "expect-selected-credential" => self.expect_selected_credential = Some(args.number()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What the peer presents.
    fn peer(&mut self, args: &mut Args<'_>) -> Result<bool, Unimplemented> {
        match args.name {
            "verify-peer" => self.verify_peer = true,
            "require-any-client-certificate" => self.require_client_certificate = true,
            "verify-fail" => self.verify_fail = true,
            "expect-verify-result" => self.expect_verify_result = true,
            "use-custom-verify-callback" => self.custom_verify = true,
            "reverify-on-resume" => self.reverify_on_resume = true,
            "use-client-ca-list" => self.client_ca_list = Some(args.names()?),
            "expect-client-ca-list" => self.expect_client_ca_list = Some(args.names()?),
            "expect-certificate-types" => self.expect_certificate_types = Some(args.base64()?),
            "fail-cert-callback" => self.fail_cert_callback = true,
            "ignore-rsa-key-usage" => self.ignore_key_usage = true,
            "expect-key-usage-invalid" => self.expect_key_usage_invalid = true,
            "expect-peer-cert-file" => self.expect_peer_cert_file = Some(args.text()?.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn ocsp(&mut self, args: &mut Args<'_>) -> Result<bool, Unimplemented> {
        match args.name {
            "enable-ocsp-stapling" => self.ocsp_stapling = true,
            "expect-ocsp-response" => self.expect_ocsp_response = Some(args.base64()?),
            "use-ocsp-callback" if self.ocsp_hook == OcspHook::None => self.ocsp_hook = OcspHook::Passes,
            "use-ocsp-callback" => {}
            "fail-ocsp-callback" => self.ocsp_hook = OcspHook::Fails,
            "decline-ocsp-callback" => self.ocsp_hook = OcspHook::Declines,
            "set-ocsp-in-callback" => self.ocsp_hook = OcspHook::Sets,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn application(&mut self, args: &mut Args<'_>) -> Result<bool, Unimplemented> {
        match args.name {
            "shim-writes-first" => self.writes_first = true,
            "shim-shuts-down" => self.shuts_down = true,
            "check-close-notify" => self.check_close_notify = true,
            "send-alert" => self.send_alert = true,
            "export-keying-material" => self.export_len = args.number()?,
            "export-label" => self.export_label = args.value()?.to_vec(),
            "export-context" => self.export_context = args.value()?.to_vec(),
            "use-export-context" => self.use_export_context = true,
            "max-send-fragment" => self.max_send_fragment = Some(args.number()?),
            "read-size" => self.read_size = Some(args.number()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn sessions(&mut self, args: &mut Args<'_>) -> Result<bool, Unimplemented> {
        match args.name {
            "expect-session-miss" => self.expect_session_miss = true,
            "expect-ticket-renewal" => self.expect_ticket_renewal = true,
            "expect-no-session" => self.expect_no_session = true,
            "expect-session-id" => self.expect_session_id = Some(true),
            "expect-no-session-id" => self.expect_session_id = Some(false),
            "no-ticket" => self.no_ticket = true,
            "renew-ticket" => self.renew_ticket = true,
            "skip-ticket" => self.skip_ticket = true,
            "expect-extended-master-secret" => self.expect_extended_master_secret = true,
            "expect-curve-id" => self.expect_curve = Some(args.number()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn extensions(&mut self, args: &mut Args<'_>) -> Result<bool, Unimplemented> {
        match args.name {
            "host-name" => self.host_name = Some(args.text()?.into()),
            "expect-server-name" => self.expect_server_name = Some(args.text()?.into()),
            "no-server-name-ack" => self.no_server_name_ack = true,
            "advertise-alpn" => self.advertise_alpn = args.value()?.to_vec(),
            "expect-alpn" => self.expect_alpn = args.value()?.to_vec(),
            "select-alpn" => self.choose_protocol = ChooseProtocol::One(args.value()?.to_vec()),
            "decline-alpn" => self.choose_protocol = ChooseProtocol::None,
            "reject-alpn" => self.choose_protocol = ChooseProtocol::Rejects,
            "select-empty-alpn" => self.choose_protocol = ChooseProtocol::Empty,
            "expect-advertised-alpn" => self.expect_advertised_alpn = args.value()?.to_vec(),
            "allow-unknown-alpn-protos" => self.any_alpn = true,
            "fail-early-callback" => self.fail_early_callback = true,
            "fallback-scsv" => self.fallback_scsv = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Flags that ask for what is always so here, or for another way to the same thing.
fn is_without_effect(args: &mut Args<'_>) -> Result<bool, Unimplemented> {
    match args.name {
        // A root that the peer's chain need not lead to.
        "trust-cert" => drop(args.value()?),
        // ALPN comes first wherever both are offered.
        "advertise-npn" => drop(args.value()?),
        "implicit-handshake" | "use-old-client-cert-callback" | "expect-no-hrr" | "use-early-callback"
        // Tickets are always sealed with the application's keys.
        | "use-ticket-callback" | "use-ticket-aead-callback" | "no-op-extra-handshake" => {}
        _ => return Ok(false),
    }
    Ok(true)
}
