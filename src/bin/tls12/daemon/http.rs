//! One page over HTTP/1.0 and 1.1, as bytes to bytes: no IO here.

/// The most bytes that the head of a request may have.
pub(crate) const MAX_HEAD: usize = 8 * 1024;
/// The most bytes that a request target may have.
const MAX_TARGET: usize = 4 * 1024;

/// What a request is answered with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The whole response.
    pub(crate) bytes: Vec<u8>,
}

/// What a request gets.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its media type.
    pub(crate) kind: &'static str,
    pub(crate) body: String,
}

/// Answers the request that `received` begins with, with a page that says `words`; `None` while its head is not
/// complete, which it is after at most [`MAX_HEAD`] bytes.
pub(crate) fn answer(received: &[u8], words: &str) -> Option<Answer> {
    respond(received, |_, wants_text| {
        Some(match wants_text {
            true => Page { kind: "text/plain; charset=utf-8", body: format!("{words}\n") },
            false => Page { kind: "text/html; charset=utf-8", body: html(words) },
        })
    })
}

/// The same with the page that `find` has for a target, and for who wants plain text or not.
pub(crate) fn respond(received: &[u8], find: impl FnOnce(&str, bool) -> Option<Page>) -> Option<Answer> {
    let head = match head_length(received) {
        Some(length) if length <= MAX_HEAD => received.get(..length)?,
        None if received.len() < MAX_HEAD => return None,
        // RFC 9112, 3: a request line longer than what is read is a 414, and longer fields are a 431 (RFC 6585, 5).
        _ if received.iter().take(MAX_HEAD).any(|byte| *byte == b'\n') => {
            return Some(refusal(431, "Request Header Fields Too Large"));
        }
        _ => return Some(refusal(414, "URI Too Long")),
    };
    Some(match Request::parse(head) {
        Ok(request) => match find(request.target, request.wants_text) {
            Some(page) => request.answer(&page),
            None => refusal(404, "Not Found"),
        },
        Err((status, reason)) => refusal(status, reason),
    })
}

/// Where the empty line of a head ends; lines end with LF or CRLF (RFC 9112, 2.2).
fn head_length(received: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    for (at, byte) in received.iter().enumerate() {
        if *byte == b'\n' {
            // An empty line before the request line is skipped (RFC 9112, 2.2).
            let is_empty = matches!(received.get(line_start..at), Some(b"" | b"\r"));
            let is_leading = received.get(..line_start).is_some_and(|before| before.trim_ascii().is_empty());
            if is_empty && !is_leading {
                return Some(at + 1);
            }
            line_start = at + 1;
        }
    }
    None
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Head,
}

#[derive(Debug)]
struct Request<'r> {
    method: Method,
    target: &'r str,
    wants_text: bool,
}

/// The status and the reason of a refusal.
type Refused = (u16, &'static str);

const BAD_REQUEST: Refused = (400, "Bad Request");

impl<'r> Request<'r> {
    fn parse(head: &'r [u8]) -> Result<Self, Refused> {
        let head = std::str::from_utf8(head.trim_ascii_start()).map_err(|_| BAD_REQUEST)?;
        let mut lines = head.lines();
        let (method, target, is_1_1) = request_line(lines.next().unwrap_or(""))?;
        let (mut hosts, mut accept) = (0, String::new());
        for line in lines.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or(BAD_REQUEST)?;
            // RFC 9112, 5.1: "No whitespace is allowed between the field name and colon"; and 5.2 ends line folding.
            if name.is_empty() || name.contains(|c: char| c.is_ascii_whitespace()) {
                return Err(BAD_REQUEST);
            }
            match name.to_ascii_lowercase().as_str() {
                "host" => hosts += 1,
                "accept" => accept.push_str(&format!("{value},")),
                _ => {}
            }
        }
        // RFC 9112, 3.2: 400 for "any HTTP/1.1 request message that lacks a Host header field and to any request
        // message that contains more than one".
        if hosts > 1 || (is_1_1 && hosts == 0) {
            return Err(BAD_REQUEST);
        }
        Ok(Self { method, target, wants_text: prefers_text(&accept) })
    }

    fn answer(&self, page: &Page) -> Answer {
        let mut bytes = head(200, "OK", page.kind, page.body.len()).into_bytes();
        match self.method {
            Method::Get => bytes.extend_from_slice(page.body.as_bytes()),
            Method::Head => {}
        }
        Answer { status: 200, bytes }
    }
}

/// The method, the target, and whether the version is 1.1 or later in HTTP/1.
fn request_line(line: &str) -> Result<(Method, &str, bool), Refused> {
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BAD_REQUEST);
    };
    let is_1_1 = match version {
        "HTTP/1.0" => false,
        "HTTP/1.1" => true,
        _ if version.starts_with("HTTP/") => return Err((505, "HTTP Version Not Supported")),
        _ => return Err(BAD_REQUEST),
    };
    if target.len() > MAX_TARGET {
        return Err((414, "URI Too Long"));
    }
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "" => return Err(BAD_REQUEST),
        _ => return Err((405, "Method Not Allowed")),
    };
    match target.starts_with('/') || target.starts_with("https://") {
        true => Ok((method, target, is_1_1)),
        false => Err(BAD_REQUEST),
    }
}

