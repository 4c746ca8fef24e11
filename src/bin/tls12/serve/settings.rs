//! What is served under which name: read from the command line, from the file of `--config` and from all that these name.

use std::{path::PathBuf, sync::Arc};

use tls12::{ClientAuth, ServerConfig, ServerName, crypto::Provider, pki::VerifyPeer, tokio::NoVerifier};

use super::{
    Service,
    args::{self, ProxyProtocol},
    config_file::{self, Entry, Served},
    forward::Backend,
};
use crate::certs::{self, Identity, Trouble};

/// Where settings come from. They can be read again, and then files may say something else.
pub(super) struct Source {
    args: args::Serve,
    provider: &'static Provider,
    /// For localhost, where no certificate is named: made once.
    made: Option<Identity>,
    key_log: Option<Arc<dyn tls12::KeyLog>>,
}

/// All that is served on a port.
pub(super) struct Settings {
    pub(super) hosts: Vec<HostSettings>,
    /// For clients that ask for no name, or for one that no host has.
    pub(super) others: Option<HostSettings>,
    /// In words, for the first line.
    pub(super) origin: String,
    pub(super) warnings: Vec<String>,
}

impl Settings {
    /// What is served, in words.
    pub(super) fn service(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        for host in self.others.iter().chain(&self.hosts) {
            let word = host.service.to_string();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words.join(", ")
    }
}

/// What is served under some names.
pub(super) struct HostSettings {
    /// In lower case; `*.` and a domain for all names one label below it.
    pub(super) names: Vec<String>,
    pub(super) config: ServerConfig,
    pub(super) identities: Vec<Identity>,
    pub(super) client_auth: ClientAuth,
    pub(super) verifier: Arc<dyn VerifyPeer>,
    pub(super) service: Arc<Service>,
    alpn: Vec<String>,
}

/// What there is to say about a host, wherever it is said.
struct Said {
    identities: Vec<Identity>,
    ocsp: Option<PathBuf>,
    alpn: Vec<String>,
    client_ca: Option<PathBuf>,
    client_auth: ClientAuth,
    service: Service,
}

impl Source {
    /// Fails with a sentence.
    pub(super) fn new(args: args::Serve) -> Result<Self, Trouble> {
        let provider = Provider::best();
        let none = args.identity.cert.is_empty() && args.identity.key.is_empty();
        let made = (none && args.config.is_none()).then(|| certs::for_localhost(provider)).transpose()?;
        let key_log = args.keylog.as_deref().map(crate::keylog::open).transpose()?;
        Ok(Self { args, provider, made, key_log })
    }

    pub(super) fn args(&self) -> &args::Serve {
        &self.args
    }

    /// Reads all of it. Fails with a sentence.
    pub(super) fn read(&self) -> Result<Settings, Trouble> {
        let args = &self.args;
        let identities = match &self.made {
            Some(made) => vec![made.clone()],
            None => certs::identities(self.provider, &args.identity.cert, &args.identity.key)?,
        };
        let others = match identities.is_empty() {
            true => None,
            false => Some(self.host(self.said_by_command_line(identities), &[])?),
        };
        let mut hosts = Vec::new();
        if let Some(path) = &args.config {
            for (number, entry) in (1..).zip(config_file::read(path)?) {
                let in_file = |why| format!("{}: host {number}: {why}", path.display());
                hosts.push(self.entry(entry).map_err(in_file)?);
            }
            all_different(&hosts).map_err(|why| format!("{}: {why}", path.display()))?;
        }
        if args.proxy_protocol.is_some() && !others.iter().chain(&hosts).any(HostSettings::forwards) {
            return Err("--proxy-protocol needs a server behind: --forward, or a host that forwards".into());
        }
        let warnings = others.iter().chain(&hosts).flat_map(HostSettings::warnings).collect();
        Ok(Settings { origin: self.origin(others.as_ref(), &hosts), hosts, others, warnings })
    }

