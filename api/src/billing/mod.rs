//! Money as its owner sees it.

pub(crate) mod balance;
pub(crate) mod ledger_entries;
pub(crate) mod prices;
pub(crate) mod usage;
