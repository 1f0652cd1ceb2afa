//! The output head, fused with the sampler: what a draw dictates and what a token's log-prob is.
//!
//! A small vocabulary (or a top-k / top-p filter) has its logits computed once, a few rows at a time. A large
//! one is summarised block by block, and only the block that a draw falls into is computed again: the logits of
//! a row are never all in memory.

use grail::sampler::{self, BLOCK, Block, Sampling, Summary, miss};

use crate::{
    error::Error,
    kernels::{LANES, Pick, Summarise},
    model::Model,
};

/// Rows whose logits or blocks are computed together.
const ROWS: usize = 36;
/// Up to this many ids a row's logits are kept between the summary and the draw.
const SMALL_VOCABULARY: usize = 4096;
/// Most logits in memory at once, per thread.
const LOGITS: usize = 1 << 20;

/// A question about one row: which token does `u` dictate, and what is the log-prob of `token`, or else of that?
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) row: usize,
    /// The same for all asks of a row.
    pub(crate) sampling: Sampling,
    pub(crate) u: f64,
    pub(crate) token: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Answer {
    pub(crate) picked: u32,
    pub(crate) logprob: f32,
    /// How far `u` lies outside the interval of the token asked for: 0 if it is the one picked.
    pub(crate) miss: f64,
}

/// Block summaries of one row: raw ones for log-probs, tempered ones for draws.
struct Blocks {
    raw: Vec<Block>,
    /// `None` at temperature 1, where they would be the same.
    tempered: Option<Vec<Block>>,
}

impl Blocks {
    fn for_draws(&self) -> &[Block] {
        self.tempered.as_deref().unwrap_or(&self.raw)
    }
}

impl Model {
    /// Answers `asks`, which must be in ascending order of row, over the states `hidden`.
    pub(crate) fn answer(&self, hidden: &[f32], asks: &[Ask]) -> Result<Vec<Answer>, Error> {
        let whole = |ask: &Ask| self.config.vocab_size <= SMALL_VOCABULARY || ask.sampling.truncates();
        let rows = asks.chunk_by(|a, b| a.row == b.row);
        let (at_once, tiled): (Vec<_>, Vec<_>) = rows.partition(|row| whole(&row[0]));
        let (at_once, tiled) = self.crew.enter(|| -> Result<_, Error> {
            Ok((self.answer_whole(hidden, &at_once)?, self.answer_tiled(hidden, &tiled)?))
        })?;
        // Put the two kinds back into the order of the asks.
        let (mut at_once, mut tiled) = (at_once.into_iter(), tiled.into_iter());
        let next = |ask| if whole(ask) { at_once.next() } else { tiled.next() };
        Ok(asks.iter().filter_map(next).collect())
    }

