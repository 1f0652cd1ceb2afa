//! Tests of the engine from outside, on seeded random models and on small Hugging Face checkpoints.

mod hostile;
mod invariance;
mod parity;
mod seeded;
mod speed;
