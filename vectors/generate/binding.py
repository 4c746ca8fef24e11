#!/usr/bin/env python3
"""Writes the suite of resumption binding, vectors/binding: which sessions a server resumes, and which it must not.

Runs nothing: what is expected follows from the settings of a case by the rules below, each of which is a sentence of an
RFC or of the rules in vectors/binding/README.md. One line of a table is one thing that may be otherwise than usual when
a client comes back; the suite has every line by itself and every two lines of two tables together.

    python3 vectors/generate/binding.py
"""

import itertools
import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "binding"

AES_128 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
AES_256 = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
LIFETIME, AUTHENTICATION_LIFETIME = 36_000, 86_400
# Seconds from the first handshake to the end of the client certificates `short` and `long`.
CERTIFICATE_ENDS = {"short": 3_600, "long": 10_000_000}

CLIENT = {
    "server_name": "a.example", "extended_master_secret": True, "suites": [AES_128, AES_256], "alpn": ["h2"],
    "certificate": None,
}
SERVER = {
    "certificate": "A", "domain": None, "partition": "home", "alpn": ["h2", "http/1.1"], "suites": [AES_128, AES_256],
    "client_auth": "off", "lifetime": LIFETIME, "authentication_lifetime": AUTHENTICATION_LIFETIME,
    "resumes_without_extended_master_secret": False, "requires_same_protocol": False,
    "keys": {"K1": "seals"}, "store": "keeps",
}
BASE = {
    "first": {"client": CLIENT, "server": SERVER}, "after": 60,
    "second": {"client": {**CLIENT, "token": "intact"}, "server": SERVER},
}


def line(after=None, both=None, then=None, now=None, server_both=None, server_then=None, server_now=None):
    """What a line of a table changes: of the client and of the server, in the first handshake and in the second."""
    both, server_both = both or {}, server_both or {}
    return {
        "after": after, "first": {"client": {**both, **(then or {})}, "server": {**server_both, **(server_then or {})}},
        "second": {"client": {**both, **(now or {})}, "server": {**server_both, **(server_now or {})}},
    }


TABLES = {
    "name": {
        "another": line(now={"server_name": "b.example"}),
        "none now": line(now={"server_name": None}),
        "none then": line(then={"server_name": None}),
        "never one": line(both={"server_name": None}),
        "in capitals": line(now={"server_name": "A.eXample"}),
    },
    "domain": {
        "another certificate": line(server_now={"certificate": "B"}),
        "another by name": line(server_then={"domain": "one"}, server_now={"domain": "two"}),
        "by name now": line(server_now={"domain": "one"}),
        "one by name": line(server_both={"domain": "one"}),
        "one by name for two certificates": line(server_both={"domain": "one"}, server_now={"certificate": "B"}),
    },
    "partition": {"another": line(server_now={"partition": "away"})},
    "client certificate": {
        "required, and there": line(both={"certificate": "long"}, server_both={"client_auth": "require"}),
        "requested, and there": line(both={"certificate": "long"}, server_both={"client_auth": "request"}),
        "requested, and none": line(server_both={"client_auth": "request"}),
        "none then, required now": line(now={"certificate": "long"}, server_now={"client_auth": "require"}),
        "requested and none then, required now": line(
            now={"certificate": "long"}, server_then={"client_auth": "request"}, server_now={"client_auth": "require"}),
        "requested and there then, required now": line(
            both={"certificate": "long"}, server_then={"client_auth": "request"}, server_now={"client_auth": "require"}),
        "there then, not asked for now": line(both={"certificate": "long"}, server_then={"client_auth": "require"}),
        "expired since": line(after=3_601, both={"certificate": "long"}, then={"certificate": "short"},
                              server_both={"client_auth": "require"}),
        "in its last second": line(after=3_600, both={"certificate": "long"}, then={"certificate": "short"},
                                   server_both={"client_auth": "require"}),
    },
    "extended master secret": {
        "gone": line(now={"extended_master_secret": False}),
        "new": line(then={"extended_master_secret": False}),
        "never": line(both={"extended_master_secret": False}),
        "never, and allowed": line(
            both={"extended_master_secret": False}, server_both={"resumes_without_extended_master_secret": True}),
        "never, and allowed then": line(
            both={"extended_master_secret": False}, server_then={"resumes_without_extended_master_secret": True}),
        "new, and never allowed": line(
            then={"extended_master_secret": False}, server_both={"resumes_without_extended_master_secret": True}),
        "gone, and never allowed": line(
            now={"extended_master_secret": False}, server_both={"resumes_without_extended_master_secret": True}),
    },
    "suite": {
        "not offered": line(now={"suites": [AES_256]}),
        "not allowed": line(server_now={"suites": [AES_256]}),
        "less liked": line(now={"suites": [AES_256, AES_128]}, server_now={"suites": [AES_256, AES_128]}),
        "with SHA-384": line(both={"suites": [AES_256]}),
    },
    "protocol": {
        "another": line(now={"alpn": ["http/1.1"]}),
        "another where it must stay": line(now={"alpn": ["http/1.1"]}, server_both={"requires_same_protocol": True}),
        "the same where it must stay": line(server_both={"requires_same_protocol": True}),
        "none now": line(now={"alpn": []}),
        "none now where it must stay": line(now={"alpn": []}, server_both={"requires_same_protocol": True}),
        "another set of the server's": line(server_now={"alpn": ["h2"]}),
    },
    "age": {
        "last second": line(after=LIFETIME - 1),
        "lifetime": line(after=LIFETIME),
        "lifetime shortened": line(after=3_600, server_now={"lifetime": 3_600}),
        "lifetime prolonged": line(after=LIFETIME, server_now={"lifetime": 2 * LIFETIME}),
        "authentication too long ago": line(after=3_600, server_now={"authentication_lifetime": 3_600}),
    },
    "key": {
        "former": line(server_now={"keys": {"K1": "opens", "K2": "seals"}}),
        "next": line(server_now={"keys": {"K1": "waits", "K2": "seals"}}),
        "retired": line(server_now={"keys": {"K1": "retired", "K2": "seals"}}),
        "unknown": line(server_now={"keys": {"K2": "seals"}}),
        "namesake": line(server_now={"keys": {"K1'": "seals"}}),
    },
}

