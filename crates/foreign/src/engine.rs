//! The engine: takes many sequences through the model in lock step, forced or free.

use checkpoint::ModelConfig;

use crate::{
    cache::Cache,
    forward::{Model, Scratch, Sequence},
    numerics::Numerics,
    weights::Weights,
};

/// Sequences per thread that take a step together.
const ROWS: usize = 64;

/// A loaded model with its numerics. It holds no state of any sequence.
#[derive(Debug)]
pub struct Engine {
    model: Model,
    threads: usize,
}

/// What the model says where a token is due.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The state after the final norm.
    pub hidden: &'a [f32],
    /// Raw, at temperature 1; one for each token of the vocabulary.
    pub logits: &'a [f32],
}

/// Says which token comes next, if any, as `(which, t, seen)`.
type Next<'a> = dyn FnMut(usize, usize, Seen<'_>) -> Option<u32> + 'a;

/// A sequence in its slot of the batch.
struct Running<'a> {
    which: usize,
    prompt: &'a [u32],
}

impl Engine {
    /// A model whose tensors come from `source`, which is asked for each by its Hugging Face name and shape.
    /// 0 `threads` count as 1; their number changes no result.
    pub fn from_source<E>(
        config: &ModelConfig,
        numerics: Numerics,
        threads: usize,
        source: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let weights = Weights::from_source(config, numerics.weights, source)?;
        let model = Model { config: config.clone(), numerics, weights };
        Ok(Self { model, threads: threads.max(1) })
    }

    pub fn config(&self) -> &ModelConfig {
        &self.model.config
    }

    pub fn numerics(&self) -> Numerics {
        self.model.numerics
    }

    /// Takes given completions and visits each of their tokens, as `(which, t, seen)`, with the state that it is
    /// drawn from: in ascending `t` for each completion, the completions interleaved. Prompts must not be empty.
    pub fn force(
        &self,
        prompts_and_completions: &[(&[u32], &[u32])],
        visit: &mut dyn FnMut(usize, usize, Seen<'_>),
    ) {
        let sequences = prompts_and_completions.iter();
        let sequences: Vec<_> = sequences.map(|(prompt, completion)| (*prompt, completion.len())).collect();
        self.run(&sequences, &mut |which, t, seen| {
            visit(which, t, seen);
            Some(prompts_and_completions[which].1[t])
        });
    }

    /// Generates a completion of each prompt: `choose(which, t, seen)` says the tokens. A completion ends with a
    /// token in `eos` or with `max_tokens`. Prompts must not be empty, and tokens be in the vocabulary.
    pub fn generate(
        &self,
        prompts: &[&[u32]],
        max_tokens: usize,
        eos: &[u32],
        choose: &mut dyn FnMut(usize, usize, Seen<'_>) -> u32,
    ) -> Vec<Vec<u32>> {
        let sequences: Vec<_> = prompts.iter().map(|prompt| (*prompt, max_tokens)).collect();
        let mut completions = vec![Vec::new(); prompts.len()];
        self.run(&sequences, &mut |which, t, seen| {
            let token = choose(which, t, seen);
            completions[which].push(token);
            (!eos.contains(&token)).then_some(token)
        });
        completions
    }

    /// Takes prompts and then up to a number of tokens each; a slot that becomes free is filled at once.
    fn run(&self, sequences: &[(&[u32], usize)], next: &mut Next<'_>) {
        let mut waiting = sequences.iter().enumerate().filter(|(_, (_, tokens))| *tokens > 0);
        let mut running: Vec<Running<'_>> = Vec::new();
        let mut batch: Vec<Sequence> = Vec::new();
        let mut scratches: Vec<Scratch> = (0..self.threads).map(|_| Scratch::default()).collect();
        loop {
            while batch.len() < ROWS * self.threads {
                let Some((which, &(prompt, tokens))) = waiting.next() else { break };
                batch.push(self.start(prompt, tokens));
                running.push(Running { which, prompt });
            }
            if batch.is_empty() {
                return;
            }
            let share = batch.len().div_ceil(self.threads);
            self.step(&mut batch, share, &mut scratches);
            let mut seen = scratches.iter().flat_map(|scratch| self.seen(scratch));
            let mut going = Vec::with_capacity(batch.len());
            for (sequence, Running { which, prompt }) in batch.iter_mut().zip(&running) {
                let token = if sequence.wanted {
                    let t = sequence.length - prompt.len();
                    let seen = seen.next().expect("every wanted row has a result");
                    next(*which, t, seen).filter(|_| t + 1 < sequences[*which].1)
                } else {
                    Some(prompt[sequence.length])
                };
                going.push(token.is_some());
                sequence.token = token.unwrap_or_default();
                sequence.wanted = sequence.length + 1 >= prompt.len();
            }
            let mut flags = going.iter();
            running.retain(|_| *flags.next().unwrap_or(&false));
            let mut flags = going.iter();
            batch.retain(|_| *flags.next().unwrap_or(&false));
        }
    }

    fn start(&self, prompt: &[u32], tokens: usize) -> Sequence {
        assert!(!prompt.is_empty(), "a prompt must not be empty");
        // The last token is never taken.
        let cache = Cache::new(self.model.cache_shape(), prompt.len() + tokens - 1);
        Sequence { cache, length: 0, token: prompt[0], wanted: prompt.len() == 1 }
    }

    /// One step of the whole batch, `share` sequences on each thread.
    fn step(&self, batch: &mut [Sequence], share: usize, scratches: &mut [Scratch]) {
        for scratch in &mut *scratches {
            scratch.hidden.clear();
            scratch.logits.clear();
        }
        std::thread::scope(|scope| {
            let mut parts = batch.chunks_mut(share).zip(scratches);
            let own = parts.next();
            for (sequences, scratch) in parts {
                scope.spawn(move || self.model.step(sequences, scratch));
            }
            if let Some((sequences, scratch)) = own {
                self.model.step(sequences, scratch);
            }
        });
    }

    fn seen<'s>(&self, scratch: &'s Scratch) -> impl Iterator<Item = Seen<'s>> + use<'s> {
        let states = scratch.hidden.chunks_exact(self.model.config.hidden_size);
        let logits = scratch.logits.chunks_exact(self.model.config.vocab_size);
        states.zip(logits).map(|(hidden, logits)| Seen { hidden, logits })
    }
}
