//! Recordings that somebody changed, and those of halves that work at once.

use ::tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tls12::{
    crypto::RUSTCRYPTO,
    replay::{Difference, End, Recorder, Recording, Replay, Secrets, Step},
};

use super::{
    edges::{Edges, bytes, name},
    recorded::{Paper, end, failures, lines, recorded, steps, talk},
    transports::{acceptor, connector},
};

#[test]
fn a_record_whose_end_is_not_recorded_is_not_said_to_be_the_same() {
    let edges = Edges::new();
    for text in recorded(&edges.connector(), &edges.acceptor(), None, Secrets::Recorded, talk) {
        // A close_notify.
        let last = *lines(&text, "sent").last().unwrap();
        let (longer, shorter) = (last.replace("150303001a", "150303001b"), last.replace("\"}}", ""));
        let shorter = format!("{}\"}}}}", &shorter[..shorter.len() - 2]);
        for changed in [longer, shorter] {
            assert_ne!(changed, last);
            let changed = text.replace(last, &changed);
            assert_eq!(end(&changed), End::WithinRecord);
            let same = steps(&changed).into_iter().rev().find_map(|step| match step {
                Step::Sent { same, .. } => Some(same),
                _ => None,
            });
            assert_eq!(same, Some(0));
        }
    }
}

#[test]
fn a_record_that_would_have_been_the_last_is_found_where_more_came() {
    let edges = Edges::new();
    let [_, text] = recorded(&edges.connector(), &edges.acceptor(), None, Secrets::Recorded, talk);
    assert_eq!(end(&text), End::Reached);
    // The question; what follows is the client's close_notify.
    let question = lines(&text, "received").into_iter().find(|line| line.contains("\"170303")).unwrap();
    let (head, last) = question.split_at(question.len() - 5);
    let forged = format!("{head}{}{}", if last.starts_with('0') { '1' } else { '0' }, &last[1..]);
    let differs = End::Differs(Difference::Need { needed: "the end of what comes", recorded: "received" });
    assert_eq!(end(&text.replace(question, &forged)), differs);
}

#[test]
fn another_reason_of_a_failure_is_found_and_so_is_what_comes_after_the_end() {
    for secrets in [Secrets::Recorded, Secrets::Withheld] {
        for text in failures(secrets).into_iter().flat_map(|(texts, _)| texts) {
            let Some(failed) = lines(&text, "failed").first().copied() else { continue };
            if end(&text) != End::Reached {
                continue;
            }
            let other = text.replace(failed, "{\"failed\":\"of something else\"}");
            assert!(matches!(end(&other), End::Differs(Difference::Outcome { .. })), "{text}");
            let version = concat!("\"version\":\"", env!("CARGO_PKG_VERSION"), "\"");
            assert!(text.contains(version), "{text}");
            // Another version may have other words.
            assert_eq!(end(&other.replace(version, "\"version\":\"0.0.0\"")), End::Reached);
            let more = End::Differs(Difference::Need { needed: "the end", recorded: "failed" });
            assert_eq!(end(&text.replace(failed, &format!("{failed}\n{failed}"))), more);
        }
    }
}

