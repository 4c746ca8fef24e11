//! Handshakes as they were seen: in the JSON, and as pictures of the page.

use std::io::{Read, Write};

use tls12::{
    session::{RenewWhen, Resumption, Tickets},
    store::NoStore,
};

use super::{
    running::{Report, report, run},
    scripted::{Quirk, Scripted},
    serving::{Ours, Serving, ca, ring},
};
use crate::{common::certs::Spec, files::Folder};

const FULL: &str = "client: ClientHello\n\
                    server: ServerHello, Certificate, ServerKeyExchange, ServerHelloDone\n\
                    client: ClientKeyExchange, ChangeCipherSpec, [Finished]\n\
                    server: ChangeCipherSpec, [Finished]\n";
const FULL_WITH_TICKET: &str = "client: ClientHello\n\
                    server: ServerHello, Certificate, ServerKeyExchange, ServerHelloDone\n\
                    client: ClientKeyExchange, ChangeCipherSpec, [Finished]\n\
                    server: NewSessionTicket, ChangeCipherSpec, [Finished]\n";
const RESUMED: &str = "client: ClientHello\n\
                       server: ServerHello, ChangeCipherSpec, [Finished]\n\
                       client: ChangeCipherSpec, [Finished]\n";
const RENEWED: &str = "client: ClientHello\n\
                       server: ServerHello, NewSessionTicket, ChangeCipherSpec, [Finished]\n\
                       client: ChangeCipherSpec, [Finished]\n";

/// Each ladder of the first address: what it is of, by what, and who said what. What one side said without an answer is
/// one line here, however it was cut on its way.
fn ladders(report: &Report) -> Vec<(String, String, String)> {
    let ladders = report.at("/ladders").as_array().expect("ladders");
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let of = |ladder: &serde_json::Value| {
        let mut lines: Vec<(String, Vec<String>)> = Vec::new();
        for step in ladder["steps"].as_array().expect("steps") {
            let messages = step["messages"].as_array().expect("messages").iter().map(word);
            match lines.last_mut() {
                Some((from, more)) if *from == step["from"] => more.extend(messages),
                _ => lines.push((word(&step["from"]), messages.collect())),
            }
        }
        let lines = lines.iter().map(|(from, messages)| format!("{from}: {}\n", messages.join(", ")));
        (word(&ladder["outcome"]), word(&ladder["by"]), lines.collect())
    };
    ladders.iter().map(of).collect()
}

fn expected(ladders: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    ladders
        .iter()
        .map(|(outcome, by, text)| (outcome.to_string(), by.to_string(), text.to_string()))
        .collect()
}

#[test]
fn a_full_handshake_and_one_resumed_in_each_way_are_told_message_by_message() {
    let report = report(&Ours::new(Resumption::new(ring(1))).start(), &[]);
    let all = [("full", "-", FULL_WITH_TICKET), ("resumed", "ticket", RESUMED), ("resumed", "id", RESUMED)];
    assert_eq!(ladders(&report), expected(&all));
    // Times go on, and a hello with its record is longer than nothing.
    for ladder in report.at("/ladders").as_array().expect("ladders") {
        let steps = ladder["steps"].as_array().expect("steps");
        let of =
            |name: &str| steps.iter().map(|step| step[name].as_u64().expect("a number")).collect::<Vec<_>>();
        assert!(of("at_us").is_sorted(), "{ladder}");
        assert!(of("bytes").iter().all(|bytes| *bytes > 40), "{ladder}");
    }
}

#[test]
fn a_ticket_that_is_renewed_is_seen_in_the_ladder() {
    let policy = Resumption::new(ring(1)).with_tickets(Tickets::Renew(RenewWhen::Always)).with_ids(false);
    let report = report(&Ours::new(policy).start(), &[]);
    assert_eq!(
        ladders(&report),
        expected(&[("full", "-", FULL_WITH_TICKET), ("resumed", "ticket", RENEWED)])
    );
}

#[test]
fn where_nothing_is_resumed_the_ladder_shows_what_came_instead() {
    let policy = Resumption::new(ring(1)).with_tickets(Tickets::IgnoreAndIssue).with_ids(false);
    let refused = report(&Ours::new(policy).start(), &[]);
    let all = [("full", "-", FULL_WITH_TICKET), ("refused", "ticket", FULL_WITH_TICKET)];
    assert_eq!(ladders(&refused), expected(&all));

    let policy = Resumption::new(ring(1)).with_ids(false).with_tickets(Tickets::Off);
    let none = report(&Ours::new(policy).start_with(NoStore), &[]);
    assert_eq!(ladders(&none), expected(&[("full", "-", FULL)]));

    let wrong = report(&Scripted::new(Quirk::WrongKeys).start(), &[]);
    let [_, (outcome, by, text), _] = &ladders(&wrong)[..] else { panic!("{}", wrong.0) };
    assert_eq!((&outcome[..], &by[..]), ("failed", "ticket"));
    assert_eq!(text, "client: ClientHello\nserver: ServerHello, ChangeCipherSpec, [Finished]\n");
}

