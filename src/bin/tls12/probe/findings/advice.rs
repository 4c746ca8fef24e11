//! What to change where: lines of configuration, as the programs read them.

use serde::Serialize;

/// What to change in one program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub(crate) program: &'static str,
    pub(crate) how: &'static str,
}

const fn change(program: &'static str, how: &'static str) -> Change {
    Change { program, how }
}

/// One set of ticket keys for all.
pub(crate) const SHARE_KEYS: &[Change] = &[
    change(
        "nginx",
        "ssl_session_ticket_key /etc/nginx/ticket.key;  # one file of 80 random bytes, on every node",
    ),
    change(
        "Apache",
        "SSLSessionTicketKeyFile /etc/apache2/ticket.key  # one file of 48 random bytes, on every node",
    ),
    change(
        "HAProxy",
        "bind :443 ssl crt site.pem tls-ticket-keys /etc/haproxy/ticket.keys  # three lines of base64 or more",
    ),
    change("Node", "server.setTicketKeys(keys)  // one Buffer of 48 bytes, in every process"),
    change("tls12", "tls12 serve --ticket-keys /etc/tls12/ticket.key  # made by: tls12 ticket-keys new"),
];

/// One cache for all.
pub(crate) const SHARE_CACHE: &[Change] = &[
    change("nginx", "ssl_session_cache shared:tls:10m;  # its workers; machines share ticket keys instead"),
    change(
        "Apache",
        "SSLSessionCache shmcb:/run/apache2/tls(5120000)  # its processes; memcache:host:11211 for machines",
    ),
    change("HAProxy", "tune.ssl.cachesize 20000  # its threads; machines share ticket keys instead"),
    change(
        "Node",
        "server.on('newSession', …) and server.on('resumeSession', …) with a store that all processes use",
    ),
    change("tls12", "tls12 serve --session-cache redis://cache:6379"),
];

/// Resumption, turned on.
pub(crate) const TURN_ON: &[Change] = &[
    change("nginx", "ssl_session_tickets on;  ssl_session_cache shared:tls:10m;"),
    change("Apache", "SSLSessionTickets on;  SSLSessionCache shmcb:/run/apache2/tls(5120000)"),
    change("HAProxy", "no \"no-tls-tickets\" in bind or ssl-default-bind-options;  tune.ssl.cachesize 20000"),
    change("Node", "no SSL_OP_NO_TICKET in secureOptions, and one server object for all connections"),
    change("tls12", "tls12 serve --tickets on"),
];

/// The same certificate everywhere.
pub(crate) const ONE_CERTIFICATE: &[Change] = &[
    change(
        "nginx",
        "ssl_certificate site.pem;  # the same file on every node, and nginx -s reload when it is renewed",
    ),
    change("Apache", "SSLCertificateFile site.pem  # the same file on every node, and apachectl graceful"),
    change("HAProxy", "bind :443 ssl crt site.pem  # the same file on every node, and a reload"),
    change("Node", "server.setSecureContext({ cert, key })  // in every process, when they are renewed"),
    change(
        "tls12",
        "tls12 serve --cert site.pem --key site.key  # the same on every node, read again at SIGHUP",
    ),
];

/// Tickets that can be used more than once.
pub(crate) const ONCE: &[Change] = &[
    change("Node", "a store for newSession and resumeSession that does not delete what it gives"),
    change("tls12", "tls12 serve --tickets on"),
];

/// Tickets that are not renewed every time.
pub(crate) const RENEW_LESS: &[Change] = &[
    change(
        "nginx",
        "the newest key in the first ssl_session_ticket_key: a ticket under any other is renewed when it is used",
    ),
    change(
        "HAProxy",
        "the newest key in the last line but one of tls-ticket-keys, which is the one that seals",
    ),
    change("tls12", "tls12 serve --tickets on  # renews in the second half of a ticket's life"),
];

/// For how long sessions live.
pub(crate) const LIFETIME: &[Change] = &[
    change("nginx", "ssl_session_timeout 1h;"),
    change("Apache", "SSLSessionCacheTimeout 3600"),
    change("HAProxy", "tune.ssl.lifetime 3600"),
    change("Node", "tls.createServer({ sessionTimeout: 3600, … })"),
    change("tls12", "tls12 serve --ticket-lifetime 1h --rotate-every 12h"),
];

/// Sessions bound to the name that they were made for.
pub(crate) const BIND_NAME: &[Change] = &[
    change(
        "nginx",
        "sites with different policies on addresses of their own: OpenSSL resumes before nginx sees the name",
    ),
    change(
        "HAProxy",
        "strict-sni in the bind line, and lines of their own for sites with different policies",
    ),
    change("tls12", "nothing: it binds sessions to the name"),
];

/// Sessions bound to what is asked of clients.
pub(crate) const BIND_CLIENT: &[Change] = &[
    change(
        "nginx",
        "1.26.3, 1.27.4 or later (CVE-2025-23419), which answer requests over such a connection with 421; or an address of its own",
    ),
    change("Apache", "2.4.64 or later (CVE-2025-23048), or an address of its own"),
    change("tls12", "nothing: it binds sessions to what is asked of clients"),
];

/// Another version of what does TLS.
pub(crate) const UPDATE: &[Change] =
    &[change("any", "an update of the library or the device that does TLS; until then, no tickets")];

/// Sessions that outlive their connection.
pub(crate) const KEEP: &[Change] = &[
    change("nginx", "ssl_session_cache shared:tls:10m;  # what is shared is not dropped with the connection"),
    change("any", "tickets, which no end of a connection can take back"),
];

/// A probe that is let in.
pub(crate) const LET_IN: &[Change] = &[
    change(
        "nginx",
        "limit_conn and limit_req that leave out the address of the probe (a geo or a map for their key)",
    ),
    change("HAProxy", "an acl for the address of the probe before \"tcp-request connection reject\""),
    change(
        "tls12",
        "tls12 serve with a higher --max-connections-per-address; tls12 probe --count 2 makes fewer connections",
    ),
];

/// TLS 1.2 beside TLS 1.3.
pub(crate) const SPEAK: &[Change] = &[
    change("nginx", "ssl_protocols TLSv1.2 TLSv1.3;"),
    change("Apache", "SSLProtocol -all +TLSv1.2 +TLSv1.3"),
    change("HAProxy", "ssl-default-bind-options ssl-min-ver TLSv1.2"),
    change("Node", "tls.createServer({ minVersion: 'TLSv1.2', … })"),
];
