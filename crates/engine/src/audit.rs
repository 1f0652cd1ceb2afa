//! The verifier's pass: every state, log-prob and dictated token of a group, from its committed tokens.
//!
//! The prompt is run once for all completions, and completions are packed together without padding, a bounded
//! number of rows per pass.

use grail::recomputed::Recomputed;
use grail::sampler::Sampling;

use crate::{
    error::Error,
    forward::{Row, Scratch},
    head::{Answer, Ask},
    kv::{KvPool, PAGE, Sequence, pages_for},
    model::Model,
};

/// Rows per pass.
const ROWS: usize = 512;

/// Runs the committed tokens of a group and visits each of them as `(sample, t, what the model says)`.
///
/// First the first tokens of all samples, then sample by sample in ascending `t`. `draw(sample, t)` is the
/// protocol's `u` in [0, 1). Empty completions are not visited.
pub fn audit_group(
    model: &Model,
    prompt: &[u32],
    completions: &[&[u32]],
    sampling: Sampling,
    draw: &dyn Fn(usize, usize) -> f64,
    visit: &mut dyn FnMut(usize, usize, Recomputed<'_>),
) -> Result<(), Error> {
    check(model, prompt, completions)?;
    let waves = waves(completions);
    let own_pages = |sample: usize| pages_for(prompt.len() + completions[sample].len()) - prompt.len() / PAGE;
    let most = waves.iter().map(|wave| wave.iter().map(|sample| own_pages(*sample)).sum::<usize>()).max();
    let kv = KvPool::new(model.kv_shape(), pages_for(prompt.len()) + most.unwrap_or(0));
    let mut audit = Audit { model, kv, scratch: Scratch::default(), sampling, completions, draw, visit };
    let prefix = audit.prompt(prompt)?;
    for wave in &waves {
        audit.wave(&prefix, wave)?;
    }
    Ok(())
}

fn check(model: &Model, prompt: &[u32], completions: &[&[u32]]) -> Result<(), Error> {
    if prompt.is_empty() {
        return Err(Error::EmptyPrompt);
    }
    model.check_tokens(prompt)?;
    model.check_length(prompt.len())?;
    for completion in completions {
        model.check_tokens(completion)?;
        model.check_length(prompt.len().saturating_add(completion.len()))?;
    }
    Ok(())
}

/// Samples with more than one token, cut so that each wave has about one pass of rows.
fn waves(completions: &[&[u32]]) -> Vec<Vec<usize>> {
    let mut waves: Vec<Vec<usize>> = Vec::new();
    let mut rows = ROWS;
    for (sample, completion) in completions.iter().enumerate().filter(|(_, tokens)| tokens.len() > 1) {
        let own = completion.len() - 1;
        match waves.last_mut() {
            Some(wave) if rows + own <= ROWS => wave.push(sample),
            _ => {
                waves.push(vec![sample]);
                rows = 0;
            }
        }
        rows += own;
    }
    waves
}

struct Audit<'a> {
    model: &'a Model,
    kv: KvPool,
    scratch: Scratch,
    sampling: Sampling,
    completions: &'a [&'a [u32]],
    draw: &'a dyn Fn(usize, usize) -> f64,
    visit: &'a mut dyn FnMut(usize, usize, Recomputed<'_>),
}

impl Audit<'_> {
    /// Runs the prompt; its last state is where every first token was drawn from.
    fn prompt(&mut self, prompt: &[u32]) -> Result<Sequence, Error> {
        let mut prefix = Sequence::default();
        self.kv.extend(&mut prefix, prompt.len())?;
        let last = prompt.len() - 1;
        let rows: Vec<Row<'_>> = prompt
            .iter()
            .enumerate()
            .map(|(position, &token)| Row { token, position, sequence: &prefix, wanted: position == last })
            .collect();
        let firsts: Vec<(usize, usize, usize)> = (0..self.completions.len())
            .filter(|sample| !self.completions[*sample].is_empty())
            .map(|sample| (0, sample, 0))
            .collect();
        for rows in rows.chunks(ROWS) {
            let last = rows.iter().any(|row| row.wanted);
            self.pass(rows, if last { &firsts } else { &[] })?;
        }
        Ok(prefix)
    }

    /// Runs all but the last token of some samples; each state is where the next token was drawn from.
    fn wave(&mut self, prefix: &Sequence, samples: &[usize]) -> Result<(), Error> {
        let mut sequences = Vec::with_capacity(samples.len());
        for &sample in samples {
            let mut sequence = prefix.clone();
            self.kv.extend(&mut sequence, self.completions[sample].len() - 1)?;
            sequences.push(sequence);
        }
        let mut rows = Vec::new();
        let mut due = Vec::new();
        for (&sample, sequence) in samples.iter().zip(&sequences) {
            let tokens = self.completions[sample];
            for (index, &token) in tokens[..tokens.len() - 1].iter().enumerate() {
                rows.push(Row { token, position: prefix.len() + index, sequence, wanted: true });
                due.push((rows.len() - 1, sample, index + 1));
            }
        }
        for (rows, due) in rows.chunks(ROWS).zip(due.chunks(ROWS)) {
            let due: Vec<_> = due.iter().map(|&(row, sample, t)| (row % ROWS, sample, t)).collect();
            self.pass(rows, &due)?;
        }
        Ok(())
    }

    /// One pass; `due` names the tokens to visit as (wanted row, sample, t).
    fn pass(&mut self, rows: &[Row<'_>], due: &[(usize, usize, usize)]) -> Result<(), Error> {
        let hidden = self.model.forward(&mut self.kv, rows, &mut self.scratch);
        let ask = |&(row, sample, t): &(usize, usize, usize)| Ask {
            row,
            sampling: self.sampling,
            u: (self.draw)(sample, t),
            token: Some(self.completions[sample][t]),
        };
        let asks: Vec<Ask> = due.iter().map(ask).collect();
        let answers = self.model.answer(hidden, &asks)?;
        let width = self.model.config.hidden_size;
        for (&(row, sample, t), answer) in due.iter().zip(answers) {
            let hidden = &hidden[row * width..(row + 1) * width];
            let Answer { picked, logprob, miss } = answer;
            (self.visit)(sample, t, Recomputed { hidden, logprob, picked, miss });
        }
        Ok(())
    }
}
