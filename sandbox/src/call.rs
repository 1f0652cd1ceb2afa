//! One call of a reward function, in a store of its own, and the reading of its end: which outcome it was,
//! or that the host is to blame.

use std::time::{Duration, Instant};

use wasmtime::component::Instance;
use wasmtime::{Engine, PoolConcurrencyLimitError, Store, Trap};

use crate::error::Error;
use crate::guest::Guest;
use crate::limits::{COMPONENT_NAME_BYTES, COMPONENTS, RESULT_BYTES, REWARD_MAX};
use crate::loaded::Loaded;
use crate::module::World;
use crate::outcome::Outcome;
use crate::receipt::{WasiProfile, input_hash};
use crate::rejection::shortened;
use crate::types::{
    GroupParams, GroupResults, LogLine, RawFault, RawScore, Sample, Score, SimpleParams, SimpleResults, Task,
};
use crate::wasi::Wasi;

/// What one call is given.
pub(crate) struct Call<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) loaded: &'a Loaded,
    pub(crate) task: &'a Task,
    pub(crate) samples: &'a [Sample],
    pub(crate) fuel: u64,
    pub(crate) memory_bytes: u64,
    /// Epoch ticks until the host gives up.
    pub(crate) deadline: u64,
}

/// How one call went: all that the process that ran it has to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    pub outcome: Outcome,
    /// One per sample if the outcome is ok, else empty.
    pub scores: Vec<Score>,
    pub fuel: u64,
    /// The most linear memory that it held.
    pub peak_memory_bytes: u64,
    pub log: Vec<LogLine>,
    /// For a person: the trap, the broken rule, the fault's text.
    pub detail: Option<String>,
    pub wall: Duration,
}

/// A text of the guest in [`Ran::detail`] is cut here.
const DETAIL_BYTES: usize = 1 << 10;

impl Call<'_> {
    /// Runs the function in a fresh instance. The store is dropped whatever happens.
    pub(crate) fn run(&self) -> Result<Ran, Error> {
        let started = Instant::now();
        let mut store = Store::new(self.engine, Guest::new(self.memory_bytes, self.wasi()));
        store.limiter(|guest| &mut guest.memory);
        store.set_fuel(self.fuel)?;
        store.set_epoch_deadline(self.deadline);
        store.set_hostcall_fuel(RESULT_BYTES);

        let (outcome, scores, detail) = match self.invoke_whole(&mut store) {
            Ok(scores) => (Outcome::Ok, scores, None),
            Err(Failure::Guest(outcome, detail)) => (outcome, Vec::new(), Some(detail)),
            Err(Failure::Host(error)) => return Err(error),
        };
        let fuel =
            if outcome == Outcome::FuelExhausted { self.fuel } else { self.fuel - store.get_fuel()? };
        let peak_memory_bytes = store.data().memory.used as u64;
        let log = std::mem::take(&mut store.data_mut().log.lines);
        drop(store);
        Ok(Ran { outcome, scores, fuel, peak_memory_bytes, log, detail, wall: started.elapsed() })
    }

    fn wasi(&self) -> Option<Wasi> {
        match self.loaded.wasi {
            WasiProfile::None => None,
            WasiProfile::Deterministic => {
                Some(Wasi::new(input_hash(self.task, self.samples), self.task.seed))
            }
        }
    }

    fn invoke_whole(&self, store: &mut Store<Guest>) -> Result<Vec<Score>, Failure> {
        let scores = self.invoke(store);
        // A guest that failed has its last words logged too, if they fit.
        let logged = store.data_mut().finish_log();
        let scores = scores?;
        logged.map_err(|passed| Failure::guest(Outcome::InvalidOutput, passed.to_string()))?;
        Ok(scores)
    }

    fn invoke(&self, store: &mut Store<Guest>) -> Result<Vec<Score>, Failure> {
        let instance = self
            .loaded
            .pre
            .instantiate(&mut *store)
            .map_err(|error| failure(&error, store, Phase::Instantiate { fuel: self.fuel }))?;
        match self.loaded.world {
            World::Reward => self.invoke_group(store, &instance),
            World::RewardSimple => self.invoke_simple(store, &instance),
        }
    }

    fn invoke_group(&self, store: &mut Store<Guest>, instance: &Instance) -> Result<Vec<Score>, Failure> {
        let score =
            instance.get_typed_func::<GroupParams<'_>, GroupResults>(&mut *store, &self.loaded.export)?;
        let (result,) = score
            .call(&mut *store, (self.task, self.samples))
            .map_err(|error| failure(&error, store, Phase::Call))?;
        let scores = result.map_err(|fault| {
            let detail = match fault {
                RawFault::BadTask(text) => format!("bad-task: {text}"),
                RawFault::Internal(text) => format!("internal: {text}"),
            };
            Failure::guest(Outcome::Fault, detail)
        })?;
        if scores.len() != self.samples.len() {
            let detail = format!("{} scores for {} samples", scores.len(), self.samples.len());
            return Err(Failure::guest(Outcome::InvalidOutput, detail));
        }
        scores.into_iter().map(checked).collect()
    }

    fn invoke_simple(&self, store: &mut Store<Guest>, instance: &Instance) -> Result<Vec<Score>, Failure> {
        let reward =
            instance.get_typed_func::<SimpleParams<'_>, SimpleResults>(&mut *store, &self.loaded.export)?;
        let task = self.task;
        let mut scores = Vec::with_capacity(self.samples.len());
        // The caller hands one sample per call; a second would see what the first left in memory.
        for sample in self.samples {
            let params: SimpleParams<'_> =
                (&task.prompt, &sample.text, &sample.token_ids, &task.reference, &task.metadata);
            let (reward,) =
                reward.call(&mut *store, params).map_err(|error| failure(&error, store, Phase::Call))?;
            scores.push(checked(RawScore { reward, components: Vec::new() })?);
        }
        Ok(scores)
    }
}