/// Whether plain text is among what is accepted. `*/*` alone gets HTML.
fn prefers_text(accept: &str) -> bool {
    let media_types = accept.split(',').map(|range| range.split(';').next().unwrap_or("").trim());
    let mut wants = false;
    for media_type in media_types {
        match media_type {
            "text/html" => return false,
            "text/plain" => wants = true,
            _ => {}
        }
    }
    wants
}

fn head(status: u16, reason: &str, kind: &str, length: usize) -> String {
    let allow = if status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{allow}Cache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
}

fn refusal(status: u16, reason: &str) -> Answer {
    let body = format!("{status} {reason}\n");
    let bytes = head(status, reason, "text/plain; charset=utf-8", body.len()) + &body;
    Answer { status, bytes: bytes.into_bytes() }
}

fn html(words: &str) -> String {
    let mut escaped = String::new();
    for c in words.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>tls12</title>\n<h1>This connection</h1>\n\
         <p><code>{escaped}</code></p>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(request: &str) -> (u16, String) {
        let answer = answer(request.as_bytes(), "resumed=no sni=<b>").expect("a complete head");
        (answer.status, String::from_utf8(answer.bytes).unwrap())
    }

    #[test]
    fn a_browser_gets_a_page_and_who_asks_for_text_gets_text() {
        let (status, page) = text("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n");
        assert_eq!(status, 200);
        assert!(
            page.contains("Content-Type: text/html") && page.contains("resumed=no sni=&lt;b&gt;"),
            "{page}"
        );
        let (_, plain) = text("GET / HTTP/1.1\r\nhost: localhost\r\nAccept: text/plain;q=0.9\r\n\r\n");
        assert!(plain.ends_with("\r\n\r\nresumed=no sni=<b>\n"), "{plain}");
        let (_, page) = text("GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html, text/plain\r\n\r\n");
        assert!(page.contains("Content-Type: text/html"));
    }

    #[test]
    fn a_target_that_is_not_there_is_not_found() {
        let find =
            |target: &str, _| (target == "/here").then(|| Page { kind: "text/plain", body: "yes".into() });
        let status = |request: &[u8]| respond(request, find).expect("a complete head").status;
        assert_eq!(status(b"GET /here HTTP/1.0\r\n\r\n"), 200);
        assert_eq!(status(b"GET /there HTTP/1.0\r\n\r\n"), 404);
    }

    #[test]
    fn the_length_is_that_of_the_body_and_head_has_none() {
        let (_, get) = text("GET /x?y HTTP/1.0\r\n\r\n");
        let (_, head) = text("HEAD /x?y HTTP/1.0\r\n\r\n");
        let (start, body) = get.split_once("\r\n\r\n").unwrap();
        assert!(start.contains(&format!("\r\nContent-Length: {}\r\n", body.len())));
        assert_eq!(head, format!("{start}\r\n\r\n"));
    }

    #[test]
    fn a_request_is_answered_as_soon_as_its_head_is_complete_and_not_before() {
        let request = b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for cut in 0..request.len() {
            assert_eq!(answer(&request[..cut], ""), None, "{cut}");
        }
        assert_eq!(answer(request, "").unwrap().status, 200);
        assert_eq!(answer(b"GET / HTTP/1.1\nHost: a\n\nmore", "").unwrap().status, 200);
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for (request, status) in [
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\r\n\r\n", 400),
            ("GET example.com HTTP/1.0\r\n\r\n", 400),
            ("nonsense\r\n\r\n", 400),
            ("GET / HTTP/2.0\r\n\r\n", 505),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405),
        ] {
            assert_eq!(text(request).0, status, "{request:?}");
        }
        assert!(text("POST / HTTP/1.0\r\n\r\n").1.contains("\r\nAllow: GET, HEAD\r\n"));
    }

    #[test]
    fn a_head_that_does_not_end_is_refused_at_its_limit() {
        let line = "a".repeat(MAX_HEAD);
        assert_eq!(answer(&line.as_bytes()[1..], ""), None);
        assert_eq!(answer(line.as_bytes(), "").unwrap().status, 414);
        let fields = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {line}");
        assert_eq!(answer(fields.as_bytes(), "").unwrap().status, 431);
        let complete = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {line}\r\n\r\n");
        assert_eq!(answer(complete.as_bytes(), "").unwrap().status, 431);
        let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(MAX_TARGET));
        assert_eq!(answer(target.as_bytes(), "").unwrap().status, 414);
    }
}
