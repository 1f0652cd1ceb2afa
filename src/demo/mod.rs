//! `reliquary demo`: one real job, end to end, on this machine, shown while it runs and checked when it is done.
//!
//! Gateway, worker, verifier, two honest miners and one that cheats; a customer that knows nothing but the HTTP API.

mod client;
mod progress;
mod stream;
mod summary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use miner::Behaviour;
use protocol::Rao;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Clock;
use uuid::Uuid;
use worker::Audit;

use crate::config::Config;
use crate::lifecycle::{Ending, Lifecycle};
use crate::up::{self, MinerPlan, Running};
use crate::verify;
use crate::{cli, keys};
pub(crate) use client::Customer;
use progress::Progress;
use stream::{Received, Sink};
use summary::{Details, Summary};

/// The miner that serves other weights than it claims, and the reason that must be its downfall.
const CHEATER: &str = "mallory";
const CHEATER_REASON: &str = "wrong_weights";

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// Print one machine-readable line at the end instead.
    #[arg(long)]
    json: bool,
    /// Prompts of the job, from the demo's file.
    #[arg(long, default_value_t = 64)]
    prompts: usize,
    /// Samples per prompt.
    #[arg(long, default_value_t = 8)]
    samples: u32,
    /// File of prompts, one JSON object a line: custom_id, text, reference.
    #[arg(long, default_value = "models/arith-tiny/prompts.jsonl")]
    prompts_file: PathBuf,
    /// Where the received rollouts and events are written.
    #[arg(long, default_value = "demo-out")]
    out: PathBuf,
}

pub(crate) async fn run(
    arguments: &Arguments,
    config: &Config,
    lifecycle: &Lifecycle,
    ending: Ending,
) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let honest = |name| MinerPlan { name, behaviour: Behaviour::Honest, newcomer: false };
    // an earlier demo's cheater is in quarantine: it comes back under a new name, as cheaters do
    let cheater = MinerPlan { name: CHEATER, behaviour: Behaviour::OtherWeights, newcomer: true };
    let plans = [honest("alice"), honest("bob"), cheater];
    let mut config = config.clone();
    config.gateway.listen.set_port(0); // a demo must not fail on a port that is taken
    up::say("starting Postgres, Redis, gateway, worker, verifier and three miners (one of them cheats)");
    let customer = async |running: &Running| job(arguments, &config, running, started).await;
    let summary = up::during(&config, lifecycle, ending, &plans, Some(Audit::Full), customer).await?;
    cli::print(&if arguments.json { serde_json::to_string(&summary)? } else { summary.for_a_person() });
    let held = summary.offline_failed == 0 && summary.ledger_sum == 0 && summary.cheater_rejected;
    Ok(if held && summary.delivered > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The customer's side: upload a reward, post the job, follow the stream, verify what came.
async fn job(
    arguments: &Arguments,
    config: &Config,
    running: &Running,
    started: Instant,
) -> anyhow::Result<Summary> {
    let key = new_customer(running).await?;
    let customer = Customer::new(&running.url, &key)?;
    // the service's own, uploaded as a customer uploads one
    let module = sandbox::builtin("builtins").context("the built-in rewards")?;
    let function = customer.upload_reward("demo-numeric", module).await?;
    up::say(&format!("uploaded the reward module ({} bytes of WebAssembly) as {function}", module.len()));

    let body = job_body(arguments, &function)?;
    let job = customer.create_job(&body, &Uuid::now_v7().to_string()).await?;
    let id = job["id"].as_str().context("a job without id")?.to_owned();
    let rollouts = arguments.prompts as u64 * u64::from(arguments.samples);
    up::say(&format!("posted {id}: {} prompts × {} samples", arguments.prompts, arguments.samples));

    std::fs::create_dir_all(&arguments.out)?;
    let (file, events) = (
        arguments.out.join(format!("{id}.rollouts.ndjson")),
        arguments.out.join(format!("{id}.events.ndjson")),
    );
    let progress = Progress::new(!arguments.json, rollouts);
    let mut sink = Sink::create(&file, &events)?;
    sink.module(&customer.reward_module(&id).await?)?;
    let received = {
        let names =
            running.miners.iter().map(|(name, hotkey)| (chain::ss58::encode(hotkey), *name)).collect();
        let follow = stream::follow(&customer, &id, &mut sink, &progress, &names);
        let poll = poll_counts(&customer, &id, &progress);
        tokio::select! { received = follow => received?, never = poll => match never {} }
    };
    let job = customer.get(&format!("/v1/jobs/{id}")).await?;
    progress.counts(&job);
    progress.finish();
    let report = offline(config, &file).await?;
    summarise(&job, &received, &report, running, [file, events], started).await
}

async fn new_customer(running: &Running) -> anyhow::Result<String> {
    let credits = Rao::new(1_000_000_000).context("one TAO is an amount")?;
    Ok(keys::create(&running.platform.db, &Clock::System, "demo", None, credits).await?.key)
}

/// Keeps the bars of the inner stages moving; the stream itself only tells of what is delivered.
async fn poll_counts(customer: &Customer, id: &str, progress: &Progress) -> std::convert::Infallible {
    let mut every = tokio::time::interval(Duration::from_millis(250));
    loop {
        every.tick().await;
        if let Ok(job) = customer.get(&format!("/v1/jobs/{id}")).await {
            progress.counts(&job);
        }
    }
}

#[derive(Debug, Deserialize)]
struct PromptLine {
    custom_id: String,
    text: String,
    reference: String,
}

fn job_body(arguments: &Arguments, function: &str) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(&arguments.prompts_file).with_context(|| {
        format!("read {} (run the demo from the repository's root)", arguments.prompts_file.display())
    })?;
    let lines: Vec<PromptLine> = text
        .lines()
        .take(arguments.prompts)
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .context("a line of the prompts file")?;
    ensure!(
        lines.len() == arguments.prompts,
        "{} has only {} prompts",
        arguments.prompts_file.display(),
        lines.len()
    );
    let prompts: Vec<Value> = lines
        .iter()
        .map(|line| json!({ "custom_id": line.custom_id, "text": line.text, "reference": line.reference }))
        .collect();
    Ok(json!({
        "prompts": prompts,
        "sampling": { "n": arguments.samples, "temperature": 1.0, "max_tokens": 96 },
        "reward": { "mode": "wasm", "function": function, "args": { "parts": [{ "name": "numeric" }] } },
        "selection": { "group_filter": { "min_std": 0.1 } },
        "advantage": { "method": "grpo" },
        "dedup": { "mode": "exact_tokens" },
        "metadata": { "run": "demo" },
    }))
}