# By themselves only.
ALONE = {
    "token": {
        "altered": line(now={"token": "altered"}),
        "cut": line(now={"token": "cut"}),
        "good ID beside a bad ticket": line(now={"token": "good ID beside a bad ticket"}),
    },
    "store": {
        "lost it": line(server_now={"store": "lost"}),
        "down": line(server_now={"store": "down"}),
    },
}


def combined(*lines):
    """The base, changed by some lines: the longest wait counts, and what any line changes is changed."""
    case = json.loads(json.dumps(BASE))
    case["after"] = max([each["after"] for each in lines if each["after"] is not None], default=BASE["after"])
    for each, turn, side in itertools.product(lines, ("first", "second"), ("client", "server")):
        case[turn][side].update(each[turn][side])
    return case


def domain(server):
    """R3: what made a session trustworthy, if the operator did not give it a name."""
    if server["domain"] is not None:
        return server["domain"]
    return [server["certificate"], server["alpn"], server["client_auth"]]


def protocol(turn):
    """RFC 7301, 3.2: the server's choice, here its most preferred."""
    return next((each for each in turn["server"]["alpn"] if each in turn["client"]["alpn"]), None)


def suite(turn):
    """RFC 5246, 7.4.1.3: what a full handshake agrees on; both sides of the suite like the same best."""
    return next(each for each in turn["server"]["suites"] if each in turn["client"]["suites"])


def name(client):
    """RFC 6066, 3: host names are compared without regard to case."""
    return client["server_name"] and client["server_name"].lower()


def key_faults(keys):
    """R18, R22: only what a key of the ring opens is a session."""
    if "K1'" in keys:
        return [("R18", "forged")]
    state = keys.get("K1", "unknown")
    return {"unknown": [("R18", "unknown-key")], "retired": [("R22", "retired-key")]}.get(state, [])


def session_faults(case):
    """Why the session, once it is known, must not be resumed: each rule by itself."""
    then, now, after = case["first"], case["second"], case["after"]
    asked, certificate = now["server"]["client_auth"], then["client"]["certificate"]
    if then["server"]["client_auth"] == "off":
        certificate = None
    lifetime = min(then["server"]["lifetime"], then["server"]["authentication_lifetime"], now["server"]["lifetime"])
    extended = (then["client"]["extended_master_secret"], now["client"]["extended_master_secret"])
    allowed = now["server"]["resumes_without_extended_master_secret"]
    made_with = suite(then)
    rules = [
        ("R2", "other-server-name", name(then["client"]) != name(now["client"])),
        ("R3", "other-domain", domain(then["server"]) != domain(now["server"])),
        ("R4", "no-client-certificate", asked == "require" and certificate is None),
        ("R4", "client-certificate-expired", asked != "off" and certificate is not None
         and after > CERTIFICATE_ENDS[certificate]),
        ("R6", "other-suite", made_with not in now["client"]["suites"] or made_with not in now["server"]["suites"]),
        ("R8", "other-protocol", now["server"]["requires_same_protocol"] and protocol(then) != protocol(now)),
        ("R10", "extended-master-secret-new", extended == (False, True)),
        ("R11", "never-extended-master-secret", extended == (False, False) and not allowed),
        ("R27", "authentication-too-long-ago", after >= now["server"]["authentication_lifetime"]),
        ("R28", "expired", after >= lifetime),
    ]
    return [(rule, what) for rule, what, broken in rules if broken]


