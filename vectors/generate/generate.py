#!/usr/bin/env python3
"""Writes the computed known answers beside this folder.

It shares nothing with the crate: the PRF and what is built on it come from Python's hmac and hashlib, the AEADs and
certificates from the package `cryptography` (OpenSSL). All inputs follow from labels, so a second run changes no byte.

    pip install cryptography
    python3 vectors/generate/generate.py
"""

import datetime
import hashlib
import hmac
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VECTORS = pathlib.Path(__file__).resolve().parent.parent
ORIGIN = "# Computed by vectors/generate/generate.py, apart from the crate."


def made(label, length):
    """Bytes that follow from a label."""
    out, i = b"", 0
    while len(out) < length:
        out += hashlib.sha256(f"{label} {i}".encode()).digest()
        i += 1
    return out[:length]


def prf(hash_name, secret, label, seed, length):
    """RFC 5246, 5."""
    a, out = label + seed, b""
    while len(out) < length:
        a = hmac.new(secret, a, hash_name).digest()
        out += hmac.new(secret, a + label + seed, hash_name).digest()
    return out[:length]


def write(path, comment, blocks):
    lines = [ORIGIN, *(f"# {line}" for line in comment)]
    for block in blocks:
        lines.append("")
        for name, value in block:
            text = value.hex() if isinstance(value, bytes) else str(value)
            lines.append(f"{name}: {text}".rstrip())
    (VECTORS / path).write_text("\n".join(lines) + "\n")


def prf_lengths():
    """Outputs that end before, at and behind the end of a block."""
    blocks = []
    for name, block in (("sha256", 32), ("sha384", 48)):
        for length in (1, 12, block - 1, block, block + 1, 2 * block, 3 * block + 5):
            for secret_length in (0, 32, 48, 64, 65, 128, 129):
                secret = made(f"secret {name}", secret_length)
                seed = made(f"seed {name}", 64)
                label = "a label of the tests"
                blocks.append([
                    ("hash", name), ("secret", secret), ("label", label), ("seed", seed),
                    ("output", prf(name, secret, label.encode(), seed, length)),
                ])
    write("prf/computed.txt", ["The PRF of RFC 5246, 5: secrets shorter and longer than a block of the hash."], blocks)


SUITES = [
    ("c02b", "sha256", "aes-128-gcm"),
    ("c02c", "sha384", "aes-256-gcm"),
    ("cca9", "sha256", "chacha20-poly1305"),
    ("c02f", "sha256", "aes-128-gcm"),
    ("c030", "sha384", "aes-256-gcm"),
    ("cca8", "sha256", "chacha20-poly1305"),
]
KEY_LENGTH = {"aes-128-gcm": 16, "aes-256-gcm": 32, "chacha20-poly1305": 32}
IV_LENGTH = {"aes-128-gcm": 4, "aes-256-gcm": 4, "chacha20-poly1305": 12}


def aead(name, key):
    return ChaCha20Poly1305(key) if name == "chacha20-poly1305" else AESGCM(key)


def schedule():
    """From the premaster secret to everything that is derived from it, suite by suite."""
    blocks = []
    for code, name, cipher in SUITES:
        digest_length = hashlib.new(name).digest_size
        premaster = made(f"premaster {code}", 48 if name == "sha384" else 32)
        client, server = made(f"client random {code}", 32), made(f"server random {code}", 32)
        session_hash = made(f"session hash {code}", digest_length)
        transcript = made(f"transcript {code}", digest_length)
        classic = prf(name, premaster, b"master secret", client + server, 48)
        master = prf(name, premaster, b"extended master secret", session_hash, 48)
        key_length, iv_length = KEY_LENGTH[cipher], IV_LENGTH[cipher]
        block = prf(name, master, b"key expansion", server + client, 2 * (key_length + iv_length))
        client_key, server_key = block[:key_length], block[key_length:2 * key_length]
        client_iv, server_iv = block[2 * key_length:][:iv_length], block[2 * key_length + iv_length:]
        label, context = "EXPORTER-of-the-tests", made(f"context {code}", 300)
        export = lambda tail, length: prf(name, master, label.encode(), client + server + tail, length)
        binding = prf(name, master, b"EXPORTER-Channel-Binding", client + server + b"\0\0", 32)
        probe = lambda key, iv: aead(cipher, key).encrypt(iv.ljust(12, b"\0"), b"", b"probe")
        blocks.append([
            ("suite", code), ("premaster", premaster), ("client-random", client), ("server-random", server),
            ("session-hash", session_hash), ("classic-master", classic), ("extended-master", master),
            ("client-iv", client_iv), ("server-iv", server_iv),
            ("client-probe", probe(client_key, client_iv)), ("server-probe", probe(server_key, server_iv)),
            ("transcript-hash", transcript),
            ("client-finished", prf(name, master, b"client finished", transcript, 12)),
            ("server-finished", prf(name, master, b"server finished", transcript, 12)),
            ("export-label", label), ("export-context", context),
            ("export-without-context", export(b"", 77)),
            ("export-with-empty-context", export(b"\0\0", 77)),
            ("export-with-context", export(len(context).to_bytes(2, "big") + context, 77)),
            ("tls-exporter", binding),
            ("classic-client-finished", prf(name, classic, b"client finished", transcript, 12)),
        ])
    comment = [
        "RFC 5246, 8.1 (classic-master), 6.3 (what follows from the key block) and 7.4.9 (Finished); RFC 7627, 4",
        "(extended-master); RFC 5705, 4 (export-*); RFC 9266, 3 (tls-exporter). All but classic-* follow from the",
        "extended master secret. A probe is `probe` sealed under the key of a side, with its IV and zeros behind it as",
        "the nonce and no additional data: it shows the key, which the crate does not hand out.",
    ]
    write("schedule/computed.txt", comment, blocks)


