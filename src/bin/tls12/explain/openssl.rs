//! What OpenSSL shows of a connection: the output of `openssl s_client -msg` and `openssl s_server -msg`, as it is.

use tls12::{
    schedule::Side,
    wire::{
        ContentType, Decode, Encode, HEADER_LEN, HandshakeType, MAX_PLAINTEXT, ProtocolVersion, RecordHeader,
    },
};

use super::hexadecimal::{Sent, bytes};

/// Bytes under a heading.
struct Dump {
    /// Of whom they are: `>>>` is the one who shows them.
    from: Side,
    kind: Kind,
    /// How many there are, as the heading says.
    length: usize,
    /// Where the heading is.
    line: usize,
    bytes: Vec<u8>,
}

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    RecordHeader,
    /// What is in records of this type, decrypted.
    Inside(ContentType),
    /// Anything of DTLS, which has other headers.
    Dtls,
    Other,
}

impl Dump {
    /// The header that it is.
    fn header(&self) -> Option<RecordHeader> {
        let header = RecordHeader::decode(&self.bytes).ok();
        header.filter(|_| self.kind == Kind::RecordHeader)
    }

    /// The type of the message that it begins with.
    fn message(&self) -> Option<HandshakeType> {
        match self.kind {
            Kind::Inside(ContentType::HANDSHAKE) => self.bytes.first().copied().map(HandshakeType),
            _ => None,
        }
    }
}

/// How many bytes of records there may be: headers say much with few bytes.
const MOST: usize = 64 << 20;

/// Reads the bytes under headings such as `>>> TLS 1.2, Handshake [length 00b7], ClientHello`, and passes over all that is
/// around them; for each connection, what was sent. The one who shows them is taken for the client. `None` if there is no
/// such heading; fails with a sentence.
pub(super) fn read(text: &str) -> Option<Result<Vec<Sent>, String>> {
    let mut dumps: Vec<Dump> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        match (heading(line.trim()), dumps.last_mut()) {
            (Some((from, kind, length)), _) => {
                dumps.push(Dump { from, kind, length, line: number + 1, bytes: Vec::new() });
            }
            (None, Some(dump)) if dump.bytes.len() < dump.length => dump.bytes.extend(row(line)),
            (None, _) => {}
        }
    }
    let (_, whole) = dumps.split_last()?;
    if let Some(dump) = dumps.iter().find(|dump| dump.kind == Kind::Dtls) {
        return Some(Err(format!("line {}: this is DTLS, which is not read", dump.line)));
    }
    if let Some(cut) = whole.iter().find(|dump| dump.bytes.len() < dump.length) {
        let (line, have, length) = (cut.line, cut.bytes.len(), cut.length);
        return Some(Err(format!("line {line}: of these {length} bytes {have} are there")));
    }
    let mut count = 0;
    Some(connections(&dumps).map(|dumps| sent(dumps, &mut count)).collect())
}

/// The bytes of each connection: `-reconnect` makes several, and a server shows all it has, one after the other.
fn connections(dumps: &[Dump]) -> impl Iterator<Item = &[Dump]> {
    let (mut begins, mut has_begun) = (vec![0], false);
    for (at, dump) in dumps.iter().enumerate() {
        let before = dumps.get(..at).unwrap_or_default();
        match (dump.message(), dump.bytes.as_slice()) {
            (Some(HandshakeType::CLIENT_HELLO), _) => {
                if let (true, Some(headers)) = (has_begun, first_hello(before, dump)) {
                    begins.push(at - headers);
                }
                has_begun = true;
            }
            // RFC 8446, 4.1.3 and 4.1.4: the client says its hello again.
            (Some(HandshakeType::SERVER_HELLO), [_, _, _, _, _, _, 0xcf, 0x21, 0xad, 0x74, ..]) => {
                has_begun = false;
            }
            _ => {}
        }
    }
    let ends: Vec<usize> = begins.iter().skip(1).copied().chain([dumps.len()]).collect();
    begins.into_iter().zip(ends).filter_map(|(from, to)| dumps.get(from..to))
}

/// Whether this ClientHello begins a connection, and is not of another handshake in the one before, where it is encrypted:
/// then its record is longer than itself. How many headers of records before it are its own.
fn first_hello(before: &[Dump], hello: &Dump) -> Option<usize> {
    let length = |dump: &Dump| {
        let header = dump.header().filter(|header| header.content_type == ContentType::HANDSHAKE)?;
        (dump.from == hello.from).then_some(usize::from(header.length))
    };
    let headers: Vec<usize> = before.iter().rev().map_while(length).collect();
    let is_clear = match headers.first() {
        Some(length) => *length <= hello.length,
        // RFC 5746, 3.5: only in another handshake is there something in `renegotiated_connection`.
        None => !hello.bytes.windows(5).any(|five| five == [0xff, 1, 0, 13, 12]),
    };
    is_clear.then_some(headers.len())
}

