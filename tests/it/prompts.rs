//! Job bodies made of the demo's prompts.

use serde_json::{Value, json};

const PROMPTS: &str = include_str!("../../models/arith-tiny/prompts.jsonl");

/// `count` prompts from the `first` on, `samples` completions each, scored and filtered like the demo's.
pub(crate) fn body(first: usize, count: usize, samples: usize) -> Value {
    let prompts: Vec<Value> =
        PROMPTS.lines().skip(first).take(count).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(prompts.len(), count, "there are too few demo prompts");
    json!({
        "prompts": prompts,
        "sampling": { "n": samples, "temperature": 1.0, "max_tokens": 48 },
        "reward": { "mode": "builtin", "name": "numeric" },
        "selection": { "group_filter": { "min_std": 0.1 } },
    })
}