def verdict(allowed, faults):
    return {"verdicts": allowed, "reasons": [{"rule": rule, "reason": what} for rule, what in faults]}


def judged(case, faults):
    """RFC 7627, 5.3: the extended master secret that is gone ends the handshake; but a server that would not resume
    for another reason has no abbreviated handshake to end, and may go on with a full one."""
    if case["first"]["client"]["extended_master_secret"] and not case["second"]["client"]["extended_master_secret"]:
        gone = ("R10", "extended-master-secret-gone")
        return verdict(["abort", "full"] if faults else ["abort"], [gone, *faults])
    return verdict(["full"], faults) if faults else verdict(["resumed"], [])


def expected(case, path):
    """The verdict of a path; a session that is not found, or does not open, is none and has no other faults."""
    server, token = case["second"]["server"], case["second"]["client"]["token"]
    moved = case["first"]["server"]["partition"] != server["partition"]
    faults = session_faults(case)
    if path == "ticket":
        # R16: where a ticket is offered, the ID beside it names nothing.
        found = {"intact": [], "cut": [("R18", "forged")]}.get(token, [("R18", "forged")])
        found = found or key_faults(server["keys"])
        faults += [("R5", "other-partition")] if moved else []
    else:
        # R34: a store is not asked for what lies in another partition, and its failure is a miss.
        wrong = token in ("altered", "cut") or server["store"] == "lost" or moved
        found = [("R34", "store-down")] if server["store"] == "down" else []
        found = found or ([("R34", "not-stored")] if wrong else [])
        if path == "session_id":
            found = found or key_faults(server["keys"])
    return verdict(["full"], found) if found else judged(case, faults)


def changes(case):
    """What differs from the base, so that a case is short."""
    out = {"after": case["after"]} if case["after"] != BASE["after"] else {}
    for turn, side in itertools.product(("first", "second"), ("client", "server")):
        for field, value in case[turn][side].items():
            if BASE[turn][side][field] != value:
                out.setdefault(turn, {}).setdefault(side, {})[field] = value
    return out


PATHS = ("ticket", "session_id", "session_id_in_clear")


def entry(title, case):
    paths = PATHS
    if case["second"]["server"]["store"] != "keeps":
        paths = PATHS[1:]
    if case["second"]["client"]["token"].startswith("good ID"):
        paths = PATHS[:1]
    # R11: a server that would never resume it need not make a session; then a full handshake is right in any case.
    extended, allowed = (case["first"][side][field] for side, field in (
        ("client", "extended_master_secret"), ("server", "resumes_without_extended_master_secret")))
    none = {} if extended or allowed else {"may_make_no_session": True}
    return {"name": title, **changes(case), **none, "expect": {path: expected(case, path) for path in paths}}


def lines():
    return [(factor, level, change) for factor, table in TABLES.items() for level, change in table.items()]


def singles():
    yield entry("as it was", combined())
    yield from (entry(f"{factor}: {level}", combined(change)) for factor, level, change in lines())
    for factor, table in ALONE.items():
        yield from (entry(f"{factor}: {level}", combined(change)) for level, change in table.items())


def pairs():
    for (one, a, first), (other, b, second) in itertools.combinations(lines(), 2):
        if one != other and not clash(first, second):
            yield entry(f"{one}: {a}; {other}: {b}", combined(first, second))


def clash(one, other):
    """Two lines that set one field to two values are no pair."""
    return any(
        one[turn][side].get(field, value) != value
        for turn, side in itertools.product(("first", "second"), ("client", "server"))
        for field, value in other[turn][side].items()
    )


def write(file, comment, cases):
    head = {"comment": comment, "made_by": "vectors/generate/binding.py", "certificate_ends": CERTIFICATE_ENDS, "base": BASE}
    text = json.dumps(head, indent=1)[:-2] + ',\n "cases": [\n'
    text += ",\n".join("  " + json.dumps(case) for case in cases) + "\n ]\n}\n"
    assert json.loads(text)["cases"] == cases and len({case["name"] for case in cases}) == len(cases)
    (FOLDER / file).write_text(text)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    write("single.json", "One thing is otherwise when the client comes back.", list(singles()))
    write("pairs.json", "Two things are otherwise when the client comes back.", list(pairs()))
