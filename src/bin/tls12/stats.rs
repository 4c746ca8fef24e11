//! Numbers over HTTP, for a person and for Prometheus.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream, lookup_host},
    time::{sleep, timeout},
};

use crate::{
    http::{self, Page},
    serve::Server,
    traffic::chunk,
};

/// For how long somebody may take to ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens on a loopback address: what is served here is for nobody else. Fails with a sentence.
pub(crate) async fn listen(address: &str) -> Result<TcpListener, String> {
    let trouble = |error: io::Error| format!("{address}: {error}");
    let found = lookup_host(address).await.map_err(trouble)?.next();
    match found {
        Some(found) if found.ip().is_loopback() => TcpListener::bind(found).await.map_err(trouble),
        Some(_) | None => Err(format!("{address}: --stats listens on loopback addresses only")),
    }
}

/// Answers until it is dropped.
pub(crate) async fn serve(listener: TcpListener, server: Arc<Server>) {
    let before = resident();
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                let (server, before) = (server.clone(), before);
                tokio::spawn(async move { timeout(PATIENCE, answer(tcp, &server, before)).await });
            }
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer(mut tcp: TcpStream, server: &Server, before: Option<u64>) -> io::Result<()> {
    let mut request = Vec::new();
    loop {
        let more = chunk(&mut tcp).await?;
        request.extend_from_slice(&more);
        if let Some(answer) = http::respond(&request, |target, _| page(target, server, before)) {
            tcp.write_all(&answer.bytes).await?;
            return tcp.shutdown().await;
        }
        if more.is_empty() {
            return Ok(());
        }
    }
}

fn page(target: &str, server: &Server, before: Option<u64>) -> Option<Page> {
    let (resuming, numbers) = (&server.resuming, server.resuming.stats.snapshot());
    let (open, memory) = (server.room.open(), resident());
    match target {
        "/" => Some(Page {
            kind: "text/plain; charset=utf-8",
            body: format!(
                "{numbers}sessions kept: {}\n{}\n{}",
                resuming.store.len(),
                resuming.keys(),
                for_a_person(open, before, memory)
            ),
        }),
        // The version of the text format.
        "/metrics" => Some(Page {
            kind: "text/plain; version=0.0.4",
            body: format!("{}{}", numbers.prometheus(), for_prometheus(open, memory)),
        }),
        _ => None,
    }
}

/// How many bytes the process has that are its own and in memory: where the system says so (Linux, proc(5)).
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Connections, and what they take: all that the process took since before the first one, divided by those that are
/// open. That is what one takes where many are, and more than that where few are.
fn for_a_person(open: usize, before: Option<u64>, memory: Option<u64>) -> String {
    let mut text = format!("connections open: {open}\n");
    if let (Some(before), Some(memory)) = (before, memory) {
        let grown = memory.saturating_sub(before);
        text.push_str(&format!("memory: {memory} bytes, {grown} more than before the first connection\n"));
        if let Some(each) = u64::try_from(open).ok().and_then(|open| grown.checked_div(open)) {
            text.push_str(&format!("memory for each open connection: {each} bytes\n"));
        }
    }
    text
}

fn for_prometheus(open: usize, memory: Option<u64>) -> String {
    let gauge = |name: &str, help: &str, value: String| {
        format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n")
    };
    let mut text = gauge("tls12_connections_open", "Connections that are open.", open.to_string());
    if let Some(memory) = memory {
        let help = "Bytes of memory of the process that are its own and resident.";
        text.push_str(&gauge("tls12_memory_bytes", help, memory.to_string()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_connections_take_is_divided_by_how_many_are_open() {
        let said = for_a_person(4, Some(1000), Some(9000));
        assert!(
            said.contains("connections open: 4\n") && said.ends_with("each open connection: 2000 bytes\n")
        );
        assert!(!for_a_person(0, Some(1000), Some(9000)).contains("each"));
        assert_eq!(for_a_person(4, None, Some(9000)), "connections open: 4\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_is_used_is_counted() {
        let before = resident().expect("Linux says it");
        let used = vec![1_u8; 8 << 20];
        let after = resident().expect("Linux says it");
        assert!(after >= before + (7 << 20), "{before} {after} {}", used.len());
    }
}
