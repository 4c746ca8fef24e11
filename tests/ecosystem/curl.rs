//! curl, with whatever TLS library it was built with, where other programs are wanted.

use std::{
    env, fs,
    process::{Command, Stdio},
};

use super::{
    files::{Files, Folder},
    running::{Serving, output},
};

/// Whether curl is to be called; says so if not.
fn wanted() -> bool {
    let wanted = env::var_os("TLS12_INTEROP").is_some_and(|value| value == "1");
    if !wanted {
        crate::common::say::say("left out: curl and the web servers of the examples; run scripts/test");
    }
    wanted
}

/// What curl writes, called with these arguments separated by spaces.
fn curl(files: &Files, arguments: &str) -> String {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail", "--tls-max", "1.2", "--cacert", &files.root]);
    command.args(arguments.split(' ')).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    output(command.spawn().expect("curl"), "curl")
}

#[test]
fn curl_speaks_both_versions_to_the_web_servers_and_posts_a_megabyte() {
    if !wanted() {
        return;
    }
    let (files, folder) = (Files::new("curl"), Folder::new("curl-data"));
    let sent = folder.write("sent", "DATA", &[&vec![7; 800_000]]);
    let sent_bytes = fs::read(&sent).unwrap();
    assert!(sent_bytes.len() > 1 << 20);
    let back = folder.0.join("back");
    let back = back.to_str().unwrap();
    for (example, path) in [("hyper_server", ""), ("axum_server", "echo")] {
        let server = Serving::start(example, &["127.0.0.1:0", &files.server.0, &files.server.1]);
        let url = format!("https://{}/", server.name());
        for (option, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
            let said = curl(&files, &format!("{option} --write-out %{{http_version}} {url}"));
            assert!(said.starts_with("full (") && said.ends_with(&format!("\n{version}")), "{said}");
            let posting =
                format!("{option} --data-binary @{sent} --header expect: --output {back} {url}{path}");
            curl(&files, &posting);
            assert!(fs::read(back).unwrap() == sent_bytes, "{example} {version}");
        }
    }
}

#[test]
fn curl_resumes_with_its_second_connection() {
    if !wanted() {
        return;
    }
    let files = Files::new("curl-resumes");
    let server = Serving::start("hyper_server", &["127.0.0.1:0", &files.server.0, &files.server.1]);
    let url = format!("https://{}/", server.name());
    let said = curl(&files, &format!("--http1.1 --header connection:close {url} {url}"));
    let lines: Vec<_> = said.lines().collect();
    // By ID, unless its TLS library takes tickets.
    assert!(lines[0].starts_with("full (") && lines[1].starts_with("resumed by "), "{said}");
}
