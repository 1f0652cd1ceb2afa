//! `reliquary bench api`: how fast the gateway takes prompts in, the queue moves, and events reach their readers; each beside
//! a limit or a peer, in the same run, on the same Postgres.

mod delay;
mod followers;
mod ingest;
mod peers;
mod queue;
mod report;
mod writers;

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use protocol::Rao;
use rustix::process::{Resource, getrlimit, setrlimit};
use store::Clock;

use self::report::Report;
use crate::config::Config;
use crate::demo::Customer;
use crate::lifecycle::{Ending, Lifecycle};
use crate::up::{self, Running};
use crate::{cli, keys};

/// Where a run's database is, below the folder of `bench api`.
const DATA: &str = "data";

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// Prompts posted, in jobs of 1,000; also the units that the queue moves.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    jobs: u32,
    /// Rounds of what is compared with a peer; everybody has its turn in each, and medians count.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// Print one machine-readable line.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(
    arguments: &Arguments,
    config: &Config,
    lifecycle: &Lifecycle,
    ending: Ending,
) -> anyhow::Result<ExitCode> {
    let mut config = config.clone();
    config.gateway.listen.set_port(0);
    let folder = config.data.dir.join("bench-api"); // never beside real data
    let _alone = emptied(&folder)?;
    config.data.dir = folder.join(DATA);
    config.api = unlimited(config.api);
    more_files()?;
    let peers = peers::install(&folder).await?;
    let measure = async |running: &Running| measure(arguments, &config, running, &peers).await;
    // no worker and no miner: nobody else touches what is measured
    let report = up::during(&config, lifecycle, ending, &[], None, measure).await?;
    cli::print(&if arguments.json { serde_json::to_string(&report)? } else { report.to_string() });
    Ok(ExitCode::SUCCESS)
}

async fn measure(
    arguments: &Arguments,
    config: &Config,
    running: &Running,
    peers: &peers::Peers,
) -> anyhow::Result<Report> {
    let db = &running.platform.db;
    let credits = Rao::new(1_000_000_000_000_000).context("a million TAO is an amount")?;
    let key = keys::create(db, &Clock::System, "bench", None, credits).await?.key;
    let customer = Customer::new(&running.url, &key)?;
    let ingest = ingest::measure(arguments.jobs, &customer, db).await?;
    let queue = queue::measure(arguments.rounds, &ingest.jobs, running, peers).await?;
    let log = followers::Log::fill(db, ingest.job()?).await?;
    let streams = writers::measure(arguments.rounds, &log, running, &key, &config.data.dir).await?;
    let delay = delay::measure(&log, running, &key).await?;
    Ok(Report { ingest: ingest.rates, queue, streams, delay })
}

/// A folder without the data of an earlier run, whose rows would count; what peers have installed in it stays. Nobody else
/// runs in it while the lock is held.
fn emptied(folder: &Path) -> anyhow::Result<File> {
    std::fs::create_dir_all(folder)?;
    let lock = File::create(folder.join("bench.lock"))?;
    lock.try_lock().with_context(|| format!("another `bench api` runs in {}", folder.display()))?;
    match std::fs::remove_dir_all(folder.join(DATA)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(lock),
    }
}

/// One customer asks for all there is.
fn unlimited(config: api::Config) -> api::Config {
    api::Config {
        max_requests_per_minute: u32::MAX,
        max_jobs_per_minute: u32::MAX,
        max_waiting_prompts_per_account: u32::MAX,
        max_waiting_prompts: u32::MAX,
        max_unverified_groups: u32::MAX,
        max_prompts_per_minute: u32::MAX,
        ..config
    }
}

/// A thousand readers have two ends each.
fn more_files() -> anyhow::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("raise the limit of open files")
}