/// The records that the bytes of a connection are of, if with those counted before they are not too many.
fn sent(dumps: &[Dump], count: &mut usize) -> Result<Sent, String> {
    let (mut client, mut server) = (Direction::default(), Direction::default());
    let mut all = Sent::new();
    for dump in dumps {
        let direction = match dump.from {
            Side::Client => &mut client,
            Side::Server => &mut server,
        };
        if let Some(bytes) = direction.records(dump) {
            *count += bytes.len();
            all.push((dump.from, bytes));
        }
        if *count > MOST {
            return Err(format!("these are more than the {} MiB of records that are read", MOST >> 20));
        }
    }
    Ok(all)
}

/// Whose bytes follow, what they are, and how many. Before it in its line there may be application data without an end of a
/// line.
fn heading(line: &str) -> Option<(Side, Kind, usize)> {
    let (before, rest) = line.rsplit_once(" [length ")?;
    let (from, what) = match (before.rsplit_once(">>> "), before.rsplit_once("<<< ")) {
        (Some((_, ours)), Some((_, theirs))) if theirs.len() < ours.len() => (Side::Server, theirs),
        (Some((_, ours)), _) => (Side::Client, ours),
        (None, Some((_, theirs))) => (Side::Server, theirs),
        (None, None) => return None,
    };
    // All that stands there, so that nothing else that has these signs is taken for a heading.
    if !["TLS ", "SSL ", "DTLS ", "???", "Not TLS data "].iter().any(|version| what.starts_with(version)) {
        return None;
    }
    let length = usize::from_str_radix(rest.split_once(']')?.0, 16).ok()?;
    // Behind the version, with a comma or without.
    let kind = match what.rsplit(' ').next()? {
        _ if is_dtls(what) => Kind::Dtls,
        // Older versions have no word for it.
        "RecordHeader" | "???" if length == HEADER_LEN => Kind::RecordHeader,
        "ChangeCipherSpec" => Kind::Inside(ContentType::CHANGE_CIPHER_SPEC),
        "Alert" => Kind::Inside(ContentType::ALERT),
        "Handshake" => Kind::Inside(ContentType::HANDSHAKE),
        _ => Kind::Other,
    };
    Some((from, kind, length))
}

/// Whether this is of DTLS: by its name, or by its versions, which OpenSSL does not know in every release.
fn is_dtls(what: &str) -> bool {
    what.starts_with("DTLS ") || what.contains("(version=65277,") || what.contains("(version=65279,")
}

/// The bytes of a line, if it has nothing but bytes: two digits each.
fn row(line: &str) -> Vec<u8> {
    match line.split_whitespace().all(|word| word.len() == 2) {
        true => bytes(line).unwrap_or_default(),
        false => Vec::new(),
    }
}

/// What one side shows.
#[derive(Default)]
struct Direction {
    is_encrypted: bool,
    has_headers: bool,
}

impl Direction {
    /// The records that these bytes are of, if they are not told by other ones. What is encrypted is shown decrypted, and how
    /// long it was by the headers alone: then there are zeros in the place of what nobody has.
    fn records(&mut self, dump: &Dump) -> Option<Vec<u8>> {
        match (dump.kind, dump.header()) {
            (Kind::RecordHeader, Some(header)) => {
                self.has_headers = true;
                self.is_encrypted |= header.content_type == ContentType::APPLICATION_DATA;
                match (header.content_type, self.is_encrypted) {
                    (_, true) => Some([&dump.bytes, &vec![0; header.length.into()][..]].concat()),
                    // OpenSSL does not always show the only byte that is in it.
                    (ContentType::CHANGE_CIPHER_SPEC, false) => {
                        self.is_encrypted = true;
                        Some([&dump.bytes, &[1][..]].concat())
                    }
                    (_, false) => None,
                }
            }
            (Kind::Inside(ContentType::CHANGE_CIPHER_SPEC), _) if self.has_headers => None,
            (Kind::Inside(_), _) if self.has_headers && self.is_encrypted => None,
            (Kind::Inside(content_type), _) => {
                self.is_encrypted |= content_type == ContentType::CHANGE_CIPHER_SPEC;
                Some(framed(content_type, dump))
            }
            (Kind::RecordHeader | Kind::Other | Kind::Dtls, _) => None,
        }
    }
}

