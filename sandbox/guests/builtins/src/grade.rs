//! Grades one group: configure once, let every part grade all samples, add up.

use serde::Deserialize;
use serde_json::Value;

use crate::config::configure;

/// What the parts see of a completion.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    pub text: &'a str,
    pub tokens: usize,
}

/// One sample's reward, and what it is made of, in the order of the args.
#[derive(Clone, Debug, PartialEq)]
pub struct Graded {
    pub reward: f64,
    pub parts: Vec<(String, f64)>,
}

/// Only `args` is ours; the rest of the metadata is the customer's.
#[derive(Deserialize)]
struct Metadata {
    args: Option<Value>,
}

/// Grades all samples of a task, or says why the task cannot be graded.
///
/// # Errors
/// The metadata has no valid args, or a part cannot use the reference; the text names the part.
pub fn grade(reference: &str, metadata: &str, samples: &[Sample<'_>]) -> Result<Vec<Graded>, String> {
    let metadata: Metadata = serde_json::from_str(metadata).map_err(|e| format!("metadata: {e}"))?;
    let args = metadata.args.ok_or("metadata: the field `args` is required")?;
    let parts = configure(&args).map_err(|faults| match faults.first() {
        Some(first) => format!("metadata: args{}: {}: {}", first.pointer, first.code, first.detail),
        None => "metadata: args".to_owned(),
    })?;
    let mut graded = vec![Graded { reward: 0.0, parts: Vec::with_capacity(parts.len()) }; samples.len()];
    for configured in &parts {
        let values = configured
            .part
            .grade(reference, samples)
            .map_err(|why| format!("part `{}`: {why}", configured.name))?;
        for (sample, value) in graded.iter_mut().zip(values) {
            sample.reward += configured.weight * value;
            sample.parts.push((configured.name.clone(), value));
        }
    }
    Ok(graded)
}
