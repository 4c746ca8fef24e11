//! The cases of a file: the base, and what each changes of it.

use serde_json::Value;

use crate::common::raw::{Hello, Kept};

/// How a session is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    Ticket,
    /// With a store whose entries are sealed like tickets, as those of this crate are.
    SessionId,
}

/// A case with all of its settings.
pub(crate) struct Case {
    settings: Value,
    own: Value,
}

/// All cases of a file.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let mut file: Value = serde_json::from_str(text).expect("JSON");
    let Value::Array(cases) = file["cases"].take() else { panic!("cases are a list") };
    assert!(!cases.is_empty());
    let case = |own: Value| {
        let mut settings = file["base"].clone();
        settings["certificate_ends"] = file["certificate_ends"].clone();
        let changed =
            ["first", "second", "after"].into_iter().filter_map(|name| Some((name, own.get(name)?)));
        changed.for_each(|(name, value)| overlay(&mut settings[name], value));
        Case { settings, own }
    };
    cases.into_iter().map(case).collect()
}

/// Sets what `changes` names: a turn and a side by their fields, and each field as a whole.
fn overlay(settings: &mut Value, changes: &Value) {
    let Value::Object(sides) = changes else {
        *settings = changes.clone();
        return;
    };
    for (side, fields) in sides {
        for (field, value) in fields.as_object().expect("the fields of a side") {
            let known =
                settings[side].get_mut(field).unwrap_or_else(|| panic!("no field {field} in the base"));
            *known = value.clone();
        }
    }
}

impl Case {
    pub(crate) fn name(&self) -> &str {
        self.own["name"].as_str().expect("a name")
    }

    /// What the suite expects on this path; `None` if it has nothing to say about it.
    pub(crate) fn expected(&self, path: Path) -> Option<&Value> {
        self.own["expect"].get(match path {
            Path::Ticket => "ticket",
            Path::SessionId => "session_id",
        })
    }

    /// The first or the second handshake: its client and its server.
    pub(crate) fn turn(&self, name: &str) -> (&Value, &Value) {
        (&self.settings[name]["client"], &self.settings[name]["server"])
    }

    /// The seconds between the two handshakes.
    pub(crate) fn after(&self) -> u64 {
        self.settings["after"].as_u64().expect("seconds")
    }

    /// The seconds from the first handshake to the end of a client certificate.
    pub(crate) fn certificate_ends(&self, name: &str) -> u64 {
        self.settings["certificate_ends"][name].as_u64().expect("seconds")
    }

    /// Whether the first handshake may leave nothing to resume.
    pub(crate) fn may_make_no_session(&self) -> bool {
        self.own.get("may_make_no_session").is_some_and(|value| value == true)
    }

    /// Why a session without the extended master secret is not resumed, if that is what the case has.
    pub(crate) fn without_extended(&self) -> Option<&'static str> {
        let extended = |turn| self.turn(turn).0["extended_master_secret"] == true;
        match (extended("first"), extended("second")) {
            (false, true) => Some("extended-master-secret-new"),
            (false, false) => Some("never-extended-master-secret"),
            (true, _) => None,
        }
    }

    /// Whether the client names a session that is good beside the one that the case is about.
    pub(crate) fn names_another(&self) -> bool {
        self.token() == "good ID beside a bad ticket"
    }

    /// A hello that names the session as the case has it.
    pub(crate) fn present(&self, path: Path, mut kept: Kept) -> Hello {
        let token = match path {
            Path::Ticket => &mut kept.ticket,
            Path::SessionId => &mut kept.session_id,
        };
        match self.token() {
            "intact" => {}
            "cut" => drop(token.pop()),
            "altered" | "good ID beside a bad ticket" => *token.last_mut().expect("bytes") ^= 1,
            other => panic!("no token is {other}"),
        }
        match self.names_another() {
            true => Hello { session_id: kept.session_id.clone(), ..kept.hello() },
            false => kept.hello(),
        }
    }

    fn token(&self) -> &str {
        self.turn("second").0["token"].as_str().expect("words")
    }
}
