//! What a miner needs to run. The clock and the random generator come from the composition root.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use grail::Hotkey;
use grail::keys::HotkeyPair;
use grail::standard::Standard;
use rand_core::CryptoRngCore;

use crate::dishonest::Behaviour;

/// Nanoseconds since the Unix epoch.
pub type NowNs = Arc<dyn Fn() -> u64 + Send + Sync>;
pub type Rng = Box<dyn CryptoRngCore + Send>;
pub type RngFactory = Arc<dyn Fn() -> Rng + Send + Sync>;

#[derive(Clone)]
pub struct Config {
    /// Signs the answers; its hotkey is the receiver that requests must be addressed to.
    pub key: Arc<HotkeyPair>,
    /// The checkpoint that the miner claims to serve.
    pub checkpoint_dir: PathBuf,
    /// Threads of the engine, and of the HTTP server.
    pub threads: usize,
    /// Rollouts generated side by side.
    pub max_rows: usize,
    /// Positions that the key-value cache holds.
    pub kv_tokens: usize,
    /// Rollouts that may wait before further work is refused.
    pub max_queue: u32,
    /// What the miner proves by.
    pub standard: Standard,
    /// Callers that are served; empty: any that signs.
    pub callers: Vec<Hotkey>,
    /// Anything but honest is for tests and the demo.
    pub behaviour: Behaviour,
    /// How long a stream stays silent before it sends a sign of life.
    pub heartbeat: Duration,
    /// How long a stopping miner lets groups in flight finish.
    pub drain: Duration,
    pub now_ns: NowNs,
    pub rng: RngFactory,
}

impl Config {
    /// An honest miner with one thread and small limits, which serves any signed caller.
    pub fn new(key: HotkeyPair, checkpoint_dir: PathBuf, now_ns: NowNs, rng: RngFactory) -> Self {
        Self {
            key: Arc::new(key),
            checkpoint_dir,
            threads: 1,
            max_rows: 64,
            kv_tokens: 64 * 1024,
            max_queue: 4096,
            standard: Standard::exact(engine::numerics_id()),
            callers: Vec::new(),
            behaviour: Behaviour::Honest,
            heartbeat: Duration::from_secs(2),
            drain: Duration::from_secs(10),
            now_ns,
            rng,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("hotkey", &self.key.hotkey())
            .field("checkpoint_dir", &self.checkpoint_dir)
            .field("threads", &self.threads)
            .field("max_rows", &self.max_rows)
            .field("kv_tokens", &self.kv_tokens)
            .field("max_queue", &self.max_queue)
            .field("behaviour", &self.behaviour)
            .finish_non_exhaustive()
    }
}
