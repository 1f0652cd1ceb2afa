//! Generation with continuous batching: groups of samples that join and leave at any step.
//!
//! A prompt is prefilled once for its group; its samples then share those pages. Every step runs one pass over
//! one row of each running sample, oldest group first, and fills up with prompts that wait.

use std::collections::VecDeque;

use grail::sampler::Sampling;

use crate::{
    error::Error,
    forward::{Row, Scratch},
    head::{Answer, Ask},
    kv::{KvPool, PAGE, Sequence, pages_for},
    model::Model,
};

/// Gives the draw `u(sample, t)` in [0, 1).
pub type Draws = Box<dyn FnMut(usize, usize) -> f64 + Send>;

/// Replaces the dictated token: `(sample, t, dictated) -> token`. Only a dishonest miner has a use for it.
pub type Choose = Box<dyn FnMut(usize, usize, u32) -> u32 + Send>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(u64);

/// Why a sample ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The token is one of the checkpoint's end-of-sequence tokens.
    Stop,
    /// The token is the last one allowed.
    Length,
}

/// One generated token with what its record needs.
#[derive(Debug)]
pub struct Emitted<'a> {
    pub group: GroupId,
    pub sample: usize,
    pub t: usize,
    pub token: u32,
    /// Raw log-prob of the token: full softmax at temperature 1.
    pub logprob: f32,
    /// The post-final-norm state that the token was drawn from.
    pub hidden: &'a [f32],
    pub finish: Option<Finish>,
}

/// Generates for any number of groups on one model.
#[derive(Debug)]
pub struct Generator<'m> {
    model: &'m Model,
    kv: KvPool,
    scratch: Scratch,
    max_rows: usize,
    /// Pages that the running groups may still grow into or hold; never more than the pool has.
    reserved: usize,
    waiting: VecDeque<Group>,
    running: VecDeque<Group>,
    next_id: u64,
}

struct Group {
    id: GroupId,
    prompt: Vec<u32>,
    n: usize,
    max_tokens: usize,
    sampling: Sampling,
    draws: Draws,
    choose: Option<Choose>,
    /// The prompt's pages until all of it has run; then the samples hold them.
    prefix: Option<Sequence>,
    samples: Vec<Sample>,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("Group");
        out.field("id", &self.id).field("n", &self.n).field("samples", &self.samples).finish_non_exhaustive()
    }
}

/// A running sample. Its last token is not in its sequence yet.
#[derive(Debug)]
struct Sample {
    index: usize,
    sequence: Sequence,
    last: u32,
    /// Tokens emitted.
    t: usize,
    finished: bool,
}

/// What one group contributes to a step. Groups and samples are named by their place in their lists.
#[derive(Debug, Clone, Copy)]
enum Part {
    Prompt { group: usize, from: usize, count: usize },
    Token { group: usize, sample: usize },
}

/// A draw to be made after the pass, for the sample at this place.
#[derive(Debug, Clone, Copy)]
struct Due {
    group: usize,
    sample: usize,
    ask: Ask,
}

impl<'m> Generator<'m> {
    /// Up to `max_rows` rows per step, with room for the keys and values of `kv_tokens` positions.
    pub fn new(model: &'m Model, max_rows: usize, kv_tokens: usize) -> Self {
        Self {
            model,
            kv: KvPool::new(model.kv_shape(), pages_for(kv_tokens)),
            scratch: Scratch::default(),
            max_rows: max_rows.max(1),
            reserved: 0,
            waiting: VecDeque::new(),
            running: VecDeque::new(),
            next_id: 0,
        }
    }

