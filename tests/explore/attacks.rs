//! The attacks on state machines of 2014 and 2015, and their relatives, by name.
//!
//! CVE-2014-0224 (early ChangeCipherSpec), SKIP-TLS, FREAK, and the skipped CertificateVerify: "A Messy State of the
//! Union: Taming the Composite State Machines of TLS" (2015) has most of them.

use tls12::{
    schedule::Side,
    wire::{Alert, ContentType},
};

use super::{
    alphabet::{
        Kind::{self, *},
        Symbol,
    },
    model::Facts,
    stage::Stage,
    stages::{
        client_with_id, client_with_ticket, eager_client, generous_server, plain_client, plain_server,
        renewing_server, requesting_server, requiring_server,
    },
};
use crate::common::puppet::{Now, Puppet};

const PLAIN: Facts = Facts::NONE;
const TICKET: Facts = Facts::PROMISES_TICKET;
const RESUMED: Facts = Facts::ECHOES;
const RENEWED: Facts = Facts::ECHOES.and(Facts::PROMISES_TICKET);
const UNEXPECTED: Alert = Alert::UNEXPECTED_MESSAGE;

const SERVER_FLIGHT: [Kind; 4] = [ServerHello, Certificate, ServerKeyExchange, ServerHelloDone];
const CLIENT_FLIGHT: [Kind; 3] = [ClientHello, ClientKeyExchange, ChangeCipherSpec];
const CERTIFIED: [Kind; 3] = [ClientHello, Certificate, ClientKeyExchange];

fn symbol(kind: Kind, hello: Facts) -> Symbol {
    match kind {
        ClientHello | ServerHello => Symbol { kind, hello },
        _ => kind.into(),
    }
}

/// Says all of these, which are accepted; the handshake is not over then.
#[track_caller]
fn after<'s>(stage: &'s Stage, hello: Facts, said: &[Kind]) -> Puppet<'s> {
    let mut puppet = stage.start();
    for kind in said {
        let now = stage.say(&mut puppet, symbol(*kind, hello));
        assert_eq!(now, Now::Handshaking, "{}: {kind:?} of {said:?}", stage.name);
    }
    puppet
}

/// After these, all of which are accepted, that is refused with this.
#[track_caller]
fn refused(stage: &Stage, hello: Facts, (said, attack): (&[Kind], Kind), alert: Alert) {
    let mut puppet = after(stage, hello, said);
    match stage.say(&mut puppet, symbol(attack, hello)) {
        Now::Failed(_, told) => assert_eq!(told, Some(alert), "{}: {attack:?} after {said:?}", stage.name),
        now => panic!("{}: {now:?} at {attack:?} after {said:?}", stage.name),
    }
}

/// The same for each of these, with unexpected_message.
#[track_caller]
fn all_unexpected(stage: &Stage, hello: Facts, said: &[Kind], attacks: &[Kind]) {
    for attack in attacks {
        refused(stage, hello, (said, *attack), UNEXPECTED);
    }
}

/// These, all of which are accepted, complete the handshake.
#[track_caller]
fn established<'s>(stage: &'s Stage, hello: Facts, said: &[Kind]) -> Puppet<'s> {
    let (last, rest) = said.split_last().expect("something is said");
    let mut puppet = after(stage, hello, rest);
    assert_eq!(stage.say(&mut puppet, symbol(*last, hello)), Now::Established, "{}", stage.name);
    puppet
}

fn with(some: &[Kind], more: &[Kind]) -> Vec<Kind> {
    [some, more].concat()
}

/// CVE-2014-0224: keys from an empty master secret.
#[test]
fn a_change_cipher_spec_before_the_key_exchange_is_refused_by_both_sides() {
    for said in 0..SERVER_FLIGHT.len() {
        refused(&plain_client(), PLAIN, (&SERVER_FLIGHT[..said], ChangeCipherSpec), UNEXPECTED);
    }
    for said in 0..CERTIFIED.len() {
        refused(&requesting_server(), PLAIN, (&CERTIFIED[..said], ChangeCipherSpec), UNEXPECTED);
    }
    refused(&plain_server(), PLAIN, (&[ClientHello], ChangeCipherSpec), UNEXPECTED);
}

