//! What a server counts, read as Prometheus does.

use std::{collections::BTreeMap, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::findings::Trouble;

/// Numbers by name and labels, as they are written.
#[derive(Default)]
pub(crate) struct Numbers(BTreeMap<String, f64>);

impl Numbers {
    /// Asks for them.
    pub(crate) async fn ask(address: &str) -> Result<Self, Trouble> {
        let ask = async {
            let mut tcp = TcpStream::connect(address).await?;
            tcp.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
            let mut answer = String::new();
            tcp.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let answer = timeout(Duration::from_secs(10), ask).await??;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("numbers without a head")?;
        match head.starts_with("HTTP/1.1 200 ") {
            true => Ok(Self::read(body)),
            false => Err(format!("instead of numbers came: {head}").into()),
        }
    }

    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.rsplit_once(' '));
        Self(pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect())
    }

    /// Those of two servers added up.
    pub(crate) fn plus(mut self, other: &Self) -> Self {
        for (name, value) in &other.0 {
            *self.0.entry(name.clone()).or_default() += value;
        }
        self
    }

    /// All whose name is this one, and whose labels are these among others, added up.
    pub(crate) fn sum(&self, name: &str, labels: &[&str]) -> u64 {
        let wanted = |line: &str| {
            let (named, labelled) = line.split_once('{').unwrap_or((line, ""));
            named == name && labels.iter().all(|label| labelled.contains(label))
        };
        self.0.iter().filter(|(line, _)| wanted(line)).map(|(_, value)| *value).sum::<f64>() as u64
    }
}
