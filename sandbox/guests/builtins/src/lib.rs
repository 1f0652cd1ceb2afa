//! The built-in reward function. It grades with one or more *parts*, which the prompt's metadata names:
//!
//! ```json
//! {"args": {"parts": [
//!     {"name": "numeric", "weight": 1.0, "args": {"abs_tolerance": 1e-6}, "as": "answer"},
//!     {"name": "length-window", "weight": 0.1, "args": {"max": 512, "soft": 128}, "as": "length"}
//! ]}}
//! ```
//!
//! The reward is the sum of weight times value; every part's own value is a component under its `as` name. As a
//! library it checks args when a job is created ([`check`]) and lists what there is ([`CATALOGUE`]); built for
//! wasm32 it is a module of world `reward`. Nothing here reads a clock, a hash map's order or a locale, and the
//! time that a part takes grows linearly with the text.

mod args;
mod catalogue;
mod config;
mod grade;
#[cfg(target_arch = "wasm32")]
mod guest;
mod number;
mod parts;
mod pattern;
mod schema;

pub use args::Fault;
pub use catalogue::{CATALOGUE, Entry};
pub use config::check;
pub use grade::{Graded, Sample, grade};
