//! `dpo`: of each group its best and its worst completion as a pair. `sft`: each completion as a conversation. Both are
//! text, the prompt as the messages that it was sent as, for `datasets` and whoever reads its conversational format.

use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::{Message, conversation, shaped_reward};
use crate::error::Error;
use crate::lines::{LeftOut, Lines};
use crate::sequence::Sequence;

#[derive(Serialize)]
struct Pair<'a> {
    prompt: Vec<Message<'a>>,
    chosen: [Message<'a>; 1],
    rejected: [Message<'a>; 1],
}

/// What a group's rollouts are worth here: text, a reward, and something to learn.
fn is_usable(record: &RolloutRecord, lines: &mut Lines) -> bool {
    let why = if Sequence(record).is_masked() {
        LeftOut::Masked
    } else if record.prompt_text.is_none() {
        LeftOut::NoPromptText
    } else {
        return true;
    };
    lines.leave_out(why);
    false
}

pub(crate) fn pairs(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    let mut scored = Vec::new();
    for record in group {
        if is_usable(record, lines) {
            match shaped_reward(record) {
                Some(reward) => scored.push((reward, record)),
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
    let Some(((_, chosen), (_, rejected))) = pair else { return Ok(()) };
    lines.json(&Pair {
        prompt: conversation(chosen),
        chosen: [Message::assistant(&chosen.completion_text)],
        rejected: [Message::assistant(&rejected.completion_text)],
    })
}

#[derive(Serialize)]
struct Conversation<'a> {
    messages: Vec<Message<'a>>,
}

pub(crate) fn conversations(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    for record in group {
        if is_usable(record, lines) {
            let mut messages = conversation(record);
            messages.push(Message::assistant(&record.completion_text));
            lines.json(&Conversation { messages })?;
        }
    }
    Ok(())
}
