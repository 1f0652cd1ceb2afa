//! Builds the frames of one group as its tokens come: 64 tokens a frame, a signed end per rollout, a root at last.
//!
//! Pure but for the signer's generator. Rollouts that a dishonest miner wants to change before they are sent are held
//! back whole ([`Treatment`]); honest ones stream.

use std::sync::Arc;

use grail::Hotkey;
use grail::chain::{Finish, LINK_EVERY, Task, group_root, head, link};
use grail::hash::Hash;
use grail::keys::{HotkeyPair, SIGNATURE_BYTES};
use grail::record::Record;
use grail::standard::{Recorder, Standard};
use protocol::wire::Frame;
use protocol::work::WorkRequest;

use crate::config::Rng;
use crate::dishonest::Treatment;

/// Signs heads with the miner's hotkey.
pub(crate) struct Signer {
    pub(crate) key: Arc<HotkeyPair>,
    pub(crate) rng: Rng,
}

impl Signer {
    fn sign(&mut self, head: &Hash) -> [u8; SIGNATURE_BYTES] {
        self.key.sign(head, &mut *self.rng)
    }
}

/// One token as the engine (or a stub) gave it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawn {
    /// Of the engine's group: rollout · candidates + candidate.
    pub(crate) sample: usize,
    pub(crate) token: u32,
    pub(crate) record: Record,
    pub(crate) finish: Option<Finish>,
}

/// One rollout on its way; `tokens` and `records` are what is not sent yet.
#[derive(Debug)]
struct Rollout {
    recorder: Recorder,
    link: Hash,
    sent: u32,
    tokens: Vec<u32>,
    records: Vec<Record>,
    finish: Option<Finish>,
}

/// One group on its way.
#[derive(Debug)]
pub(crate) struct GroupAnswer {
    index: u16,
    task_id: Hash,
    treatment: Treatment,
    rollouts: Vec<Rollout>,
    heads: Vec<Option<Hash>>,
    due: usize,
}

pub(crate) fn open(request: &WorkRequest, hotkey: Hotkey) -> Frame {
    let WorkRequest { checkpoint, profile, randomness, .. } = *request;
    Frame::Open { checkpoint, profile, randomness, hotkey }
}

impl GroupAnswer {
    pub(crate) fn new(
        index: u16,
        task: &Task,
        hotkey: &Hotkey,
        standard: &Standard,
        treatment: Treatment,
    ) -> Self {
        let rollouts = (0..task.group_size).flat_map(|sample| {
            let start = task.start(sample, hotkey);
            let recorder = standard.recorder(task, sample, hotkey);
            (0..treatment.candidates).map(move |_| Rollout {
                recorder: recorder.clone(),
                link: start,
                sent: 0,
                tokens: Vec::new(),
                records: Vec::new(),
                finish: None,
            })
        });
        let due = task.group_size as usize;
        let rollouts = rollouts.collect();
        Self { index, task_id: task.id(), treatment, rollouts, heads: vec![None; due], due }
    }

    pub(crate) fn opening(&self) -> Frame {
        Frame::Group { task: self.index, task_id: self.task_id }
    }

    /// What makes the records of the rollout that a sample of the engine belongs to.
    pub(crate) fn recorder(&self, sample: usize) -> &Recorder {
        &self.rollouts[sample].recorder
    }

    /// Takes the next token of a sample; appends the frames that became ready. True when the group is whole.
    ///
    /// `cut` withholds what would make the group whole.
    pub(crate) fn push(&mut self, drawn: Drawn, cut: bool, signer: &mut Signer, out: &mut Vec<u8>) -> bool {
        let rollout = &mut self.rollouts[drawn.sample];
        rollout.tokens.push(drawn.token);
        rollout.records.push(drawn.record);
        rollout.finish = drawn.finish;
        let slot = drawn.sample / self.treatment.candidates;
        let whole_frame = rollout.tokens.len() == LINK_EVERY;
        if !self.treatment.hold() && (whole_frame || drawn.finish.is_some()) {
            rollout.flush(self.index, slot as u16, out);
        }
        if drawn.finish.is_some() && self.candidates(slot).iter().all(|rollout| rollout.finish.is_some()) {
            self.close(slot, cut, signer, out);
        }
        self.due == 0
    }

    fn candidates(&mut self, slot: usize) -> &mut [Rollout] {
        let count = self.treatment.candidates;
        &mut self.rollouts[slot * count..(slot + 1) * count]
    }

    /// Ends a rollout: the longest of its candidates (an honest miner has one).
    fn close(&mut self, slot: usize, cut: bool, signer: &mut Signer, out: &mut Vec<u8>) {
        let (index, treatment) = (self.index, self.treatment.clone());
        let best = self.candidates(slot).iter_mut().max_by_key(|rollout| rollout.tokens.len());
        let rollout = best.expect("a rollout has at least one candidate");
        let finish = rollout.finish.expect("every candidate is finished");
        treatment.edit(finish, &mut rollout.tokens, &mut rollout.records);
        rollout.flush(index, slot as u16, out);
        let head = head(&rollout.link, rollout.sent, finish);
        let tokens = rollout.sent;
        for rollout in self.candidates(slot) {
            (rollout.tokens, rollout.records) = (Vec::new(), Vec::new());
        }
        self.heads[slot] = Some(head);
        self.due -= 1;
        if self.due == 0 && cut {
            return;
        }
        let signature = signer.sign(&head);
        Frame::End { task: index, sample: slot as u16, tokens, finish, head, signature }.encode(out);
        let heads: Option<Vec<Hash>> = self.heads.iter().copied().collect();
        if let Some(heads) = heads {
            Frame::Root { task: index, root: group_root(&heads) }.encode(out);
        }
    }
}

impl Rollout {
    /// Sends everything that is held.
    fn flush(&mut self, task: u16, sample: u16, out: &mut Vec<u8>) {
        for (tokens, records) in self.tokens.chunks(LINK_EVERY).zip(self.records.chunks(LINK_EVERY)) {
            for (token, record) in tokens.iter().zip(records) {
                self.link = link(&self.link, *token, record);
            }
            let (tokens, records) = (tokens.to_vec(), records.to_vec());
            let start = self.sent;
            self.sent += tokens.len() as u32;
            Frame::Tokens { task, sample, start, tokens, records, link: self.link }.encode(out);
        }
        self.tokens.clear();
        self.records.clear();
    }
}
