//! The command line: one subcommand per role, and the tools around them.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use miner::Behaviour;
use rand_core::RngCore as _;

use crate::config::Config;
use crate::lifecycle::lifecycle;
use crate::{
    audit_log, audits, bench, calibrate, checkpoints, convert, demo, keys, reward, rewards, roles, telemetry,
    up, verify,
};

#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Arguments {
    /// Settings; `reliquary.toml` if there is one.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a real job end to end, on this machine, and show it.
    Demo(demo::Arguments),
    /// Start everything in one process tree and stay; ctrl-C drains.
    Up,
    /// The gateway: the REST API.
    Api,
    /// The worker: dispatch, collect, reward, select, settle.
    Worker,
    /// The verifier: recomputes every token.
    Verifier,
    /// The reference miner.
    Miner {
        /// For tests and the demo: cheat in this way (one of: honest, other-weights, previous-checkpoint=DIR, ignore-seeds,
        /// edit-tokens, edit-logprobs, truncate, replay-prompt, hang, garbage, instant).
        #[arg(long, default_value = "honest")]
        dishonest: Behaviour,
    },
    /// Re-check a file of delivered rollouts: no service, no network.
    Verify(verify::Arguments),
    /// Files of rollouts: turn NDJSON into Parquet and back.
    #[command(subcommand)]
    Bundle(convert::Command),
    /// Apply the migrations that are missing.
    Migrate,
    /// Accounts, API keys and credits.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Weights that customers ask for: list, allow or refuse them.
    #[command(subcommand)]
    Checkpoints(checkpoints::Command),
    /// Audits of miners: replay them, or pardon a miner.
    #[command(subcommand)]
    Audits(audits::Command),
    /// What was done in an organisation's name: verify the record's hash chain.
    #[command(subcommand)]
    AuditLog(audit_log::Command),
    /// A reward function of your own: try it here, under the service's limits.
    #[command(subcommand)]
    Reward(reward::Command),
    /// Rewards that were given: compute some of them again.
    #[command(subcommand)]
    Rewards(rewards::Command),
    /// Print the API's OpenAPI document.
    Openapi,
    /// Measure a part of the service against a limit, in one run.
    #[command(subcommand)]
    Bench(bench::Command),
    /// Measure a calibrated profile for a checkpoint, with its negative controls, and write its document.
    Calibrate(calibrate::Arguments),
}

