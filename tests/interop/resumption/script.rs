//! Clients that are scripts: they come six times, and print for each visit whether the session was reused.

use super::{
    BY_ID, BY_TICKET, NEW_ID, NEW_TICKET, Ours, refusing, renewing, resuming, reused,
    without_ticket_after_all,
};
use crate::{common::certs::Key, place::Place, program::Program};

/// A script, and how it says what it saw.
pub(super) struct Script {
    pub(super) program: &'static str,
    pub(super) path: &'static str,
    /// What is in the line of a visit whose session was reused, and in no other.
    pub(super) reused: &'static str,
    /// How its last line ends, without and with a ticket at hand.
    pub(super) tickets: [&'static str; 2],
}

impl Script {
    /// It resumes wherever our server resumes, by ticket and by ID, in every flow.
    pub(super) fn reuses_sessions(&self) {
        let place = Place::new(Key::EcdsaP256);
        let cases = [
            (false, resuming(NEW_TICKET, BY_TICKET)),
            (true, resuming(NEW_ID, BY_ID)),
            (false, renewing()),
            (false, refusing()),
            (false, without_ticket_after_all()),
        ];
        for (no_ticket, plan) in cases {
            let (ours, root) = (Ours::new(&place), place.path("root.pem"));
            let options =
                format!(r#"{{"port":{},"ca":"{root}","times":6,"noTicket":{no_ticket}}}"#, ours.port());
            let client = Program::start_with(self.program, &[self.path, &options]);
            ours.serve(&plan);
            let text = client.succeed();
            let said: Vec<bool> = text.lines().map(|line| line.contains(self.reused)).collect();
            assert_eq!(said, reused(&plan), "{text}");
            assert!(text.trim_end().ends_with(self.tickets[usize::from(!no_ticket)]), "{text}");
        }
    }
}
