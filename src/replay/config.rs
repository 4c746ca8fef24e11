//! Configurations as a recording writes them.

use serde::{Deserialize, Serialize};

use super::{
    hex::{Code, Hex},
    resumption::ResumptionLine,
};
use crate::{
    client::ClientConfig,
    crypto::Provider,
    handshake::{ExtendedMasterSecret, KeyUsage, Renegotiation, Settings},
    pki::Credential,
    server::{ClientAuth, ServerConfig},
    session::SessionContext,
    wire::{CipherSuite, MaxFragmentLength, NamedGroup, ProtocolVersion, SignatureScheme},
};

/// What a client and a server configure alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SettingsLine {
    suites: Vec<Code>,
    groups: Vec<Code>,
    peer_schemes: Vec<Code>,
    alpn: Vec<Hex>,
    extended_master_secret_required: bool,
    fatal_renegotiation: bool,
    any_key_usage: bool,
    max_certificate: usize,
    max_send_fragment: usize,
    record_size_limit: Option<u16>,
}

/// A server's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ServerLine {
    settings: SettingsLine,
    credentials: Vec<CredentialLine>,
    client_auth: ClientAuthWord,
    client_authorities: Vec<Hex>,
    trust: Option<Hex>,
    name_acknowledged: bool,
    pub(super) resumption: Option<ResumptionLine>,
}

/// A client's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ClientLine {
    settings: SettingsLine,
    status_request: bool,
    max_fragment_length: Option<u8>,
    fallback_scsv: bool,
    tickets: bool,
    trust: Hex,
    reverification: bool,
    resume_without_extended_master_secret: bool,
    any_alpn: bool,
}

/// Certificates, and what their key may sign with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CredentialLine {
    name: String,
    chain: Vec<Hex>,
    schemes: Vec<Code>,
    ocsp: Option<Hex>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClientAuthWord {
    Off,
    Request,
    Require,
}

/// Names, and values in words.
pub(super) type Words = Vec<(&'static str, Vec<String>)>;

/// What a configuration is known by, whatever its secrets are: 32 bytes.
pub(super) fn digest(config: &impl Serialize) -> [u8; 32] {
    let text = serde_json::to_vec(config).unwrap_or_default();
    SessionContext::derive([&b"recorded configuration"[..], &text]).0
}

impl SettingsLine {
    fn of(settings: &Settings) -> Self {
        Self {
            suites: settings.suites.iter().map(|suite| Code(suite.id.0)).collect(),
            groups: settings.groups.iter().map(|group| Code(group.0)).collect(),
            peer_schemes: settings.schemes.iter().map(|scheme| Code(scheme.0)).collect(),
            alpn: settings.alpn.iter().map(Hex::of).collect(),
            extended_master_secret_required: settings.extended_master_secret
                == ExtendedMasterSecret::Required,
            fatal_renegotiation: settings.renegotiation == Renegotiation::Fatal,
            any_key_usage: settings.key_usage == KeyUsage::Ignored,
            max_certificate: settings.max_certificate,
            max_send_fragment: settings.max_send,
            record_size_limit: settings.record_size_limit,
        }
    }

    /// What it is, in words.
    fn words(&self) -> Words {
        let named = |named: Option<&'static str>, code: &Code| {
            named.map_or_else(|| format!("0x{:04x}", code.0), Into::into)
        };
        let suites = self.suites.iter().map(|code| named(CipherSuite(code.0).name(), code));
        let groups = self.groups.iter().map(|code| named(NamedGroup(code.0).name(), code));
        let schemes = self.peer_schemes.iter().map(|code| named(SignatureScheme(code.0).name(), code));
        let master = match self.extended_master_secret_required {
            true => "required",
            false => "not required",
        };
        Vec::from([
            ("version", Vec::from([ProtocolVersion::TLS1_2.to_string()])),
            ("suites", suites.collect()),
            ("groups", groups.collect()),
            ("peer_signatures", schemes.collect()),
            ("protocols", self.alpn.iter().map(|name| name.0.escape_ascii().to_string()).collect()),
            ("extended_master_secret", Vec::from([master.into()])),
        ])
    }

    fn settings(&self, provider: &'static Provider) -> Result<Settings, String> {
        let suites: Vec<_> = self.suites.iter().map(|code| CipherSuite(code.0)).collect();
        let groups: Vec<_> = self.groups.iter().map(|code| NamedGroup(code.0)).collect();
        let schemes: Vec<_> = self.peer_schemes.iter().map(|code| SignatureScheme(code.0)).collect();
        let mut settings = Settings::new(provider);
        settings.set_suites(&suites).map_err(|error| error.to_string())?;
        settings.set_groups(&groups).map_err(|error| error.to_string())?;
        settings.set_schemes(&schemes).map_err(|error| error.to_string())?;
        settings.set_alpn(self.alpn.iter().map(|name| &name.0[..]));
        settings.set_max_send(self.max_send_fragment).map_err(|error| error.to_string())?;
        if let Some(limit) = self.record_size_limit {
            settings.set_record_size_limit(limit).map_err(|error| error.to_string())?;
        }
        settings.max_certificate = self.max_certificate;
        if !self.extended_master_secret_required {
            settings.extended_master_secret = ExtendedMasterSecret::Preferred;
        }
        if self.fatal_renegotiation {
            settings.renegotiation = Renegotiation::Fatal;
        }
        if self.any_key_usage {
            settings.key_usage = KeyUsage::Ignored;
        }
        Ok(settings)
    }
}

