//! What is said before TLS, where a protocol begins without it.

use clap::ValueEnum;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Duration, timeout},
};

use super::trouble::{Stage, Trouble, quoted};

/// A protocol that begins without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preamble {
    /// None: TLS from the first byte
    None,
    /// OPTIONS with Upgrade: TLS/1.2 (RFC 2817)
    Http,
    /// SSLRequest
    Postgres,
    /// STARTTLS (RFC 3207)
    Smtp,
    /// STARTTLS (RFC 3501)
    Imap,
    /// AUTH TLS (RFC 4217)
    Ftp,
}

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 8192;

impl Preamble {
    /// Says it, up to where TLS begins.
    pub(super) async fn speak<T: AsyncRead + AsyncWrite + Unpin>(self, io: &mut T) -> Result<(), Trouble> {
        let mut talk = Talk { io, read: 0 };
        match self {
            Self::None => Ok(()),
            Self::Http => talk.http().await,
            Self::Postgres => talk.postgres().await,
            Self::Smtp => {
                talk.reply("220").await?;
                talk.say(b"EHLO tls12.invalid\r\n").await?;
                talk.reply("250").await?;
                talk.say(b"STARTTLS\r\n").await?;
                talk.reply("220").await
            }
            Self::Imap => {
                talk.begins("* OK").await?;
                talk.say(b"a1 STARTTLS\r\n").await?;
                talk.tagged("a1 ").await
            }
            Self::Ftp => {
                talk.reply("220").await?;
                talk.say(b"AUTH TLS\r\n").await?;
                talk.reply("234").await
            }
        }
    }
}

