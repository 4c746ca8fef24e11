//! The ladder diagram of RFC 5246, 7.3, drawn from the bytes that a client sent and received.

use std::time::Duration;

use tls12::wire::{
    AlertMessage, ContentType, Decode, HEADER_LEN, HandshakeHeader, HandshakeType, Reader, RecordHeader,
};

/// Whose bytes they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The client's, which go to the right.
    Client,
    /// The server's, which go to the left.
    Server,
}

/// Bytes that were sent at once.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) from: Sender,
    /// Since the beginning.
    pub(crate) at: Duration,
    pub(crate) bytes: Vec<u8>,
}

/// How far the names of the messages are apart.
const WIDTH: usize = 34;

/// Draws what was sent.
pub(crate) fn draw(all_sent: &[Sent]) -> String {
    let mut ladder = Ladder::default();
    for sent in all_sent {
        ladder.sent(sent);
    }
    let (client, server) = (grouped(ladder.client.total), grouped(ladder.server.total));
    let time = grouped(all_sent.last().map_or(0, |sent| micros(sent.at)));
    format!(
        "  {:<WIDTH$}{:<WIDTH$}{:>9}{:>9}\n\n{}\n  {client} bytes to the server, {server} bytes to the client, {time} us\n",
        "Client", "Server", "bytes", "us", ladder.text
    )
}

/// What is known about one direction.
#[derive(Default)]
struct Direction {
    /// Bytes of a record that has not come to its end.
    rest: Vec<u8>,
    /// Bytes of a handshake message that has not come to its end.
    message: Vec<u8>,
    total: usize,
    /// Whether it passed ChangeCipherSpec.
    is_encrypted: bool,
    /// Whether the Finished behind it came.
    is_finished: bool,
}

#[derive(Default)]
struct Ladder {
    client: Direction,
    server: Direction,
    text: String,
}

