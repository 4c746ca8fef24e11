//! Full handshakes between our own two sides.

mod common;

use common::pair::World;

#[test]
fn a_full_handshake_ends_in_two_connections_that_agree() {
    let (client, server) = World::new().run(usize::MAX).established();
    let (client, server) = (client.tls.info(), server.tls.info());
    assert_eq!(client.suite, server.suite);
    assert_eq!(client.group, server.group);
    assert!(client.extended_master_secret && server.extended_master_secret);
}
