//! The contract's records as Rust types (see `wit/reward.wit`): what goes into a reward function and what
//! comes out. The derives are checked against the component's own types when it is compiled.

use serde::{Deserialize, Serialize};
use wasmtime::component::{ComponentType, Lift, Lower};

/// Why the model stopped writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ComponentType, Lower)]
#[component(enum)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Finish {
    #[component(name = "stop")]
    Stop,
    #[component(name = "length")]
    Length,
    #[component(name = "tool")]
    Tool,
    #[component(name = "other")]
    Other,
}

/// One completion of the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ComponentType, Lower)]
#[component(record)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    pub text: String,
    #[component(name = "token-ids")]
    pub token_ids: Vec<u32>,
    pub finish: Finish,
}

/// The prompt that all samples of the group answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ComponentType, Lower)]
#[component(record)]
#[serde(deny_unknown_fields)]
pub struct Task {
    pub id: String,
    pub prompt: String,
    #[component(name = "prompt-token-ids")]
    pub prompt_token_ids: Vec<u32>,
    /// The expected answer, as the customer wrote it.
    pub reference: String,
    /// Free JSON of the customer; `{}` when there is none.
    pub metadata: String,
    /// The only randomness that the function has.
    pub seed: u64,
}

/// A checked reward: finite, within ±1e6, never -0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub reward: f64,
    /// Named parts, in the order in which the function gave them.
    pub components: Vec<(String, f64)>,
}

/// How loud a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ComponentType, Lift)]
#[component(enum)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Level {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// One line that the guest logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    pub level: Level,
    pub message: String,
}

/// `component` of the contract, as the guest wrote it: not yet checked.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct RawComponent {
    pub(crate) name: String,
    pub(crate) value: f64,
}

/// `score` of the contract, as the guest wrote it: not yet checked.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct RawScore {
    pub(crate) reward: f64,
    pub(crate) components: Vec<RawComponent>,
}

/// `fault` of the contract.
#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum RawFault {
    #[component(name = "bad-task")]
    BadTask(String),
    #[component(name = "internal")]
    Internal(String),
}

/// Parameters of `score` in world `reward`.
pub(crate) type GroupParams<'a> = (&'a Task, &'a [Sample]);
/// Results of `score` in world `reward`.
pub(crate) type GroupResults = (Result<Vec<RawScore>, RawFault>,);
/// Parameters of `reward` in world `reward-simple`.
pub(crate) type SimpleParams<'a> = (&'a str, &'a str, &'a [u32], &'a str, &'a str);
/// Results of `reward` in world `reward-simple`.
pub(crate) type SimpleResults = (f64,);

impl Task {
    /// Bytes that a call copies into the guest for the task.
    pub(crate) fn bytes(&self) -> u64 {
        let text = self.id.len() + self.prompt.len() + self.reference.len() + self.metadata.len();
        (text + 4 * self.prompt_token_ids.len()) as u64
    }
}

impl Sample {
    /// Bytes that a call copies into the guest for the sample.
    pub(crate) fn bytes(&self) -> u64 {
        (self.text.len() + 4 * self.token_ids.len()) as u64
    }
}
