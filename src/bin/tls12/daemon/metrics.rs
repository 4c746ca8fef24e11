//! What is counted, for a person and for Prometheus.

use std::{fmt::Write as _, io, time::Duration};

use prometheus::{
    CounterVec, Encoder as _, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    Opts, Registry, TextEncoder, core::Collector,
};
use tls12::{
    Error,
    session::{HandshakeKind, ResumedBy},
};

use super::{Event, Limit, admission::Count};
use crate::words;

/// Where the time of a handshake is told apart, in seconds: an abbreviated one on loopback takes less than a
/// millisecond, one to a client on the other side of the world some tenths of a second.
const HANDSHAKE_SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The counters of a command that serves connections.
pub(crate) struct Metrics {
    registry: Registry,
    ended: IntCounterVec,
    refused: IntCounterVec,
    not_accepted: IntCounter,
    alerts: IntCounterVec,
    reloads: IntCounterVec,
    bytes: IntCounterVec,
    full: Histogram,
    by_id: Histogram,
    by_ticket: Histogram,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let registry = Registry::new();
        let numbers = Numbers::within(&registry);
        let seconds = numbers.histograms(
            "tls12_handshake_seconds",
            "Time from the first byte of a handshake to its end.",
            "handshake",
        );
        let [full, by_id, by_ticket] =
            ["full", "id", "ticket"].map(|kind| seconds.with_label_values(&[kind]));
        let refused = numbers.counters(
            "tls12_connections_refused_total",
            "What was closed because it was over a limit.",
            &["limit"],
        );
        let help = "Connections that ended, by what became of them.";
        let ended = numbers.counters("tls12_connections_total", help, &["event"]);
        // What did not happen is told as 0, so that somebody can wait for it.
        Limit::ALL.iter().for_each(|limit| drop(refused.with_label_values(&[limit.name()])));
        Event::ALL.iter().for_each(|event| drop(ended.with_label_values(&[event.name()])));
        Self {
            ended,
            refused,
            not_accepted: numbers
                .counters(
                    "tls12_accept_failures_total",
                    "Times that the system had no connection to give, for lack of file descriptors, say.",
                    &[],
                )
                .with_label_values::<&str>(&[]),
            alerts: numbers.counters(
                "tls12_alerts_total",
                "Fatal alerts, by who sent them.",
                &["direction", "alert"],
            ),
            reloads: numbers.counters(
                "tls12_reloads_total",
                "Times that files were read again, by what and by whether they are used.",
                &["what", "result"],
            ),
            bytes: numbers.counters("tls12_data_bytes_total", "Bytes of application data.", &["direction"]),
            full,
            by_id,
            by_ticket,
            registry,
        }
    }

    /// A connection ended that was let in.
    pub(super) fn ended(&self, event: Event, received: u64, sent: u64) {
        self.ended.with_label_values(&[event.name()]).inc();
        self.bytes.with_label_values(&["in"]).inc_by(received);
        self.bytes.with_label_values(&["out"]).inc_by(sent);
    }

    pub(crate) fn refused(&self, limit: Limit) {
        self.refused.with_label_values(&[limit.name()]).inc();
    }

    pub(super) fn not_accepted(&self) {
        self.not_accepted.inc();
    }

    /// A handshake was completed in this time.
    pub(crate) fn established(&self, kind: HandshakeKind, time: Duration) {
        let histogram = match kind {
            HandshakeKind::Full(_) => &self.full,
            HandshakeKind::Resumed(ResumedBy::SessionId) => &self.by_id,
            HandshakeKind::Resumed(ResumedBy::Ticket) => &self.by_ticket,
        };
        histogram.observe(time.as_secs_f64());
    }

    /// A handshake or a connection failed: counts the alert, if there was one.
    pub(crate) fn failed(&self, error: &io::Error) {
        let (direction, alert) = match words::tls_error(error) {
            Some(Error::Received(alert)) => ("received", Some(*alert)),
            Some(error) => ("sent", error.alert()),
            None => return,
        };
        if let Some(alert) = alert {
            self.alerts.with_label_values(&[direction, &alert.to_string()]).inc();
        }
    }

    /// Files were read again.
    pub(crate) fn reloaded(&self, what: &str, result: Result<(), ()>) {
        let result = if result.is_ok() { "used" } else { "refused" };
        self.reloads.with_label_values(&[what, result]).inc();
    }

    /// Lines for a person.
    pub(super) fn text(&self, count: Count) -> String {
        let mut text =
            format!("connections open: {}\nof these in their handshakes: {}\n", count.open, count.shaking);
        let mut line = |what: &str, word: &str, count: u64| {
            if count > 0 {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{what} {word}: {count}");
            }
        };
        for event in Event::ALL {
            line("connections that ended", event.name(), self.ended.with_label_values(&[event.name()]).get());
        }
        for limit in Limit::ALL {
            let refused = self.refused.with_label_values(&[limit.name()]).get();
            line("refused, over the limit", limit.name(), refused);
        }
        text
    }

    /// All of it in the text format of Prometheus, with the numbers of this moment.
    pub(super) fn numbers(&self, count: Count, memory: Option<u64>) -> String {
        let now = Numbers::new();
        now.gauge("tls12_connections_open", "Connections that are open.", count.open.into());
        let help = "Connections in the middle of their handshakes, or before.";
        now.gauge("tls12_handshakes_in_flight", help, count.shaking.into());
        if let Some(memory) = memory {
            let help = "Bytes of memory of the process that are its own and resident.";
            now.gauge("tls12_memory_bytes", help, i64::try_from(memory).unwrap_or(i64::MAX));
        }
        encode(&self.registry) + &now.encode()
    }
}