enum Failure {
    Guest(Outcome, String),
    Host(Error),
}

impl Failure {
    fn guest(outcome: Outcome, detail: String) -> Self {
        Self::Guest(outcome, shortened(detail, DETAIL_BYTES))
    }
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Self::Host(error.into())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// With how much fuel it began.
    Instantiate {
        fuel: u64,
    },
    Call,
}

/// Reads the end of a call that did not return.
fn failure(error: &wasmtime::Error, store: &Store<Guest>, phase: Phase) -> Failure {
    let memory = &store.data().memory;
    if memory.host_failed {
        return Failure::Host(Error::HostMemory);
    }
    let trap = error.downcast_ref::<Trap>().copied();
    let outcome = match trap {
        Some(Trap::Interrupt) => return Failure::Host(Error::HostTimeout),
        Some(Trap::OutOfFuel) => Outcome::FuelExhausted,
        // Whatever it did about the refusal, the refusal is the reason.
        _ if memory.denied => Outcome::MemoryExceeded,
        Some(trap) => trap_outcome(trap),
        // Arguments and results are copied in and out here; what fails is what the guest gave.
        None if phase == Phase::Call => Outcome::InvalidOutput,
        // A start function does the same; only before one ran, or by the machine's own errors, is the host to blame.
        None if has_run(store, phase) && !is_of_machine(error) => Outcome::InvalidOutput,
        None => return Failure::Host(Error::Engine(format!("{error:#}").into())),
    };
    Failure::guest(outcome, format!("{error:#}"))
}

fn has_run(store: &Store<Guest>, phase: Phase) -> bool {
    match phase {
        Phase::Instantiate { fuel } => store.get_fuel().is_ok_and(|left| left < fuel),
        Phase::Call => true,
    }
}

/// Memory that cannot be mapped, a pool that is full.
fn is_of_machine(error: &wasmtime::Error) -> bool {
    error.is::<PoolConcurrencyLimitError>()
        || error.chain().any(|cause| cause.is::<rustix::io::Errno>() || cause.is::<std::io::Error>())
}

fn trap_outcome(trap: Trap) -> Outcome {
    match trap {
        Trap::UnreachableCodeReached => Outcome::TrapUnreachable,
        Trap::StackOverflow => Outcome::TrapStack,
        Trap::IntegerOverflow | Trap::IntegerDivisionByZero | Trap::BadConversionToInteger => {
            Outcome::TrapArithmetic
        }
        Trap::MemoryOutOfBounds | Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature => {
            Outcome::TrapOob
        }
        // The rest are the component model's: bad text, list, variant, alignment, re-entry.
        _ => Outcome::InvalidOutput,
    }
}

/// Applies the contract's rules to a score that the guest returned.
fn checked(raw: RawScore) -> Result<Score, Failure> {
    let reward = checked_number("the reward", raw.reward)?;
    if raw.components.len() > COMPONENTS {
        let detail = format!("{} parts in one score; the limit is {COMPONENTS}", raw.components.len());
        return Err(Failure::guest(Outcome::InvalidOutput, detail));
    }
    let mut components: Vec<(String, f64)> = Vec::with_capacity(raw.components.len());
    for part in raw.components {
        if !is_part_name(&part.name) || components.iter().any(|(name, _)| *name == part.name) {
            let name = shortened(part.name, 2 * COMPONENT_NAME_BYTES);
            let detail = format!("{name:?} is no name for a part, or is there twice");
            return Err(Failure::guest(Outcome::InvalidOutput, detail));
        }
        let value = checked_number(&part.name, part.value)?;
        components.push((part.name, value));
    }
    Ok(Score { reward, components })
}

fn checked_number(what: &str, value: f64) -> Result<f64, Failure> {
    if !value.is_finite() {
        return Err(Failure::guest(Outcome::NonFiniteScore, format!("{what} is {value}")));
    }
    if value.abs() > REWARD_MAX {
        return Err(Failure::guest(Outcome::ScoreOutOfRange, format!("{what} is {value}")));
    }
    // One zero: -0 + 0 is +0, and every other number stays as it is.
    Ok(value + 0.0)
}

pub(crate) fn is_part_name(name: &str) -> bool {
    let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-');
    !name.is_empty() && name.len() <= COMPONENT_NAME_BYTES && name.bytes().all(allowed)
}