/// What any customer can do later, with the file and the checkpoint.
async fn offline(config: &Config, file: &Path) -> anyhow::Result<verify::Report> {
    let arguments = verify::Arguments {
        calibration: config.checkpoint.calibration.iter().cloned().collect(),
        ..verify::Arguments::new(file.to_owned(), config.checkpoint.dir.clone())
    };
    tokio::task::spawn_blocking(move || verify::run(&arguments, false)).await?
}

async fn summarise(
    job: &Value,
    received: &Received,
    report: &verify::Report,
    running: &Running,
    [rollouts_file, events_file]: [PathBuf; 2],
    started: Instant,
) -> anyhow::Result<Summary> {
    let audit = store::ledger::audit(&mut *running.platform.db.acquire().await?).await?;
    ensure!(audit.is_clean(), "the ledger is off: {audit:?}");
    let count =
        |pointer: &str| job.pointer(&format!("/counts{pointer}")).and_then(Value::as_u64).unwrap_or(0);
    let amount = |name: &str| job["spend"][name].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut rejected: BTreeMap<String, u64> = BTreeMap::new();
    for (reason, count) in received.rejected_by.values().flatten() {
        *rejected.entry(reason.clone()).or_default() += count;
    }
    let miners = running.miners.iter().map(|(name, hotkey)| {
        let delivered = received.delivered_by.get(&hotkey.to_string()).copied().unwrap_or(0);
        let address = chain::ss58::encode(hotkey);
        let refused = received.rejected_by.get(&address).cloned().unwrap_or_default();
        (format!("{name} {}…{}", &address[..8], &address[address.len() - 6..]), (delivered, refused))
    });
    let miners: BTreeMap<_, _> = miners.collect();
    let cheater_rejected = miners.iter().any(|(name, (delivered, refused))| {
        name.starts_with(CHEATER) && *delivered == 0 && refused.contains_key(CHEATER_REASON)
    });
    let verify_command = format!(
        "target/release/reliquary verify {} --checkpoint models/arith-tiny/current",
        rollouts_file.display()
    );
    Ok(Summary {
        job_id: job["id"].as_str().unwrap_or_default().to_owned(),
        prompts: count("/prompts"),
        groups: count("/prompts"),
        generated: count("/rollouts/generated"),
        verified: count("/rollouts/verified"),
        selected: count("/rollouts/selected"),
        filtered: count("/rollouts/filtered"),
        rejected,
        delivered: received.delivered,
        offline_verified: report.verified as u64,
        offline_failed: report.failed as u64,
        held_rao: amount("held_rao"),
        charged_rao: amount("charged_rao"),
        released_rao: amount("released_rao"),
        ledger_sum: audit.ledger_sum,
        cheater_rejected,
        seconds: started.elapsed().as_secs_f64(),
        details: Details {
            groups_accepted: count("/groups/accepted"),
            groups_filtered: count("/groups/filtered"),
            groups_failed: count("/groups/failed"),
            rewards: received.rewards.clone(),
            miners,
            tokens: received.tokens,
            rewards_checked: report.rewards_checked,
            rollouts_file,
            events_file,
            verify_command,
        },
    })
}
