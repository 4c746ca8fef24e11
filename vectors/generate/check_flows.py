#!/usr/bin/env python3
"""Checks the transcripts of this crate, vectors/transcripts/flows, apart from the crate.

They are the one source of known answers that is the crate itself. This goes through each as a third party that has both
seeds: it draws the randoms and the private keys, verifies the signatures, derives the keys with Python's hmac, opens both
Finished and compares them. It changes no file.

    pip install cryptography
    python3 vectors/generate/check_flows.py
"""

import hashlib
import hmac

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from generate import IV_LENGTH, KEY_LENGTH, SUITES, VECTORS, aead, prf

TICKET, CERTIFICATE, KEY_EXCHANGE, CERTIFICATE_VERIFY, CLIENT_KEY_EXCHANGE, FINISHED = 4, 11, 12, 15, 16, 20
CURVES = {23: (ec.SECP256R1(), 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551), 24: (
    ec.SECP384R1(),
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973)}
# By the first byte of an old scheme, and by the second one of rsa_pss_rsae.
HASHES = {4: hashes.SHA256(), 5: hashes.SHA384(), 6: hashes.SHA512()}


def draw(seed, label, length=32):
    """How a seed gives what is random: HMAC-SHA256(seed, label), with the number of each further block behind it."""
    out = hmac.new(seed, label, hashlib.sha256).digest()
    if length > 32:
        out += hmac.new(seed, label + b"\x01", hashlib.sha256).digest()
    return out[:length]


class Bytes:
    def __init__(self, data):
        self.data = data

    def take(self, n):
        assert len(self.data) >= n, "cut"
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def number(self, n):
        return int.from_bytes(self.take(n), "big")

    def prefixed(self, n):
        return self.take(self.number(n))


def read(path):
    """The lines of a transcript: what was given, and what was said by whom."""
    given, said = {}, []
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, value = line.split(": ", 1)
            if name in ("client", "server"):
                said.append((name, bytes.fromhex(value)))
            else:
                given.setdefault(name, value)
    return given, said


def pieces(said):
    """Handshake messages in the clear, and sealed records, in their order, each with its side."""
    out, sealed, pending = [], {"client": False, "server": False}, {"client": b"", "server": b""}
    for side, data in said:
        records = Bytes(data)
        while records.data:
            content, version, body = records.number(1), records.number(2), records.prefixed(2)
            assert version in (0x0301, 0x0303)
            if sealed[side]:
                out.append((side, "sealed", content, body))
            elif content == 20:
                assert body == b"\x01" and not pending[side]
                sealed[side] = True
            else:
                assert content == 22
                pending[side] += body
                while len(pending[side]) >= 4 and len(pending[side]) >= 4 + int.from_bytes(pending[side][1:4], "big"):
                    length = 4 + int.from_bytes(pending[side][1:4], "big")
                    out.append((side, "clear", pending[side][0], pending[side][:length]))
                    pending[side] = pending[side][length:]
    assert not any(pending.values())
    return out


def server_hello(message):
    body = Bytes(message[4:])
    body.take(2)
    random, session_id, suite = body.take(32), body.prefixed(1), body.number(2)
    body.take(1)
    extensions, kinds = Bytes(body.prefixed(2)), set()
    while extensions.data:
        kinds.add(extensions.number(2))
        extensions.prefixed(2)
    return random, session_id, suite, kinds


