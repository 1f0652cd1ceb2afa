//! The binary: parse arguments, load settings, start telemetry, run one role.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    reliquary::cli::run(&reliquary::cli::Arguments::parse())
}
