//! Re-checks of delivered rollouts. What takes a sandbox or a model is the worker's affair.

mod file;
mod look;
mod view;

pub(crate) mod create;
pub(crate) mod show;
