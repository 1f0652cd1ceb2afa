//! The binary: parse arguments, load settings, start telemetry, run one role.

#[expect(dead_code, reason = "each role takes its section as it arrives")]
mod config;
mod lifecycle;
mod telemetry;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Settings; `reliquary.toml` if there is one
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Everything in one process tree, with a private Postgres and Redis
    Up,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = config::Config::load(arguments.config.as_deref())?;
    let telemetry = telemetry::start(&config.telemetry, "up")?;
    let runtime = tokio::runtime::Runtime::new()?;
    let code = match arguments.role {
        Role::Up => runtime.block_on(up::run(&config)),
    };
    runtime.shutdown_timeout(Duration::from_secs(1)); // what did not drain is not waited for again
    telemetry.flush();
    code
}
