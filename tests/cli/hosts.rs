//! Several names on one port.

use super::{
    files::Files,
    running::{Serving, run, text},
};
use crate::common::certs::Spec;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nAccept: text/plain\r\n\r\n";

/// Two hosts with a certificate each, and what calls them.
struct Two {
    files: Files,
    config: String,
}

impl Two {
    /// `more` is added to the second one.
    fn new(name: &str, more: &str) -> Self {
        let files = Files::new(name);
        files.issue("one", &Spec::server(&["one.example"]));
        files.issue("other", &Spec::server(&["other.example", "*.other.example"]));
        let config = format!(
            "[[host]]\ncert = 'one.pem'\nkey = 'one-key.pem'\n\n[[host]]\ncert = 'other.pem'\nkey = 'other-key.pem'\n{more}\n"
        );
        let config = files.folder.write_text("hosts.toml", &config);
        Self { files, config }
    }

    /// What the server or `connect` says of a call for this name.
    fn call(&self, serving: &Serving, name: &str, more: &[&str]) -> Result<String, String> {
        let args = [&["--ca", &self.files.root, "--name", name], more].concat();
        let output = serving.call(&args, REQUEST);
        match output.status.success() {
            true => Ok(text(&output.stdout) + &text(&output.stderr)),
            false => Err(text(&output.stderr)),
        }
    }
}

#[test]
fn each_name_has_its_certificate_and_others_are_refused() {
    let two = Two::new("hosts", "");
    let mut serving = Serving::start(&["--config", &two.config]);
    assert!(serving.greeting.contains("one.example other.example *.other.example"), "{}", serving.greeting);
    for (name, subject) in [
        ("one.example", "one.example"),
        ("other.example", "other.example"),
        ("x.other.example", "other.example"),
    ] {
        let said = two.call(&serving, name, &[]).unwrap();
        assert!(said.contains(&format!("sni={name} server=CN={subject}")), "{said}");
        assert!(serving.logged().contains(&format!("sni={name} ")));
    }
    for name in ["third.example", "x.one.example", "x.y.other.example"] {
        let said = two.call(&serving, name, &[]).unwrap_err();
        assert!(said.contains("unrecognized_name"), "{said}");
        let line = serving.logged();
        assert!(
            line.contains(&format!("sni={name} ")) && line.contains("alert=sent:unrecognized_name"),
            "{line}"
        );
    }
}

#[test]
fn what_the_command_line_names_serves_all_other_names() {
    let two = Two::new("hosts-others", "");
    let (cert, key) = &two.files.server;
    let serving = Serving::start(&["--config", &two.config, "--cert", cert, "--key", key]);
    for (name, subject) in [("one.example", "one.example"), ("localhost", "localhost")] {
        assert!(two.call(&serving, name, &[]).unwrap().contains(&format!("server=CN={subject}")));
    }
    let said = two.call(&serving, "third.example", &[]).unwrap_err();
    assert!(said.contains("not for third.example but for localhost"), "{said}");
}

/// What the file says of a name by a wildcard is not undone by a certificate of the command line that has the name.
#[test]
fn r4_a_host_of_the_file_comes_first_also_by_a_wildcard() {
    let files = Files::new("hosts-wildcard");
    let (cert, key) = files.issue("line", &Spec::server(&["line.example", "admin.w.example"]));
    files.issue("wild", &Spec::server(&["*.w.example"]));
    let host = "[[host]]\ncert = 'wild.pem'\nkey = 'wild-key.pem'\nclient-ca = 'root.pem'\n";
    let config = files.folder.write_text("hosts.toml", host);
    let serving = Serving::start(&["--config", &config, "--cert", &cert, "--key", &key]);
    for name in ["x.w.example", "admin.w.example", "ADMIN.w.example"] {
        let output = serving.call(&["--ca", &files.root, "--name", name], REQUEST);
        assert!(text(&output.stderr).contains("wants a client certificate"), "{}", text(&output.stderr));
    }
    let output = serving.call(&["--ca", &files.root, "--name", "a.b.example"], REQUEST);
    assert!(text(&output.stderr).contains("not for a.b.example"), "{}", text(&output.stderr));
}

