//! Alerts.

use super::{Alert, AlertLevel, Decode, DecodeError, Encode, Reader, Writer};

/// What an alert record carries (RFC 5246, 7.2). Exactly two bytes.
///
/// ```text
/// struct {
///     AlertLevel level;
///     AlertDescription description;
/// } Alert;
/// ```
///
/// Unknown levels and descriptions survive; what to make of them is decided elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertMessage {
    /// Whether the connection may go on.
    pub level: AlertLevel,
    /// What happened.
    pub description: Alert,
}

impl<'a> Decode<'a> for AlertMessage {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { level: AlertLevel::read(reader)?, description: Alert::read(reader)? })
    }
}

impl Encode for AlertMessage {
    fn write(&self, writer: &mut Writer<'_>) {
        self.level.write(writer);
        self.description.write(writer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::check::assert_same;

    #[test]
    fn an_alert_is_level_and_description() {
        let alert = AlertMessage { level: AlertLevel::WARNING, description: Alert::CLOSE_NOTIFY };
        assert_same(&alert, &[1, 0]);
        let alert = AlertMessage { level: AlertLevel::FATAL, description: Alert::HANDSHAKE_FAILURE };
        assert_same(&alert, &[2, 40]);
    }

    #[test]
    fn an_unknown_level_and_an_unknown_description_survive() {
        assert_same(&AlertMessage { level: AlertLevel(7), description: Alert(255) }, &[7, 255]);
    }
}