def record(cipher, key, iv, sequence, content, plaintext, explicit=None):
    """RFC 5246, 6.2.3.3; RFC 5288, 3; RFC 7905, 2."""
    aad = sequence.to_bytes(8, "big") + bytes([content]) + b"\x03\x03" + len(plaintext).to_bytes(2, "big")
    if cipher == "chacha20-poly1305":
        padded = sequence.to_bytes(12, "big")
        explicit, nonce = b"", bytes(a ^ b for a, b in zip(padded, iv))
    else:
        explicit = sequence.to_bytes(8, "big") if explicit is None else explicit
        nonce = iv + explicit
    body = explicit + aead(cipher, key).encrypt(nonce, plaintext, aad)
    return bytes([content]) + b"\x03\x03" + len(body).to_bytes(2, "big") + body


def records():
    for cipher, key_length in KEY_LENGTH.items():
        key, iv = made(f"record key {cipher}", key_length), made(f"record iv {cipher}", IV_LENGTH[cipher])
        contents = [
            (22, made("a Finished", 16)), (23, b"hello"), (23, b""), (21, b"\x01\x00"), (23, made("some", 1)),
            (23, made("more", 255)), (23, made("most", 1024)), (22, b"\x00\x00\x00\x00"), (20, b"\x01"),
        ]
        blocks = [[("key", key), ("iv", iv)]]
        for sequence, (content, plaintext) in enumerate(contents):
            made_record = record(cipher, key, iv, sequence, content, plaintext)
            blocks.append([("sequence", sequence), ("type", content), ("plaintext", plaintext), ("record", made_record)])
        longest = b"\x61" * 16384
        whole = record(cipher, key, iv, len(contents), 23, longest)
        blocks.append([
            ("sequence", len(contents)), ("type", 23), ("plaintext-is-61-times", len(longest)),
            ("record-length", len(whole)), ("record-sha256", hashlib.sha256(whole).digest()),
        ])
        for sequence, explicit in enumerate([b"\xff" * 8, made("explicit", 8), bytes(8)]):
            if cipher == "chacha20-poly1305":
                break
            plaintext = made(f"explicit {sequence}", 40)
            foreign = record(cipher, key, iv, sequence, 23, plaintext, explicit)
            blocks.append([("foreign-sequence", sequence), ("type", 23), ("plaintext", plaintext), ("record", foreign)])
        comment = [
            f"Records under {cipher}, one behind the other from sequence number 0: what a peer's sealer makes.",
            "A foreign record has an explicit nonce that is not its sequence number (RFC 5288, 3); it can only be read.",
        ]
        write(f"records/{cipher}.txt", comment, blocks)


def certificate(key, digest, signer, padding=None):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.example")])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(int.from_bytes(made("serial", 15), "big"))
        .not_valid_before(datetime.datetime(2020, 1, 1)).not_valid_after(datetime.datetime(2100, 1, 1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    deterministic = True if isinstance(signer, ec.EllipticCurvePrivateKey) else None
    return builder.sign(signer, digest, rsa_padding=padding, ecdsa_deterministic=deterministic)


def end_point():
    """RFC 5929, 4.1: the hash of the certificate's own signature."""
    from cryptography.hazmat.primitives.asymmetric import padding
    scalar = lambda label: int.from_bytes(made(label, 31), "big")
    leaf = ec.derive_private_key(scalar("leaf"), ec.SECP256R1())
    p384 = ec.derive_private_key(scalar("issuer"), ec.SECP384R1())
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(made("issuer", 32))
    pem = (VECTORS.parent / "tests/common/rsa_2048.pem").read_bytes()
    rsa = serialization.load_pem_private_key(pem[pem.index(b"-----BEGIN"):], None)
    pss = lambda digest: padding.PSS(padding.MGF1(digest), 0)
    cases = [
        ("ecdsa-with-SHA256", "sha256", hashes.SHA256(), p384, None),
        ("ecdsa-with-SHA384", "sha384", hashes.SHA384(), p384, None),
        ("ecdsa-with-SHA512", "sha512", hashes.SHA512(), p384, None),
        ("sha256WithRSAEncryption", "sha256", hashes.SHA256(), rsa, None),
        ("sha384WithRSAEncryption", "sha384", hashes.SHA384(), rsa, None),
        ("sha512WithRSAEncryption", "sha512", hashes.SHA512(), rsa, None),
        ("RSASSA-PSS with SHA-384", "sha384", hashes.SHA384(), rsa, pss(hashes.SHA384())),
        ("Ed25519", "sha256", None, edwards, None),
    ]
    key = leaf.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    blocks = []
    for signature, name, digest, signer, rsa_padding in cases:
        der = certificate(leaf, digest, signer, rsa_padding).public_bytes(serialization.Encoding.DER)
        blocks.append([
            ("signature", signature), ("certificate", der), ("key", key),
            ("tls-server-end-point", hashlib.new(name, der).digest()),
        ])
    comment = [
        "tls-server-end-point (RFC 5929, 4.1) of certificates with each kind of signature. For Ed25519 the RFC leaves it",
        "undefined; SHA-256 is this crate's choice. The signature is by a key that is not shown; nobody verifies it.",
    ]
    write("end_point/computed.txt", comment, blocks)


if __name__ == "__main__":
    prf_lengths()
    schedule()
    records()
    end_point()
