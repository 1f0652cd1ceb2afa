//! What is measured: a checkpoint, its relatives, and prompts.

use std::path::{Path, PathBuf};

use checkpoint::{Checkpoint, ModelConfig, Tensors};
use engine::{Model, Options};
use foreign::{Alter, Engine, Numerics};

use crate::Error;
use crate::runner::Runner;

/// Which weights an engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weights {
    Current,
    Altered(Alter),
    Previous,
    /// So many training steps away.
    Steps(u32),
}

/// Which engine runs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// Our engine, `engine::numerics_id()`.
    Ours,
    Foreign(Numerics),
}

impl Arithmetic {
    pub fn id(self) -> String {
        match self {
            Self::Ours => engine::numerics_id().to_owned(),
            Self::Foreign(numerics) => numerics.id(),
        }
    }
}

/// A checkpoint with what a calibration needs beside it.
#[derive(Debug)]
pub struct Subject {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) config: ModelConfig,
    pub(crate) prompts: Vec<Vec<u32>>,
    previous: Option<PathBuf>,
    steps: Vec<(u32, PathBuf)>,
    threads: usize,
}

impl Subject {
    /// `steps` are folders with the weights of so many training steps away. Rollouts are measured at a fixed length, so
    /// EOS does not end them, and the context is as long as they need.
    pub fn open(
        dir: &Path,
        previous: Option<PathBuf>,
        steps: Vec<(u32, PathBuf)>,
        texts: &[String],
        threads: usize,
        longest: usize,
    ) -> Result<Self, Error> {
        let checkpoint = Checkpoint::open(dir)?;
        let prompts = texts.iter().map(|text| checkpoint.tokenizer.encode(text));
        let mut prompts: Vec<Vec<u32>> = prompts.collect::<Result<_, _>>()?;
        prompts.retain(|prompt| !prompt.is_empty());
        let Some(longest_prompt) = prompts.iter().map(Vec::len).max() else {
            return Err(Error::NoPrompts);
        };
        let mut config = checkpoint.config.clone();
        config.eos_token_ids.clear();
        config.max_position_embeddings = config.max_position_embeddings.max(longest_prompt + longest);
        Ok(Self { checkpoint, config, prompts, previous, steps, threads })
    }

    /// The weights that were made available.
    pub(crate) fn step_counts(&self) -> impl Iterator<Item = u32> {
        self.steps.iter().map(|(count, _)| *count)
    }

    pub(crate) fn has_previous(&self) -> bool {
        self.previous.is_some()
    }

    pub(crate) fn load(&self, arithmetic: Arithmetic, weights: Weights) -> Result<Runner, Error> {
        let (dir, alter) = match weights {
            Weights::Current => (self.checkpoint.dir(), None),
            Weights::Altered(alter) => (self.checkpoint.dir(), Some(alter)),
            Weights::Previous => (self.previous.as_deref().ok_or(Error::NoWeights("previous"))?, None),
            Weights::Steps(count) => {
                let found = self.steps.iter().find(|(steps, _)| *steps == count);
                (found.ok_or(Error::NoWeights("steps"))?.1.as_path(), None)
            }
        };
        let tensors = Tensors::open(dir)?;
        let source = |name: &str, shape: &[usize]| tensors.f32(name, shape);
        match alter {
            None => self.build(arithmetic, &self.config, source),
            Some(alter) => {
                self.build(arithmetic, &alter.config(&self.config), alter.source(&self.config, source))
            }
        }
    }

    fn build(
        &self,
        arithmetic: Arithmetic,
        config: &ModelConfig,
        mut source: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, checkpoint::Error>,
    ) -> Result<Runner, Error> {
        Ok(match arithmetic {
            Arithmetic::Ours => {
                let options = Options { threads: self.threads, vector: None };
                let source = |name: &str, shape: &[usize]| Ok(source(name, shape)?);
                Runner::Ours(Box::new(Model::from_source(config, options, source)?))
            }
            Arithmetic::Foreign(numerics) => {
                Runner::Foreign(Box::new(Engine::from_source(config, numerics, self.threads, source)?))
            }
        })
    }
}
