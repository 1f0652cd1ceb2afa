//! Money as its owner sees it.

pub(crate) mod balance;
mod ledger_csv;
pub(crate) mod ledger_entries;
pub(crate) mod prices;
pub(crate) mod usage;