    /// Queues a group of `n` samples of one prompt. It starts as soon as the pool has room for all of it.
    pub fn add_group(
        &mut self,
        prompt: &[u32],
        n: usize,
        max_tokens: usize,
        sampling: Sampling,
        draws: Draws,
    ) -> Result<GroupId, Error> {
        if prompt.is_empty() {
            return Err(Error::EmptyPrompt);
        }
        if n == 0 || max_tokens == 0 {
            return Err(Error::EmptyGroup);
        }
        self.model.check_tokens(prompt)?;
        self.model.check_length(prompt.len().saturating_add(max_tokens))?;
        let id = GroupId(self.next_id);
        let prompt = prompt.to_vec();
        let (prefix, samples) = (Some(Sequence::default()), Vec::new());
        let group = Group { id, prompt, n, max_tokens, sampling, draws, choose: None, prefix, samples };
        if group.pages() > self.kv.pages() {
            return Err(Error::KvExhausted { pages: self.kv.pages() });
        }
        self.next_id += 1;
        self.waiting.push_back(group);
        Ok(id)
    }

    /// Lets `choose` replace the tokens of a group from its next one on.
    pub fn override_tokens(&mut self, id: GroupId, choose: Choose) {
        if let Some(group) = self.waiting.iter_mut().chain(&mut self.running).find(|group| group.id == id) {
            group.choose = Some(choose);
        }
    }

    /// Drops a group, finished or not.
    pub fn remove_group(&mut self, id: GroupId) {
        self.waiting.retain(|group| group.id != id);
        self.retire(|group| group.id == id);
    }

    /// Runs one pass and hands every new token to `sink`. False when nothing is left to do.
    ///
    /// After an error the generator is of no further use: drop it.
    pub fn step(&mut self, sink: &mut dyn FnMut(Emitted<'_>)) -> Result<bool, Error> {
        self.admit();
        let parts = self.schedule();
        if parts.is_empty() {
            return Ok(false);
        }
        self.extend(&parts)?;
        let rows = rows(&self.running, &parts);
        let hidden = self.model.forward(&mut self.kv, &rows, &mut self.scratch);
        let due = due(&mut self.running, &parts);
        let asks: Vec<Ask> = due.iter().map(|due| due.ask).collect();
        let answers = self.model.answer(hidden, &asks)?;
        let width = self.model.config.hidden_size;
        for (Due { group, sample, ask }, answer) in due.into_iter().zip(answers) {
            let group = &mut self.running[group];
            let (token, logprob) = group.settle(self.model, hidden, sample, ask, answer)?;
            let sample = &mut group.samples[sample];
            let stop = self.model.config.eos_token_ids.contains(&token).then_some(Finish::Stop);
            let finish = stop.or((sample.t + 1 == group.max_tokens).then_some(Finish::Length));
            let hidden = &hidden[ask.row * width..(ask.row + 1) * width];
            let (group, t) = (group.id, sample.t);
            sink(Emitted { group, sample: sample.index, t, token, logprob, hidden, finish });
            sample.t += 1;
            sample.last = token;
            sample.finished = finish.is_some();
        }
        for group in &mut self.running {
            group.samples.retain(|sample| !sample.finished);
        }
        self.retire(|group| group.prefix.is_none() && group.samples.is_empty());
        Ok(!self.running.is_empty() || !self.waiting.is_empty())
    }

    /// Starts waiting groups, in order, while the pool has room for them at their longest.
    fn admit(&mut self) {
        while let Some(group) = self.waiting.front() {
            if self.reserved + group.pages() > self.kv.pages() {
                return;
            }
            self.reserved += group.pages();
            self.running.extend(self.waiting.pop_front());
        }
    }

    fn schedule(&self) -> Vec<Part> {
        let mut left = self.max_rows;
        let mut parts = Vec::new();
        for (group, state) in self.running.iter().enumerate() {
            let samples = state.samples.len().min(left);
            parts.extend((0..samples).map(|sample| Part::Token { group, sample }));
            left -= samples;
        }
        for (group, state) in self.running.iter().enumerate() {
            let Some(prefix) = &state.prefix else { continue };
            let from = prefix.len();
            let count = (state.prompt.len() - from).min(left);
            if count > 0 {
                parts.push(Part::Prompt { group, from, count });
                left -= count;
            }
        }
        parts
    }

    /// Gives every row of the step a place for its keys and values.
    fn extend(&mut self, parts: &[Part]) -> Result<(), Error> {
        for part in parts {
            match *part {
                Part::Prompt { group, count, .. } => {
                    if let Some(prefix) = &mut self.running[group].prefix {
                        self.kv.extend(prefix, count)?;
                    }
                }
                Part::Token { group, sample } => {
                    self.kv.extend(&mut self.running[group].samples[sample].sequence, 1)?;
                }
            }
        }
        Ok(())
    }

    fn retire(&mut self, done: impl Fn(&Group) -> bool) {
        let reserved = &mut self.reserved;
        self.running.retain(|group| {
            let done = done(group);
            if done {
                *reserved -= group.pages();
            }
            !done
        });
    }
}

impl Group {
    /// The most pages that it can hold: the prompt's full ones, and for each sample its own from there on. The
    /// last sample to leave the prompt's partial page writes it in place; the last token of a sample is not run.
    fn pages(&self) -> usize {
        let shared = self.prompt.len() / PAGE;
        let longest = pages_for(self.prompt.len() + self.max_tokens - 1);
        self.n.saturating_mul(longest - shared).saturating_add(shared)
    }

