//! The application: it sends back what it receives, every bit turned.

use tls12::{Connection, Error, HalfReceived, Received, RecvBuf, connection::Reader, wire::Alert};

use super::{Failure, flags::Flags, names::Scene, wire::Wire};

/// What the reference calls a close that the peer did not answer.
const UNCLEAN: &str = "Unexpected SSL_shutdown result: -1 != 1";
/// Enough for any test: the longest sends some megabytes.
const MOST_RECORDS: usize = 1 << 20;

/// Uses the connection until the peer closes it.
pub(super) fn talk(
    flags: &Flags,
    mut connection: Connection,
    mut buf: RecvBuf,
    wire: &mut Wire,
) -> Result<(), Failure> {
    let failed = |error| Failure::Tls(error, Scene { server: flags.server, ..Scene::default() });
    let mut out = Vec::new();
    if flags.send_alert {
        connection.abort(Alert::DECOMPRESSION_FAILURE, &mut out);
        wire.send(&out)?;
        wire.linger();
        return Ok(());
    }
    if flags.export_len > 0 {
        let material = export(flags, &connection)?;
        connection.send(&material, &mut out).map_err(failed)?;
    }
    if flags.writes_first {
        connection.send(b"hello", &mut out).map_err(failed)?;
    }
    wire.send(&out)?;
    if flags.shuts_down {
        return close(flags, connection, buf, wire);
    }
    match echo(&mut connection, &mut buf, wire) {
        Ok(()) => close(flags, connection, buf, wire),
        // An end without close_notify.
        Err(Failure::Tls(Error::Truncated, _)) if !flags.check_close_notify => {
            close(flags, connection, buf, wire)
        }
        Err(Failure::Tls(error, _)) => Err(failed(error)),
        Err(failure) => Err(failure),
    }
}

fn export(flags: &Flags, connection: &Connection) -> Result<Vec<u8>, Failure> {
    let mut material = vec![0; flags.export_len];
    let context = flags.use_export_context.then_some(&flags.export_context[..]);
    let label =
        std::str::from_utf8(&flags.export_label).map_err(|_| Failure::Expectation("-export-label".into()))?;
    let exporter = connection.exporter().ok_or_else(|| Failure::Expectation("no exporter".into()))?;
    let derived = exporter.derive(label, context, &mut material);
    derived.map_err(|error| Failure::Expectation(error.to_string()))?;
    Ok(material)
}

fn echo(connection: &mut Connection, buf: &mut RecvBuf, wire: &mut Wire) -> Result<(), Failure> {
    let failed = |error| Failure::Tls(error, Scene::default());
    let mut out = Vec::new();
    for _ in 0..MOST_RECORDS {
        let turned: Vec<u8> = match connection.receive(buf, &mut out).map_err(failed)? {
            Received::Data(data) => data.iter().map(|byte| byte ^ 0xff).collect(),
            Received::Closed => return Ok(()),
            Received::NeedsFlush => Vec::new(),
            Received::NeedsInput => {
                let n = wire.receive(buf.spare())?;
                buf.received(n).map_err(|truncated| failed(truncated.into()))?;
                continue;
            }
        };
        if !turned.is_empty() {
            connection.send(&turned, &mut out).map_err(failed)?;
        }
        wire.send(&out)?;
        out.clear();
    }
    Err(Failure::Expectation("the connection has no end".into()))
}

/// Sends our close_notify and, where it is asked for, waits for the peer's.
fn close(flags: &Flags, connection: Connection, mut buf: RecvBuf, wire: &mut Wire) -> Result<(), Failure> {
    let mut out = Vec::new();
    let mut reader = connection.close(&mut out);
    // Whoever closed already may be gone.
    let sent = wire.send(&out);
    if !flags.check_close_notify || !flags.shuts_down {
        wire.linger();
        return Ok(());
    }
    sent?;
    match await_close(&mut reader, &mut buf, wire) {
        Err(Failure::Tls(Error::Truncated, _)) => Err(Failure::Named(UNCLEAN)),
        result => result,
    }
}

fn await_close(reader: &mut Reader, buf: &mut RecvBuf, wire: &mut Wire) -> Result<(), Failure> {
    let failed = |error| Failure::Tls(error, Scene::default());
    for _ in 0..MOST_RECORDS {
        match reader.receive(buf).map_err(failed)? {
            HalfReceived::Closed => return Ok(()),
            // We said that we send nothing more.
            HalfReceived::Data(_) | HalfReceived::Reply(_) | HalfReceived::Abort(_) => {}
            HalfReceived::NeedsInput => {
                let n = wire.receive(buf.spare())?;
                buf.received(n).map_err(|truncated| failed(truncated.into()))?;
            }
        }
    }
    Err(Failure::Expectation("the connection has no end".into()))
}