#[test]
fn a_change_cipher_spec_within_a_message_is_refused_wherever_the_message_is_cut() {
    let (client, server) = (plain_client(), plain_server());
    let cases = [
        (&client, &SERVER_FLIGHT[..3], &[14, 0, 0, 0][..]),
        (&client, &SERVER_FLIGHT[..], &[20, 0, 0, 12, 1]),
        (&server, &CLIENT_FLIGHT[..1], &client_key_exchange(&server)[..]),
        (&server, &CLIENT_FLIGHT[..2], &[20, 0, 0, 12, 1]),
    ];
    for (stage, said, message) in cases {
        for cut in 1..message.len() {
            let mut puppet = after(stage, PLAIN, said);
            assert_eq!(puppet.send(ContentType::HANDSHAKE, &message[..cut]), Now::Handshaking);
            let now = puppet.send(ContentType::CHANGE_CIPHER_SPEC, &[1]);
            assert!(matches!(now, Now::Failed(_, Some(UNEXPECTED))), "{}: {now:?} at {cut}", stage.name);
        }
    }
}

fn client_key_exchange(stage: &Stage) -> Vec<u8> {
    stage.messages[&ClientKeyExchange].clone()
}

#[test]
fn a_second_change_cipher_spec_is_refused_before_finished_and_after_it() {
    let client = with(&SERVER_FLIGHT, &[ChangeCipherSpec]);
    for (stage, said) in [(plain_client(), client), (plain_server(), CLIENT_FLIGHT.to_vec())] {
        refused(&stage, PLAIN, (&said, ChangeCipherSpec), UNEXPECTED);
        refused(&stage, PLAIN, (&said, OtherChangeCipherSpec), Alert::BAD_RECORD_MAC);
        let mut puppet = established(&stage, PLAIN, &with(&said, &[Finished]));
        let now = stage.say(&mut puppet, ChangeCipherSpec.into());
        assert!(matches!(now, Now::Failed(_, Some(UNEXPECTED))), "{now:?}");
    }
}

/// SKIP-TLS: all that follows would be in the clear.
#[test]
fn a_finished_without_change_cipher_spec_is_refused_in_the_clear_and_sealed() {
    for attack in [Finished, OtherFinished] {
        refused(&plain_client(), PLAIN, (&SERVER_FLIGHT, attack), UNEXPECTED);
        refused(&plain_server(), PLAIN, (&CLIENT_FLIGHT[..2], attack), UNEXPECTED);
        refused(&client_with_id(), RESUMED, (&[ServerHello], attack), UNEXPECTED);
        let offered = Facts::WANTS_TICKETS.and(Facts::OFFERS_TICKET);
        refused(&renewing_server(), offered, (&[ClientHello], attack), UNEXPECTED);
    }
}

/// SKIP-TLS: a server that nobody authenticated says that it has finished.
#[test]
fn a_server_that_skips_to_finished_or_to_data_is_refused_wherever_it_does() {
    for said in 1..SERVER_FLIGHT.len() {
        let attacks = [Finished, OtherFinished, Data, OtherData];
        all_unexpected(&plain_client(), PLAIN, &SERVER_FLIGHT[..said], &attacks);
    }
}

#[test]
fn a_repeated_finished_is_refused_by_both_sides() {
    let client = with(&SERVER_FLIGHT, &[ChangeCipherSpec, Finished]);
    let server = with(&CLIENT_FLIGHT, &[Finished]);
    for (stage, said) in [(plain_client(), client), (plain_server(), server)] {
        let mut puppet = established(&stage, PLAIN, &said);
        let now = stage.say(&mut puppet, Finished.into());
        assert!(matches!(now, Now::Failed(_, Some(UNEXPECTED))), "{}: {now:?}", stage.name);
    }
}

#[test]
fn data_in_the_place_of_finished_is_refused_by_both_sides() {
    let client = with(&SERVER_FLIGHT, &[ChangeCipherSpec]);
    all_unexpected(&plain_client(), PLAIN, &client, &[Data, EmptyData]);
    all_unexpected(&plain_server(), PLAIN, &CLIENT_FLIGHT, &[Data, EmptyData]);
}

/// Without it a server needs no key of its own (CVE-2014-3572, CVE-2014-6593).
#[test]
fn a_server_that_skips_its_certificate_or_its_key_exchange_is_refused() {
    let client = plain_client();
    all_unexpected(&client, PLAIN, &[ServerHello], &[ServerKeyExchange, CertificateRequest, ServerHelloDone]);
    all_unexpected(&client, PLAIN, &SERVER_FLIGHT[..2], &[CertificateRequest, ServerHelloDone]);
    refused(&client, PLAIN, (&[ServerHello], NoCertificate), Alert::DECODE_ERROR);
}

