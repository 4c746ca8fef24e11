//! Numbers over HTTP, for a person and for Prometheus.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{
    Handler,
    http::{self, Page},
    traffic::chunk,
};

/// How many may ask at once.
const MOST_AT_ONCE: usize = 16;
/// For how long somebody may take to ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens. Fails with a sentence.
pub(super) async fn listen(address: &str) -> Result<TcpListener, String> {
    super::listen(address, super::Port::Own).await.map_err(|error| format!("--metrics {address}: {error}"))
}

/// Answers until it is dropped.
pub(super) async fn serve<H: Handler>(listener: TcpListener, handler: Arc<H>) {
    let (before, places) = (resident(), Arc::new(Semaphore::new(MOST_AT_ONCE)));
    loop {
        // Whoever asks while so many do waits for them.
        let place = places.clone().acquire_owned().await;
        match listener.accept().await {
            Ok((tcp, _)) => {
                let (handler, before) = (handler.clone(), before);
                tokio::spawn(async move {
                    let _ = timeout(PATIENCE, answer(tcp, &*handler, before)).await;
                    drop(place);
                });
            }
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer<H: Handler>(mut tcp: TcpStream, handler: &H, before: Option<u64>) -> io::Result<()> {
    let mut request = Vec::new();
    loop {
        let more = chunk(&mut tcp).await?;
        request.extend_from_slice(&more);
        if let Some(answer) = http::respond(&request, |target, _| page(target, handler, before)) {
            tcp.write_all(&answer.bytes).await?;
            return tcp.shutdown().await;
        }
        if more.is_empty() {
            return Ok(());
        }
    }
}

fn page<H: Handler>(target: &str, handler: &H, before: Option<u64>) -> Option<Page> {
    let daemon = handler.daemon();
    let (count, memory) = (daemon.admission.count(), resident());
    match target {
        "/" => Some(Page {
            kind: "text/plain; charset=utf-8",
            body: format!(
                "{}{}{}",
                handler.text(),
                daemon.metrics.text(count),
                memory_for_a_person(count.open, before, memory)
            ),
        }),
        // The version of the text format.
        "/metrics" => Some(Page {
            kind: "text/plain; version=0.0.4",
            body: format!("{}{}", handler.numbers(), daemon.metrics.numbers(count, memory)),
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

/// What connections take: all that the process took since before the first one, divided by those that are open. That is
/// what one takes where many are, and more than that where few are.
fn memory_for_a_person(open: u32, before: Option<u64>, memory: Option<u64>) -> String {
    let (Some(before), Some(memory)) = (before, memory) else {
        return String::new();
    };
    let grown = memory.saturating_sub(before);
    let mut text = format!("memory: {memory} bytes, {grown} more than before the first connection\n");
    if let Some(each) = grown.checked_div(u64::from(open)) {
        text.push_str(&format!("memory for each open connection: {each} bytes\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_connections_take_is_divided_by_how_many_are_open() {
        let said = memory_for_a_person(4, Some(1000), Some(9000));
        assert!(said.starts_with("memory: 9000 bytes, 8000 more"), "{said}");
        assert!(said.ends_with("each open connection: 2000 bytes\n"), "{said}");
        assert!(!memory_for_a_person(0, Some(1000), Some(9000)).contains("each"));
        assert_eq!(memory_for_a_person(4, None, Some(9000)), "");
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
