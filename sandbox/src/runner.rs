//! Runs loaded reward functions. Blocking CPU work throughout; shared freely between threads.
//!
//! It compiles nothing and trusts nothing: the limits of a call are checked here again, whoever asks.

use std::fmt;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::call::{Call, Ran};
use crate::engine::config;
use crate::error::Error;
use crate::gate::Gate;
use crate::guest::{Guest, linker};
use crate::limits::Limits;
use crate::loaded::Loaded;
use crate::module::World;
use crate::receipt::WasiProfile;
use crate::ticker::{TICK, Ticker};
use crate::types::{Sample, Task};

/// What the host spends on running. Nothing here can change a reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerSettings {
    /// Calls that run at the same time; more wait.
    pub concurrency: u32,
    pub guard: Guard,
}

impl Default for RunnerSettings {
    fn default() -> Self {
        Self { concurrency: 1, guard: Guard::default() }
    }
}

/// When the host gives up on a call: fuel decides a reward, this only protects the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// After this, or after `per_megafuel`, whichever is longer.
    pub min: Duration,
    /// Time that the host allows per million fuel: ten times what a busy core needs.
    pub per_megafuel: Duration,
}

impl Default for Guard {
    fn default() -> Self {
        Self { min: Duration::from_secs(2), per_megafuel: Duration::from_millis(12) }
    }
}

impl Guard {
    /// How long a call with this much fuel may take.
    pub fn of(&self, fuel: u64) -> Duration {
        let by_fuel = self.per_megafuel.as_nanos() * u128::from(fuel) / 1_000_000;
        Duration::from_nanos(u64::try_from(by_fuel).unwrap_or(u64::MAX)).max(self.min)
    }
}

/// The engine and its epoch thread. Dropping it stops the thread.
pub struct Runner {
    engine: Engine,
    linker: Linker<Guest>,
    guard: Guard,
    gate: Gate,
    _ticker: Ticker,
}

impl Runner {
    pub fn new(settings: &RunnerSettings) -> Result<Self, Error> {
        let concurrency = settings.concurrency.max(1);
        let engine = Engine::new(&config(concurrency))?;
        let ticker = Ticker::start(ticking(&engine)).map_err(|e| Error::Engine(e.into()))?;
        Ok(Self {
            linker: linker(&engine)?,
            gate: Gate::new(concurrency as usize),
            guard: settings.guard,
            engine,
            _ticker: ticker,
        })
    }

    /// Maps native code and links it.
    ///
    /// Fails when the code was made for another engine, another processor or another world. The code itself is believed:
    /// see [`NativeCode::vouched`].
    pub fn load(&self, code: &NativeCode<'_>, world: World, wasi: WasiProfile) -> Result<Loaded, Error> {
        #[expect(unsafe_code, reason = "native code can only be believed, not checked")]
        // SAFETY: `NativeCode::vouched` is the promise that a compiler of this version made these bytes.
        let component = unsafe { Component::deserialize(&self.engine, code.0) }?;
        Loaded::link(&component, &self.linker, world, wasi).map_err(|e| Error::Unusable(e.to_string()))
    }

    /// Runs one group: one [`Ran`] per call, which is one per sample in world `reward-simple` and one in world `reward`.
    ///
    /// An error is the host's, or a caller's that passes too much: it is never a reward.
    pub fn run(
        &self,
        loaded: &Loaded,
        task: &Task,
        samples: &[Sample],
        limits: &Limits,
    ) -> Result<Vec<Ran>, Error> {
        limits.validate().map_err(Error::Limits)?;
        limits.check_input(loaded.world, task, samples)?;
        let _place = self.gate.enter();
        loaded.world.calls(samples).map(|samples| self.call(loaded, task, samples, limits)).collect()
    }

    fn call(&self, loaded: &Loaded, task: &Task, samples: &[Sample], limits: &Limits) -> Result<Ran, Error> {
        let fuel = limits.fuel_of(samples.len());
        let call = Call {
            engine: &self.engine,
            loaded,
            task,
            samples,
            fuel,
            memory_bytes: limits.memory_bytes,
            deadline: ticks(self.guard.of(fuel)),
        };
        call.run()
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("guard", &self.guard).finish_non_exhaustive()
    }
}

/// Native code that somebody vouches for.
#[derive(Clone, Copy)]
pub struct NativeCode<'a>(&'a [u8]);

impl<'a> NativeCode<'a> {
    /// `code` came from our own compiler, of this version, and nobody could change it since.
    ///
    /// Everything else is native code of a stranger in this process. Where it was on a disk, its MAC was checked.
    pub fn vouched(code: &'a [u8]) -> Self {
        Self(code)
    }
}

impl fmt::Debug for NativeCode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NativeCode({} bytes)", self.0.len())
    }
}

fn ticks(time: Duration) -> u64 {
    // One more: the current tick is already partly over.
    u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX / 2).saturating_add(1)
}

fn ticking(engine: &Engine) -> impl Fn() + Send + 'static {
    let engine = engine.clone();
    move || engine.increment_epoch()
}
