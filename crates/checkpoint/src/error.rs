//! Everything that can be wrong with a checkpoint folder.

use std::io;
use std::path::PathBuf;

use safetensors::SafeTensorError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read {path}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path} is longer than {limit} bytes")]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("{path} is not the JSON it should be")]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("config field `{field}`: {problem}")]
    Config { field: &'static str, problem: String },
    #[error("the folder holds {0}")]
    Folder(String),
    #[error("the index names the shard {0:?}, which is not a plain *.safetensors file name")]
    ShardName(String),
    #[error("{path} is not a valid safetensors file")]
    Safetensors { path: PathBuf, source: SafeTensorError },
    #[error("tensor `{0}` is missing")]
    MissingTensor(String),
    #[error("tensor `{name}` has shape {actual:?} instead of {expected:?}")]
    TensorShape { name: String, expected: Vec<usize>, actual: Vec<usize> },
    #[error("tensor `{name}` has type {dtype}; bf16, f16 and f32 are read")]
    TensorType { name: String, dtype: String },
    #[error("the tokenizer failed")]
    Tokenizer(#[source] tokenizers::Error),
    #[error("the checkpoint has no chat template")]
    NoChatTemplate,
    #[error("the chat template failed")]
    ChatTemplate(#[source] minijinja::Error),
    #[error("the chat template wrote more than {0} bytes")]
    ChatTooLong(usize),
}

impl Error {
    pub(crate) fn config(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Config { field, problem: problem.into() }
    }
}
