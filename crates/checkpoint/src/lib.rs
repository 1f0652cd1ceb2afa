//! Reads a checkpoint folder in Hugging Face format: who it is, its shape, its tokenizer, its weights.
//!
//! Engine, miner, worker and gateway all open a checkpoint through here, so all of them agree on its id and refuse
//! the same files. Nothing here downloads, writes or computes with the weights. A folder must not change while it is
//! open: the id is taken once, and the weights are memory-mapped.

mod bound;
mod config;
mod error;
mod identity;
mod json;
mod shelf;
mod tensors;
mod tokenizer;

use std::path::{Path, PathBuf};

use grail::ids::CheckpointId;

pub use config::{Architecture, Llama3Rope, ModelConfig};
pub use error::Error;
pub use identity::has_weights;
pub use shelf::Shelf;
pub use tensors::Tensors;
pub use tokenizer::Tokenizer;

/// An opened folder. Opening hashes every byte of it once.
#[derive(Debug)]
pub struct Checkpoint {
    pub id: CheckpointId,
    pub config: ModelConfig,
    pub tokenizer: Tokenizer,
    dir: PathBuf,
    /// The id was computed from the files, not only said.
    is_hashed: bool,
}

impl Checkpoint {
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let (config, tokenizer) = Self::description(dir)?;
        Ok(Self { id: identity::of_folder(dir)?, config, tokenizer, dir: dir.to_owned(), is_hashed: true })
    }

    /// Opens config and tokenizer alone. Nothing here can tell that they are those of checkpoint `id`.
    pub fn open_without_weights(dir: &Path, id: CheckpointId) -> Result<Self, Error> {
        let (config, tokenizer) = Self::description(dir)?;
        Ok(Self { id, config, tokenizer, dir: dir.to_owned(), is_hashed: false })
    }

    /// Hashes the files where opening did not, and refuses those of another checkpoint.
    pub fn check_id(&self) -> Result<(), Error> {
        if self.is_hashed {
            return Ok(());
        }
        let found = identity::of_folder(&self.dir)?;
        if found == self.id {
            Ok(())
        } else {
            Err(Error::Folder(format!("checkpoint {found}, not {}", self.id)))
        }
    }

    fn description(dir: &Path) -> Result<(ModelConfig, Tokenizer), Error> {
        let config = ModelConfig::read(dir)?;
        let tokenizer = Tokenizer::read(dir)?;
        if tokenizer.vocab_size() > config.vocab_size {
            let problem =
                format!("{} is too small for a tokenizer of {}", config.vocab_size, tokenizer.vocab_size());
            return Err(Error::Config { field: "vocab_size", problem });
        }
        Ok((config, tokenizer))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Maps the weights. Only headers are read; the data is paged in as tensors are asked for.
    pub fn tensors(&self) -> Result<Tensors, Error> {
        Tensors::open(&self.dir)
    }
}
