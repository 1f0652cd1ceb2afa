//! The rollouts of one prompt as OpenAI's `chat.completion`, with the way to each receipt as a field that its clients pass
//! over. How such answers are asked for is not known here.
//!
//! Miners know no stop sequences: an answer is cut before the first of them here. What was sampled, proven and paid for is
//! all of it, and `usage` counts that.

use chrono::DateTime;
use protocol::rollout::RolloutRecord;
use serde::Serialize;

/// How an answer is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    pub logprobs: bool,
    /// The text ends before the first of these.
    pub stop: &'a [String],
}

/// OpenAI's `chat.completion`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChatCompletion {
    id: String,
    object: &'static str,
    created: i64,
    model: String,
    choices: Vec<Choice>,
    usage: Usage,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Choice {
    index: usize,
    message: Message,
    finish_reason: &'static str,
    logprobs: Option<Logprobs>,
    reliquary: Reliquary,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Message {
    role: &'static str,
    content: String,
    refusal: (),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Logprobs {
    content: Vec<TokenLogprob>,
    refusal: (),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct TokenLogprob {
    token: String,
    logprob: f32,
    /// `null` where the token is no whole text.
    bytes: Option<Vec<u8>>,
    top_logprobs: [(); 0],
}

/// What OpenAI's answers do not have: where it is shown that this one is the model's.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Reliquary {
    rollout_id: String,
    verification: String,
    receipt: String,
    proof: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "OpenAI's names")]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

/// The answer that these rollouts of one prompt are; `None` if there is none of them. `pieces` gives each token its part
/// of the text.
pub fn completion(
    group: &[RolloutRecord],
    wanted: Wanted<'_>,
    pieces: impl Fn(&[u32]) -> Vec<String>,
) -> Option<ChatCompletion> {
    let mut group: Vec<&RolloutRecord> = group.iter().collect();
    group.sort_unstable_by_key(|record| record.sample_index);
    let first = *group.first()?;
    let times = group.iter().filter_map(|record| DateTime::parse_from_rfc3339(&record.created_at).ok());
    let prompt_tokens = u64::from(first.num_prompt_tokens);
    let completion_tokens = group.iter().map(|record| u64::from(record.num_completion_tokens)).sum();
    Some(ChatCompletion {
        id: format!("chatcmpl-{}", first.group_id),
        object: "chat.completion",
        created: times.map(|time| time.timestamp()).max().unwrap_or(0),
        model: first.proof.checkpoint_id.to_string(),
        choices: group
            .iter()
            .enumerate()
            .map(|(index, record)| choice(index, record, wanted, &pieces))
            .collect(),
        usage: Usage { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
    })
}

fn choice(
    index: usize,
    record: &RolloutRecord,
    wanted: Wanted<'_>,
    pieces: impl Fn(&[u32]) -> Vec<String>,
) -> Choice {
    let text = &record.completion_text;
    let end = wanted.stop.iter().filter_map(|stop| text.find(stop.as_str())).min();
    let logprobs = wanted.logprobs.then(|| {
        let pieces = pieces(&record.completion_ids);
        Logprobs { content: logprobs(record, &pieces, end.unwrap_or(usize::MAX)), refusal: () }
    });
    let id = record.id;
    Choice {
        index,
        message: Message {
            role: "assistant",
            content: text[..end.unwrap_or(text.len())].to_owned(),
            refusal: (),
        },
        finish_reason: if end.is_some() { "stop" } else { record.finish_reason.as_str() },
        logprobs,
        reliquary: Reliquary {
            rollout_id: id.to_string(),
            verification: record.proof.verification.clone(),
            receipt: format!("/v1/rollouts/{id}/receipt"),
            proof: format!("/v1/rollouts/{id}/proof"),
        },
    }
}

/// The tokens whose text begins before `end`.
fn logprobs(record: &RolloutRecord, pieces: &[String], end: usize) -> Vec<TokenLogprob> {
    let mut start = 0;
    let tokens = record.completion_ids.iter().zip(&record.behavior_logprobs).enumerate();
    let mut content = Vec::new();
    for (place, (id, logprob)) in tokens {
        if start >= end {
            break;
        }
        // a token without a text of its own is named by its number
        let piece = pieces.get(place).filter(|piece| !piece.is_empty());
        let bytes = piece.filter(|piece| !piece.contains('\u{FFFD}')).map(|piece| piece.as_bytes().to_vec());
        content.push(TokenLogprob {
            token: piece.cloned().unwrap_or_else(|| format!("token_id:{id}")),
            logprob: *logprob,
            bytes,
            top_logprobs: [],
        });
        start += piece.map_or(0, String::len);
    }
    content
}
