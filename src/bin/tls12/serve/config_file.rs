//! The file of `--config`: names on one port, each with certificates and a server behind it of its own.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    args::{forward, protocol},
    certs::{Trouble, read_text},
};

/// What the file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// In TOML, `[[host]]`.
    host: Vec<Entry>,
}

/// One of its hosts. What it does not say is as the command line says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Entry {
    /// Host names, or `*.` and a domain; by default those of its certificates.
    #[serde(default)]
    pub(super) names: Vec<String>,
    /// Certificate chains and their keys, in pairs; a list for several kinds of keys.
    #[serde(deserialize_with = "one_or_more")]
    pub(super) cert: Vec<PathBuf>,
    #[serde(deserialize_with = "one_or_more")]
    pub(super) key: Vec<PathBuf>,
    #[serde(default)]
    pub(super) ocsp: Option<PathBuf>,
    /// A server without TLS.
    #[serde(default, deserialize_with = "host_and_port")]
    pub(super) forward: Option<String>,
    /// What is served where nothing is forwarded.
    #[serde(default)]
    pub(super) serve: Option<Served>,
    #[serde(default)]
    pub(super) proxy_protocol: Option<ProxyProtocol>,
    #[serde(default)]
    pub(super) client_ca: Option<PathBuf>,
    #[serde(default)]
    pub(super) client_auth: Option<ClientAuth>,
    #[serde(default, deserialize_with = "protocols")]
    pub(super) alpn: Option<Vec<String>>,
}

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Served {
    Http,
    Echo,
}

/// Whether the server behind is told who the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ProxyProtocol {
    Off,
    V2,
}

/// What is asked of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ClientAuth {
    Off,
    Request,
    Require,
}

/// Reads the file; paths in it begin where it lies. Fails with a sentence.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, Trouble> {
    let text = read_text(path)?;
    let file: File = toml::from_str(&text)
        .map_err(|error| format!("{}: {}", path.display(), error.to_string().trim_end()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut hosts = file.host;
    if hosts.is_empty() {
        return Err(format!("{}: there is no [[host]] in it", path.display()));
    }
    for host in &mut hosts {
        let paths =
            host.cert.iter_mut().chain(&mut host.key).chain(&mut host.ocsp).chain(&mut host.client_ca);
        paths.for_each(|path| *path = folder.join(&*path));
    }
    Ok(hosts)
}

/// A path, or a list of paths.
fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(PathBuf),
        More(Vec<PathBuf>),
    }
    match Either::deserialize(from).map_err(|_| D::Error::custom("a path, or a list of paths, is needed"))? {
        Either::One(path) => Ok(vec![path]),
        Either::More(paths) => Ok(paths),
    }
}

fn host_and_port<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    forward(&text).map(Some).map_err(D::Error::custom)
}

fn protocols<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    let names = Vec::<String>::deserialize(from)?;
    let checked: Result<_, _> = names.iter().map(|name| protocol(name)).collect();
    checked.map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Entry>, String> {
        toml::from_str::<File>(text).map(|file| file.host).map_err(|error| error.to_string())
    }

    #[test]
    fn a_host_says_what_is_different_from_the_command_line() {
        let hosts = parse(
            r#"
            [[host]]
            names = ["a.example", "*.a.example"]
            cert = ["a.pem", "a-rsa.pem"]
            key = ["a.key", "a-rsa.key"]
            forward = "127.0.0.1:8080"
            proxy-protocol = "v2"
            client-ca = "clients.pem"
            client-auth = "request"
            alpn = ["h2", "http/1.1"]

            [[host]]
            cert = "b.pem"
            key = "b.key"
            serve = "echo"
            client-auth = "off"
            "#,
        )
        .unwrap();
        let [a, b] = &hosts[..] else { panic!("{hosts:?}") };
        assert_eq!((a.names.len(), a.cert.len(), a.key.len()), (2, 2, 2));
        assert_eq!(a.forward.as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(a.proxy_protocol, Some(ProxyProtocol::V2));
        assert_eq!(a.client_auth, Some(ClientAuth::Request));
        assert_eq!(a.alpn.as_deref().map(<[String]>::len), Some(2));
        assert_eq!((b.cert.len(), b.serve), (1, Some(Served::Echo)));
        assert_eq!(b.client_auth, Some(ClientAuth::Off));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, said) in [
            ("[[host]]\ncert = \"a\"\nkey = \"b\"\nforwrad = \"c:1\"", "forwrad"),
            ("[[host]]\ncert = \"a\"\nkey = \"b\"\nforward = \"c\"", "a port is missing"),
            ("[[host]]\ncert = 7\nkey = \"b\"", "a path, or a list of paths"),
            ("[[host]]\nkey = \"b\"", "cert"),
            ("[[host]]\ncert = \"a\"\nkey = \"b\"\nalpn = [\"\"]", "1 to 255 bytes"),
            ("[[host]]\ncert = \"a\"\nkey = \"b\"\nclient-auth = \"maybe\"", "`off`, `request`"),
            ("[host]\ncert = \"a\"", "host"),
            ("names = 1", "host"),
            ("", "host"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
