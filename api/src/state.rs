//! What handlers are given: handles, and no business rules.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use checkpoint::{Checkpoint, Shelf};
use chrono::{DateTime, Utc};
use grail::standard::Standard;
use protocol::JobId;
use protocol::job::Verification;
use protocol::money::Price;
use protocol::webhook::Secrets;
use rand_core::{CryptoRng, OsRng, RngCore};
use store::Db;
use store::api_keys::KeyText;
use store::clock::Clock;
use store::objects::Objects;
use store::rates::Rates;
use store::wake::Wake;
use store::{Postgres, Transaction};
use supervisor::Supervisor;
use uuid::{Builder, Uuid};

use crate::auth::Caller;
use crate::sessions::SessionSecrets;

#[derive(Debug, Clone)]
pub struct AppState {
    pub db: Db,
    pub wake: Wake,
    pub objects: Objects,
    /// How much customers have asked for.
    pub rates: Rates,
    /// What of a customer's runs for a request, runs in its children.
    pub supervisor: Arc<Supervisor>,
    pub offer: Arc<Offer>,
    /// What the keys of webhooks are derived from.
    pub webhooks: Secrets,
    /// What the keys and tokens of sessions are derived from.
    pub sessions: SessionSecrets,
    pub ambient: Ambient,
}

impl AppState {
    /// A transaction in which the caller's rows are all that is seen, whatever a query forgets. What is not committed is
    /// rolled back.
    pub(crate) async fn tenant(
        &self,
        caller: Caller,
    ) -> Result<Transaction<'static, Postgres>, store::Error> {
        self.db.begin_as(caller.tenant()).await
    }

    /// The same, for reading much of one job.
    pub(crate) async fn tenant_in(
        &self,
        caller: Caller,
        job: JobId,
    ) -> Result<Transaction<'static, Postgres>, store::Error> {
        self.db.begin_in(caller.tenant(), job).await
    }
}

/// What the service sells: a model, a way to prove its use, and a price.
#[derive(Debug)]
pub struct Offer {
    pub checkpoint: Arc<Checkpoint>,
    pub standard: Standard,
    /// What miners of customers' own checkpoints prove by.
    pub registered: Standard,
    /// Those of them that were asked for of late: config and tokenizer.
    pub shelf: Shelf<Checkpoint>,
    /// Of a job that is recomputed whole.
    pub price: Price,
    /// The share of it that one costs of which nothing is recomputed for certain, in 1/10000.
    pub sampled_bps: u32,
    /// How likely a group of a sampled job is audited that does not say it itself; above 0 and at most 1.
    pub sampled_p: f64,
    /// The public key of the service's receipts.
    pub service_key: [u8; 32],
}

impl Offer {
    /// What a job costs today of which so much is recomputed.
    pub(crate) fn price_of(&self, verification: Verification) -> Price {
        verification.p().map_or(self.price, |p| self.price.sampled(self.sampled_bps, p))
    }
}

/// What no request decides: the time and chance.
#[derive(Clone)]
pub struct Ambient {
    pub clock: Clock,
    rng: Arc<Mutex<dyn SecureRng>>,
}

/// A source of unpredictable bytes.
pub trait SecureRng: RngCore + CryptoRng + Send {}
impl<T: RngCore + CryptoRng + Send> SecureRng for T {}

impl Ambient {
    pub fn new(clock: Clock, rng: impl SecureRng + 'static) -> Self {
        Self { clock, rng: Arc::new(Mutex::new(rng)) }
    }

    /// The system's own.
    pub fn system() -> Self {
        Self::new(Clock::System, OsRng)
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A new API key.
    pub fn key_text(&self) -> KeyText {
        KeyText::generate(&mut *self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new id, in the order of time.
    pub fn id(&self) -> Uuid {
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ambient").field("clock", &self.clock).finish_non_exhaustive()
    }
}