    fn origin(&self, others: Option<&HostSettings>, hosts: &[HostSettings]) -> String {
        if self.made.is_some() {
            return "a certificate made for localhost, which nobody trusts".into();
        }
        let files = others.iter().flat_map(|others| &others.identities);
        let files: Vec<_> = files.map(|identity| identity.credential.name()).collect();
        let names: Vec<_> = hosts.iter().flat_map(|host| &host.names).map(String::as_str).collect();
        let mut parts = Vec::new();
        if !files.is_empty() {
            parts.push(format!("the certificate in {}", files.join(" and the one in ")));
        }
        if let (Some(path), false) = (&self.args.config, names.is_empty()) {
            parts.push(format!("the hosts in {}: {}", path.display(), names.join(" ")));
        }
        parts.join(", and ")
    }

    fn said_by_command_line(&self, identities: Vec<Identity>) -> Said {
        let args = &self.args;
        Said {
            identities,
            ocsp: args.ocsp.clone(),
            alpn: args.alpn.clone(),
            client_ca: args.client_ca.clone(),
            client_auth: auth(args.client_ca.is_some(), args.client_auth),
            service: self.service(),
        }
    }

    fn service(&self) -> Service {
        let args::Service { forward, echo, .. } = &self.args.service;
        match (forward, echo) {
            (Some(to), _) => Service::Forward(Backend::new(to, self.args.proxy_protocol)),
            (None, true) => Service::Echo,
            (None, false) => Service::Http,
        }
    }

    /// A host of the file: what it does not say is as the command line says.
    fn entry(&self, entry: Entry) -> Result<HostSettings, Trouble> {
        let args = &self.args;
        if entry.forward.is_some() && entry.serve.is_some() {
            return Err("it has forward and serve, which exclude each other".into());
        }
        let proxy_protocol = match entry.proxy_protocol {
            None => args.proxy_protocol,
            Some(config_file::ProxyProtocol::V2) => Some(ProxyProtocol::V2),
            Some(config_file::ProxyProtocol::Off) => None,
        };
        let to = entry.forward.as_ref().or(args.service.forward.as_ref());
        let service = match (entry.serve, to) {
            (Some(Served::Http), _) => Service::Http,
            (Some(Served::Echo), _) => Service::Echo,
            (None, Some(to)) => Service::Forward(Backend::new(to, proxy_protocol)),
            (None, None) => self.service(),
        };
        if let (Some(config_file::ProxyProtocol::V2), false) =
            (entry.proxy_protocol, matches!(service, Service::Forward(_)))
        {
            return Err("proxy-protocol needs forward".into());
        }
        let client_ca = entry.client_ca.or_else(|| args.client_ca.clone());
        let client_auth = match entry.client_auth {
            Some(config_file::ClientAuth::Off) => ClientAuth::Off,
            Some(_) if client_ca.is_none() => return Err("client-auth needs client-ca".into()),
            Some(config_file::ClientAuth::Request) => ClientAuth::Request,
            Some(config_file::ClientAuth::Require) => ClientAuth::Require,
            None => auth(client_ca.is_some(), args.client_auth),
        };
        let said = Said {
            identities: certs::identities(self.provider, &entry.cert, &entry.key)?,
            ocsp: entry.ocsp,
            alpn: entry.alpn.unwrap_or_else(|| args.alpn.clone()),
            client_ca,
            client_auth,
            service,
        };
        self.host(said, &entry.names)
    }