/// Runs the command and says how it ended.
pub fn run(arguments: &Arguments) -> ExitCode {
    match command(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut config = Config::load(arguments.config.as_deref())?;
    if matches!(arguments.command, Command::Openapi) {
        print(api::openapi::json().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    if matches!(arguments.command, Command::Demo(_) | Command::Bench(_) | Command::Reward(_))
        && config.telemetry.filter == "info"
    {
        "error".clone_into(&mut config.telemetry.filter); // refusals are shown, not logged, here
    }
    let telemetry = telemetry::start(&config.telemetry, arguments.command.role())?;
    let code = match &arguments.command {
        // no runtime: ctrl-C ends these at once, and nothing has to drain
        Command::Verify(arguments) => offline(arguments),
        Command::Calibrate(arguments) => calibrate::run(arguments, &config),
        Command::Bench(bench::Command::Proof(arguments)) => bench::proof(arguments, &config),
        Command::Bench(bench::Command::Audit(arguments)) => bench::audit(arguments),
        Command::Bench(bench::Command::Rewards(arguments)) => bench::rewards(arguments, &config),
        Command::Reward(command) => Ok(reward::run(command, &config)),
        Command::Bundle(command) => convert::run(command).map(|said| {
            print(&said);
            ExitCode::SUCCESS
        }),
        online => {
            let runtime = tokio::runtime::Runtime::new()?;
            let code = runtime.block_on(service(online, &config));
            runtime.shutdown_timeout(Duration::from_secs(1)); // what did not drain is not waited for again
            code
        }
    };
    telemetry.flush();
    code
}

async fn service(command: &Command, config: &Config) -> anyhow::Result<ExitCode> {
    let (lifecycle, ending) = lifecycle(Duration::from_millis(config.lifecycle.drain_ms))?;
    match command {
        Command::Demo(arguments) => return demo::run(arguments, config, &lifecycle, ending).await,
        Command::Bench(bench::Command::Pipeline(arguments)) => {
            return bench::pipeline(arguments, config, &lifecycle, ending).await;
        }
        Command::Bench(bench::Command::Api(arguments)) => {
            return bench::api(arguments, config, &lifecycle, ending).await;
        }
        Command::Up => return up::run(config, &lifecycle, ending).await,
        Command::Api => roles::api_alone(config, &lifecycle).await?,
        Command::Worker => roles::worker_alone(config, worker::Role::Worker, &lifecycle).await?,
        Command::Verifier => roles::worker_alone(config, worker::Role::Verifier, &lifecycle).await?,
        Command::Miner { dishonest } => roles::miner_alone(config, dishonest.clone(), &lifecycle)?,
        Command::Migrate => {
            roles::database(config).await?.migrate().await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Keys(command) => {
            let db = roles::database(config).await?;
            print(&keys::run(command, &db, &store::Clock::System).await?.to_string());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Checkpoints(command) => {
            let db = roles::database(config).await?;
            print(&checkpoints::run(command, &db, &store::Clock::System).await?.to_string());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Audits(command) => {
            let db = roles::database(config).await?;
            let answer = audits::run(command, &db, &roles::beacon(config)?.trust()).await?;
            print(&answer.text);
            return Ok(if answer.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::AuditLog(command) => {
            let answer = audit_log::run(command, &roles::database(config).await?).await?;
            print(&answer.text);
            return Ok(if answer.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Rewards(command) => {
            let (db, objects) = (roles::database(config).await?, roles::objects(config)?);
            let programs = roles::programs(config)?;
            let answer = rewards::run(command, &db, &objects, programs, rand_core::OsRng.next_u64()).await?;
            print(&answer.text);
            return Ok(ExitCode::from(answer.code));
        }
        Command::Verify(_)
        | Command::Calibrate(_)
        | Command::Bench(_)
        | Command::Reward(_)
        | Command::Bundle(_)
        | Command::Openapi => {
            unreachable!("handled without a runtime")
        }
    }
    Ok(ending.wait().await)
}

/// 0: every rollout holds. 1: some do not, or there are none. 2: the file could not be read to its end.
fn offline(arguments: &verify::Arguments) -> anyhow::Result<ExitCode> {
    match verify::run(arguments, !arguments.json) {
        Ok(report) => {
            print(&if arguments.json { serde_json::to_string(&report)? } else { report.summary() });
            Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            Ok(ExitCode::from(2))
        }
    }
}

#[expect(clippy::print_stdout, reason = "the one place where a command's result goes to stdout")]
pub(crate) fn print(text: &str) {
    println!("{text}");
}

impl Command {
    /// The service's name in traces.
    fn role(&self) -> &'static str {
        match self {
            Self::Demo(_) => "demo",
            Self::Up => "up",
            Self::Api => "api",
            Self::Worker => "worker",
            Self::Verifier => "verifier",
            Self::Miner { .. } => "miner",
            Self::Verify(_) => "verify",
            Self::Bundle(_) => "bundle",
            Self::Migrate => "migrate",
            Self::Keys(_) => "keys",
            Self::Audits(_) => "audits",
            Self::Checkpoints(_) => "checkpoints",
            Self::AuditLog(_) => "audit-log",
            Self::Reward(_) => "reward",
            Self::Rewards(_) => "rewards",
            Self::Openapi => "openapi",
            Self::Bench(_) => "bench",
            Self::Calibrate(_) => "calibrate",
        }
    }
}
