//! Recorded handshakes, explained.

use tls12::explain::{Event, Explainer, Seen};

pub(super) use crate::common::transcripts::{Said, all};

/// What an explainer tells of it, where every part is cut into pieces of this length.
pub(super) fn explained(explainer: &mut Explainer, said: &Said, piece: usize) -> Vec<Event> {
    said.iter()
        .flat_map(|(from, bytes)| bytes.chunks(piece).map(move |piece| (*from, piece)))
        .flat_map(|(from, piece)| explainer.bytes(from, piece))
        .collect()
}

/// Events without records, each in a word.
pub(super) fn words(events: &[Event]) -> Vec<String> {
    let word = |event: &Event| match &event.seen {
        Seen::Record(_) => None,
        Seen::Message(message) => Some(message.msg_type.to_string()),
        Seen::ChangeCipherSpec => Some("ChangeCipherSpec".into()),
        Seen::EncryptedFinished { .. } => Some("[Finished]".into()),
        Seen::Encrypted { content_type, .. } => Some(format!("[{content_type}]")),
        Seen::ApplicationData { length, .. } => Some(format!("{length} bytes of data")),
        other => Some(format!("{other:?}")),
    };
    events.iter().filter_map(word).collect()
}
