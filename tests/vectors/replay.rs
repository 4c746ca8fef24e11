//! Whole connections with OpenSSL, replayed: the same inputs give the same bytes.

use tls12::wire::CipherSuite;

use crate::transcript::{LABEL, Ours, Recorded, Transcript};

macro_rules! transcripts {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../vectors/transcripts/", $name, ".txt")))),*]
    };
}

const TRANSCRIPTS: [(&str, &str); 14] = transcripts![
    "client_c02b",
    "client_c02c",
    "client_cca9",
    "client_c02f",
    "client_c030",
    "client_cca8",
    "client_c02b_with_certificate",
    "server_c02b",
    "server_c02c",
    "server_cca9",
    "server_c02f",
    "server_c030",
    "server_cca8",
    "server_c02b_with_certificate",
];

fn all() -> impl Iterator<Item = (&'static str, Transcript)> {
    TRANSCRIPTS.into_iter().map(|(name, text)| (name, Transcript::read(text)))
}

#[test]
fn recorded_connections_are_replayed_to_the_same_bytes() {
    for (name, transcript) in all() {
        println!("{name}");
        let mut io = Recorded::new(&transcript.events);
        transcript.run(&mut io, |tls| {
            let info = tls.tls.info();
            assert_eq!((info.suite, info.group), (transcript.suite, Some(transcript.group)));
            assert!(info.extended_master_secret && info.secure_renegotiation);
            let mut exported = [0; 40];
            let exporter = tls.tls.exporter().expect("the extended master secret");
            exporter.derive(LABEL, None, &mut exported).expect("no context");
            // This is OpenSSL's word, not ours of back then.
            assert_eq!(exported[..], transcript.exported);
        });
        io.assert_over();
    }
}

#[test]
fn every_suite_is_recorded_from_both_sides_and_clients_with_certificates_too() {
    let has = |wanted: &dyn Fn(&Transcript) -> bool| all().any(|(_, transcript)| wanted(&transcript));
    for ours in [Ours::Client, Ours::Server] {
        for suite in tls12::crypto::SUITES.iter().map(|suite| suite.id) {
            assert!(has(&|transcript| transcript.ours == ours && transcript.suite == suite));
        }
        assert!(has(&|transcript| transcript.ours == ours && transcript.client.is_some()));
    }
}

#[test]
fn a_file_is_read_and_written_as_the_same_bytes() {
    for (name, text) in TRANSCRIPTS {
        let (_comments, body) = text.split_once("\n\n").expect("comments first");
        assert_eq!(Transcript::read(text).to_string(), body, "{name}");
    }
    let (_, first) = all().next().expect("a transcript");
    assert_eq!(first.suite, CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256);
}