def verify(certificate, scheme, signature, signed):
    """RFC 5246, 7.4.3, and RFC 8446, 4.2.3, for rsa_pss_rsae."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    digest = HASHES[scheme & 0xFF if scheme >> 8 == 8 else scheme >> 8]
    if isinstance(key, rsa.RSAPublicKey):
        pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
        key.verify(signature, signed, pss if scheme >> 8 == 8 else padding.PKCS1v15(), digest)
    else:
        key.verify(signature, signed, ec.ECDSA(digest))


def shared(group, mine, theirs):
    """The share that follows from the 64 bytes of `mine`, and the secret with `theirs`."""
    if group == 29:
        private = x25519.X25519PrivateKey.from_private_bytes(mine[:32])
        share = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return share, private.exchange(x25519.X25519PublicKey.from_public_bytes(theirs))
    curve, order = CURVES[group]
    private = ec.derive_private_key(int.from_bytes(mine, "big") % (order - 1) + 1, curve)
    share = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return share, private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, theirs))


def leaf(message):
    return Bytes(Bytes(message[4:]).prefixed(3)).prefixed(3)


def premaster(messages, randoms, seeds):
    """The secret of a key exchange, whose shares follow from both seeds and whose signature verifies."""
    exchange = next(body for side, kind, body in messages if kind == KEY_EXCHANGE)
    fields = Bytes(exchange[4:])
    curve_type, group, server_share = fields.number(1), fields.number(2), fields.prefixed(1)
    assert curve_type == 3
    scheme, signature = fields.number(2), fields.prefixed(2)
    assert not fields.data
    signed = randoms[0] + randoms[1] + exchange[4:8 + len(server_share)]
    certificate = next(body for side, kind, body in messages if kind == CERTIFICATE and side == "server")
    verify(leaf(certificate), scheme, signature, signed)
    answer = next(body for side, kind, body in messages if kind == CLIENT_KEY_EXCHANGE)
    client_share = Bytes(answer[4:]).prefixed(1)
    entropy = [draw(seed, b"key exchange", 64) for seed in seeds]
    mine, secret = shared(group, entropy[0], server_share)
    theirs, same = shared(group, entropy[1], client_share)
    assert (mine, theirs, secret) == (client_share, server_share, same)
    return secret


def client_certificate(messages):
    """RFC 5246, 7.4.8: the signature is over all messages so far."""
    log, certificate, checked = b"", None, 0
    for side, kind, body in messages:
        if (side, kind) == ("client", CERTIFICATE):
            certificate = leaf(body)
        if kind == CERTIFICATE_VERIFY:
            fields = Bytes(body[4:])
            scheme = fields.number(2)
            verify(certificate, scheme, fields.prefixed(2), log)
            checked += 1
        log += body
    return checked


def open_record(cipher, key, iv, content, body):
    """The first record under a key: sequence number 0 (RFC 5246, 6.2.3.3; RFC 5288, 3; RFC 7905, 2)."""
    explicit, ciphertext = (b"", body) if cipher == "chacha20-poly1305" else (body[:8], body[8:])
    assert explicit == bytes(len(explicit))
    aad = bytes(8) + bytes([content]) + b"\x03\x03" + (len(ciphertext) - 16).to_bytes(2, "big")
    return aead(cipher, key).decrypt((iv + explicit).ljust(12, b"\0"), ciphertext, aad)


def keys_of(name, cipher, master, randoms):
    key_length, iv_length = KEY_LENGTH[cipher], IV_LENGTH[cipher]
    block = Bytes(prf(name, master, b"key expansion", randoms[1] + randoms[0], 2 * (key_length + iv_length)))
    keys = {side: block.take(key_length) for side in ("client", "server")}
    return {side: (key, block.take(iv_length)) for side, key in keys.items()}


def check(path):
    given, said = read(path)
    seeds = [bytes.fromhex(given[f"{side}-seed"]) for side in ("client", "server")]
    parts = pieces(said)
    messages = [(side, kind, body) for side, form, kind, body in parts if form == "clear"]
    finished = [(side, kind, body) for side, form, kind, body in parts if form == "sealed"]
    hello = messages[0][2]
    random, session_id, suite, promised = server_hello(messages[1][2])
    randoms = [hello[6:38], random]
    assert randoms == [draw(seeds[0], b"client random"), draw(seeds[1], b"server random")]
    assert 23 in promised, "the extended master secret"
    name, cipher = next((name, cipher) for code, name, cipher in SUITES if int(code, 16) == suite)
    full = any(kind == CERTIFICATE for _, kind, _ in messages)
    offered = Bytes(hello[38:]).prefixed(1)
    assert full or (session_id == offered and session_id), "a resumption echoes the ID"
    digest = lambda log: hashlib.new(name, log).digest()
    if full:
        count = next(i for i, (_, kind, _) in enumerate(messages) if kind == CLIENT_KEY_EXCHANGE) + 1
        session_hash = digest(b"".join(body for _, _, body in messages[:count]))
        secret = premaster(messages, randoms, seeds)
        master = prf(name, secret, b"extended master secret", session_hash, 48)
    else:
        # Versions 1 and 2 of the format begin alike: version, TLS version, suite, flag, master secret.
        session = bytes.fromhex(given["client-session"])
        assert session[0] in (1, 2) and session[1:6] == b"\x03\x03" + suite.to_bytes(2, "big") + b"\x01"
        master = session[6:54]
    asked = client_certificate(messages)
    assert asked == (1 if full and "client_certificate" in path.name else 0)
    assert (35 in promised) == any(kind == TICKET for _, kind, _ in messages)
    check_finished(name, cipher, master, randoms, messages, finished, full)
    assert [given[f"{side}-verdict"][0] == "1" for side in ("client", "server")] == [full, full]


def check_finished(name, cipher, master, randoms, messages, finished, full):
    """RFC 5246, 7.4.9: over all messages before it, the other Finished included."""
    keys = keys_of(name, cipher, master, randoms)
    # NewSessionTicket comes behind the client's Finished in a full handshake (RFC 5077, 3.3).
    log = b"".join(body for _, kind, body in messages if not (full and kind == TICKET))
    assert [side for side, _, _ in finished] == (["client", "server"] if full else ["server", "client"])
    for side, content, body in finished:
        if full and side == "server":
            log += b"".join(body for _, kind, body in messages if kind == TICKET)
        plaintext = open_record(cipher, *keys[side], content, body)
        verify_data = prf(name, master, f"{side} finished".encode(), hashlib.new(name, log).digest(), 12)
        assert content == 22 and plaintext == bytes([FINISHED, 0, 0, 12]) + verify_data, f"Finished of the {side}"
        log += plaintext


def main():
    paths = sorted((VECTORS / "transcripts/flows").glob("*.txt"))
    assert paths
    for path in paths:
        try:
            check(path)
        except Exception as error:
            raise SystemExit(f"{path.name}: {error!r}") from error
    print(f"{len(paths)} transcripts are as they should be")


if __name__ == "__main__":
    main()