impl CredentialLine {
    pub(super) fn of(credential: &Credential) -> Self {
        Self {
            name: credential.name().to_owned(),
            chain: credential.chain().iter().map(Hex::of).collect(),
            schemes: credential.schemes().iter().map(|scheme| Code(scheme.0)).collect(),
            ocsp: credential.ocsp().map(Hex::of),
        }
    }

    pub(super) fn credential(&self) -> Result<Credential, String> {
        let chain = self.chain.iter().map(|certificate| certificate.0.to_vec().into()).collect();
        let schemes: Vec<_> = self.schemes.iter().map(|code| SignatureScheme(code.0)).collect();
        let credential = Credential::new(self.name.as_str(), chain).map_err(|error| error.to_string())?;
        let ocsp = self.ocsp.as_ref().map(|ocsp| ocsp.0.to_vec()).unwrap_or_default();
        Ok(credential.with_schemes(&schemes).with_ocsp(ocsp))
    }
}

impl ServerLine {
    /// Without secrets.
    pub(super) fn of(config: &ServerConfig) -> Self {
        Self {
            settings: SettingsLine::of(&config.settings),
            credentials: config.credentials.iter().map(CredentialLine::of).collect(),
            client_auth: match config.client_auth {
                ClientAuth::Off => ClientAuthWord::Off,
                ClientAuth::Request => ClientAuthWord::Request,
                ClientAuth::Require => ClientAuthWord::Require,
            },
            client_authorities: config.client_authorities.iter().map(Hex::of).collect(),
            trust: config.trust.map(|trust| Hex::of(trust.0)),
            name_acknowledged: config.chosen_by_name,
            resumption: config.resumption.as_ref().map(ResumptionLine::of),
        }
    }

    /// What matters to a handshake.
    pub(super) fn settings_words(&self) -> Words {
        let clients = match self.client_auth {
            ClientAuthWord::Off => "off",
            ClientAuthWord::Request => "requested",
            ClientAuthWord::Require => "required",
        };
        let names = self.credentials.iter().map(|credential| credential.name.clone());
        let resumption = self.resumption.as_ref().map_or("none".into(), ResumptionLine::words);
        let mut words = self.settings.words();
        words.push(("certificates", names.collect()));
        words.push(("client_certificates", Vec::from([clients.into()])));
        words.push(("resumption", Vec::from([resumption])));
        words
    }

    /// What it is, in words.
    pub(super) fn words(&self) -> String {
        let names: Vec<_> = self.credentials.iter().map(|credential| credential.name.as_str()).collect();
        let clients = match self.client_auth {
            ClientAuthWord::Off => "",
            ClientAuthWord::Request => ", client certificates requested",
            ClientAuthWord::Require => ", client certificates required",
        };
        let resumption = self.resumption.as_ref().map_or("no resumption".into(), ResumptionLine::words);
        let many = if names.len() == 1 { "certificate" } else { "certificates" };
        format!("{many} \"{}\"{clients}, {resumption}", names.join("\", \""))
    }

    pub(super) fn config(&self, provider: &'static Provider) -> Result<ServerConfig, String> {
        let mut credentials = self.credentials.iter().map(CredentialLine::credential);
        let first = credentials.next().ok_or("a server without a certificate")??;
        let mut config = ServerConfig::new(provider, first);
        config.settings = self.settings.settings(provider)?;
        config.chosen_by_name = self.name_acknowledged;
        config.resumption = self.resumption.as_ref().map(ResumptionLine::resumption).transpose()?;
        for another in credentials {
            config = config.with_credential(another?);
        }
        if let Some(trust) = &self.trust {
            config = config.with_trust(SessionContext(trust.array()?));
        }
        let authorities = self.client_authorities.iter().map(|name| name.0.to_vec());
        Ok(config.with_client_authorities(authorities).with_client_auth(match self.client_auth {
            ClientAuthWord::Off => ClientAuth::Off,
            ClientAuthWord::Request => ClientAuth::Request,
            ClientAuthWord::Require => ClientAuth::Require,
        }))
    }
}

impl ClientLine {
    /// What matters to a handshake.
    pub(super) fn words(&self) -> Words {
        let mut words = self.settings.words();
        if let (true, Some((_, protocols))) =
            (self.any_alpn, words.iter_mut().find(|(name, _)| *name == "protocols"))
        {
            protocols.push("any other".into());
        }
        let tickets = if self.tickets { "on" } else { "off" };
        words.push(("tickets", Vec::from([tickets.into()])));
        words
    }

    pub(super) fn of(config: &ClientConfig) -> Self {
        Self {
            settings: SettingsLine::of(&config.settings),
            status_request: config.status_request,
            max_fragment_length: config.max_fragment_length.map(|length| length.0),
            fallback_scsv: config.fallback,
            tickets: config.tickets,
            trust: Hex::of(config.trust.0),
            reverification: config.reverifies,
            resume_without_extended_master_secret: config.keeps_without_extended_master_secret,
            any_alpn: config.takes_any_protocol,
        }
    }

    pub(super) fn config(&self, provider: &'static Provider) -> Result<ClientConfig, String> {
        let mut config = ClientConfig::new(provider);
        config.settings = self.settings.settings(provider)?;
        config.status_request = self.status_request;
        config.max_fragment_length = self.max_fragment_length.map(MaxFragmentLength);
        config.fallback = self.fallback_scsv;
        config.tickets = self.tickets;
        config.reverifies = self.reverification;
        config.keeps_without_extended_master_secret = self.resume_without_extended_master_secret;
        config.takes_any_protocol = self.any_alpn;
        Ok(config.with_trust(SessionContext(self.trust.array()?)))
    }
}