/// Bytes in records, of which the last may be cut.
fn framed(content_type: ContentType, dump: &Dump) -> Vec<u8> {
    let mut left = dump.length;
    let record = |part: &[u8]| {
        let length = left.min(MAX_PLAINTEXT);
        left -= length;
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        let header = RecordHeader { content_type, version: ProtocolVersion::TLS1_2, length };
        [&header.encode()[..], part].concat()
    };
    dump.bytes.chunks(MAX_PLAINTEXT).flat_map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::hex;

    fn told(text: &str) -> Vec<(Side, String)> {
        let all = read(text).expect("a heading").expect("bytes");
        let [sent] = &all[..] else { panic!("{} connections", all.len()) };
        sent.iter().map(|(from, bytes)| (*from, hex(bytes))).collect()
    }

    #[test]
    fn what_is_around_the_bytes_is_passed_over() {
        let text = "CONNECTED(00000003)\n>>> TLS 1.0, RecordHeader [length 0005]\n    16 03 01 00 05\n\
                    >>> TLS 1.2, Handshake [length 0005], ClientHello\n    01 00 00 \n    01 07\nab cd\n---\n\
                    -----BEGIN CERTIFICATE-----\nMIID\n<<< TLS 1.2, Alert [length 0002], fatal internal_error\n    02 50\n";
        let expected =
            [(Side::Client, "16030300050100000107".into()), (Side::Server, "15030300020250".into())];
        assert_eq!(told(text), expected);
        assert!(read("16 03 01\n> 16\n").is_none());
    }

    #[test]
    fn what_is_encrypted_is_as_long_as_its_header_says() {
        let text = ">>> TLS 1.2, RecordHeader [length 0005]\n 14 03 03 00 01\n\
                    >>> TLS 1.2, ChangeCipherSpec [length 0001]\n 01\n\
                    >>> TLS 1.2, RecordHeader [length 0005]\n 16 03 03 00 06\n\
                    >>> TLS 1.2, Handshake [length 0005], Finished\n 14 00 00 01 07\n\
                    <<< ??? [length 0005]\n 14 03 03 00 01\n<<< ??? [length 0005]\n 17 03 03 00 02\n";
        let told: Vec<String> = told(text).into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(told, ["140303000101", "1603030006000000000000", "140303000101", "17030300020000"]);
    }

    #[test]
    fn versions_that_show_no_headers_of_records_show_what_is_in_them() {
        let text = ">>> TLS 1.2 ChangeCipherSpec [length 0001]\n    01\n\
                    >>> TLS 1.2 Handshake [length 0005], Finished\n    14 00 00 01 07\n";
        let told: Vec<String> = told(text).into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(told, ["140303000101", "16030300051400000107"]);
    }

    #[test]
    fn only_the_last_bytes_may_be_cut() {
        let cut = ">>> TLS 1.2, Handshake [length 0005], ClientHello\n    01 00 00\n";
        assert_eq!(told(cut), [(Side::Client, "1603030005010000".into())]);
        let twice = read(&cut.repeat(2)).expect("a heading");
        assert_eq!(twice, Err("line 1: of these 5 bytes 3 are there".into()));
    }

    #[test]
    fn headers_alone_make_no_more_bytes_than_are_read() {
        let header = ">>> TLS 1.2, RecordHeader [length 0005]\n    17 03 03 ff ff\n";
        let many = read(&header.repeat(2000)).expect("a heading");
        assert_eq!(many, Err("these are more than the 64 MiB of records that are read".into()));
    }

    #[test]
    fn headings_are_found_behind_data_without_an_end_of_a_line() {
        let text = ">>> TLS 1.2, Handshake [length 0001]\n    00\na <<< b >>> [length c]\n\
                    ok<<< TLS 1.2, Alert [length 0002], warning close_notify\n    01 00\n";
        assert_eq!(
            told(text),
            [(Side::Client, "160303000100".into()), (Side::Server, "15030300020100".into())]
        );
    }

    #[test]
    fn dtls_is_told_and_not_read() {
        for what in
            ["DTLS 1.2, Handshake", "Not TLS data or unknown version (version=65277, content_type=22)"]
        {
            let dtls = read(&format!("a line\n>>> {what} [length 0001], ClientHello\n    01\n"));
            assert_eq!(dtls, Some(Err("line 2: this is DTLS, which is not read".into())));
        }
    }

    #[test]
    fn a_hello_in_the_clear_begins_another_connection() {
        let hello = |record: &str| {
            format!(
                ">>> TLS 1.0, RecordHeader [length 0005]\n 16 03 01 00 {record}\n\
                 >>> TLS 1.2, Handshake [length 0004], ClientHello\n 01 00 00 00\n"
            )
        };
        let changes = ">>> TLS 1.2, RecordHeader [length 0005]\n 14 03 03 00 01\n";
        let count = |second: &str| {
            let text = [&hello("04"), changes, second].concat();
            read(&text).expect("a heading").expect("bytes").len()
        };
        assert_eq!(count(&hello("04")), 2);
        // Encrypted, and so of another handshake in the same connection.
        assert_eq!(count(&hello("1c")), 1);
        let retry = "<<< TLS 1.3, Handshake [length 000a]\n 02 00 00 06 03 03 cf 21 ad 74\n";
        assert_eq!(count(&hello("04").replacen(">>>", &format!("{retry}>>>"), 1)), 1);
        let all = read(&hello("04").repeat(3)).expect("a heading").expect("bytes");
        assert!(
            all.iter().all(|sent| *sent == [(Side::Client, vec![22, 3, 3, 0, 4, 1, 0, 0, 0])]),
            "{all:?}"
        );
        assert_eq!(all.len(), 3);
    }
}
