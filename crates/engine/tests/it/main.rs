//! Tests of the engine from outside, on seeded random models and on small Hugging Face checkpoints.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod golden;
mod hostile;
mod invariance;
mod parity;
mod seeded;
mod speed;
