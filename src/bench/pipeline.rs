//! `reliquary bench pipeline`: the whole pipeline without the model, against a plain COPY of the same rows in the same run.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use miner::Behaviour;
use protocol::{JobId, Rao};
use serde::Serialize;
use serde_json::{Value, json};
use store::Clock;
use uuid::Uuid;
use worker::Audit;

use crate::config::Config;
use crate::demo::Customer;
use crate::lifecycle::{Ending, Lifecycle};
use crate::up::{self, MinerPlan, Running};
use crate::{cli, keys};

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    #[arg(long, default_value_t = 500)]
    prompts: usize,
    #[arg(long, default_value_t = 16)]
    samples: u32,
    /// Jobs measured, one after the other; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Print one machine-readable line.
    #[arg(long)]
    json: bool,
}

/// The result of `bench pipeline`: medians over the rounds.
#[derive(Debug, Clone, Serialize)]
struct Measured {
    rollouts_per_s: f64,
    copy_rows_per_s: f64,
    ratio: f64,
}

pub(crate) async fn run(
    arguments: &Arguments,
    config: &Config,
    lifecycle: &Lifecycle,
    ending: Ending,
) -> anyhow::Result<ExitCode> {
    let mut config = config.clone();
    config.gateway.listen.set_port(0);
    config.data.dir = config.data.dir.join("bench"); // never beside real data: nothing here was checked by the model
    std::fs::create_dir_all(&config.data.dir)?;
    let plans = ["instant-1", "instant-2"].map(|name| MinerPlan {
        name,
        behaviour: Behaviour::Instant,
        newcomer: false,
    });
    let measure = async |running: &Running| pipeline(arguments, running).await;
    let result = up::during(&config, lifecycle, ending, &plans, Some(Audit::WithoutModel), measure).await?;
    cli::print(&if arguments.json {
        serde_json::to_string(&result)?
    } else {
        format!(
            "pipeline {:.0} rollouts/s · plain COPY of the same rows {:.0} rows/s · ratio {:.3}",
            result.rollouts_per_s, result.copy_rows_per_s, result.ratio
        )
    });
    Ok(ExitCode::SUCCESS)
}

async fn pipeline(arguments: &Arguments, running: &Running) -> anyhow::Result<Measured> {
    let credits = Rao::new(1_000_000_000_000).context("a thousand TAO is an amount")?;
    let key = keys::create(&running.platform.db, &Clock::System, "bench", None, credits).await?.key;
    let customer = Customer::new(&running.url, &key)?;
    let mut rounds = Vec::new();
    for round in 0..arguments.rounds.max(1) {
        let result = one_round(arguments, running, &customer).await?;
        up::say(&format!(
            "round {}: {:.0} rollouts/s, COPY {:.0} rows/s",
            round + 1,
            result.rollouts_per_s,
            result.copy_rows_per_s
        ));
        rounds.push(result);
    }
    let middle = |of: fn(&Measured) -> f64| super::median(rounds.iter().map(of).collect());
    Ok(Measured {
        rollouts_per_s: middle(|round| round.rollouts_per_s),
        copy_rows_per_s: middle(|round| round.copy_rows_per_s),
        ratio: middle(|round| round.ratio),
    })
}

async fn one_round(
    arguments: &Arguments,
    running: &Running,
    customer: &Customer,
) -> anyhow::Result<Measured> {
    let prompts: Vec<Value> = (0..arguments.prompts)
        .map(|i| json!({ "text": format!("How much is {i} plus {}?\n", i * 7 % 1000), "reference": (i + i * 7 % 1000).to_string() }))
        .collect();
    let body = json!({
        "prompts": prompts,
        "sampling": { "n": arguments.samples, "max_tokens": 32 },
        "reward": { "mode": "builtin", "name": "numeric" },
        "selection": { "group_filter": null },
    });
    let job = customer.create_job(&body, &Uuid::now_v7().to_string()).await?;
    let started = Instant::now();
    let id = job["id"].as_str().context("a job without id")?;
    let done = loop {
        tokio::time::sleep(Duration::from_millis(20)).await; // the resolution of the measurement
        let job = customer.get(&format!("/v1/jobs/{id}")).await?;
        match job["status"].as_str() {
            Some("completed") => break job,
            Some("failed" | "cancelled") => bail!("the job ended as {}", job["status"]),
            _ => {}
        }
    };
    let wall = started.elapsed();
    let delivered = done["counts"]["rollouts"]["selected"].as_u64().unwrap_or(0);
    let expected = arguments.prompts as u64 * u64::from(arguments.samples);
    anyhow::ensure!(delivered == expected, "{delivered} of {expected} rollouts were delivered");
    let id: JobId = id.parse()?;
    let floor = store::copy_floor::of_rollouts(&mut *running.platform.db.acquire().await?, id).await?;
    let rollouts_per_s = delivered as f64 / wall.as_secs_f64();
    let copy_rows_per_s = floor.rows as f64 / floor.wall.as_secs_f64();
    Ok(Measured { rollouts_per_s, copy_rows_per_s, ratio: rollouts_per_s / copy_rows_per_s })
}
