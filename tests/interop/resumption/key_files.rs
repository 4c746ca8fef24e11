//! Files of ticket keys: what our reader says is in them is what the programs seal their tickets with.

use tls12::{
    crypto::{HashAlgorithm, RUSTCRYPTO},
    session::{KeyFileFormat, KeyMaterial},
};

use super::{Caller, NEW_TICKET, nginx::Web, node::SERVER, verdict};
use crate::{common::certs::Key, node::server_of, place::Place, program::has_peers};

/// A file of so many bytes.
fn file(len: u8) -> Vec<u8> {
    (0..len).map(|byte| byte.wrapping_mul(37).wrapping_add(11)).collect()
}

/// A ticket as RFC 5077, 4 recommends it: key name, IV, encrypted state, and an HMAC over all of that. It begins with the
/// name that is in the file, and the HMAC key of the file proves it.
fn assert_sealed_with(ticket: &[u8], file: &[u8], format: KeyFileFormat) {
    let keys = KeyMaterial::read(file, format).expect("a file of this format");
    assert_eq!(keys.len(), 1);
    assert_eq!(ticket[..16], keys[0].name().0, "{format:?}, {} bytes", file.len());
    // Of all formats this one has the HMAC key in the same place, whatever its length.
    let in_order = keys[0].write(KeyFileFormat::OpenSsl).expect("48 or 80 bytes");
    let hmac_key = &in_order.expose()[16..][..(file.len() - 16) / 2];
    let (sealed, tag) = ticket.split_at(ticket.len() - 32);
    let mac = RUSTCRYPTO.hmac(HashAlgorithm::Sha256).key(hmac_key).sign(&[sealed]);
    assert_eq!(mac.as_ref(), tag, "{format:?}, {} bytes: another HMAC key", file.len());
}

#[test]
fn key_files_are_read_as_nginx_reads_them() {
    if !has_peers("key files of nginx") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    for len in [48, 80] {
        let file = file(len);
        let path = place.write("ticket.key", &file);
        let nginx = Web::start(&place, &format!("ssl_session_ticket_key {path};"));
        let mut caller = Caller::new(&place);
        assert_eq!(nginx.get(&mut caller, "first"), (NEW_TICKET, false));
        assert_sealed_with(caller.ticket(), &file, KeyFileFormat::Nginx);
        assert_sealed_with(caller.ticket(), &file, KeyFileFormat::Auto);
    }
}

#[test]
fn ticket_keys_are_read_as_node_reads_them() {
    if !has_peers("ticket keys of Node, read") {
        return;
    }
    let (place, file) = (Place::new(Key::EcdsaP256), file(48));
    let hex: String = file.iter().map(|byte| format!("{byte:02x}")).collect();
    let (_server, port) = server_of(SERVER, &place, &format!(r#","ticketKeys":"{hex}""#));
    let mut caller = Caller::new(&place);
    assert_eq!(verdict(&caller.call(port)), NEW_TICKET);
    assert_sealed_with(caller.ticket(), &file, KeyFileFormat::Node);
}
