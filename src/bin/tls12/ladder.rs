//! The ladder diagram of RFC 5246, 7.3, drawn from what was seen of a connection.

use std::time::Duration;

use tls12::{
    explain::{Event, FinishedCheck, NotTls12, Protection, Seen, SeenMessage},
    schedule::Side,
    wire::HEADER_LEN,
};

use super::explain::fields;
use crate::conversation::{Conversation, Step};

/// How far the names of the messages are apart.
const WIDTH: usize = 34;
/// How far what is in them is to the right.
const INDENT: usize = 6;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The names of the messages.
    Names,
    /// And under each what is in it.
    Fields,
}

/// Draws what was said.
pub(crate) fn draw(conversation: &Conversation, detail: Detail) -> String {
    let lines: String = conversation.steps.iter().map(|step| rungs(step, detail)).collect();
    let (client, server) = (grouped(conversation.client_bytes), grouped(conversation.server_bytes));
    let time = grouped(micros(conversation.last));
    format!(
        "  {:<WIDTH$}{:<WIDTH$}{:>9}{:>9}\n\n{lines}\n  {client} bytes to the server, {server} bytes to the client, {time} us\n",
        "Client", "Server", "bytes", "us",
    )
}

/// The lines of what was sent at once.
fn rungs(step: &Step, detail: Detail) -> String {
    let named: Vec<_> = step.events.iter().filter_map(|event| Some((name(event)?, event))).collect();
    let last = named.len().saturating_sub(1);
    let mut text = String::new();
    for (n, (name, event)) in named.iter().enumerate() {
        let line = rung(step.from, name, is_note(event));
        let line = match n == last {
            // What was sent at once has one length and one time.
            true => {
                let bytes = match step.bytes {
                    0 => String::new(),
                    bytes => grouped(u64::try_from(bytes).unwrap_or(u64::MAX)),
                };
                format!("{line:<70}{bytes:>9}{:>9}", grouped(micros(step.at)))
            }
            false => line,
        };
        text.push_str(line.trim_end());
        text.push('\n');
        if detail == Detail::Fields {
            inside(event, &mut text);
        }
    }
    text
}

/// Whether an event is nothing that was said, but something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Said,
    Note,
}

fn is_note(event: &Event) -> Line {
    match event.seen {
        Seen::Missing(_)
        | Seen::Damaged(_)
        | Seen::Skipped(_)
        | Seen::MessagesLost
        | Seen::Preamble(_)
        | Seen::NotTls12(_) => Line::Note,
        _ => Line::Said,
    }
}

/// An arrow from who said something to the other one: dots for what is only a note.
fn rung(from: Side, name: &str, line: Line) -> String {
    let arrow = |width: usize| match line {
        Line::Said => "-".repeat(width),
        Line::Note => " .".repeat(width.div_ceil(2)).split_off(width % 2),
    };
    match from {
        Side::Client => {
            // A long name makes the arrow shorter, and keeps it apart.
            let length = name.chars().count().max(WIDTH - 1) + 1;
            let width = (2 * WIDTH - 1).saturating_sub(length);
            format!("  {name:<length$}{}>", arrow(width))
        }
        Side::Server => format!("  <{}  {name:<WIDTH$}", arrow(WIDTH - 3)),
    }
}

