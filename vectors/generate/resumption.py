#!/usr/bin/env python3
"""Writes the vectors of sessions, tickets, key files and the ratchet, apart from the crate.

Follows the documentation of the formats, and uses hashlib, hmac and the AES-GCM of the package `cryptography`.
Every value that stands for a random one is SHA-256 of its label, so the files are the same in every run.
"""
import base64
import hashlib
import hmac
import pathlib
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ROOT = pathlib.Path(__file__).resolve().parent.parent


def random(label: str, n: int) -> bytes:
    out = b""
    while len(out) < n:
        out += hashlib.sha256(f"{label} {len(out) // 32}".encode()).digest()
    return out[:n]


def mac(key: bytes, *parts: bytes) -> bytes:
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def prefixed(n: int, content: bytes) -> bytes:
    return len(content).to_bytes(n, "big") + content


def digest(label: bytes, *parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(prefixed(8, part) for part in (label, *parts))).digest()


def write(path: str, content: bytes) -> None:
    target = ROOT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def write_fields(path: str, title: str, fields: list[tuple[str, object]]) -> None:
    lines = [f"# {title}"]
    for name, value in fields:
        lines.append(f"{name} = {value.hex() if isinstance(value, bytes) else value}")
    write(path, ("\n".join(lines) + "\n").encode())


def peer(not_after: int, *chain: bytes) -> bytes:
    return struct.pack(">Q", not_after) + b"".join(prefixed(3, certificate) for certificate in chain)


MASTER = random("master secret", 48)
CONTEXT = digest(b"tls12 session context", b"fleet", b"one")
PARTITION = digest(b"tls12 partition", b"a.example")
LINEAGE = random("lineage", 16)
CHAIN = (random("leaf", 700), random("issuer", 500))


def session(full: bool) -> bytes:
    return b"".join([
        b"\x01", b"\x03\x03", struct.pack(">H", 0xC02B if full else 0xCCA8), bytes([1 if full else 0]),
        MASTER, CONTEXT, PARTITION, LINEAGE,
        struct.pack(">QQI", 1_800_000_000, 1_800_003_600, 36_000),
        struct.pack(">HH", 0x0403 if full else 0, 29 if full else 0),
        prefixed(1, b"a.example" if full else b""), prefixed(1, b"h2" if full else b""),
        prefixed(2, b"account 7" if full else b""), prefixed(3, peer(1_900_000_000, *CHAIN) if full else b""),
    ])


def client_session(by_ticket: bool) -> bytes:
    token = b"\x01" + struct.pack(">I", 7_200) + prefixed(2, random("ticket", 200))
    if not by_ticket:
        token = b"\x00" + prefixed(1, random("session id", 32))
    return b"".join([
        b"\x01", b"\x03\x03", struct.pack(">H", 0xC030), b"\x01", MASTER,
        digest(b"tls12 session context", b"trust"), LINEAGE, struct.pack(">QQ", 1_800_003_600, 1_800_000_000),
        prefixed(1, b"a.example"), prefixed(1, b"http/1.1" if by_ticket else b""), token,
        prefixed(3, peer(1_900_000_000, *CHAIN) if by_ticket else b""),
    ])


def client_session_2() -> bytes:
    proofs = struct.pack(">HH", 0x0804, 29) + prefixed(2, random("staple", 300))
    return b"\x02" + client_session(True)[1:] + proofs


def seal(secret: bytes, name: bytes, salt: bytes, label: bytes, store_key: bytes, plaintext: bytes) -> bytes:
    # HKDF-Expand (RFC 5869, 2.3) to 32 bytes; the key seals once, under a nonce of zeros.
    key = mac(secret, label, salt, b"\x01")
    aad = label + store_key + b"\x02" + name + salt
    return name + salt + AESGCM(key).encrypt(bytes(12), plaintext, aad)


