//! Prompts as customers write them, in a request's body or in a file, to prompts as the service keeps them: rendered, and
//! short enough for the model; and to tokens, when a miner is asked. A [`protocol::job::Prompt`] that comes out of here is right; all else is a
//! list of faults, each with its place.
//!
//! Pure: no database, no network, and no file but the checkpoint's, which is in memory. Gateway and worker both read by it,
//! so that a prompt means the same however it came.

mod fault;
mod input;
pub mod json;
mod lines;
mod names;
mod reader;
mod strict;

pub use fault::{Fault, Faults, Room};
pub use input::{MessageInput, PromptInput, raw};
pub use lines::{Line, LineCount, Lines, MAX_LINE_BYTES};
pub use names::Names;
pub use reader::{MAX_PROMPT_METADATA_BYTES, NULL_DETAIL, Reader, default_id, metadata, reference, tokens};
