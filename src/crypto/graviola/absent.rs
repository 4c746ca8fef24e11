//! What stands in for the provider on graviola where graviola has no code.

use super::provider::Provider;

pub(super) fn provider() -> Option<&'static Provider> {
    None
}
