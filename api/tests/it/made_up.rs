//! Events as the worker writes them, for tests of logs: beside a gateway alone there is none that would.

use protocol::event::EventType;
use protocol::{JobId, Rao, RolloutId};
use serde_json::{Value, json};
use store::events::NewEvent;

const HOTKEY: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// What every event of a group says first. The name of the prompt has a line break, which streams must not break at.
fn of_group(job: JobId, index: u32, own: Value) -> Value {
    let mut data = json!({
        "group_id": job.group(index), "prompt_index": index, "custom_id": format!("a\nb{index}"), "attempt": 1,
        "hotkey": HOTKEY,
    });
    if let (Value::Object(data), Value::Object(own)) = (&mut data, own) {
        data.extend(own);
    }
    data
}

pub(crate) fn started() -> NewEvent {
    NewEvent::new(EventType::JobStarted, json!({ "status": "in_progress" }))
}

pub(crate) fn scored(job: JobId, index: u32) -> NewEvent {
    let own = json!({ "rollouts": 2, "reward_mean": 0.5, "reward_std": 0.5, "failed": 0 });
    NewEvent::new(EventType::GroupScored, of_group(job, index, own))
}

pub(crate) fn verified(job: JobId, index: u32, sample: u32, id: RolloutId, price: Rao) -> NewEvent {
    let own = json!({
        "rollout_id": id, "sample_index": sample, "reward": 0.5, "advantage": 0.1, "completion_tokens": 3,
        "finish_reason": "stop", "price_rao": price,
    });
    NewEvent::new(EventType::RolloutVerified, of_group(job, index, own))
}

/// A group of so many rollouts, all of them delivered.
pub(crate) fn accepted(job: JobId, index: u32, rollouts: u32) -> NewEvent {
    let stats = json!({ "mean": 0.5, "std": 0.5, "n": rollouts });
    let own = json!({
        "reason": null, "rollouts": rollouts, "selected": rollouts, "unscored": [], "stats_all": stats,
        "stats_selected": stats, "pass_rate": 0.5, "difficulty": 0.5, "filtered": {}, "sample_weight": 1,
        "replaced_by": null, "price_rao": "1000",
    });
    NewEvent::new(EventType::GroupAccepted, of_group(job, index, own))
}

pub(crate) fn export_ready() -> NewEvent {
    let data = json!({
        "export_id": "exp_01K9QZ4E8V7X2M3N4P5Q6R7S8T", "format": "jsonl", "rows": "2", "bytes": "1024",
        "sha256": "5".repeat(64),
    });
    NewEvent::new(EventType::ExportReady, data)
}
