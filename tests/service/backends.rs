//! nginx behind `serve --forward`, curl in front of it.

use std::thread;

use super::serving::{Serving, curl, has_peers};
use crate::{
    common::certs::Key,
    nginx::Nginx,
    place::{Place, megabyte},
};

#[test]
fn nginx_is_served_with_tls_in_front_of_it() {
    if !has_peers("nginx behind serve") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let file: Vec<u8> = megabyte().repeat(16);
    let sent = place.write("file", &file);
    let folder = sent.trim_end_matches("/file").to_owned();
    let nginx = Nginx::start(
        &place,
        "",
        &format!("root {folder};\nlocation /post {{ return 200 \"$content_length\\n\"; }}"),
    );
    let serving = Serving::start(&place, &["--forward", &nginx.address().to_string(), "--alpn", "http/1.1"]);
    let url = format!("https://localhost:{}", serving.port);

    // 16 MiB down, by several at once.
    thread::scope(|scope| {
        for number in 0..4 {
            let (place, url, file) = (&place, &url, &file);
            scope.spawn(move || {
                let to = place.path(&format!("received-{number}"));
                let code =
                    curl(place, &["--output", &to, "--write-out", "%{http_code}", &format!("{url}/file")]);
                assert_eq!(code, "200");
                assert!(std::fs::read(&to).expect("a file") == *file, "all bytes are what they were");
            });
        }
    });
    // 16 MiB up.
    let body = format!("@{sent}");
    let said = curl(&place, &["--data-binary", &body, "--header", "Expect:", &format!("{url}/post")]);
    assert_eq!(said, format!("{}\n", file.len()));
    // Several requests over one connection.
    let one = format!("{url}/post");
    let said = curl(&place, &["--write-out", "%{num_connects}\n", &one, &one, &one]);
    let connects: Vec<_> = said.lines().filter(|line| *line == "1" || *line == "0").collect();
    assert_eq!(connects, ["1", "0", "0"], "{said}");
    let log = serving.program.text_until(|text| text.matches("event=served").count() == 6);
    assert!(log.contains("alpn=http/1.1 sni=localhost"), "{log}");
}

#[test]
fn nginx_is_told_who_the_client_is() {
    if !has_peers("the PROXY protocol with nginx") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let page = "location / { return 200 \"$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_port\\n\"; }";
    let nginx = Nginx::start(&place, "proxy_protocol", page);
    let serving =
        Serving::start(&place, &["--forward", &nginx.address().to_string(), "--proxy-protocol", "v2"]);
    let url = format!("https://localhost:{}/", serving.port);
    let said = curl(&place, &["--write-out", "%{local_ip} %{local_port} %{remote_port}\n", &url]);
    let [told, true_one] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert_eq!(told, true_one);
}

/// A server that is not there, is stopped, or comes back: connections fail one by one, with a line each.
#[test]
fn a_server_behind_that_goes_and_comes_costs_only_who_comes_meanwhile() {
    if !has_peers("nginx that goes and comes") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let nginx = Nginx::start(&place, "", "location / { return 200 \"here\\n\"; }");
    let serving = Serving::start(&place, &["--forward", &nginx.address().to_string()]);
    let url = format!("https://localhost:{}/", serving.port);
    assert_eq!(curl(&place, &[&url]), "here\n");
    drop(nginx);
    let (root, args) =
        (place.path("root.pem"), ["--silent", "--max-time", "20", "--tls-max", "1.2", "--cacert"]);
    let failed = crate::program::Program::start_with("curl", &[&args[..], &[&root, &url]].concat()).wait();
    assert!(!failed.0.success());
    let log = serving.program.text_with("event=failed");
    assert!(log.contains("cannot be reached"), "{log}");
}
