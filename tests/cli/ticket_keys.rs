//! `tls12 ticket-keys`.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{
    files::Folder,
    running::{run, text},
};

fn path(folder: &Folder, name: &str) -> String {
    folder.0.join(name).to_str().expect("UTF-8").to_owned()
}

/// Runs `ticket-keys` with these words and gives its output; it succeeds.
fn keys(args: &[&str]) -> String {
    let output = run(&[&["ticket-keys"], args].concat(), b"");
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// The same for what fails: the sentence.
fn refusal(args: &[&str]) -> String {
    let output = run(&[&["ticket-keys"], args].concat(), b"");
    assert_eq!(output.status.code(), Some(1), "{args:?}: {}", text(&output.stderr));
    text(&output.stderr)
}

#[test]
fn new_keys_are_random_and_only_their_owner_can_read_them() {
    let folder = Folder::new("new-keys");
    for (format, length) in [("nginx", 80), ("openssl", 80), ("apache", 48), ("node", 48), ("auto", 80)] {
        let file = path(&folder, format);
        keys(&["new", &file, "--format", format]);
        let bytes = fs::read(&file).expect("a file");
        assert_eq!(bytes.len(), length, "{format}");
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        assert!(refusal(&["new", &file]).contains("exists"), "a key is never overwritten");
        assert!(fs::read(&file).expect("a file") == bytes);
    }
    let file = |name| fs::read(path(&folder, name)).expect("a file");
    assert!(file("nginx") != file("openssl") && file("apache") != file("node"));
    let short = path(&folder, "short");
    keys(&["new", &short, "--format", "haproxy", "--bytes", "48"]);
    assert_eq!(fs::read_to_string(&short).expect("text").len(), 65);
    assert!(
        refusal(&["new", &path(&folder, "none"), "--format", "node", "--bytes", "80"]).contains("80 bytes")
    );
    assert!(!folder.0.join("none").exists());
}

#[test]
fn a_description_has_names_and_secrets_only_where_they_are_asked_for() {
    let folder = Folder::new("show-keys");
    let file = path(&folder, "keys");
    // 16 bytes of name, then the AES key, then the HMAC key.
    let bytes: Vec<u8> = (0..48).collect();
    fs::write(&file, bytes).expect("a file");
    let name = "name=000102030405060708090a0b0c0d0e0f bytes=48 seals";
    assert_eq!(keys(&["show", &file]), format!("1 {name}\n"));
    let (first, second) = ("101112131415161718191a1b1c1d1e1f", "202122232425262728292a2b2c2d2e2f");
    let shown = keys(&["show", &file, "--format", "nginx", "--secret"]);
    assert_eq!(shown, format!("1 {name} hmac={second} aes={first}\n"));
    let shown = keys(&["show", &file, "--format", "apache", "--secret"]);
    assert_eq!(shown, format!("1 {name} hmac={first} aes={second}\n"));
    fs::write(&file, [7; 48]).expect("a file");
    assert!(refusal(&["show", &file]).contains("one byte repeated"));
}

#[test]
fn keys_convert_to_and_fro_and_stay_the_same_keys() {
    let folder = Folder::new("convert-keys");
    let first = path(&folder, "first");
    for bytes in ["48", "80"] {
        let original = format!("{first}{bytes}");
        keys(&["new", &original, "--bytes", bytes]);
        let secrets = keys(&["show", &original, "--secret"]);
        for format in ["haproxy", "openssl", "node", "apache"] {
            let there = format!("{original}.{format}");
            let args = ["convert", &original, &there, "--from", "nginx", "--to", format];
            if bytes == "80" && matches!(format, "node" | "apache") {
                assert!(refusal(&args).contains("does not have 80 bytes"));
                continue;
            }
            keys(&args);
            assert_eq!(keys(&["show", &there, "--format", format, "--secret"]), secrets, "{format}");
            let back = format!("{there}.back");
            keys(&["convert", &there, &back, "--from", format, "--to", "nginx"]);
            assert!(fs::read(&back).expect("a file") == fs::read(&original).expect("a file"), "{format}");
        }
    }
}

#[test]
fn of_several_keys_one_is_chosen() {
    let folder = Folder::new("several-keys");
    let lines: String = ["one", "two", "three"]
        .map(|name| {
            let file = path(&folder, name);
            keys(&["new", &file, "--format", "haproxy"]);
            fs::read_to_string(file).expect("a line")
        })
        .concat();
    let all = path(&folder, "all");
    fs::write(&all, lines).expect("a file");
    let shown = keys(&["show", &all]);
    let does: Vec<&str> = shown.lines().filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(does, ["opens", "seals", "opens"], "HAProxy: the last but one");
    let raw = path(&folder, "raw");
    assert!(refusal(&["convert", &all, &raw, "--to", "nginx"]).contains("--key"));
    assert!(refusal(&["convert", &all, &raw, "--to", "nginx", "--key", "4"]).contains("no key 4"));
    keys(&["convert", &all, &raw, "--to", "nginx", "--key", "2"]);
    let second = |text: &str| text.split("name=").nth(1).expect("a name")[..32].to_owned();
    assert_eq!(second(&keys(&["show", &raw])), second(shown.lines().nth(1).expect("three lines")));
}
