//! Host names as the server_name extension carries them.

use core::str;

use pki_types::DnsName;

/// The host name of a server_name extension; `None` for bytes that are none.
///
/// RFC 6066, 3: "the fully qualified DNS hostname of the server … represented as a byte string using ASCII
/// encoding without a trailing dot", and "Literal IPv4 and IPv6 addresses are not permitted". An underscore is
/// accepted, for names that DNS holds have them. 1 to 253 bytes, each label 1 to 63.
pub fn host_name(bytes: &[u8]) -> Option<DnsName<'static>> {
    let name = str::from_utf8(bytes).ok().filter(|name| !name.ends_with('.'))?;
    DnsName::try_from(name).ok().map(|name| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_ascii_without_a_trailing_dot_and_no_address() {
        for good in ["localhost", "a.example", "A.Example", "xn--bcher-kva.example", "_a.b_c.example", "1.a"]
        {
            assert_eq!(host_name(good.as_bytes()).unwrap().as_ref(), good);
        }
        let long = [b'a'; 64];
        for bad in [
            &b""[..],
            b".",
            b"a.example.",
            b"a..example",
            b"a\0.example",
            b"a\n.example",
            b"a b.example",
            b"b\xc3\xbccher.example",
            b"\xff",
            b"-a.example",
            b"*.example",
            b"127.0.0.1",
            b"::1",
            b"[::1]",
            b"a.example:443",
            &long,
        ] {
            assert_eq!(host_name(bad), None, "{bad:?}");
        }
    }
}
