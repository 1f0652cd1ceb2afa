//! `dpo`: of each group its best and its worst completion as a pair. `sft`: each completion as a conversation. Both are
//! text, for `datasets` and whoever reads its conversational format.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::{Message, shaped_reward};
use crate::error::Error;
use crate::lines::{LeftOut, Lines};
use crate::sequence::Sequence;

#[derive(Serialize)]
struct Pair<'a> {
    prompt: [Message<'a>; 1],
    chosen: [Message<'a>; 1],
    rejected: [Message<'a>; 1],
}

/// What a group's rollouts are worth here: text, a reward, and something to learn.
fn usable<'a>(record: &'a RolloutRecord, lines: &mut Lines) -> Option<(&'a str, &'a RolloutRecord)> {
    let why = if Sequence(record).is_masked() {
        LeftOut::Masked
    } else if let Some(prompt) = record.prompt_text.as_deref() {
        return Some((prompt, record));
    } else {
        LeftOut::NoPromptText
    };
    lines.leave_out(why);
    None
}

pub(crate) fn pairs(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    let mut scored = Vec::new();
    for record in group {
        if let Some((prompt, record)) = usable(record, lines) {
            match shaped_reward(record) {
                Some(reward) => scored.push((reward, prompt, record)),
                None => lines.leave_out(LeftOut::NoReward),
            }
        }
    }
    // of equal ones the first, so that the same group gives the same pair
    let best = scored.iter().rev().max_by(|a, b| a.0.total_cmp(&b.0));
    let worst = scored.iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let pair = best.zip(worst).filter(|(best, worst)| best.0 > worst.0);
    for _ in if pair.is_some() { 2 } else { 0 }..scored.len() {
        lines.leave_out(LeftOut::NoPair);
    }
    let Some(((_, prompt, chosen), (_, _, rejected))) = pair else { return Ok(()) };
    lines.json(&Pair {
        prompt: [Message::user(prompt)],
        chosen: [Message::assistant(&chosen.completion_text)],
        rejected: [Message::assistant(&rejected.completion_text)],
    })
}

#[derive(Serialize)]
struct Conversation<'a> {
    messages: [Message<'a>; 2],
}

pub(crate) fn conversations(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        if let Some((prompt, record)) = usable(record, lines) {
            let messages = [Message::user(prompt), Message::assistant(&record.completion_text)];
            lines.json(&Conversation { messages })?;
        }
    }
    Ok(())
}
