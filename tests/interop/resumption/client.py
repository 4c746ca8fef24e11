"""Connects as often as the JSON of the first argument says, one connection after the other, each with the session of
the one before. Standard output gets a line about each."""

import json
import socket
import ssl
import sys

options = json.loads(sys.argv[1])
context = ssl.create_default_context(cafile=options["ca"])
context.maximum_version = ssl.TLSVersion.TLSv1_2
if options["noTicket"]:
    context.options |= ssl.OP_NO_TICKET
session = None
for _ in range(options["times"]):
    with socket.create_connection(("127.0.0.1", options["port"]), timeout=20) as tcp:
        with context.wrap_socket(tcp, server_hostname="a.example", session=session) as tls:
            session = tls.session
            print(f"reused {tls.session_reused}, ticket {session.has_ticket}", flush=True)
            tls.unwrap()
