//! The sandbox itself: takes uploads, compiles them once, and scores groups. Blocking CPU work throughout;
//! shared freely between threads.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::cache::Cache;
use crate::call::{Call, Ran};
use crate::compile::{Compiled, Reward, compile};
use crate::engine::engine;
use crate::error::Error;
use crate::gate::Gate;
use crate::guest::{Guest, linker};
use crate::limits::Limits;
use crate::module::{Module, World};
use crate::outcome::Outcome;
use crate::receipt::{Evidence, Receipt};
use crate::rejection::Rejection;
use crate::ticker::{TICK, Ticker};
use crate::types::{LogLine, Sample, Score, Task};
use crate::upload::prepare;

/// What the host spends on the sandbox. Nothing here can change a reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Calls that run at the same time; more wait.
    pub concurrency: u32,
    /// Compiled modules kept.
    pub cache_entries: usize,
    /// Native code kept, in bytes.
    pub cache_bytes: usize,
    /// The host gives up on a call after this, or after `guard_per_megafuel`, whichever is longer.
    pub guard_min: Duration,
    /// Time that the host allows per million fuel: ten times what a busy core needs.
    pub guard_per_megafuel: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 8,
            cache_entries: 64,
            cache_bytes: 256 << 20,
            guard_min: Duration::from_secs(2),
            guard_per_megafuel: Duration::from_millis(12),
        }
    }
}

/// The result for one sample.
#[derive(Clone, Debug)]
pub struct Scored {
    pub outcome: Outcome,
    /// There exactly if the outcome is ok.
    pub score: Option<Score>,
    /// The receipt of the call that scored this sample; in world `reward` all samples share one.
    pub receipt: Arc<Receipt>,
    /// What the call logged.
    pub logs: Arc<[LogLine]>,
    /// Why there is no score, for a person. Not stable, not in the receipt.
    pub detail: Option<String>,
    /// How long the call took. Not in the receipt.
    pub wall: Duration,
}

/// The engine, its epoch thread and its compiled modules. Dropping it stops the thread.
pub struct Sandbox {
    engine: Engine,
    linker: Linker<Guest>,
    settings: Settings,
    gate: Gate,
    cache: Mutex<Cache>,
    /// Held while compiling: one module at a time, on as many cores as there are.
    compiling: Mutex<()>,
    _ticker: Ticker,
}

impl Sandbox {
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let concurrency = settings.concurrency.max(1);
        let engine = engine(concurrency)?;
        let linker = linker(&engine)?;
        let ticker = Ticker::start(ticking(&engine)).map_err(|e| Error::Engine(e.into()))?;
        Ok(Self {
            engine,
            linker,
            gate: Gate::new(concurrency as usize),
            cache: Mutex::new(Cache::new(settings.cache_entries, settings.cache_bytes)),
            compiling: Mutex::new(()),
            settings,
            _ticker: ticker,
        })
    }

    /// Checks an upload and makes it a component. What passes here compiles, and fits its world.
    pub fn validate(&self, upload: &[u8]) -> Result<Module, Rejection> {
        let module = prepare(upload)?;
        self.compiled(&module)?;
        Ok(module)
    }

    /// Compiles a validated module, or finds it compiled.
    pub fn compile(&self, module: &Module) -> Result<Arc<Reward>, Error> {
        let compiled = self.compiled(module).map_err(|rejection| Error::Unusable(rejection.to_string()))?;
        Ok(Arc::new(Reward { info: module.info().clone(), compiled }))
    }

    /// Scores one group: one result per sample, in order. In world `reward` one call sees the whole group and
    /// its outcome is every sample's; in world `reward-simple` every sample has an instance of its own.
    ///
    /// An error is the host's, or a caller's that passes too much: it is never a reward.
    pub fn score(
        &self,
        reward: &Reward,
        task: &Task,
        samples: &[Sample],
        limits: &Limits,
    ) -> Result<Vec<Scored>, Error> {
        limits.validate().map_err(Error::Limits)?;
        if samples.is_empty() {
            return Ok(Vec::new());
        }
        let per_call = match reward.info.world {
            World::Reward => samples.len(),
            World::RewardSimple => 1,
        };
        for samples in samples.chunks(per_call) {
            check_input(task, samples, limits)?;
        }
        let mut scored = Vec::with_capacity(samples.len());
        for samples in samples.chunks(per_call) {
            scored.extend(self.score_call(reward, task, samples, limits)?);
        }
        Ok(scored)
    }

    fn score_call(
        &self,
        reward: &Reward,
        task: &Task,
        samples: &[Sample],
        limits: &Limits,
    ) -> Result<impl Iterator<Item = Scored> + use<>, Error> {
        let fuel = limits.fuel_per_sample.saturating_mul(samples.len() as u64);
        let call = Call {
            engine: &self.engine,
            compiled: &reward.compiled,
            task,
            samples,
            fuel,
            memory_bytes: limits.memory_bytes,
            deadline: self.deadline(fuel),
        };
        let ran = {
            let _place = self.gate.enter();
            call.run()?
        };
        let receipt = Arc::new(Receipt::of(&Evidence {
            info: &reward.info,
            limits,
            task,
            samples,
            outcome: ran.outcome,
            scores: &ran.scores,
            fuel: ran.fuel,
            log: &ran.log,
        }));
        let Ran { outcome, scores, log, detail, wall, .. } = ran;
        let mut scores = scores.into_iter();
        Ok((0..samples.len()).map(move |_| Scored {
            outcome,
            score: scores.next(),
            receipt: Arc::clone(&receipt),
            logs: Arc::clone(&log),
            detail: detail.clone(),
            wall,
        }))
    }

    /// The wall guard, in epoch ticks.
    fn deadline(&self, fuel: u64) -> u64 {
        let by_fuel = self.settings.guard_per_megafuel.as_nanos() * u128::from(fuel) / 1_000_000;
        let guard = by_fuel.max(self.settings.guard_min.as_nanos());
        // One more: the current tick is already partly over.
        u64::try_from(guard.div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX / 2).saturating_add(1)
    }

    fn compiled(&self, module: &Module) -> Result<Arc<Compiled>, Rejection> {
        let key = (module.info().component_sha256, module.world());
        if let Some(found) = self.cache().find(key) {
            return Ok(found);
        }
        let _turn = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        // The one before us may have compiled the same.
        if let Some(found) = self.cache().find(key) {
            return Ok(found);
        }
        let compiled = Arc::new(compile(&self.engine, &self.linker, module.component(), module.world())?);
        self.cache().insert(key, Arc::clone(&compiled));
        Ok(compiled)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn ticking(engine: &Engine) -> impl Fn() + Send + 'static {
    let engine = engine.clone();
    move || engine.increment_epoch()
}

fn check_input(task: &Task, samples: &[Sample], limits: &Limits) -> Result<(), Error> {
    let bytes = task.bytes() + samples.iter().map(Sample::bytes).sum::<u64>();
    if bytes > limits.input_bytes {
        return Err(Error::InputTooLarge { bytes, limit: limits.input_bytes });
    }
    Ok(())
}