#[test]
fn a_session_that_is_resumed_now_and_then_is_shown_where_it_is() {
    let by_ticket = |number| Ours::new(Resumption::new(ring(number)).with_ids(false)).start_with(NoStore);
    let servers = [by_ticket(1), by_ticket(2)];
    let both = Serving::round_robin(&servers.each_ref().map(|server| server.address));
    assert_eq!(ladders(&report(&both, &[]))[1], expected(&[("resumed", "ticket", RESUMED)])[0]);
}

#[test]
fn a_handshake_that_fails_is_shown_up_to_there() {
    let server = Serving::start(|mut tcp| {
        let mut hello = [0; 2048];
        let _ = tcp.read(&mut hello);
        let _ = tcp.write_all(&[21, 3, 3, 0, 2, 2, 40]);
        let _ = tcp.read(&mut hello);
    });
    let alert = "client: ClientHello\nserver: Alert fatal handshake_failure\n";
    assert_eq!(ladders(&report(&server, &[])), expected(&[("failed", "-", alert)]));
}

/// The page about a server.
fn page(serving: &Serving, more: &[&str]) -> String {
    let folder = Folder::new(&format!("probe-ladders-{}", serving.address.port()));
    let html = folder.0.join("page.html").to_str().expect("UTF-8").to_owned();
    let target = serving.target();
    run(&[&[&target[..], "--address", "127.0.0.1", "--count", "3", "--html", &html], more].concat());
    std::fs::read_to_string(&html).expect("a page")
}

#[test]
fn the_page_draws_each_ladder() {
    let page = page(&Ours::new(Resumption::new(ring(1))).start(), &[]);
    let figures: Vec<_> = page.split("<figure class=\"ladder\">").skip(1).collect();
    let [full, ticket, id] = &figures[..] else { panic!("{} ladders in {page}", figures.len()) };
    for (figure, title, trips, arrows) in [
        (full, "<h3>Full handshake</h3>", ">2 round trips,", 4),
        (ticket, "<h3>Resumed by ticket</h3>", ">1 round trip,", 3),
        (id, "<h3>Resumed by session ID</h3>", ">1 round trip,", 3),
    ] {
        assert!(figure.contains(title) && figure.contains(trips), "no {title} with{trips} in {figure}");
        assert!(figure.matches("<polygon ").count() >= arrows, "{figure}");
        for message in ["ClientHello", "ServerHello", "ChangeCipherSpec", "[Finished]"] {
            assert!(figure.contains(&format!(">{message}</text>")), "no {message} in {figure}");
        }
        let is_full = title.contains("Full");
        for message in ["Certificate", "ClientKeyExchange", "NewSessionTicket"] {
            assert_eq!(figure.contains(&format!(">{message}</text>")), is_full, "{message} in {figure}");
        }
    }
}

#[test]
fn what_a_hostile_server_says_becomes_no_markup() {
    let talker = Serving::start(|mut tcp| {
        let _ = tcp.write_all(b"554 <script>alert(1)</script> & \"more\"\r\n");
        let _ = tcp.read(&mut [0; 100]);
    });
    let said = page(&talker, &["--preamble", "smtp"]);
    assert!(said.contains("554 &lt;script&gt;alert(1)&lt;/script&gt; &amp;"), "{said}");

    let named = Serving::start(move |tcp| {
        let issued =
            ca().issue(&Spec { subject: "</pre><script>x</script>", ..Spec::server(&["a.example"]) });
        let config = tls12::ServerConfig::new(&tls12::crypto::RUSTCRYPTO, issued.credential("hostile"));
        let acceptor = tls12::blocking::Acceptor::new(config, issued.local_key());
        let Ok(mut tls) = acceptor.accept(&tcp) else { return };
        let _ = tls.read_to_end(&mut Vec::new());
        let _ = tls.close();
    });
    let subject = page(&named, &[]);
    assert!(subject.contains(r"CN=\&lt;/pre\&gt;\&lt;script\&gt;x\&lt;/script\&gt;"), "{subject}");
    for page in [said, subject] {
        assert!(!page.contains("<script"), "{page}");
    }
}
