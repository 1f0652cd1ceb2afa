//! What the host keeps for one running guest: its memory account and its log. Lives and dies with the store
//! of one call; nothing of it reaches the next.

use wasmtime::component::{Linker, WasmStr};
use wasmtime::{Engine, ResourceLimiter, StoreContextMut, Trap};

use crate::engine::{INSTANCES, MEMORIES, TABLE_ELEMENTS, TABLES};
use crate::limits::{LOG_BYTES, LOG_CALL_FUEL, LOG_CALLS};
use crate::receipt::WasiProfile;
use crate::types::{Level, LogLine};

/// Type-only interface of the contract.
pub const TYPES: &str = "reliquary:reward/types@0.1.0";
/// The one interface that a guest may call.
pub const HOST: &str = "reliquary:reward/host@0.1.0";

/// The store's data.
pub(crate) struct Guest {
    pub(crate) memory: MemoryAccount,
    pub(crate) log: Log,
}

impl Guest {
    pub(crate) fn new(memory_bytes: u64) -> Self {
        let memory = MemoryAccount {
            limit: usize::try_from(memory_bytes).unwrap_or(usize::MAX),
            used: 0,
            peak: 0,
            allowed: false,
            denied: false,
            host_failed: false,
        };
        Self { memory, log: Log::default() }
    }
}

/// Counts all linear memories of the guest against one limit.
#[derive(Debug)]
pub(crate) struct MemoryAccount {
    limit: usize,
    used: usize,
    /// The most that was held; memories only grow.
    pub(crate) peak: usize,
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
            self.peak = self.peak.max(used);
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
struct LogCapPassed;

/// Offers the contract's `host` interface, and nothing else.
pub(crate) fn linker(engine: &Engine, _wasi: WasiProfile) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    linker.instance(TYPES)?;
    linker.instance(HOST)?.func_wrap("log", log)?;
    Ok(linker)
}

fn log(mut store: StoreContextMut<'_, Guest>, (level, message): (Level, WasmStr)) -> wasmtime::Result<()> {
    let Some(fuel) = store.get_fuel()?.checked_sub(LOG_CALL_FUEL) else {
        store.set_fuel(0)?;
        return Err(Trap::OutOfFuel.into());
    };
    store.set_fuel(fuel)?;

    let message = message.to_str(&store)?.into_owned();
    let log = &mut store.data_mut().log;
    if log.lines.len() == LOG_CALLS || log.bytes + message.len() > LOG_BYTES {
        return Err(LogCapPassed.into());
    }
    log.bytes += message.len();
    log.lines.push(LogLine { level, message });
    Ok(())
}
