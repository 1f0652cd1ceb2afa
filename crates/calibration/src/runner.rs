//! One engine with one set of weights, in both places: as the miner that plays rollouts, and as the verifier that
//! recomputes them.

use engine::{Draws, Emitted, Generator, Model};
use grail::hash::{Hash, Transcript};
use grail::sampler::{self, Sampling};
use grail::seed::SeedStream;

use crate::Error;

/// One rollout that is due: its prompt, its draws, its place in its group.
#[derive(Debug, Clone)]
pub(crate) struct Due<'a> {
    pub(crate) prompt: &'a [u32],
    pub(crate) seeds: SeedStream,
    pub(crate) sample: u32,
}

impl Due<'_> {
    /// Stands for the start of the chain: other for every rollout.
    pub(crate) fn start(&self) -> Hash {
        Transcript::new("reliquary/calibration/start")
            .bytes(&self.seeds.randomness.0)
            .bytes(&self.seeds.prompt.0)
            .u32(self.sample)
            .finish()
    }
}

/// A rollout as a miner has it: everything that any scheme's commitment is made from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Played {
    pub(crate) tokens: Vec<u32>,
    pub(crate) states: Vec<Vec<f32>>,
    pub(crate) logprobs: Vec<f32>,
}

/// What a verifier recomputes of a rollout.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checked {
    pub(crate) states: Vec<Vec<f32>>,
    pub(crate) logprobs: Vec<f32>,
    pub(crate) misses: Vec<f64>,
}

#[derive(Debug)]
pub(crate) enum Runner {
    Ours(Box<Model>),
    Foreign(Box<foreign::Engine>),
}

impl Runner {
    /// Samples rollouts of so many tokens each under their draws. EOS is a token like any other.
    pub(crate) fn play(
        &self,
        due: &[Due<'_>],
        sampling: Sampling,
        lengths: &[usize],
    ) -> Result<Vec<Played>, Error> {
        // all run to the longest; lengths of a batch are near each other
        let tokens = lengths.iter().copied().max().unwrap_or(0);
        let mut played = self.play_all(due, sampling, tokens)?;
        for (played, length) in played.iter_mut().zip(lengths) {
            played.tokens.truncate(*length);
            played.states.truncate(*length);
            played.logprobs.truncate(*length);
        }
        Ok(played)
    }

    fn play_all(&self, due: &[Due<'_>], sampling: Sampling, tokens: usize) -> Result<Vec<Played>, Error> {
        match self {
            Self::Ours(model) => play_ours(model, due, sampling, tokens),
            Self::Foreign(engine) => {
                let prompts: Vec<&[u32]> = due.iter().map(|due| due.prompt).collect();
                let mut played = vec![Played::default(); due.len()];
                engine.generate(&prompts, tokens, &[], &mut |which, t, seen| {
                    let u = due[which].seeds.draw(due[which].sample, t as u32);
                    let token = sampler::pick(seen.logits, sampling, u).unwrap_or_default();
                    let played = &mut played[which];
                    played.tokens.push(token);
                    played.states.push(seen.hidden.to_vec());
                    played.logprobs.push(logprob(seen.logits, token));
                    token
                });
                Ok(played)
            }
        }
    }

    /// States and log-probs of given tokens.
    pub(crate) fn prefill(
        &self,
        due: &[Due<'_>],
        sampling: Sampling,
        tokens: &[&[u32]],
    ) -> Result<Vec<Checked>, Error> {
        let mut checked = vec![Checked::default(); due.len()];
        match self {
            Self::Ours(model) => {
                for (group, part) in groups(due).zip(group_slices(due, &mut checked)) {
                    let completions = &tokens[group.clone()];
                    let due = &due[group];
                    let draw = |i: usize, t: usize| due[i].seeds.draw(due[i].sample, t as u32);
                    engine::audit_group(
                        model,
                        due[0].prompt,
                        completions,
                        sampling,
                        &draw,
                        &mut |i, _, r| {
                            part[i].push(r.hidden, r.logprob, r.miss);
                        },
                    )?;
                }
            }
            Self::Foreign(engine) => {
                let forced: Vec<(&[u32], &[u32])> =
                    due.iter().zip(tokens).map(|(due, tokens)| (due.prompt, *tokens)).collect();
                engine.force(&forced, &mut |which, t, seen| {
                    let (due, token) = (&due[which], tokens[which][t]);
                    let u = due.seeds.draw(due.sample, t as u32);
                    let miss = sampler::miss_of(seen.logits, sampling, u, token).unwrap_or(f64::INFINITY);
                    checked[which].push(seen.hidden, logprob(seen.logits, token), miss);
                });
            }
        }
        Ok(checked)
    }
}

impl Checked {
    fn push(&mut self, hidden: &[f32], logprob: f32, miss: f64) {
        self.states.push(hidden.to_vec());
        self.logprobs.push(logprob);
        self.misses.push(miss);
    }
}

/// Stretches of rollouts of one prompt.
fn groups<'d>(due: &'d [Due<'_>]) -> impl Iterator<Item = std::ops::Range<usize>> + use<'d> {
    let mut from = 0;
    due.chunk_by(|a, b| a.prompt == b.prompt).map(move |group| {
        from += group.len();
        from - group.len()..from
    })
}

fn group_slices<'c>(due: &[Due<'_>], mut checked: &'c mut [Checked]) -> Vec<&'c mut [Checked]> {
    groups(due)
        .map(|group| {
            let (head, tail) = std::mem::take(&mut checked).split_at_mut(group.len());
            checked = tail;
            head
        })
        .collect()
}

fn logprob(logits: &[f32], token: u32) -> f32 {
    sampler::logprob_of(logits, token).unwrap_or(f32::NEG_INFINITY)
}

fn play_ours(
    model: &Model,
    due: &[Due<'_>],
    sampling: Sampling,
    tokens: usize,
) -> Result<Vec<Played>, Error> {
    const PAGE: usize = 16;
    let mut played = vec![Played::default(); due.len()];
    for batch in 0..due.len().div_ceil(64) {
        let first = batch * 64;
        let due = &due[first..(first + 64).min(due.len())];
        let positions: usize = due.iter().map(|due| due.prompt.len() + tokens + 2 * PAGE).sum();
        let mut generator = Generator::new(model, due.len() + 64, positions);
        let mut places = std::collections::HashMap::new();
        for (i, due) in due.iter().enumerate() {
            let (seeds, sample) = (due.seeds, due.sample);
            let draws: Draws = Box::new(move |_, t| seeds.draw(sample, t as u32));
            places.insert(generator.add_group(due.prompt, 1, tokens, sampling, draws)?, first + i);
        }
        let mut left = due.len();
        while left > 0 {
            generator.step(&mut |emitted: Emitted<'_>| {
                let played = &mut played[places[&emitted.group]];
                played.tokens.push(emitted.token);
                played.states.push(emitted.hidden.to_vec());
                played.logprobs.push(emitted.logprob);
                left -= usize::from(emitted.finish.is_some());
            })?;
        }
    }
    Ok(played)
}