    /// Reads what was said; the names are those of the certificates unless some are given.
    fn host(&self, said: Said, names: &[String]) -> Result<HostSettings, Trouble> {
        let Said { mut identities, ocsp, alpn, client_ca, client_auth, service } = said;
        if let (Some(first), Some(path)) = (identities.first_mut(), &ocsp) {
            first.credential = first.credential.clone().with_ocsp(certs::ocsp_response(path)?);
        }
        let names = match names {
            [] => names_of(&identities),
            given => given.iter().map(|name| host_name(name)).collect::<Result<_, _>>()?,
        };
        let verifier: Arc<dyn VerifyPeer> = match (client_auth, &client_ca) {
            (ClientAuth::Request | ClientAuth::Require, Some(path)) => {
                Arc::new(certs::roots(self.provider, path)?)
            }
            (ClientAuth::Off, _) | (_, None) => Arc::new(NoVerifier),
        };
        let [first, others @ ..] = &identities[..] else {
            return Err("it has no certificate".into());
        };
        let mut config = ServerConfig::new(self.provider, first.credential.clone())
            .with_alpn(alpn.iter().map(String::as_bytes))
            .with_client_auth(client_auth)
            .with_client_authorities(verifier.authorities());
        for other in others {
            config = config.with_credential(other.credential.clone());
        }
        if let Some(log) = &self.key_log {
            config = config.with_key_log(log.clone());
        }
        Ok(HostSettings {
            names,
            config,
            identities,
            client_auth,
            verifier,
            service: Arc::new(service),
            alpn,
        })
    }
}

impl HostSettings {
    fn forwards(&self) -> bool {
        matches!(*self.service, Service::Forward(_))
    }

    /// What a person should know before it is used.
    fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<_> =
            self.identities.iter().filter_map(|identity| identity.warning.clone()).collect();
        let is_for = |name: &str| {
            let name = ServerName::try_from(name.replacen("*.", "any.", 1));
            self.identities.iter().any(|it| name.as_ref().is_ok_and(|name| it.credential.is_for_name(name)))
        };
        let without = self.names.iter().filter(|name| !is_for(name));
        warnings.extend(without.map(|name| format!("no certificate is for {name}: peers will refuse it")));
        let foreign = self.alpn.iter().find(|name| !["http/1.1", "http/1.0"].contains(&name.as_str()));
        if let (Service::Http, Some(protocol)) = (&*self.service, foreign) {
            warnings.push(format!(
                "the page is only spoken in http/1.1; a client that agrees on {protocol} cannot read it"
            ));
        }
        warnings
    }
}

fn auth(has_roots: bool, said: Option<args::ClientAuth>) -> ClientAuth {
    match (has_roots, said) {
        (false, _) => ClientAuth::Off,
        (true, Some(args::ClientAuth::Request)) => ClientAuth::Request,
        (true, Some(args::ClientAuth::Require) | None) => ClientAuth::Require,
    }
}

/// The DNS names of the certificates, each once.
fn names_of(identities: &[Identity]) -> Vec<String> {
    let mut names = Vec::new();
    for name in identities.iter().flat_map(|identity| identity.credential.names()) {
        match host_name(&name) {
            Ok(name) if !names.contains(&name) => names.push(name),
            // An address, which no client may ask for (RFC 6066, 3), or what no client can.
            Ok(_) | Err(_) => {}
        }
    }
    names
}

/// A host name, or `*.` and a domain, in lower case.
fn host_name(name: &str) -> Result<String, Trouble> {
    let name = name.to_ascii_lowercase();
    match ServerName::try_from(name.strip_prefix("*.").unwrap_or(&name)) {
        // RFC 6066, 3: "without a trailing dot".
        Ok(ServerName::DnsName(_)) if name.ends_with('.') => {
            Err(format!("\"{name}\" ends with a dot, and clients ask for names without"))
        }
        Ok(ServerName::DnsName(_)) => Ok(name),
        Ok(_) | Err(_) => Err(format!("\"{name}\" is no host name")),
    }
}

fn all_different(hosts: &[HostSettings]) -> Result<(), Trouble> {
    let mut known = Vec::new();
    for (number, host) in (1..).zip(hosts) {
        if host.names.is_empty() {
            return Err(format!("host {number} has no names, and its certificate has none either"));
        }
        for name in &host.names {
            if known.contains(&name) {
                return Err(format!("host {number} has the name {name}, which another one has too"));
            }
            known.push(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_host_or_all_hosts_of_a_domain() {
        assert_eq!(host_name("A.Example").as_deref(), Ok("a.example"));
        assert_eq!(host_name("*.Example").as_deref(), Ok("*.example"));
        for wrong in ["", "*", "*.", "a.*.example", "127.0.0.1", "::1", "no name", "a..b", "a.example."] {
            assert!(host_name(wrong).is_err(), "{wrong}");
        }
    }
}
