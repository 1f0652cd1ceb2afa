//! `reliquary bench`: what the service claims in numbers, measured or computed by one command each.

mod api;
mod audit;
mod pipeline;
mod plot;
mod proof;
mod rewards;

pub(crate) use self::api::run as api;
pub(crate) use self::audit::run as audit;
pub(crate) use self::pipeline::run as pipeline;
pub(crate) use self::proof::run as proof;
pub(crate) use self::rewards::run as rewards;

/// The middle one; the upper of two. 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// The whole pipeline with an instant miner and every check but the model, against a plain COPY of the same rows.
    Pipeline(pipeline::Arguments),
    /// What cheating earns under the audit's settings: a simulation, and the document it is in.
    Audit(audit::Arguments),
    /// How often each cheat is caught, by our proof and by others, and what verification costs. Takes a while.
    Proof(proof::Arguments),
    /// Calls of reward functions per second of one core, for each authoring kit, beside other ways to grade. Under a minute.
    Rewards(rewards::Arguments),
    /// Prompts in, queue units and events out, per second, beside plain COPY, two queues of Node, a raw writer and Python.
    Api(api::Arguments),
}