/// Each side sends while it receives, in halves that know nothing of each other.
#[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halves_that_work_at_once_happen_again() {
    const LENGTH: usize = 2 << 20;
    let edges = Edges::new();
    let (client, server) = duplex(50_000);
    let papers = [Paper::default(), Paper::default()];
    let [ours, theirs] =
        papers.clone().map(|paper| Recorder::new(paper, Secrets::Recorded).with_limit(8 * LENGTH));
    let (connector, acceptor) = (connector(&edges), acceptor(&edges));
    let accepting = async {
        let incoming = tls12::tokio::Incoming::read_recorded(server, 1 << 16, theirs).await.unwrap();
        incoming.accept(&acceptor).await.unwrap()
    };
    let (client, server) = ::tokio::join!(connector.connect_recorded(name(), None, client, ours), accepting);
    let mut tasks = Vec::new();
    for mut stream in [client.unwrap(), server] {
        stream.allow_half_close();
        let (mut read, mut write) = stream.into_split();
        tasks.push(::tokio::spawn(async move {
            let mut got = Vec::new();
            read.read_to_end(&mut got).await.unwrap();
            assert_eq!(got.len(), LENGTH);
        }));
        tasks.push(::tokio::spawn(async move {
            for (number, piece) in bytes(LENGTH).chunks(7_001).enumerate() {
                write.write_all(piece).await.unwrap();
                if number % 16 == 0 {
                    ::tokio::task::yield_now().await;
                }
            }
            write.shutdown().await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    for text in papers.map(|paper| paper.text()) {
        let recording = Recording::read(text.as_bytes()).unwrap();
        let last = Replay::new(&recording, &RUSTCRYPTO).last();
        assert!(matches!(last, Some(Step::End(End::Reached))), "{last:?}");
    }
}

#[test]
fn a_byte_that_would_be_another_is_found() {
    let edges = Edges::new();
    let [_, text] = recorded(&edges.connector(), &edges.acceptor(), None, Secrets::Recorded, talk);
    for (number, line) in lines(&text, "sent").into_iter().enumerate() {
        let (head, tail) = line.split_at(line.len() - 5);
        let changed = if tail.starts_with('0') { "1" } else { "0" };
        let changed = text.replace(line, &format!("{head}{changed}{}", &tail[1..]));
        let End::Differs(how) = end(&changed) else { panic!("line {number}") };
        match how {
            // The flights of the handshake are made from what came alone.
            Difference::Bytes { at, made, recorded } if number < 2 => {
                assert!(made.len() == recorded.len() && at + 1 >= made.len() - 1, "{at} of {}", made.len());
            }
            Difference::Bytes { .. } | Difference::Need { .. } if number >= 2 => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_answer_that_was_another_is_found() {
    let edges = Edges::new();
    let [client, server] = recorded(&edges.connector(), &edges.acceptor(), None, Secrets::Recorded, talk);
    let refused = client.replace("{\"verdict\":\"verified\"}", "{\"verdict\":\"revoked\"}");
    assert_ne!(refused, client);
    assert!(matches!(end(&refused), End::Differs(Difference::Bytes { .. })));
    let unsigned = lines(&server, "signature")[0];
    let unsigned = server.replace(unsigned, "{\"signature\":null}");
    assert!(matches!(end(&unsigned), End::Differs(Difference::Bytes { .. })));
    let missing = server.replace(&format!("{}\n", lines(&server, "signature")[0]), "");
    assert_eq!(end(&missing), End::Differs(Difference::Need { needed: "NeedsSignature", recorded: "sent" }));
}

#[test]
fn a_configuration_that_was_changed_is_refused() {
    let edges = Edges::new();
    let [_, text] = recorded(&edges.connector(), &edges.acceptor(), None, Secrets::Withheld, talk);
    let changed = text.replace("\"client_auth\":\"off\"", "\"client_auth\":\"request\"");
    assert_ne!(changed, text);
    let error = Recording::read(changed.as_bytes()).unwrap_err();
    assert_eq!(error.line, 4, "{error}");
    assert!(error.to_string().contains("digest"), "{error}");
}

#[test]
fn the_end_of_a_recording_may_be_missing_anywhere() {
    let edges = Edges::new();
    for secrets in [Secrets::Recorded, Secrets::Withheld] {
        for text in recorded(&edges.connector(), &edges.acceptor(), None, secrets, talk) {
            let first = text.find('\n').unwrap() + 1;
            for cut in (first..text.len()).filter(|cut| cut % 997 == 0 || (*cut < 4_000 && cut % 31 == 0)) {
                let ended = end(&text[..cut]);
                // A last line is whole without its end, too.
                let is_whole = text[..cut].ends_with('\n') || text[cut..].starts_with('\n');
                let within = !is_whole || !text[..cut].contains("{\"complete\"");
                match ended {
                    End::Unfinished => assert!(within, "{cut}"),
                    End::Reached => assert!(!within, "{cut}"),
                    End::KeysNeeded | End::WithinRecord => {}
                    other => panic!("{cut}: {other:?}"),
                }
            }
        }
    }
}

/// Whatever is in a file, reading and running it ends.
#[test]
fn a_recording_that_somebody_made_up_ends_with_a_sentence() {
    let edges = Edges::new();
    let [client, server] = recorded(&edges.connector(), &edges.acceptor(), None, Secrets::Recorded, talk);
    let random = bytes(3 * 500);
    for (number, random) in random.chunks_exact(3).enumerate() {
        let text = if number % 2 == 0 { &client } else { &server };
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let at = usize::from(random[0]) % lines.len();
        match random[1] % 5 {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at].clone()),
            2 => lines.swap(at, usize::from(random[2]) % text.lines().count()),
            3 => lines[at] = lines[at].replace(char::from(b'0' + random[2] % 10), "9"),
            _ => {
                let place = usize::from(random[2]) * lines[at].len() / 256;
                lines[at].replace_range(place..=place, ["0", "f", "\"", "}"][number % 4]);
            }
        }
        if let Ok(recording) = Recording::read(lines.join("\n").as_bytes()) {
            let steps = Replay::new(&recording, &RUSTCRYPTO).take(10_000).collect::<Vec<_>>();
            assert!(matches!(steps.last(), Some(Step::End(_))), "{number}");
        }
    }
}
