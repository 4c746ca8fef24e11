//! Bytes that somebody pasted.

use tls12::schedule::Side;

/// Who sent what, in order.
pub(super) type Sent = Vec<(Side, Vec<u8>)>;

/// Reads bytes in hexadecimal, with any space and colons between them.
///
/// A line may begin with `>`, `C:`, `client:` or `send:` for what the client sent, and with `<`, `S:`, `server:` or
/// `receive:` for what the server did. A line without goes on with the one before; the first bytes are the client's
/// unless they are a ServerHello. What follows `#` is left out, and so is what `xxd` and `hexdump -C` write beside the
/// bytes: where they are, and as what characters. Fails with a sentence.
pub(super) fn read(text: &str) -> Result<Sent, String> {
    let (mut sent, mut from): (Sent, Option<Side>) = (Vec::new(), None);
    let mut dumped = "";
    // Some editors begin a file with a mark of the order of its bytes.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let (side, digits) = sender(line);
        from = side.or(from);
        let (before, plain) = (std::mem::replace(&mut dumped, digits.trim()), undumped(digits));
        if is_place(digits.trim()) && undumped(before) != before {
            // Where a dump ends is its last line.
            continue;
        }
        let bytes = bytes(plain).map_err(|why| format!("line {}: {why}", number + 1))?;
        if bytes.is_empty() {
            continue;
        }
        let speaker = *from.get_or_insert(first_sender(&bytes));
        match sent.last_mut() {
            Some((last, all)) if side.is_none() && *last == speaker => all.extend(bytes),
            _ => sent.push((speaker, bytes)),
        }
    }
    match sent.is_empty() {
        true => Err("there are no bytes".into()),
        false => Ok(sent),
    }
}

fn sender(line: &str) -> (Option<Side>, &str) {
    const CLIENT: [&str; 4] = [">", "C:", "client:", "send:"];
    const SERVER: [&str; 4] = ["<", "S:", "server:", "receive:"];
    let rest = |words: [&'static str; 4]| words.into_iter().find_map(|word| line.strip_prefix(word));
    match (rest(CLIENT), rest(SERVER)) {
        (Some(rest), _) => (Some(Side::Client), rest),
        (None, Some(rest)) => (Some(Side::Server), rest),
        (None, None) => (None, line),
    }
}

/// Whether it may say where bytes are.
fn is_place(text: &str) -> bool {
    text.len() == 8 && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// The bytes of a line of `xxd` (`00000010: 1603 0100  ....`) or `hexdump -C` (`00000010  16 03 01 00  |....|`); any other
/// line as it is.
fn undumped(line: &str) -> &str {
    let line = line.trim();
    let Some((place, rest)) = line.split_once([':', ' ']) else { return line };
    match (is_place(place), line.as_bytes().get(8), rest.split_once('|')) {
        (true, Some(b' '), Some((digits, _))) => digits,
        // Behind the bytes there are two spaces and the characters.
        (true, Some(b':'), _) if rest.starts_with(' ') => {
            rest.trim_start().split_once("  ").map_or(rest, |(digits, _)| digits)
        }
        _ => line,
    }
}

pub(super) fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    let digits = digits.chars().filter(|c| !c.is_whitespace() && *c != ':');
    let digit = |c: char| {
        let digit = c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        digit.ok_or_else(|| format!("'{}' is no digit of a byte in hexadecimal", c.escape_default()))
    };
    let digits = digits.map(digit).collect::<Result<Vec<u8>, _>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("a byte has two digits, and there is one left over".into());
    }
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn first_sender(bytes: &[u8]) -> Side {
    match bytes {
        [22, 3, _, _, _, 2, ..] => Side::Server,
        _ => Side::Client,
    }
}

/// The bytes of messages without records in front of them are put into some.
pub(super) fn in_records(sent: Sent) -> Sent {
    let needs = |bytes: &[u8]| match bytes {
        [kind @ (1 | 2 | 4 | 11..=16 | 20 | 22), a, b, c, ..] => {
            let length = u32::from_be_bytes([0, *a, *b, *c]);
            // A record of the handshake begins with 22, 3.
            !(*kind == 22 && *a == 3) && usize::try_from(length).is_ok_and(|length| length + 4 <= bytes.len())
        }
        _ => false,
    };
    let framed = |bytes: Vec<u8>| match needs(&bytes) {
        false => bytes,
        true => bytes
            .chunks(1 << 14)
            .flat_map(|part| {
                let [high, low] = u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes();
                [&[22, 3, 3, high, low], part].concat()
            })
            .collect(),
    };
    sent.into_iter().map(|(from, bytes)| (from, framed(bytes))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::hex;

    #[test]
    fn lines_say_who_sent_them() {
        let sent = read("# a comment\n> 16:03 01\n02\n< 1603\nserver: 04 # and\n\nC: ff\n").unwrap();
        let expected = [
            (Side::Client, vec![0x16, 3, 1, 2]),
            (Side::Server, vec![0x16, 3]),
            (Side::Server, vec![4]),
            (Side::Client, vec![0xff]),
        ];
        assert_eq!(sent, expected);
        assert_eq!(read("16030300050200000100").unwrap()[0].0, Side::Server);
    }

    #[test]
    fn what_is_no_hexadecimal_is_said_with_its_line() {
        assert_eq!(read("00\n0g"), Err("line 2: 'g' is no digit of a byte in hexadecimal".into()));
        assert_eq!(read("000"), Err("line 1: a byte has two digits, and there is one left over".into()));
        // What moves a cursor is not said as it is, nor hidden behind another complaint.
        assert_eq!(read("\x1b[31m16"), Err("line 1: '\\u{1b}' is no digit of a byte in hexadecimal".into()));
        assert_eq!(read("\u{feff}16"), Ok(vec![(Side::Client, vec![0x16])]));
        assert_eq!(read(" # nothing\n"), Err("there are no bytes".into()));
    }

    #[test]
    fn what_other_programs_dump_is_read_without_what_stands_beside_the_bytes() {
        let client = |bytes: &[u8]| Ok(vec![(Side::Client, bytes.to_vec())]);
        assert_eq!(read("00000000: 6161 6262                                aabb\n"), client(b"aabb"));
        assert_eq!(
            read(
                "00000000  16 03 01 00 05 01 00 00  01 07 16 03 01 00 05 01  |................|\n00000010  ff  |.|\n00000011\n"
            ),
            client(&[22, 3, 1, 0, 5, 1, 0, 0, 1, 7, 22, 3, 1, 0, 5, 1, 0xff])
        );
        assert_eq!(
            read("> 00000000: 1603  ..\n< 00000000: 02  ."),
            Ok(vec![(Side::Client, vec![0x16, 3]), (Side::Server, vec![2]),])
        );
        // Bytes in groups of four stay what they are.
        assert_eq!(read("00000000 16030100"), client(&[0, 0, 0, 0, 0x16, 3, 1, 0]));
    }

    #[test]
    fn messages_get_records() {
        let sent =
            in_records(vec![(Side::Client, vec![1, 0, 0, 1, 7]), (Side::Client, vec![22, 3, 3, 0, 1, 0])]);
        assert_eq!(hex(&sent[0].1), "16030300050100000107");
        assert_eq!(hex(&sent[1].1), "160303000100");
    }
}
