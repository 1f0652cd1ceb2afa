//! `reliquary bench`: what the service claims in numbers, measured or computed by one command each.

mod audit;
mod pipeline;
mod plot;
mod proof;

use std::process::ExitCode;

use crate::config::Config;
use crate::lifecycle::{Ending, Lifecycle};

#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// The whole pipeline with an instant miner and every check but the model, against a plain COPY of the same rows.
    Pipeline(pipeline::Arguments),
    /// What cheating earns under the audit's settings: a simulation, and the document it is in.
    Audit(audit::Arguments),
    /// How often each cheat is caught, by our proof and by others, and what verification costs. Takes a while.
    Proof(proof::Arguments),
}

pub(crate) async fn run(
    command: &Command,
    config: &Config,
    lifecycle: &Lifecycle,
    ending: Ending,
) -> anyhow::Result<ExitCode> {
    match command {
        Command::Pipeline(arguments) => pipeline::run(arguments, config, lifecycle, ending).await,
        Command::Audit(arguments) => audit::run(arguments),
        Command::Proof(arguments) => proof::run(arguments, config),
    }
}