impl Ladder {
    fn sent(&mut self, sent: &Sent) {
        let direction = match sent.from {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        };
        let lines = direction.lines(&sent.bytes);
        let last = lines.len().saturating_sub(1);
        for (n, name) in lines.iter().enumerate() {
            let line = match sent.from {
                Sender::Client => format!("  {name:<WIDTH$}{:-<width$}>", "", width = WIDTH - 1),
                Sender::Server => format!("  <{:-<width$}  {name:<WIDTH$}", "", width = WIDTH - 3),
            };
            let line = match n == last {
                // What was sent at once has one length and one time.
                true => format!("{line:<70}{:>9}{:>9}", grouped(sent.bytes.len()), grouped(micros(sent.at))),
                false => line,
            };
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }
}

fn micros(time: Duration) -> usize {
    usize::try_from(time.as_micros()).unwrap_or(usize::MAX)
}

/// A number with its digits in groups of three.
fn grouped(number: usize) -> String {
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

impl Direction {
    /// The messages that are complete with these bytes, in brackets where they are encrypted.
    fn lines(&mut self, bytes: &[u8]) -> Vec<String> {
        self.total += bytes.len();
        self.rest.extend_from_slice(bytes);
        let (rest, mut lines) = (std::mem::take(&mut self.rest), Vec::new());
        let mut reader = Reader::new(&rest);
        loop {
            let before = reader.clone().rest();
            let record = RecordHeader::read(&mut reader)
                .and_then(|header| Ok((header.content_type, reader.take(header.length.into())?)));
            let Ok((content_type, body)) = record else {
                self.rest = before.to_vec();
                return lines;
            };
            self.record(content_type, body, &mut lines);
        }
    }

    fn record(&mut self, content_type: ContentType, body: &[u8], lines: &mut Vec<String>) {
        match content_type {
            ContentType::CHANGE_CIPHER_SPEC => {
                self.is_encrypted = true;
                lines.push("ChangeCipherSpec".into());
            }
            // What is encrypted shows its type and its length. The first message of a handshake is Finished.
            ContentType::HANDSHAKE if self.is_encrypted && !self.is_finished => {
                self.is_finished = true;
                lines.push("[Finished]".into());
            }
            _ if self.is_encrypted => {
                lines.push(format!("[{content_type}, {} bytes]", grouped(body.len() + HEADER_LEN)));
            }
            ContentType::HANDSHAKE => self.messages(body, lines),
            ContentType::ALERT => lines.push(match AlertMessage::decode(body) {
                Ok(alert) => format!("Alert {} {}", alert.level, alert.description),
                Err(_) => "Alert that does not parse".into(),
            }),
            other => lines.push(other.to_string()),
        }
    }

    /// Handshake messages, which records may divide as they like.
    fn messages(&mut self, body: &[u8], lines: &mut Vec<String>) {
        self.message.extend_from_slice(body);
        let message = std::mem::take(&mut self.message);
        let mut reader = Reader::new(&message);
        loop {
            let before = reader.clone().rest();
            let whole = HandshakeHeader::read(&mut reader).and_then(|header| {
                let length = usize::try_from(header.length).unwrap_or(usize::MAX);
                reader.take(length).map(|_| header.msg_type)
            });
            let Ok(msg_type) = whole else {
                self.message = before.to_vec();
                return;
            };
            lines.push(name(msg_type));
        }
    }
}

fn name(msg_type: HandshakeType) -> String {
    match msg_type.name() {
        Some(name) => name.into(),
        None => format!("message of type {}", msg_type.0),
    }
}

#[cfg(test)]
mod tests {
    use tls12::wire::{Encode, ProtocolVersion};

    use super::*;

    fn record(content_type: ContentType, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap();
        let mut bytes = RecordHeader { content_type, version: ProtocolVersion::TLS1_2, length }.encode();
        bytes.extend_from_slice(body);
        bytes
    }

    fn lines(text: &str) -> Vec<&str> {
        text.lines().map(str::trim).collect()
    }

    #[test]
    fn messages_in_one_record_and_over_several_are_the_same_messages() {
        let messages = [&[2, 0, 0, 3, 1, 2, 3][..], &[14, 0, 0, 0]].concat();
        let together = record(ContentType::HANDSHAKE, &messages);
        assert_eq!(Direction::default().lines(&together), ["ServerHello", "ServerHelloDone"]);
        let mut direction = Direction::default();
        let found: Vec<String> = messages
            .iter()
            .flat_map(|byte| record(ContentType::HANDSHAKE, &[*byte]))
            .flat_map(|byte| direction.lines(&[byte]))
            .collect();
        assert_eq!(found, ["ServerHello", "ServerHelloDone"]);
        assert_eq!(direction.total, 11 * 6);
    }

    #[test]
    fn what_is_encrypted_is_in_brackets() {
        let mut direction = Direction::default();
        let mut bytes = record(ContentType::ALERT, &[2, 40]);
        bytes.extend(record(ContentType::CHANGE_CIPHER_SPEC, &[1]));
        bytes.extend(record(ContentType::HANDSHAKE, &[0; 40]));
        bytes.extend(record(ContentType::APPLICATION_DATA, &[0; 1200]));
        bytes.extend(record(ContentType::ALERT, &[0; 26]));
        assert_eq!(
            direction.lines(&bytes),
            [
                "Alert fatal handshake_failure",
                "ChangeCipherSpec",
                "[Finished]",
                "[application_data, 1 205 bytes]",
                "[alert, 31 bytes]"
            ]
        );
    }

    #[test]
    fn the_client_is_on_the_left_and_the_server_on_the_right() {
        let sent = |from, at, msg_type| Sent {
            from,
            at: Duration::from_micros(at),
            bytes: record(ContentType::HANDSHAKE, &[msg_type, 0, 0, 0]),
        };
        let text = draw(&[
            sent(Sender::Client, 5, 1),
            sent(Sender::Server, 1234, 14),
            sent(Sender::Client, 1300, 16),
        ]);
        let lines = lines(&text);
        assert!(lines[2].starts_with("ClientHello ") && lines[2].contains("--->"), "{text}");
        assert!(lines[3].starts_with("<---") && lines[3].contains("  ServerHelloDone "), "{text}");
        assert!(lines[3].ends_with(" 9    1 234"), "{text}");
        assert_eq!(lines[6], "18 bytes to the server, 9 bytes to the client, 1 300 us");
    }
}
