//! One module for each framework: its rows, from the rollouts of one group.

#![expect(clippy::struct_field_names, reason = "the names are those of the frameworks")]

mod areal;
mod art;
mod nemo_gym;
mod nemo_rl;
mod openrlhf;
mod preference;
mod prime_rl;
mod record;
mod skyrl;
mod slime;
mod tinker;
mod together_rl;
mod trl;
pub(crate) mod verl;

use protocol::Message as Sent;
use protocol::rollout::RolloutRecord;

use crate::error::Error;
use crate::format::Format;
use crate::lines::Lines;

/// Writes the rows of one group.
pub(crate) type Rows = fn(&[RolloutRecord], &mut Lines) -> Result<(), Error>;

/// The rows of a format; `None` of one in columns.
pub(crate) fn rows(format: Format) -> Option<Rows> {
    Some(match format {
        Format::Parquet | Format::Arrow | Format::VerlPrompts => return None,
        Format::Jsonl => record::rows,
        Format::Tinker => tinker::rows,
        Format::TogetherRl => together_rl::rows,
        Format::Trl => trl::rows,
        Format::TrlAsync => trl::async_rows,
        Format::Verl => verl::rows,
        Format::VerlDump => verl::dump_rows,
        Format::Openrlhf => openrlhf::rows,
        Format::PrimeRl => prime_rl::rows,
        Format::PrimeRlTraces => prime_rl::trace_rows,
        Format::Skyrl => skyrl::rows,
        Format::NemoRl => nemo_rl::rows,
        Format::NemoGym => nemo_gym::rows,
        Format::Slime => slime::rows,
        Format::Areal => areal::rows,
        Format::Art => art::rows,
        Format::Dpo => preference::pairs,
        Format::Sft => preference::conversations,
    })
}

/// A message of a chat.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Message<'a> {
    role: &'a str,
    content: &'a str,
}

impl<'a> Message<'a> {
    pub(crate) fn user(content: &'a str) -> Self {
        Self { role: "user", content }
    }

    pub(crate) fn assistant(content: &'a str) -> Self {
        Self { role: "assistant", content }
    }
}

/// The prompt as a conversation: the messages that it was sent as, else its text as one message of the user.
pub(crate) fn conversation(record: &RolloutRecord) -> Vec<Message<'_>> {
    match &record.messages {
        Some(messages) if !messages.is_empty() => {
            messages.iter().map(|Sent { role, content }| Message { role, content }).collect()
        }
        _ => vec![Message::user(prompt_text(record))],
    }
}

/// What a record is called here, for formats with a place for a row's own data.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Ids<'a> {
    rollout_id: String,
    group_id: String,
    custom_id: &'a str,
}

impl<'a> Ids<'a> {
    pub(crate) fn of(record: &'a RolloutRecord) -> Self {
        Self {
            rollout_id: record.id.to_string(),
            group_id: record.group_id.to_string(),
            custom_id: &record.custom_id,
        }
    }
}

/// What a trainer that makes advantages itself makes them of: the reward, less an overlong penalty where the job has one.
pub(crate) fn shaped_reward(record: &RolloutRecord) -> Option<f64> {
    record.shaped_reward.or(record.reward)
}

/// The prompt's text: of messages what they were rendered to. A prompt that was given as tokens has none.
pub(crate) fn prompt_text(record: &RolloutRecord) -> &str {
    record.prompt_text.as_deref().unwrap_or_default()
}

/// The answer that the prompt came with, where a module was given one.
pub(crate) fn reference(record: &RolloutRecord) -> Option<&str> {
    record.reward_inputs.as_ref().map(|inputs| inputs.reference.as_str())
}
