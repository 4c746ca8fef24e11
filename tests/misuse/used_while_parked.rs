//! A connection that is parked is not used, and comes back once: two of it would use the same nonces.

use tls12::{Connection, Error};

fn twice(mut connection: Connection, out: &mut Vec<u8>) -> Result<[Connection; 2], Error> {
    let parked = connection.park();
    connection.send(b"data", out)?;
    Ok([parked.unpark()?, parked.unpark()?])
}

fn main() {}