    /// Computes whole rows of logits, a few at a time.
    fn answer_whole(&self, hidden: &[f32], rows: &[&[Ask]]) -> Result<Vec<Answer>, Error> {
        let vocab = self.config.vocab_size;
        let per_task = (LOGITS / vocab).clamp(1, ROWS).min(rows.len().div_ceil(self.crew.threads()).max(1));
        let tasks: Vec<_> = rows.chunks(per_task).collect();
        let answers = self.crew.map(tasks, |rows| -> Result<Vec<Answer>, Error> {
            let x = self.gather(hidden, rows);
            let mut logits = vec![0.0; rows.len() * vocab];
            self.kernels.matmul(&x, &self.head, &mut logits, 1);
            let mut answers = Vec::new();
            for (asks, row) in rows.iter().zip(logits.chunks_exact_mut(vocab)) {
                self.answer_row(asks, row, &mut answers)?;
            }
            Ok(answers)
        });
        Ok(answers.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn answer_row(&self, asks: &[Ask], row: &mut [f32], answers: &mut Vec<Answer>) -> Result<(), Error> {
        let sampling = asks[0].sampling;
        let temperature = sampling.temperature();
        let raw = self.summarise(row, 1.0);
        let full = Summary::new(&raw).ok_or(Error::NoMass)?;
        let kept = if sampling.truncates() {
            let mut kept = row.to_vec();
            sampler::truncate(&mut kept, sampling);
            Some(kept)
        } else {
            None
        };
        let kept = kept.as_deref().unwrap_or(row);
        let tempered =
            if sampling == Sampling::default() { None } else { Some(self.summarise(kept, temperature)) };
        let draws = Summary::new(tempered.as_deref().unwrap_or(&raw)).ok_or(Error::NoMass)?;
        for ask in asks {
            let located = draws.locate(ask.u);
            let start = located.block() * BLOCK;
            let logits = &kept[start..kept.len().min(start + BLOCK)];
            let picked = self.kernels.run(Pick { located, logits, temperature });
            let token = ask.token.unwrap_or(picked);
            let logprob = full.logprob(row[token as usize]);
            let miss = if token == picked {
                0.0
            } else {
                let (block, index) = (token as usize / BLOCK, token as usize % BLOCK);
                let logits = &kept[block * BLOCK..kept.len().min((block + 1) * BLOCK)];
                miss(ask.u, draws.span(block).interval(logits, temperature, index))
            };
            answers.push(Answer { picked, logprob, miss });
        }
        Ok(())
    }

    fn summarise(&self, row: &[f32], temperature: f32) -> Vec<Block> {
        row.chunks(BLOCK).map(|logits| self.kernels.run(Summarise { logits, temperature })).collect()
    }

    /// Summarises block by block, then computes the block of each draw again.
    fn answer_tiled(&self, hidden: &[f32], rows: &[&[Ask]]) -> Result<Vec<Answer>, Error> {
        let blocks = self.config.vocab_size.div_ceil(BLOCK);
        let tasks: Vec<_> =
            rows.chunks(ROWS).flat_map(|rows| (0..blocks).map(move |block| (rows, block))).collect();
        let columns = self.crew.map(tasks, |(rows, block)| {
            let x = self.gather(hidden, rows);
            let logits = self.block_logits(&x, block);
            let summaries = rows.iter().zip(logits.chunks_exact(logits.len() / rows.len()));
            let both = summaries.map(|(asks, logits)| {
                let temperature = asks[0].sampling.temperature();
                let raw = self.kernels.run(Summarise { logits, temperature: 1.0 });
                let tempered =
                    (temperature != 1.0).then(|| self.kernels.run(Summarise { logits, temperature }));
                (raw, tempered)
            });
            both.collect::<Vec<_>>()
        });
        let mut tasks = Vec::with_capacity(rows.len());
        for (rows, columns) in rows.chunks(ROWS).zip(columns.chunks(blocks)) {
            for (index, asks) in rows.iter().enumerate() {
                let raw = columns.iter().map(|column| column[index].0).collect();
                let tempered = columns.iter().map(|column| column[index].1).collect();
                tasks.push((*asks, Blocks { raw, tempered }));
            }
        }
        let answers = self.crew.map(tasks, |(asks, blocks)| self.answer_blocks(hidden, asks, &blocks));
        Ok(answers.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn answer_blocks(&self, hidden: &[f32], asks: &[Ask], blocks: &Blocks) -> Result<Vec<Answer>, Error> {
        let x = self.gather(hidden, &[asks]);
        let full = Summary::new(&blocks.raw).ok_or(Error::NoMass)?;
        let draws = Summary::new(blocks.for_draws()).ok_or(Error::NoMass)?;
        let answer = |ask: &Ask| {
            let located = draws.locate(ask.u);
            let logits = self.block_logits(&x, located.block());
            let temperature = ask.sampling.temperature();
            let picked = self.kernels.run(Pick { located, logits: &logits, temperature });
            let token = ask.token.unwrap_or(picked) as usize;
            let miss = if token == picked as usize {
                0.0
            } else {
                let block = token / BLOCK;
                let logits = self.block_logits(&x, block);
                miss(ask.u, draws.span(block).interval(&logits, temperature, token % BLOCK))
            };
            Answer { picked, logprob: full.logprob(self.kernels.single(&x, &self.head, token)), miss }
        };
        Ok(asks.iter().map(answer).collect())
    }

    fn block_logits(&self, x: &[f32], block: usize) -> Vec<f32> {
        let start = block * BLOCK;
        let end = self.config.vocab_size.min(start + BLOCK);
        let mut logits = vec![0.0; x.len() / self.config.hidden_size * (end - start)];
        self.kernels.columns(x, &self.head, start / LANES..end.div_ceil(LANES), &mut logits);
        logits
    }

    /// The states of some rows, next to each other.
    fn gather(&self, hidden: &[f32], rows: &[&[Ask]]) -> Vec<f32> {
        let width = self.config.hidden_size;
        let states = rows.iter().map(|asks| &hidden[asks[0].row * width..][..width]);
        states.collect::<Vec<_>>().concat()
    }
}
