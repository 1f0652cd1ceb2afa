//! Opens the claimed checkpoint and loads the weights that are served: for an honest miner, the same.

use std::path::Path;

use checkpoint::Checkpoint;
use engine::{Model, Options};

use crate::config::Config;
use crate::dishonest::Behaviour;
use crate::error::Error;

/// The weights to serve; `None` for a miner that runs no model.
pub(crate) fn load(config: &Config, claimed: &Checkpoint) -> Result<Option<Model>, Error> {
    let options = Options { threads: config.threads, vector: None };
    match &config.behaviour {
        Behaviour::Instant | Behaviour::Hang | Behaviour::Garbage => Ok(None),
        Behaviour::OtherWeights => perturbed(claimed, options).map(Some),
        Behaviour::PreviousCheckpoint(dir) => previous(dir, claimed, options).map(Some),
        _ => Ok(Some(Model::load(claimed, options)?)),
    }
}

fn previous(dir: &Path, claimed: &Checkpoint, options: Options) -> Result<Model, Error> {
    let served = Checkpoint::open(dir)?;
    let (served_vocab, claimed_vocab) = (served.config.vocab_size, claimed.config.vocab_size);
    if served_vocab != claimed_vocab {
        return Err(Error::Vocabulary { served: served_vocab, claimed: claimed_vocab });
    }
    Ok(Model::load(&served, options)?)
}

/// Every value is moved by up to one percent: text that still reads well, from other weights.
fn perturbed(claimed: &Checkpoint, options: Options) -> Result<Model, Error> {
    let tensors = claimed.tensors()?;
    let model = Model::from_source(&claimed.config, options, |name, shape| {
        let mut values = tensors.f32(name, shape)?;
        for (value, index) in values.iter_mut().zip(0_u64..) {
            *value *= 1.0 + 0.01 * noise(index);
        }
        Ok(values)
    })?;
    Ok(model)
}

/// A fixed number in [-1, 1) for each index.
fn noise(index: u64) -> f32 {
    let mixed = (index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
}
