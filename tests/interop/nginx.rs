//! nginx, with one server.

use std::net::{Ipv4Addr, SocketAddr};

use crate::{place::Place, ports::free_port, program::Program};

/// A master and its worker, told to end when dropped.
pub(crate) struct Nginx<'p> {
    place: &'p Place,
    pub(crate) port: u16,
    program: Option<Program>,
}

impl<'p> Nginx<'p> {
    /// `listen` is said behind the address, `server` within the server.
    pub(crate) fn start(place: &'p Place, listen: &str, server: &str) -> Self {
        let port = free_port();
        configure(place, port, listen, server);
        let program = Program::start("nginx", &arguments(place));
        // From now on it can be told something.
        program.text_with("start worker process");
        Self { place, port, program: Some(program) }
    }

    /// With TLS 1.2 and the certificate of the place.
    pub(crate) fn with_tls(place: &'p Place, server: &str) -> Self {
        Self::start(place, "ssl", &tls(place, server))
    }

    /// Goes on with another server.
    pub(crate) fn reload(&self, listen: &str, server: &str) {
        configure(self.place, self.port, listen, server);
        self.tell("reload").succeed();
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::new(Ipv4Addr::LOCALHOST.into(), self.port)
    }

    fn tell(&self, what: &str) -> Program {
        Program::start("nginx", &format!("{} -s {what}", arguments(self.place)))
    }
}

impl Drop for Nginx<'_> {
    fn drop(&mut self) {
        // A master that is killed would leave its worker behind.
        self.tell("stop").wait();
        self.program.take().map(Program::wait);
    }
}

/// What a server says that has TLS 1.2 and the certificate of the place, and what more it says.
pub(crate) fn tls(place: &Place, more: &str) -> String {
    let (cert, key) = (place.path("server.pem"), place.path("server.key"));
    format!(
        "server_name a.example;\nssl_protocols TLSv1.2;\nssl_certificate {cert};\nssl_certificate_key {key};\n{more}"
    )
}

fn arguments(place: &Place) -> String {
    format!("-e stderr -c {}", place.path("nginx.conf"))
}

fn configure(place: &Place, port: u16, listen: &str, server: &str) {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String =
        kinds.iter().map(|kind| format!("{kind}_temp_path {};\n", place.path(kind))).collect();
    let conf = format!(
        "daemon off;\nerror_log stderr notice;\npid {pid};\nevents {{ worker_connections 256; }}\n\
         http {{\naccess_log off;\n{temporary}client_max_body_size 32m;\nserver {{\n\
         listen 127.0.0.1:{port} {listen};\n{server}\n}}\n}}\n",
        pid = place.path("nginx.pid"),
    );
    place.write("nginx.conf", conf.as_bytes());
}