    /// Turns a finished prompt into its samples, all before their first token.
    fn split(&mut self) {
        let Some(prefix) = self.prefix.take() else { return };
        let sample = |index| Sample { index, sequence: prefix.clone(), last: 0, t: 0, finished: false };
        self.samples = (0..self.n).map(sample).collect();
    }

    fn due(&mut self, group: usize, sample: usize, row: usize) -> Due {
        let Sample { index, t, .. } = self.samples[sample];
        let ask = Ask { row, sampling: self.sampling, u: (self.draws)(index, t), token: None };
        Due { group, sample, ask }
    }

    /// The token and its log-prob, after the override if there is one.
    fn settle(
        &mut self,
        model: &Model,
        hidden: &[f32],
        sample: usize,
        ask: Ask,
        answer: Answer,
    ) -> Result<(u32, f32), Error> {
        let Some(choose) = &mut self.choose else { return Ok((answer.picked, answer.logprob)) };
        let Sample { index, t, .. } = self.samples[sample];
        let token = choose(index, t, answer.picked);
        model.check_tokens(&[token])?;
        let answer = model.answer(hidden, &[Ask { token: Some(token), ..ask }])?;
        Ok((token, answer.first().map_or(f32::NEG_INFINITY, |answer| answer.logprob)))
    }
}

fn rows<'a>(groups: &'a VecDeque<Group>, parts: &[Part]) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for part in parts {
        match *part {
            Part::Prompt { group, from, count } => {
                let Group { prompt, prefix, .. } = &groups[group];
                let Some(sequence) = prefix else { continue };
                rows.extend((from..from + count).map(|position| Row {
                    token: prompt[position],
                    position,
                    sequence,
                    wanted: position + 1 == prompt.len(),
                }));
            }
            Part::Token { group, sample } => {
                let Sample { sequence, last, .. } = &groups[group].samples[sample];
                rows.push(Row { token: *last, position: sequence.len() - 1, sequence, wanted: true });
            }
        }
    }
    rows
}

/// The draws that the pass allows, in the order of its wanted rows.
fn due(groups: &mut VecDeque<Group>, parts: &[Part]) -> Vec<Due> {
    let mut due = Vec::new();
    let mut row = 0;
    for part in parts {
        match *part {
            Part::Token { group, sample } => {
                due.push(groups[group].due(group, sample, row));
                row += 1;
            }
            Part::Prompt { group, from, count } => {
                let state = &mut groups[group];
                if from + count == state.prompt.len() {
                    state.split();
                    due.extend((0..state.n).map(|sample| state.due(group, sample, row)));
                    row += 1;
                }
            }
        }
    }
    due
}
