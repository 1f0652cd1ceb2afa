//! Run children: a bounded number, each with one tenant for life. A tenant's idle child is used again, since it has the
//! tenant's modules; another tenant's is never handed on, but ended.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use confine::Report;
use sandbox::frame::{self, Failure, Reply, SLOTS};
use sandbox::{Ran, WasiProfile, World};

use crate::cache::Key;
use crate::child::Child;
use crate::error::Error;
use crate::supervisor::Tenant;

const NAME: &str = "run";

/// What a child must have loaded for a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) key: Key,
    pub(crate) world: World,
    pub(crate) wasi: WasiProfile,
    pub(crate) code: &'a [u8],
}

/// One child, and what it has loaded.
#[derive(Debug)]
pub(crate) struct Runner {
    child: Child,
    tenant: Tenant,
    /// Slot by slot, with the count at its last use.
    slots: [Option<(Key, u64)>; SLOTS as usize],
    uses: u64,
    buffer: Vec<u8>,
}

impl Runner {
    /// The child, and how it says that it is confined.
    fn start(program: &std::path::Path, tenant: Tenant, grace: Duration) -> Result<(Self, String), Error> {
        let child = Child::start(NAME, program, Instant::now() + grace)?;
        let slots = [None; SLOTS as usize];
        let mut runner = Self { child, tenant, slots, uses: 0, buffer: Vec::new() };
        match runner.reply() {
            Ok(Reply::Ready(report)) => Ok((runner, report)),
            Ok(_) => Err(unexpected()),
            Err(error) => Err(runner.child.post_mortem(&error).1),
        }
    }

    /// Loads the module if it is not loaded, and sends the call, which names the slot. `meanwhile` runs while the child
    /// works.
    ///
    /// After an error that is not [`Failed`](Reply::Failed)'s the child is no good any more.
    pub(crate) fn run(
        &mut self,
        wanted: &Wanted<'_>,
        deadline: Instant,
        call: impl FnOnce(u8) -> Vec<u8>,
        meanwhile: impl FnOnce(),
    ) -> Result<Result<Vec<Ran>, Error>, std::io::Error> {
        self.child.until(deadline);
        let slot = match self.load(wanted)? {
            Ok(slot) => slot,
            Err(error) => return Ok(Err(error)),
        };
        self.send(&call(slot))?;
        meanwhile();
        Ok(match self.reply()? {
            Reply::Ran(ran) => Ok(ran),
            Reply::Failed(failure, detail) => Err(failed(failure, detail)),
            Reply::Ready(_) | Reply::Loaded => Err(unexpected()),
        })
    }

    fn load(&mut self, wanted: &Wanted<'_>) -> std::io::Result<Result<u8, Error>> {
        self.uses += 1;
        let known = self.slots.iter().position(|slot| slot.is_some_and(|(key, _)| key == wanted.key));
        if let Some(slot) = known {
            self.slots[slot] = Some((wanted.key, self.uses));
            return Ok(Ok(slot as u8));
        }
        let oldest = |slot: &usize| self.slots[*slot].map_or(0, |(_, used)| used);
        let slot = (0..self.slots.len()).min_by_key(oldest).unwrap_or(0);
        self.slots[slot] = None;
        self.send(&frame::load_request(slot as u8, wanted.world, wanted.wasi, wanted.code))?;
        Ok(match self.reply()? {
            Reply::Loaded => {
                self.slots[slot] = Some((wanted.key, self.uses));
                Ok(slot as u8)
            }
            Reply::Failed(failure, detail) => Err(failed(failure, detail)),
            Reply::Ready(_) | Reply::Ran(_) => Err(unexpected()),
        })
    }

    fn send(&mut self, frame: &[u8]) -> std::io::Result<()> {
        let input = self.child.input.as_mut().ok_or(std::io::ErrorKind::BrokenPipe)?;
        frame::write_frame(input, frame)
    }

    fn reply(&mut self) -> std::io::Result<Reply> {
        if !frame::read_reply(&mut self.child.output, &mut self.buffer)? {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Reply::read(&self.buffer)?)
    }

    pub(crate) fn post_mortem(self, error: &std::io::Error) -> Error {
        self.child.post_mortem(error).1
    }
}

fn unexpected() -> Error {
    Error::Child { child: NAME, what: "it answered something else".to_owned() }
}

fn failed(failure: Failure, detail: String) -> Error {
    match failure {
        Failure::Timeout => sandbox::Error::HostTimeout.into(),
        Failure::Memory => sandbox::Error::HostMemory.into(),
        Failure::Unusable => sandbox::Error::Unusable(detail).into(),
        Failure::Engine => sandbox::Error::Engine(detail.into()).into(),
        Failure::Refused => Error::Child { child: NAME, what: detail },
    }
}

/// All run children.
#[derive(Debug)]
pub(crate) struct Pool {
    program: PathBuf,
    grace: Duration,
    most: usize,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The longest idle first.
    idle: Vec<Runner>,
    /// Idle ones and those at work.
    live: usize,
}

/// What to do when a tenant asks for a child.
enum Turn {
    Use(Runner),
    Start,
    /// Start one, and end this one.
    Replace(Runner),
}

impl Pool {
    pub(crate) fn new(program: PathBuf, grace: Duration, most: usize) -> Self {
        Self { program, grace, most: most.max(1), state: Mutex::default(), freed: Condvar::new() }
    }

    /// A child of this tenant, best one that has the module already. Waits while all are at work.
    pub(crate) fn take(&self, tenant: Tenant, key: &Key) -> Result<Runner, Error> {
        let turn = self.turn(tenant, key);
        // killing and starting take a while: outside of the lock; the place is taken already
        match turn {
            Turn::Use(runner) => return Ok(runner),
            Turn::Start => {}
            Turn::Replace(other) => drop(other),
        }
        let started = Runner::start(&self.program, tenant, self.grace).inspect_err(|_| self.gone());
        started.map(|(runner, _)| runner)
    }

    fn turn(&self, tenant: Tenant, key: &Key) -> Turn {
        let mut state = self.state();
        loop {
            let has = |runner: &Runner| runner.slots.iter().flatten().any(|(loaded, _)| loaded == key);
            let ours = |state: &State, wants: &dyn Fn(&Runner) -> bool| {
                state.idle.iter().rposition(|runner| runner.tenant == tenant && wants(runner))
            };
            if let Some(index) = ours(&state, &has).or_else(|| ours(&state, &|_| true)) {
                return Turn::Use(state.idle.remove(index));
            }
            if state.live < self.most {
                state.live += 1;
                return Turn::Start;
            }
            if !state.idle.is_empty() {
                return Turn::Replace(state.idle.remove(0));
            }
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A child that is in order comes back.
    pub(crate) fn give_back(&self, runner: Runner) {
        self.state().idle.push(runner);
        self.freed.notify_one();
    }

    /// A child that was taken is no more.
    pub(crate) fn gone(&self) {
        self.state().live -= 1;
        self.freed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a child to see how it is confined, and ends it.
    pub(crate) fn probe(&self) -> Result<Report, Error> {
        let (_, confinement) = Runner::start(&self.program, Tenant([0; 16]), self.grace)?;
        serde_json::from_str(&confinement).map_err(|_| unexpected())
    }
}
