//! What we speak of Bittensor: ss58 addresses, hotkey files and `btauth/1` signed requests.
//!
//! No network, no clock and no randomness of its own: the time and the generator are arguments. Reading the chain
//! (metagraph, deposits, weights) is not here yet.

pub mod btauth;
pub mod error;
pub mod key_file;
pub mod nonces;
pub mod ss58;

pub use error::Error;
pub use key_file::KeyFile;