def sealed_vectors() -> None:
    name, salt = random("key name", 16), random("salt", 32)
    session_id = random("session id", 32)
    store_key = digest(b"tls12 store key", PARTITION, session_id)
    for length in (32, 64):
        secret = random("ticket key", length)
        ticket = seal(secret, name, salt, b"tls12 seal ticket", b"", session(True))
        stored = seal(secret, name, salt, b"tls12 seal store", store_key, session(False))
        fields = [("name", name), ("secret", secret), ("salt", salt), ("session_id", session_id),
                  ("store_key", store_key), ("ticket", ticket), ("stored", stored)]
        title = "sessions/full.bin in a ticket, and sessions/minimal.bin for a store"
        write_fields(f"tickets/key{16 + length}.txt", title, fields)


def ratchet_vectors() -> None:
    seed, epoch, period = random("ratchet seed", 32), 1_767_225_600, 43_200
    fields: list[tuple[str, object]] = [("seed", seed), ("epoch", epoch), ("period", period)]
    for step in range(1001):
        if step in (0, 1, 2, 3, 60, 61, 999, 1000):
            name, key = mac(seed, b"tls12 ratchet name")[:16], mac(seed, b"tls12 ratchet key")
            fields += [(f"state_{step}", struct.pack(">Q", step) + seed), (f"key_{step}", name + key)]
        seed = mac(seed, b"tls12 ratchet step")
    write_fields("ratchet/steps.txt", "key_n: name and secret of step n; state_n: n and the seed of step n", fields)


def key_files() -> None:
    fields: list[tuple[str, object]] = []
    for number, length in ((1, 16), (2, 32), (3, 16), (4, 16)):
        name = random(f"name {number}", 16)
        hmac_key, aes = random(f"hmac {number}", length), random(f"aes {number}", length)
        fields += [(f"name_{number}", name), (f"hmac_{number}", hmac_key), (f"aes_{number}", aes)]
    parts = {name: value for name, value in fields}
    name_first = lambda n, first, second: parts[f"name_{n}"] + parts[f"{first}_{n}"] + parts[f"{second}_{n}"]
    write("key_files/nginx48.key", name_first(1, "aes", "hmac"))
    write("key_files/nginx80.key", name_first(2, "hmac", "aes"))
    write("key_files/apache48.key", name_first(1, "hmac", "aes"))
    write("key_files/node48.key", name_first(1, "hmac", "aes"))
    write("key_files/openssl80.key", name_first(2, "hmac", "aes"))
    lines = lambda *numbers: b"".join(base64.b64encode(name_first(n, "aes", "hmac")) + b"\n" for n in numbers)
    write("key_files/haproxy48.txt", lines(3, 1, 4))
    write("key_files/haproxy80.txt", lines(2))
    write_fields("key_files/parts.txt", "what is in the key files, by number of the key", fields)


SUITES = (0xC02B, 0xC02C, 0xCCA9, 0xC02F, 0xC030, 0xCCA8)
SERVER = {"suite": 0xC02B, "extended": 1, "scheme": 0, "group": 29, "name": b"a.example", "alpn": b"",
          "application_data": b"", "not_after": 0, "chain": ()}
CLIENT = {"suite": 0xC02B, "extended": 1, "name": b"a.example", "alpn": b"", "session_id": b"", "hint": 36_000,
          "ticket": random("ticket", 200), "not_after": 0, "chain": (), "scheme": 0, "group": 29, "ocsp": b""}
SHORT_CHAIN = (random("leaf", 40), random("issuer", 30), random("root", 20))


def encoded_server(f: dict) -> bytes:
    return b"".join([
        b"\x01\x03\x03", struct.pack(">HB", f["suite"], f["extended"]), MASTER, CONTEXT, PARTITION, LINEAGE,
        struct.pack(">QQI", 1_800_000_000, 1_800_003_600, 36_000), struct.pack(">HH", f["scheme"], f["group"]),
        prefixed(1, f["name"]), prefixed(1, f["alpn"]), prefixed(2, f["application_data"]),
        prefixed(3, peer(f["not_after"], *f["chain"]) if f["chain"] else b""),
    ])


