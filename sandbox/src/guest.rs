//! What the host keeps for one running guest: its memory account and its log. Lives and dies with the store
//! of one call; nothing of it reaches the next.

use wasmtime::component::{Linker, WasmStr};
use wasmtime::{Engine, ResourceLimiter, StoreContextMut, Trap};

use crate::engine::{INSTANCES, MEMORIES, TABLE_ELEMENTS, TABLES};
use crate::limits::{LOG_BYTES, LOG_CALL_FUEL, LOG_CALLS};
use crate::types::{Level, LogLine};
use crate::wasi::Wasi;

/// Type-only interface of the contract.
pub const TYPES: &str = "reliquary:reward/types@0.1.0";
/// The one interface that a guest may call.
pub const HOST: &str = "reliquary:reward/host@0.1.0";

/// The store's data.
pub(crate) struct Guest {
    pub(crate) memory: MemoryAccount,
    pub(crate) log: Log,
    /// There exactly if the module was linked to the profile `deterministic`.
    pub(crate) wasi: Option<Wasi>,
}

/// The guest, as a function of the host sees it.
pub(crate) type Caller<'a> = StoreContextMut<'a, Guest>;

impl Guest {
    pub(crate) fn new(memory_bytes: u64, wasi: Option<Wasi>) -> Self {
        let memory = MemoryAccount {
            limit: usize::try_from(memory_bytes).unwrap_or(usize::MAX),
            used: 0,
            allowed: false,
            denied: false,
            host_failed: false,
        };
        Self { memory, log: Log::default(), wasi }
    }

    /// Logs what the guest left unfinished.
    pub(crate) fn finish_log(&mut self) -> Result<(), LogCapPassed> {
        self.wasi.as_mut().map_or(Ok(()), |wasi| wasi.finish(&mut self.log))
    }
}

/// Counts all linear memories of the guest against one limit.
#[derive(Debug)]
pub(crate) struct MemoryAccount {
    limit: usize,
    /// What is held, which is also the most that ever was: memories only grow.
    pub(crate) used: usize,
    /// The last growth was within every limit: if it fails all the same, the host failed.
    allowed: bool,
    /// The guest was refused memory or table space that it asked for.
    pub(crate) denied: bool,
    /// The operating system refused what the limits allow.
    pub(crate) host_failed: bool,
}

impl ResourceLimiter for MemoryAccount {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        self.allowed = used <= self.limit && maximum.is_none_or(|max| desired <= max);
        if self.allowed {
            self.used = used;
        } else {
            self.denied = true;
        }
        Ok(self.allowed)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.grow_failed(error)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.allowed = desired <= TABLE_ELEMENTS && maximum.is_none_or(|max| desired <= max);
        self.denied |= !self.allowed;
        Ok(self.allowed)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.grow_failed(error)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }
}

impl MemoryAccount {
    /// A refusal by the machine must not look like a refusal by the limits: it would change a reward.
    fn grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        if std::mem::take(&mut self.allowed) {
            self.host_failed = true;
            return Err(error);
        }
        self.denied = true;
        Ok(())
    }
}

/// What the guest logged in this call.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) lines: Vec<LogLine>,
    bytes: usize,
}

/// The log's cap was passed; ends the call.
#[derive(Debug, thiserror::Error)]
#[error("the log cap of {LOG_CALLS} calls or {LOG_BYTES} bytes was passed")]
pub(crate) struct LogCapPassed;

impl Log {
    /// Ends the call of a guest that logs too much.
    pub(crate) fn push(&mut self, level: Level, message: String) -> Result<(), LogCapPassed> {
        if self.lines.len() == LOG_CALLS || self.bytes + message.len() > LOG_BYTES {
            return Err(LogCapPassed);
        }
        self.bytes += message.len();
        self.lines.push(LogLine { level, message });
        Ok(())
    }
}

/// Offers the contract's `host` interface, and nothing else.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    linker.instance(TYPES)?;
    linker.instance(HOST)?.func_wrap("log", log)?;
    Ok(linker)
}

fn log(mut caller: Caller<'_>, (level, message): (Level, WasmStr)) -> wasmtime::Result<()> {
    charge(&mut caller, LOG_CALL_FUEL)?;
    let message = message.to_str(&caller)?.into_owned();
    caller.data_mut().log.push(level, message)?;
    Ok(())
}

/// Takes the price of a host function; ends a guest that cannot pay it.
pub(crate) fn charge(caller: &mut Caller<'_>, price: u64) -> wasmtime::Result<()> {
    let left = caller.get_fuel()?.checked_sub(price);
    caller.set_fuel(left.unwrap_or(0))?;
    if left.is_some() { Ok(()) } else { Err(Trap::OutOfFuel.into()) }
}
