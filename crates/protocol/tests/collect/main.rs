//! A synthetic signed answer from its frames to the delivered record. The model is not needed here: L1x is `grail`'s own
//! test.

mod answer;
mod delivered;
mod fixture;
mod fuzz;