/// What is in an event, line by line.
pub(crate) fn inside(event: &Event, text: &mut String) {
    match &event.seen {
        Seen::Message(message) => fields::of_message(message).write_lines(INDENT, text),
        Seen::ApplicationData { data: Some(data), .. } => {
            let shown = String::from_utf8_lossy(&data.0).into_owned();
            fields::of_data(&shown).write_lines(INDENT, text);
        }
        _ => {}
    }
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// So many bytes, in words.
fn plural(count: u64) -> String {
    format!("{} byte{}", grouped(count), if count == 1 { "" } else { "s" })
}

fn counted(count: usize) -> String {
    plural(u64::try_from(count).unwrap_or(u64::MAX))
}

/// A number with its digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// What stands on the line of an event, in brackets where it was encrypted. A record is told by what is in it.
pub(crate) fn name(event: &Event) -> Option<String> {
    let bytes = |length: usize| grouped(u64::try_from(length).unwrap_or(u64::MAX));
    Some(match &event.seen {
        Seen::Record(_) => return None,
        Seen::Message(message) => message_name(message),
        Seen::ChangeCipherSpec => "ChangeCipherSpec".into(),
        Seen::Alert(alert) => format!("Alert {} {}", alert.level, alert.description),
        Seen::ApplicationData { length, .. } => format!("[{} of data]", counted(*length)),
        // The first message under new keys is Finished.
        Seen::EncryptedFinished { .. } => "[Finished]".into(),
        // What is encrypted shows its type and its length.
        Seen::Encrypted { content_type, length } => {
            format!("[{content_type}, {} bytes]", bytes(length + HEADER_LEN))
        }
        Seen::DoesNotOpen { content_type, .. } => format!("[{content_type} that does not open]"),
        Seen::Malformed { content_type, why } => format!("{content_type} that does not parse: {why}"),
        Seen::MessagesLost => "(no message can be found here)".into(),
        Seen::Missing(Some(count)) => {
            format!("({} not captured)", plural(*count))
        }
        Seen::Missing(None) => "(the beginning was not captured)".into(),
        Seen::Damaged(header) => format!("(a part of a {} record)", header.content_type),
        Seen::Skipped(count) => format!("({} that cannot be read)", plural(*count)),
        Seen::Preamble(count) => format!("({} bytes before TLS)", grouped(*count)),
        // It may be only the beginning, and nobody knows what follows.
        Seen::NotTls12(NotTls12::NotTls) => "(no TLS)".into(),
        Seen::NotTls12(other) => format!("(not TLS 1.2 but {other})"),
        other => format!("{other:?}"),
    })
}

fn message_name(message: &SeenMessage) -> String {
    let name = match message.msg_type.name() {
        Some(name) => name.into(),
        None => format!("message of type {}", message.msg_type.0),
    };
    match (message.protection, message.finished) {
        (Protection::Clear, _) => name,
        (Protection::Decrypted, Some(FinishedCheck::Verified)) => format!("[{name}, verified]"),
        (Protection::Decrypted, Some(FinishedCheck::Wrong)) => format!("[{name}, wrong]"),
        (Protection::Decrypted, Some(FinishedCheck::Unchecked) | None) => format!("[{name}]"),
    }
}

#[cfg(test)]
mod tests {
    use tls12::wire::{ContentType, Encode, HandshakeType, ProtocolVersion, RecordHeader};

    use super::*;
    use crate::conversation::Reading;

    fn record(content_type: ContentType, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap();
        let mut bytes = RecordHeader { content_type, version: ProtocolVersion::TLS1_2, length }.encode();
        bytes.extend_from_slice(body);
        bytes
    }

    fn draw_all(sent: &[(Side, u64, Vec<u8>)], detail: Detail) -> String {
        let mut conversation = Conversation::new(&Reading::default());
        for (from, at, bytes) in sent {
            conversation.sent(*from, Duration::from_micros(*at), bytes);
        }
        draw(&conversation, detail)
    }

    #[test]
    fn what_is_encrypted_is_in_brackets() {
        let mut bytes = record(ContentType::ALERT, &[2, 40]);
        bytes.extend(record(ContentType::CHANGE_CIPHER_SPEC, &[1]));
        bytes.extend(record(ContentType::HANDSHAKE, &[0; 40]));
        bytes.extend(record(ContentType::APPLICATION_DATA, &[0; 1200]));
        bytes.extend(record(ContentType::ALERT, &[0; 26]));
        let text = draw_all(&[(Side::Client, 1, bytes)], Detail::Names);
        let lines: Vec<&str> = text.lines().filter_map(|line| line.split("  ").nth(1)).collect();
        let expected = [
            "Alert fatal handshake_failure",
            "ChangeCipherSpec",
            "[Finished]",
            "[application_data, 1 205 bytes]",
            "[alert, 31 bytes]",
        ];
        let found: Vec<_> = lines[1..6].iter().map(|line| line.trim_end_matches(['-', '>', ' '])).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_client_is_on_the_left_and_the_server_on_the_right() {
        let message = |msg_type| record(ContentType::HANDSHAKE, &[msg_type, 0, 0, 0]);
        let text = draw_all(
            &[
                (Side::Client, 5, message(1)),
                (Side::Server, 1234, message(14)),
                (Side::Client, 1300, message(16)),
            ],
            Detail::Names,
        );
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert!(lines[2].starts_with("ClientHello ") && lines[2].contains("--->"), "{text}");
        assert!(lines[3].starts_with("<---") && lines[3].contains("  ServerHelloDone "), "{text}");
        assert!(lines[3].ends_with(" 9    1 234"), "{text}");
        assert_eq!(lines[6], "18 bytes to the server, 9 bytes to the client, 1 300 us");
    }

    #[test]
    fn names_and_arrows_are_apart_and_end_where_they_do_in_other_lines() {
        let long = "Alert fatal bad_certificate_status_response";
        for name in ["ClientHello", "(the beginning was not captured)", long] {
            for line in [Line::Said, Line::Note] {
                let rung = rung(Side::Client, name, line);
                assert!(rung.len() == 70 && rung.starts_with(&format!("  {name} ")), "{rung}");
            }
        }
        let far = "x".repeat(100);
        assert_eq!(rung(Side::Client, &far, Line::Note), format!("  {far} >"));
    }

    #[test]
    fn what_is_in_a_message_stands_under_it() {
        let ticket = record(ContentType::HANDSHAKE, &[4, 0, 0, 8, 0, 0, 0x1c, 0x20, 0, 2, 7, 8]);
        let text = draw_all(&[(Side::Server, 5, ticket)], Detail::Fields);
        assert!(text.contains("\n      lifetime_hint: 7200\n      ticket: 0708\n"), "{text}");
        let unknown = record(ContentType::HANDSHAKE, &[HandshakeType(99).0, 0, 0, 1, 7]);
        let text = draw_all(&[(Side::Server, 5, unknown)], Detail::Fields);
        assert!(text.contains("message of type 99") && text.contains("body: 07\n"), "{text}");
    }
}
