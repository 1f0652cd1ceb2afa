//! Pages by id, newest first. Not for tables that have an order of their own.

use uuid::Uuid;

/// The highest id of the page that follows `before`; the highest of all without it. `None` when nothing can follow.
pub(crate) fn below(before: Option<Uuid>) -> Option<Uuid> {
    match before {
        None => Some(Uuid::max()),
        Some(id) => id.as_u128().checked_sub(1).map(Uuid::from_u128),
    }
}
