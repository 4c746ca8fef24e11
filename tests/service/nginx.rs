//! nginx without TLS.

use crate::{place::Place, ports::free_port, program::Program};

/// A master and its worker, told to end when dropped.
pub(super) struct Nginx<'p> {
    place: &'p Place,
    pub(super) port: u16,
    program: Option<Program>,
}

impl<'p> Nginx<'p> {
    /// `listen` is said behind the address, `server` within the server.
    pub(super) fn start(place: &'p Place, listen: &str, server: &str) -> Self {
        let port = free_port();
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
        let program = Program::start("nginx", &arguments(place));
        program.text_with("start worker process");
        Self { place, port, program: Some(program) }
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Nginx<'_> {
    fn drop(&mut self) {
        // A master that is killed would leave its worker behind.
        Program::start("nginx", &format!("{} -s stop", arguments(self.place))).wait();
        self.program.take().map(Program::wait);
    }
}

fn arguments(place: &Place) -> String {
    format!("-e stderr -c {}", place.path("nginx.conf"))
}