def encoded_client(f: dict) -> bytes:
    by_ticket = b"\x01" + struct.pack(">I", f["hint"]) + prefixed(2, f["ticket"])
    return b"".join([
        b"\x02\x03\x03", struct.pack(">HB", f["suite"], f["extended"]), MASTER, CONTEXT, LINEAGE,
        struct.pack(">QQ", 1_800_003_600, 1_800_000_000), prefixed(1, f["name"]), prefixed(1, f["alpn"]),
        b"\x00" + prefixed(1, f["session_id"]) if f["session_id"] else by_ticket,
        prefixed(3, peer(f["not_after"], *f["chain"]) if f["chain"] else b""),
        struct.pack(">HH", f["scheme"], f["group"]), prefixed(2, f["ocsp"]),
    ])


def options() -> list[tuple[str, dict]]:
    """Each option of a session by itself, at its ends where it has some."""
    with_chain = [{"not_after": 1_900_000_000, "chain": SHORT_CHAIN[:n], "scheme": 0x0403} for n in (1, 2, 3)]
    common = [{"suite": suite} for suite in SUITES] + [{"extended": 0}]
    common += [{"alpn": b"h2"}, {"alpn": b"p" * 255}, {"name": b"n" * 251 + b".abc"}]
    server = [{"name": b""}, {"application_data": b"x"}, {"application_data": random("application", 4096)}]
    proofs = [{"group": group} for group in (0, 23, 24)] + with_chain
    proofs += [{**with_chain[0], "scheme": scheme} for scheme in (0x0503, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401)]
    client = [{"session_id": random("session id", n)} for n in (1, 32)] + [{"hint": 0}, {"hint": 2**32 - 1}]
    client += [{"ticket": b"t"}, {"ticket": random("ticket", 5000)}]
    client += [{**with_chain[0], "ocsp": random("response", n)} for n in (1, 500)]
    return [("server", {**SERVER, **each}) for each in [{}] + common + server + proofs] + [
        ("client", {**CLIENT, **each}) for each in [{}] + common + client + proofs]


def option_vectors() -> None:
    name, secret, salt = random("key name", 16), random("ticket key", 32), random("salt", 32)
    lines = ["# Sessions of servers (version 1) and clients (version 2), with each option by itself; the former as tickets too.",
             "# Written by vectors/generate/resumption.py, apart from the crate.", "",
             f"key-name: {name.hex()}", f"key-secret: {secret.hex()}", f"salt: {salt.hex()}", f"master: {MASTER.hex()}",
             f"context: {CONTEXT.hex()}", f"partition: {PARTITION.hex()}", f"lineage: {LINEAGE.hex()}"]
    for kind, fields in options():
        lines += ["", f"kind: {kind}"]
        for field, value in fields.items():
            if field == "chain":
                lines += [f"certificate: {certificate.hex()}" for certificate in value]
            else:
                lines.append(f"{field}: {value.hex() if isinstance(value, bytes) else value}".rstrip())
        encoded = (encoded_server if kind == "server" else encoded_client)(fields)
        lines.append(f"encoded: {encoded.hex()}")
        if kind == "server":
            lines.append(f"sealed: {seal(secret, name, salt, b'tls12 seal ticket', b'', encoded).hex()}")
    write("sessions/options.txt", ("\n".join(lines) + "\n").encode())


def main() -> None:
    write("sessions/full.bin", session(True))
    write("sessions/minimal.bin", session(False))
    write("sessions/client_ticket.bin", client_session(True))
    write("sessions/client_id.bin", client_session(False))
    write("sessions/client_ticket_2.bin", client_session_2())
    option_vectors()
    sealed_vectors()
    ratchet_vectors()
    key_files()


if __name__ == "__main__":
    main()
