//! HAProxy, which reads more of the PROXY protocol than addresses.

use super::serving::{Serving, curl, has_peers};
use crate::ports::{free_port, until_listening};
use crate::{common::certs::Key, place::Place, program::Program};

#[test]
fn haproxy_is_told_who_the_client_is_and_what_it_asked_for() {
    if !has_peers("the PROXY protocol with HAProxy") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let port = free_port();
    let conf = format!(
        "global\n  log stderr format raw local0\ndefaults\n  mode http\n  timeout connect 20s\n  timeout client 20s\n  \
         timeout server 20s\nfrontend f\n  bind 127.0.0.1:{port} accept-proxy\n  http-request return status 200 \
         content-type text/plain lf-string \"%[src] %[src_port] %[dst_port] %[fc_pp_authority]\\n\"\n"
    );
    let conf = place.write("haproxy.cfg", conf.as_bytes());
    let _haproxy = Program::start("haproxy", &format!("-db -f {conf}"));
    until_listening(port);
    let serving =
        Serving::start(&place, &["--forward", &format!("127.0.0.1:{port}"), "--proxy-protocol", "v2"]);
    let url = format!("https://localhost:{}/", serving.port);
    let said = curl(&place, &["--write-out", "%{local_ip} %{local_port} %{remote_port}\n", &url]);
    let [told, true_one] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert_eq!(told, format!("{true_one} localhost"));
}
