//! Lines of log: words `key=value`, or a JSON object.

use std::{
    fmt::Write as _,
    io,
    time::{Duration, SystemTime},
};

use super::args::LogFormat;
use crate::lines::Lines;

/// What a log line says, in order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Words(Vec<(&'static str, Value)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Number(u64),
}

/// How long a line is that is not unusual.
const USUAL_LENGTH: usize = 512;

impl Words {
    /// Adds a text; one that is empty is written as `-`.
    pub(crate) fn text(&mut self, key: &'static str, text: impl Into<String>) {
        self.0.push((key, Value::Text(text.into())));
    }

    /// Adds a number.
    pub(crate) fn number(&mut self, key: &'static str, number: u64) {
        self.0.push((key, Value::Number(number)));
    }

    /// Adds all of `more`.
    pub(crate) fn append(&mut self, more: &Self) {
        self.0.extend_from_slice(&more.0);
    }

    /// `key=value key=value`; values with spaces or control characters are quoted.
    pub(crate) fn line(&self) -> String {
        let mut line = String::with_capacity(USUAL_LENGTH);
        for (n, (key, value)) in self.0.iter().enumerate() {
            line.push_str(if n == 0 { "" } else { " " });
            line.push_str(key);
            line.push('=');
            match value {
                Value::Text(text) if text.is_empty() => line.push('-'),
                Value::Text(text) if is_plain(text) => line.push_str(text),
                Value::Text(text) => quote(&mut line, text),
                Value::Number(number) => push_number(&mut line, *number),
            }
        }
        line
    }

    /// A JSON object; a text that is empty is null.
    pub(crate) fn json(&self) -> String {
        let mut object = String::with_capacity(2 * USUAL_LENGTH);
        object.push('{');
        for (n, (key, value)) in self.0.iter().enumerate() {
            object.push_str(if n == 0 { "" } else { "," });
            quote(&mut object, key);
            object.push(':');
            match value {
                Value::Text(text) if text.is_empty() => object.push_str("null"),
                Value::Text(text) => quote(&mut object, text),
                Value::Number(number) => push_number(&mut object, *number),
            }
        }
        object.push('}');
        object
    }

    fn in_format(&self, format: LogFormat) -> String {
        match format {
            LogFormat::Text => self.line(),
            LogFormat::Json => self.json(),
        }
    }
}

/// The log on standard output.
#[derive(Debug)]
pub(crate) struct Log {
    lines: Lines,
    format: LogFormat,
}

impl Log {
    /// Starts the thread that writes.
    pub(crate) fn start(format: LogFormat) -> io::Result<Self> {
        Ok(Self { lines: Lines::start("log", io::stdout())?, format })
    }

    /// Writes one line.
    pub(crate) fn write(&self, words: &Words) {
        self.lines.write(words.in_format(self.format), |lost| {
            let mut told = Words::default();
            told.text("time", timestamp(now()));
            told.text("event", "lines-lost");
            told.number("lines", lost);
            told.in_format(self.format)
        });
    }

    /// Waits until all is written, at most for as long as `patience`.
    pub(crate) fn finish(&self, patience: Duration) {
        self.lines.finish(patience);
    }
}

#[expect(clippy::disallowed_methods, reason = "the command reads the clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn push_number(to: &mut String, number: u64) {
    // Writing to a String cannot fail.
    let _ = write!(to, "{number}");
}

fn is_plain(text: &str) -> bool {
    text != "-" && text.chars().all(|c| is_harmless(c) && c != '"' && c != '\\')
}

/// Whether a character prints as one, and neither moves nor turns around what is beside it.
pub(crate) fn is_harmless(c: char) -> bool {
    c.is_ascii_graphic() || c.is_alphanumeric()
}

/// A JSON string (RFC 8259, 7); text from peers cannot break a line or move a terminal's cursor with it.
pub(crate) fn quote(to: &mut String, text: &str) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => to.extend(['\\', c]),
            c if is_harmless(c) || c == ' ' => to.push(c),
            // RFC 8259, 7: above U+FFFF as two. Writing to a String cannot fail.
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(to, "\\u{unit:04x}");
            }),
        }
    }
    to.push('"');
}

/// A point in time as RFC 3339 writes it: UTC, to the millisecond.
pub(crate) fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let seconds = since.as_secs();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

/// The date of a day counted from 1970-01-01, by going through its years and months.
fn date(mut days: u64) -> (u64, usize, u64) {
    // The calendar repeats every 400 years, which have 146 097 days.
    let mut year = 1970 + 400 * (days / 146_097);
    days %= 146_097;
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_words_and_hostile_text_stays_in_its_word() {
        let mut words = Words::default();
        words.text("peer", "127.0.0.1:1");
        words.text("sni", "");
        words.text("error", "it said \"no\"\nand=left\u{1b}[2J");
        words.number("in", 7);
        let expected = r#"peer=127.0.0.1:1 sni=- error="it said \"no\"\u000aand=left\u001b[2J" in=7"#;
        assert_eq!(words.line(), expected);
        let expected =
            r#"{"peer":"127.0.0.1:1","sni":null,"error":"it said \"no\"\u000aand=left\u001b[2J","in":7}"#;
        assert_eq!(words.json(), expected);
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_001, "2000-03-01T00:00:00.001Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_000, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(timestamp(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)), text);
        }
    }
}
