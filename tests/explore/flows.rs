//! The exploration itself, and the flows that the model must have.

use tls12::schedule::Side;

use super::{
    alphabet::{
        ALPHABET,
        Kind::{self, *},
    },
    stages::{CLIENT_STAGES, MakeStage, SERVER_STAGES},
    walk::{Counts, count, explore, flows},
};

/// How many things that change nothing a sequence has before its last symbol. Clients have more to hear, so that one
/// more costs a minute or two.
fn detours(side: Side) -> usize {
    let deep = std::env::var("TLS12_EXPLORE").is_ok_and(|how| how == "deep");
    match side {
        Side::Client => usize::from(deep),
        Side::Server => 1,
    }
}

/// What the model counts is what the real side did, sequence by sequence.
fn explored(stages: &[MakeStage], detours: usize) -> Counts {
    // The short ones first: what fails in them is shown without a detour, and soon.
    explore(stages, 0);
    let counts = explore(stages, detours);
    assert_eq!(counts, count(stages, detours), "as the real side counts, and as the model does");
    counts
}

#[test]
fn the_implementation_accepts_exactly_what_the_model_accepts() {
    let (of_server, of_client) = (detours(Side::Server), detours(Side::Client));
    let (server, client) = (explored(SERVER_STAGES, of_server), explored(CLIENT_STAGES, of_client));
    let mut all = server;
    all += client;
    crate::common::say::say(&format!(
        "explored {} sequences: server {} (at most {of_server} detours), client {} (at most {of_client}), \
         accepted {}, refused {}, complete handshakes {}",
        all.sequences(),
        server.sequences(),
        client.sequences(),
        all.accepted,
        all.refused,
        all.complete,
    ));
}

/// RFC 5246, figures 1 and 2, and what a client says in them; a ticket changes nothing of that.
#[test]
fn a_server_hears_the_flows_of_the_rfcs_and_no_others() {
    let mut expected: Vec<Vec<Kind>> = vec![
        vec![ClientHello, ClientKeyExchange, ChangeCipherSpec, Finished],
        vec![ClientHello, NoCertificate, ClientKeyExchange, ChangeCipherSpec, Finished],
        vec![ClientHello, Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished],
        vec![ClientHello, ChangeCipherSpec, Finished],
    ];
    expected.sort_by_key(|flow| format!("{flow:?}"));
    assert_eq!(flows(SERVER_STAGES), expected);
}

/// RFC 5246, figures 1 and 2, RFC 5077, figures 1 to 4, RFC 6066, 8: what a server says, with and without each message
/// that may be left out.
#[test]
fn a_client_hears_the_flows_of_the_rfcs_and_no_others() {
    let mut expected = vec![vec![ServerHello, ChangeCipherSpec, Finished]];
    for ticket in [NewSessionTicket, NoTicket] {
        expected.push(vec![ServerHello, ticket, ChangeCipherSpec, Finished]);
    }
    for status in [&[][..], &[CertificateStatus]] {
        for request in [&[][..], &[CertificateRequest]] {
            for ticket in [&[][..], &[NewSessionTicket], &[NoTicket]] {
                let middle = [status, &[ServerKeyExchange], request, &[ServerHelloDone], ticket].concat();
                let ends: [&[Kind]; 3] =
                    [&[ServerHello, Certificate], &middle, &[ChangeCipherSpec, Finished]];
                expected.push(ends.concat());
            }
        }
    }
    expected.sort_by_key(|flow| format!("{flow:?}"));
    assert_eq!(flows(CLIENT_STAGES), expected);
}

#[test]
fn every_symbol_is_accepted_somewhere_or_never_legal() {
    let heard: Vec<Kind> = [CLIENT_STAGES, SERVER_STAGES].into_iter().flat_map(flows).flatten().collect();
    let moves = ALPHABET.iter().filter(|kind| heard.contains(kind)).count();
    // Twelve types of handshake message less HelloRequest, two without content, and ChangeCipherSpec.
    assert_eq!(moves, 11 + 2 + 1);
}