/// Numbers that are counted elsewhere, gathered for one answer.
pub(crate) struct Numbers(Registry);

impl Numbers {
    pub(crate) fn new() -> Self {
        Self(Registry::new())
    }

    fn within(registry: &Registry) -> Self {
        Self(registry.clone())
    }

    /// A counter with labels. Names and labels are fixed, so that nothing here can fail but by a mistake that every
    /// test would show.
    pub(crate) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        let counters = IntCounterVec::new(Opts::new(name, help), labels).expect("a name and labels");
        self.register(counters)
    }

    pub(crate) fn gauge(&self, name: &str, help: &str, value: i64) {
        let gauge = IntGauge::new(name, help).expect("a name");
        self.register(gauge).set(value);
    }

    /// A counter of seconds, with labels.
    pub(crate) fn seconds(&self, name: &str, help: &str, labels: &[&str]) -> CounterVec {
        self.register(CounterVec::new(Opts::new(name, help), labels).expect("a name and labels"))
    }

    fn histograms(&self, name: &str, help: &str, label: &str) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(HANDSHAKE_SECONDS.to_vec());
        self.register(HistogramVec::new(options, &[label]).expect("a name and a label"))
    }

    fn register<C: Collector + Clone + 'static>(&self, collector: C) -> C {
        self.0.register(Box::new(collector.clone())).expect("a name that is used once");
        collector
    }

    /// In the text format of Prometheus.
    pub(crate) fn encode(&self) -> String {
        encode(&self.0)
    }
}

fn encode(registry: &Registry) -> String {
    let mut bytes = Vec::new();
    match TextEncoder::new().encode(&registry.gather(), &mut bytes) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use tls12::{session::NotResumed, wire::Alert};

    use super::*;

    #[test]
    fn everything_is_counted_under_its_own_name() {
        let metrics = Metrics::new();
        metrics.ended(Event::Served, 5, 7);
        metrics.ended(Event::Cut, 1, 0);
        metrics.refused(Limit::Handshakes);
        metrics.established(HandshakeKind::Resumed(ResumedBy::Ticket), Duration::from_millis(2));
        metrics.established(HandshakeKind::Full(NotResumed::NotOffered), Duration::from_secs(60));
        let of = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        metrics.failed(&of(Error::Received(Alert::UNKNOWN_CA)));
        metrics.failed(&of(Error::BadSignature));
        metrics.failed(&of(Error::Truncated));
        metrics.failed(&io::Error::from(io::ErrorKind::ConnectionReset));
        metrics.reloaded("certificates", Err(()));
        let count = Count { open: 3, shaking: 2 };
        let lines = metrics.numbers(count, Some(4096));
        for line in [
            r#"tls12_connections_total{event="served"} 1"#,
            r#"tls12_connections_total{event="cut"} 1"#,
            r#"tls12_connections_refused_total{limit="handshakes"} 1"#,
            r#"tls12_connections_refused_total{limit="address-share"} 0"#,
            r#"tls12_handshake_seconds_bucket{handshake="ticket",le="0.001"} 0"#,
            r#"tls12_handshake_seconds_bucket{handshake="ticket",le="0.0025"} 1"#,
            r#"tls12_handshake_seconds_bucket{handshake="full",le="10"} 0"#,
            r#"tls12_handshake_seconds_count{handshake="full"} 1"#,
            r#"tls12_handshake_seconds_count{handshake="id"} 0"#,
            r#"tls12_alerts_total{alert="unknown_ca",direction="received"} 1"#,
            r#"tls12_alerts_total{alert="decrypt_error",direction="sent"} 1"#,
            r#"tls12_reloads_total{result="refused",what="certificates"} 1"#,
            r#"tls12_data_bytes_total{direction="in"} 6"#,
            "tls12_connections_open 3",
            "tls12_handshakes_in_flight 2",
            "tls12_memory_bytes 4096",
        ] {
            assert!(lines.lines().any(|known| known == line), "no {line} in\n{lines}");
        }
        assert_eq!(lines.matches("tls12_alerts_total{").count(), 2, "{lines}");
        let text = metrics.text(count);
        assert!(text.starts_with("connections open: 3\nof these in their handshakes: 2\n"), "{text}");
        assert!(text.ends_with("over the limit handshakes: 1\n"), "{text}");
    }
}
