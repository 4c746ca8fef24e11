//! GnuTLS: `gnutls-cli --resume` and `gnutls-serv`.

use super::{
    BY_ID, BY_TICKET, Caller, HandshakeKind, NEW_ID, NEW_TICKET, NotResumed, Ours, Plan, TicketSent,
    refusing, renewing, resuming, reused, verdict, without_ticket_after_all,
};
use crate::{
    gnutls::{TLS_1_2, cli, serv},
    place::{KEYS, Place},
    program::has_peers,
};

const RESUMED: &str = "This is a resumed session";

/// With neither an ID nor a ticket it comes back with an ID that it made up, which no store has, and takes no ticket.
fn without_ticket_after_all_and_with_an_id() -> Plan {
    let mut plan = without_ticket_after_all();
    plan[1].1 = (HandshakeKind::Full(NotResumed::NotStored), TicketSent::No);
    plan
}

/// `gnutls-cli --resume` connects twice. Its `--noticket` asks for tickets nevertheless.
#[test]
fn gnutls_cli_resumes_by_ticket_and_by_id() {
    if !has_peers("resumption with gnutls-cli") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let cases = [
            ("", resuming(NEW_TICKET, BY_TICKET)),
            (":%NO_TICKETS", resuming(NEW_ID, BY_ID)),
            ("", renewing()),
            ("", refusing()),
            ("", without_ticket_after_all_and_with_an_id()),
        ];
        for (more, plan) in cases {
            let (ours, plan) = (Ours::new(&place), &plan[..2]);
            let (mut client, log) = cli(&place, ours.port(), &format!("--resume --priority {TLS_1_2}{more}"));
            client.end_input();
            ours.serve(plan);
            client.succeed();
            let log = std::fs::read_to_string(log).expect("its log");
            let said = log.matches(RESUMED).count();
            assert_eq!(said, reused(plan).iter().filter(|reused| **reused).count(), "{key:?} {more}\n{log}");
        }
    }
}

#[test]
fn our_client_resumes_with_gnutls_serv_by_ticket_and_by_id() {
    if !has_peers("resuming with gnutls-serv") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let cases = [
            ("--nodb", Caller::new(&place), [NEW_TICKET, BY_TICKET]),
            ("--noticket", Caller::new(&place), [NEW_ID, BY_ID]),
            ("", Caller::without_tickets(&place), [NEW_ID, BY_ID]),
        ];
        for (more, mut caller, [first, others]) in cases {
            let (server, port) = serv(&place, &format!("--disable-client-cert {more} --priority {TLS_1_2}"));
            for number in 0..4 {
                let mut tls = caller.call(port);
                assert_eq!(verdict(&tls), if number == 0 { first } else { others }, "{key:?} {more}");
                tls.write(b"a line\n");
                assert_eq!(tls.read_exact(7), b"a line\n");
                tls.close();
            }
            server.text_until(|text| text.matches(RESUMED).count() == 3);
        }
    }
}