struct Talk<'t, T> {
    io: &'t mut T,
    read: usize,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Talk<'_, T> {
    async fn say(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.io.write_all(bytes).await.map_err(|error| Trouble::of(&error, Stage::Preamble))
    }

    async fn byte(&mut self) -> Result<u8, Trouble> {
        self.read += 1;
        if self.read > MAX_ANSWER {
            return Err(Trouble::Preamble("the server does not stop talking".into()));
        }
        self.io.read_u8().await.map_err(|error| Trouble::of(&error, Stage::Preamble))
    }

    /// A line without its end. Byte by byte, for what follows the last one is TLS.
    async fn line(&mut self) -> Result<String, Trouble> {
        let mut line = Vec::new();
        loop {
            match self.byte().await? {
                b'\n' => break,
                byte => line.push(byte),
            }
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    /// A line that must begin like this.
    async fn begins(&mut self, expected: &str) -> Result<(), Trouble> {
        let line = self.line().await?;
        match line.starts_with(expected) {
            true => Ok(()),
            false => Err(refused(line.as_bytes())),
        }
    }

    /// A reply of one or more lines, the last of which has a space behind its code (RFC 5321, 4.2.1).
    async fn reply(&mut self, code: &str) -> Result<(), Trouble> {
        loop {
            let line = self.line().await?;
            match line.strip_prefix(code) {
                Some(rest) if rest.starts_with('-') => {}
                Some(_) => return Ok(()),
                // Lines in the middle of a reply of FTP need no code (RFC 959, 4.2).
                None if line.starts_with(' ') => {}
                None => return Err(refused(line.as_bytes())),
            }
        }
    }

    /// The tagged line of IMAP, behind any untagged ones.
    async fn tagged(&mut self, tag: &str) -> Result<(), Trouble> {
        loop {
            let line = self.line().await?;
            match line.strip_prefix(tag) {
                Some(rest) if rest.starts_with("OK") => return Ok(()),
                None if line.starts_with("* ") => {}
                _ => return Err(refused(line.as_bytes())),
            }
        }
    }

    async fn http(&mut self) -> Result<(), Trouble> {
        let request =
            "OPTIONS * HTTP/1.1\r\nHost: tls12.invalid\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\n\r\n";
        self.say(request.as_bytes()).await?;
        let status = self.line().await?;
        if status.split(' ').nth(1) != Some("101") {
            return Err(refused(status.as_bytes()));
        }
        while !self.line().await?.is_empty() {}
        Ok(())
    }

    async fn postgres(&mut self) -> Result<(), Trouble> {
        // The length of the message, 8, and the code 1234 5679.
        self.say(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
        match self.byte().await? {
            b'S' => Ok(()),
            b'N' => Err(Trouble::Preamble("the server does no TLS".into())),
            first => {
                // An error of the server is text, of which the first part is enough.
                let mut said = [first; 200];
                let rest = said.get_mut(1..).unwrap_or_default();
                let n = timeout(Duration::from_millis(100), self.io.read(rest)).await;
                let n = n.ok().and_then(Result::ok).unwrap_or(0);
                Err(refused(said.get(..=n).unwrap_or_default()))
            }
        }
    }
}

/// The server said something else than was waited for.
fn refused(said: &[u8]) -> Trouble {
    Trouble::Preamble(match said {
        // The header of a record (RFC 5246, 6.2.1).
        [20..=24, 3, ..] => "the server answered with TLS already".into(),
        _ => format!("the server said \"{}\"", quoted(said)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What came of it, and what the server was told.
    async fn spoken(preamble: Preamble, answers: &str) -> (Result<(), Trouble>, String) {
        let (mut ours, mut theirs) = tokio::io::duplex(16 * 1024);
        theirs.write_all(answers.as_bytes()).await.unwrap();
        let result = preamble.speak(&mut ours).await;
        drop(ours);
        let mut said = Vec::new();
        theirs.read_to_end(&mut said).await.unwrap();
        (result, String::from_utf8_lossy(&said).into_owned())
    }

    #[tokio::test]
    async fn each_protocol_is_asked_for_tls_in_its_own_words() {
        for (preamble, answers, said) in [
            (Preamble::None, "", ""),
            (
                Preamble::Smtp,
                "220-a\r\n220 b\r\n250-STARTTLS\r\n250 x\r\n220 go\r\n",
                "EHLO tls12.invalid\r\nSTARTTLS\r\n",
            ),
            (Preamble::Imap, "* OK hi\r\n* CAPABILITY x\r\na1 OK go\r\n", "a1 STARTTLS\r\n"),
            (Preamble::Ftp, "220-hi\r\n more\r\n220 there\r\n234 go\r\n", "AUTH TLS\r\n"),
            (Preamble::Postgres, "S", "\0\0\0\u{8}\u{4}\u{fffd}\u{16}/"),
        ] {
            assert_eq!(spoken(preamble, answers).await, (Ok(()), said.into()), "{preamble:?}");
        }
        let (result, said) =
            spoken(Preamble::Http, "HTTP/1.1 101 Switching\r\nUpgrade: TLS/1.2\r\n\r\n").await;
        assert_eq!(result, Ok(()));
        assert!(said.contains("Upgrade: TLS/1.2\r\n"), "{said}");
    }

    #[tokio::test]
    async fn a_refusal_is_told_with_its_words_and_without_control_characters() {
        for (preamble, answers, words) in [
            (Preamble::Smtp, "554 no \x1b[2J\r\n", "554 no \\u{1b}[2J"),
            (Preamble::Imap, "* OK hi\r\na1 NO not here\r\n", "a1 NO not here"),
            (Preamble::Ftp, "220 hi\r\n500 what\r\n", "500 what"),
            (Preamble::Postgres, "N", "does no TLS"),
            (Preamble::Http, "HTTP/1.1 400 Bad Request\r\n\r\n", "\"HTTP/1.1 400 Bad Request\""),
            (Preamble::Postgres, "HTTP/1.1 400 Bad Request\r\n\r\n", "\"HTTP/1.1 400 Bad Request\""),
            (Preamble::Postgres, "\u{15}\u{3}\u{1}\0\u{2}", "with TLS already"),
            (Preamble::Smtp, &format!("220-{}", "x".repeat(9000)), "does not stop"),
        ] {
            let (result, _) = spoken(preamble, answers).await;
            let error = result.unwrap_err().to_string();
            assert!(error.contains(words), "{preamble:?}: {error}");
        }
    }
}