/// The certificate, the keys and the context are the same: only the name tells them apart.
#[test]
fn names_that_share_a_certificate_resume_their_own_sessions() {
    let files = Files::new("hosts-partitions");
    let (cert, key) = files.issue("both", &Spec::server(&["one.example", "other.example"]));
    let kept = files.folder.0.join("session");
    let kept = kept.to_str().unwrap();
    let serving = Serving::start(&["--cert", &cert, "--key", &key, "--session-context", "shop"]);
    for more in [&[][..], &["--no-tickets"]] {
        let call = |name: &str, sessions: &[&str]| {
            let args = [&["--ca", &files.root, "--name", name], sessions, more].concat();
            text(&serving.call(&args, REQUEST).stdout)
        };
        let by = if more.is_empty() { "resumed=ticket" } else { "resumed=id" };
        for name in ["one.example", "other.example"] {
            assert!(call(name, &["--session-out", kept]).contains("resumed=no reason=NotOffered"));
            assert!(call(name, &["--session-in", kept]).contains(by));
        }
    }
}

#[test]
fn a_host_asks_for_client_certificates_of_its_own() {
    let two = Two::new("hosts-client-auth", "client-ca = 'root.pem'\nalpn = ['http/1.1']");
    let serving = Serving::start(&["--config", &two.config]);
    assert!(two.call(&serving, "one.example", &[]).unwrap().contains("alpn=- sni=one.example client=-"));
    let refused = two.call(&serving, "other.example", &[]).unwrap_err();
    assert!(refused.contains("--cert"), "{refused}");
    let (cert, key) = &two.files.client;
    let with = ["--cert", cert, "--key", key, "--alpn", "http/1.1"];
    let said = two.call(&serving, "other.example", &with).unwrap();
    assert!(said.contains("alpn=http/1.1 sni=other.example client=\"CN=a client\""), "{said}");
}

#[test]
fn a_host_says_for_itself_what_the_command_line_says_for_all() {
    let two = Two::new("hosts-defaults", "serve = 'echo'\nclient-auth = 'off'");
    let serving = Serving::start(&["--config", &two.config, "--client-ca", &two.files.root, "--http"]);
    assert!(two.call(&serving, "one.example", &[]).unwrap_err().contains("--cert"));
    let echoed = two.call(&serving, "other.example", &["--close-on-eof"]).unwrap();
    assert!(echoed.starts_with("GET / HTTP/1.1"), "{echoed}");
}

#[test]
fn a_file_that_is_wrong_is_told_with_what_is_wrong() {
    let files = Files::new("hosts-wrong");
    files.issue("one", &Spec::server(&["one.example"]));
    files.issue("nameless", &Spec::client("nobody"));
    let host = |more: &str| format!("[[host]]\ncert = 'one.pem'\nkey = 'one-key.pem'\n{more}\n");
    for (config, said) in [
        (host("forwrad = 'a:1'"), "forwrad"),
        (host("forward = 'a'"), "a port is missing"),
        (host("forward = 'a:1'\nserve = 'http'"), "exclude each other"),
        (host("client-auth = 'require'"), "client-auth needs client-ca"),
        (host("client-auth = 'yes'"), "`off`"),
        (host("proxy-protocol = 'v2'"), "proxy-protocol needs forward"),
        (host("client-ca = 'none.pem'"), "none.pem"),
        (host("names = ['no name']"), "no host name"),
        (host("ocsp = 'one.pem'"), "PEM"),
        (host("") + &host(""), "host 2 has the name one.example, which another one has too"),
        ("[[host]]\ncert = 'one.pem'\nkey = 'nameless-key.pem'".into(), "not the key"),
        (
            "[[host]]\ncert = ['one.pem', 'one.pem']\nkey = 'one-key.pem'".into(),
            "each certificate needs a key",
        ),
        ("[[host]]\ncert = []\nkey = []".into(), "it has no certificate"),
        ("[[host]]\ncert = 'nameless.pem'\nkey = 'nameless-key.pem'".into(), "host 1 has no names"),
        ("host = 1".into(), "host"),
        ("host = []".into(), "there is no [[host]]"),
        (host("names = ['one.example.']"), "ends with a dot"),
        ("\u{0}".into(), "hosts.toml"),
    ] {
        let path = files.folder.write_text("hosts.toml", &config);
        let output = run(&["serve", "--listen", "127.0.0.1:0", "--config", &path], b"");
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{config}: {told}");
        assert!(told.contains(said) && told.contains("hosts.toml"), "{config}: {told}");
    }
    for (args, said) in [
        (&["--proxy-protocol", "v2"][..], "--proxy-protocol needs a server behind"),
        (&["--session-cache-size", "7"], "--session-cache-size needs a --session-cache that is a URL"),
    ] {
        let output = run(&[&["serve", "--listen", "127.0.0.1:0"], args].concat(), b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
    let output = run(&["serve", "--config", "/nonexistent.toml"], b"");
    assert!(text(&output.stderr).contains("/nonexistent.toml"));
}