/// FREAK, CVE-2015-0204: weak parameters that nobody asked for.
#[test]
fn export_parameters_are_refused_in_their_place_and_everywhere_else() {
    refused(&plain_client(), PLAIN, (&SERVER_FLIGHT[..2], ExportServerKeyExchange), Alert::DECODE_ERROR);
    let client = plain_client();
    for said in [&SERVER_FLIGHT[..1], &SERVER_FLIGHT] {
        let mut puppet = after(&client, PLAIN, said);
        let now = client.say(&mut puppet, ExportServerKeyExchange.into());
        assert!(matches!(now, Now::Failed(_, Some(UNEXPECTED | Alert::DECODE_ERROR))), "{now:?}");
    }
}

#[test]
fn a_second_key_exchange_is_refused_by_both_sides() {
    refused(&plain_client(), PLAIN, (&SERVER_FLIGHT[..3], ServerKeyExchange), UNEXPECTED);
    refused(&plain_server(), PLAIN, (&CLIENT_FLIGHT[..2], ClientKeyExchange), UNEXPECTED);
}

/// CVE-2015-0205 and its relatives: a certificate without the proof that its key is at hand.
#[test]
fn a_skipped_certificate_verify_is_refused() {
    for (stage, hello) in [(requesting_server(), PLAIN), (requiring_server(), Facts::WANTS_TICKETS)] {
        let attacks = [ChangeCipherSpec, Finished, OtherFinished, Data];
        all_unexpected(&stage, hello, &CERTIFIED, &attacks);
    }
}

#[test]
fn a_reordered_or_repeated_certificate_verify_is_refused() {
    let server = requesting_server();
    for said in 0..CERTIFIED.len() {
        refused(&server, PLAIN, (&CERTIFIED[..said], CertificateVerify), UNEXPECTED);
    }
    let verified = with(&CERTIFIED, &[CertificateVerify]);
    refused(&server, PLAIN, (&verified, CertificateVerify), UNEXPECTED);
    let protected = with(&verified, &[ChangeCipherSpec]);
    refused(&server, PLAIN, (&protected, CertificateVerify), UNEXPECTED);
    established(&server, PLAIN, &with(&protected, &[Finished]));
}

#[test]
fn a_certificate_verify_without_a_certificate_is_refused() {
    let anonymous = [ClientHello, NoCertificate, ClientKeyExchange];
    refused(&requesting_server(), PLAIN, (&anonymous, CertificateVerify), UNEXPECTED);
    refused(&plain_server(), PLAIN, (&CLIENT_FLIGHT[..2], CertificateVerify), UNEXPECTED);
    refused(&requesting_server(), PLAIN, (&CERTIFIED, ForgedCertificateVerify), Alert::DECRYPT_ERROR);
}

#[test]
fn a_client_that_skips_its_certificate_or_its_key_exchange_is_refused() {
    let server = requiring_server();
    let hello = Facts::WANTS_TICKETS;
    all_unexpected(&server, hello, &CERTIFIED[..1], &[ClientKeyExchange, CertificateVerify]);
    all_unexpected(&server, hello, &CERTIFIED[..2], &[CertificateVerify, ChangeCipherSpec, Certificate]);
    refused(&server, hello, (&CERTIFIED[..1], NoCertificate), Alert::HANDSHAKE_FAILURE);
}

#[test]
fn a_certificate_that_nobody_asked_for_is_refused() {
    all_unexpected(&plain_server(), PLAIN, &CLIENT_FLIGHT[..1], &[Certificate, NoCertificate]);
}

#[test]
fn a_new_session_ticket_that_was_promised_and_skipped_is_refused() {
    refused(&eager_client(), TICKET, (&SERVER_FLIGHT, ChangeCipherSpec), UNEXPECTED);
    refused(&client_with_ticket(), RENEWED, (&[ServerHello], ChangeCipherSpec), UNEXPECTED);
}

