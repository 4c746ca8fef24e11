//! nginx, with a shared cache and with files of ticket keys.

use super::{BY_ID, BY_TICKET, Caller, DECLINED, NEW_ID, NEW_TICKET, RENEWED, TicketSent, verdict};
use crate::{
    common::certs::Key,
    nginx::{Nginx, tls},
    place::Place,
    program::has_peers,
};

/// One whose page says under which settings it was made.
pub(super) struct Web<'p> {
    place: &'p Place,
    nginx: Nginx<'p>,
}

impl<'p> Web<'p> {
    pub(super) fn start(place: &'p Place, settings: &str) -> Self {
        Self { place, nginx: Nginx::start(place, "ssl", &with_page(place, settings, "first")) }
    }

    /// Goes on with other settings, and a name for them.
    fn reload(&self, settings: &str, name: &str) {
        self.nginx.reload("ssl", &with_page(self.place, settings, name));
    }

    /// Gets a page, which says under which settings it was made, and whether the session was reused. Our verdict on
    /// that, once the settings are these.
    pub(super) fn get(&self, caller: &mut Caller<'_>, name: &str) -> (super::Verdict, bool) {
        loop {
            let before = caller.session.as_ref().map(super::ClientSession::duplicate);
            let mut tls = caller.call(self.nginx.port);
            tls.write(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
            let mut page = Vec::new();
            while !page.ends_with(b"end\n") {
                page.extend(tls.read().expect("a whole page"));
            }
            let page = String::from_utf8(page).expect("text");
            let verdict = verdict(&tls);
            if page.contains(&format!("settings {name}, ")) {
                return (verdict, page.contains("reused r,"));
            }
            // It has not read them yet, or this was a worker that has not ended yet.
            caller.session = before;
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Gets pages, and compares its word with ours.
    fn check(&self, caller: &mut Caller<'_>, name: &str, expected: &[super::Verdict]) {
        for expected in expected {
            let is_resumed = matches!(expected.0, super::HandshakeKind::Resumed(_));
            assert_eq!(self.get(caller, name), (*expected, is_resumed), "settings {name}");
        }
    }
}

fn with_page(place: &Place, settings: &str, name: &str) -> String {
    let page = format!("settings {name}, reused $ssl_session_reused, end\\n");
    tls(place, &format!("{settings}\nlocation / {{ return 200 \"{page}\"; }}"))
}

#[test]
fn our_client_resumes_with_nginx_by_its_cache_and_by_ticket() {
    if !has_peers("resuming with nginx") {
        return;
    }
    let cache = "ssl_session_cache shared:sessions:1m;";
    for key in [Key::EcdsaP256, Key::Rsa2048] {
        let place = Place::new(key);
        let nginx = Web::start(&place, &format!("{cache} ssl_session_tickets off;"));
        nginx.check(&mut Caller::new(&place), "first", &[NEW_ID, BY_ID, BY_ID]);
        drop(nginx);
        let nginx = Web::start(&place, &format!("{cache} ssl_session_tickets on;"));
        nginx.check(&mut Caller::new(&place), "first", &[NEW_TICKET, BY_TICKET, BY_TICKET]);
        nginx.check(&mut Caller::without_tickets(&place), "first", &[NEW_ID, BY_ID, BY_ID]);
        drop(nginx);
        let nginx = Web::start(&place, "ssl_session_cache off; ssl_session_tickets off;");
        nginx.check(&mut Caller::new(&place), "first", &[NEW_ID]);
    }
}

#[test]
fn our_client_resumes_with_nginx_while_its_ticket_keys_rotate() {
    if !has_peers("ticket keys of nginx") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let file = |name: &str, first: u8| {
        let bytes: Vec<u8> = (first..first + 48).collect();
        format!("ssl_session_ticket_key {};", place.write(name, &bytes))
    };
    let (one, two, three) = (file("one.key", 1), file("two.key", 50), file("three.key", 100));
    let nginx = Web::start(&place, &one);
    let (mut early, mut late) = (Caller::new(&place), Caller::new(&place));
    nginx.check(&mut early, "first", &[NEW_TICKET, BY_TICKET]);
    nginx.check(&mut late, "first", &[NEW_TICKET]);
    // A ticket of the former key is taken, and renewed under the new one.
    nginx.reload(&format!("{two} {one}"), "second");
    nginx.check(&mut early, "second", &[RENEWED, BY_TICKET]);
    assert_eq!(early.ticket()[..16], (50..66).collect::<Vec<u8>>());
    // The renewed one is good for the next rotation. Whoever did not come in between is too late.
    nginx.reload(&format!("{three} {two}"), "third");
    nginx.check(&mut early, "third", &[RENEWED, BY_TICKET]);
    nginx.check(&mut late, "third", &[(DECLINED, TicketSent::Issued), BY_TICKET]);
}