#[test]
fn a_new_session_ticket_without_a_promise_is_refused() {
    let tickets = [NewSessionTicket, NoTicket];
    all_unexpected(&eager_client(), PLAIN, &SERVER_FLIGHT, &tickets);
    all_unexpected(&client_with_ticket(), RESUMED, &[ServerHello], &tickets);
    all_unexpected(&client_with_ticket(), Facts::NAMES_NOTHING, &[ServerHello], &tickets);
}

#[test]
fn a_repeated_or_reordered_new_session_ticket_is_refused() {
    let client = eager_client();
    for said in 0..SERVER_FLIGHT.len() {
        refused(&client, TICKET, (&SERVER_FLIGHT[..said], NewSessionTicket), UNEXPECTED);
    }
    let given = with(&SERVER_FLIGHT, &[NewSessionTicket]);
    refused(&client, TICKET, (&given, NewSessionTicket), UNEXPECTED);
    let protected = with(&given, &[ChangeCipherSpec]);
    refused(&client, TICKET, (&protected, NewSessionTicket), UNEXPECTED);
    let mut puppet = established(&client, TICKET, &with(&protected, &[Finished]));
    let now = client.say(&mut puppet, NewSessionTicket.into());
    assert!(matches!(now, Now::Failed(_, Some(UNEXPECTED))), "{now:?}");
    refused(&client_with_ticket(), RENEWED, (&[ServerHello, NewSessionTicket], NewSessionTicket), UNEXPECTED);
}

#[test]
fn a_new_session_ticket_from_a_client_is_refused() {
    refused(&generous_server(), Facts::WANTS_TICKETS, (&CLIENT_FLIGHT[..2], NewSessionTicket), UNEXPECTED);
}

#[test]
fn a_resumed_handshake_takes_no_message_of_a_full_one() {
    let full = [Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone];
    all_unexpected(&client_with_id(), RESUMED, &[ServerHello], &full);
    all_unexpected(&client_with_ticket(), RENEWED, &[ServerHello, NewSessionTicket], &full);
    let offered = Facts::WANTS_TICKETS.and(Facts::OFFERS_TICKET);
    let full = [Certificate, ClientKeyExchange, CertificateVerify];
    all_unexpected(&renewing_server(), offered, &[ClientHello], &full);
}

#[test]
fn a_certificate_status_is_refused_without_a_promise_and_a_second_time() {
    refused(&eager_client(), PLAIN, (&SERVER_FLIGHT[..2], CertificateStatus), UNEXPECTED);
    let stapled = with(&SERVER_FLIGHT[..2], &[CertificateStatus]);
    let promise = Facts::PROMISES_STATUS;
    refused(&eager_client(), promise, (&stapled, CertificateStatus), UNEXPECTED);
    refused(&eager_client(), promise, (&SERVER_FLIGHT[..1], CertificateStatus), UNEXPECTED);
    refused(&eager_client(), promise, (&SERVER_FLIGHT[..3], CertificateStatus), UNEXPECTED);
}

/// A second hello would start another handshake within the first.
#[test]
fn a_second_hello_is_refused_as_long_as_the_handshake_lasts() {
    for said in 1..=SERVER_FLIGHT.len() {
        refused(&plain_client(), PLAIN, (&SERVER_FLIGHT[..said], ServerHello), UNEXPECTED);
    }
    for said in 1..=CLIENT_FLIGHT.len() {
        refused(&plain_server(), PLAIN, (&CLIENT_FLIGHT[..said], ClientHello), UNEXPECTED);
    }
}

/// Every message has one direction (RFC 5246, 7.3); a peer that plays both sides is refused.
#[test]
fn a_message_that_goes_the_other_way_is_refused() {
    let from_servers = [HelloRequest, ServerHello, NewSessionTicket, CertificateStatus, ServerKeyExchange];
    let from_clients = [ClientHello, ClientKeyExchange, CertificateVerify];
    let (client, server) = (plain_client(), plain_server());
    assert_eq!((client.side, server.side), (Side::Client, Side::Server));
    for said in 0..=CLIENT_FLIGHT.len() {
        all_unexpected(&server, PLAIN, &CLIENT_FLIGHT[..said], &from_servers);
        all_unexpected(&server, PLAIN, &CLIENT_FLIGHT[..said], &[CertificateRequest, ServerHelloDone]);
    }
    for said in 0..=SERVER_FLIGHT.len() {
        all_unexpected(&client, PLAIN, &SERVER_FLIGHT[..said], &from_clients);
    }
}
