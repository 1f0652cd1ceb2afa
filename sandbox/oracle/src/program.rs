//! One reward module, translated once, and its calls: each in a new instance, as in the sandbox.

use std::fmt;

use wasmi::errors::{ErrorKind, InstantiationError, MemoryError};
use wasmi::{
    CompilationMode, Config, Engine, Extern, ExternType, FuncType, Instance, Linker, Memory, Module, Store,
    TypedFunc, ValType, WasmParams, WasmResults,
};

use crate::account::Account;
use crate::trap::Trap;

/// Steps that one call may take: as many as the most fuel that any job can grant.
const STEPS: u64 = 2_000_000_000;
/// Deeper than the sandbox's stack reaches: only recursion without an end is to end here.
const STACK_DEPTH: usize = 1 << 16;
const STACK_BYTES: usize = 32 << 20;

/// A module that the oracle cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the module is not WebAssembly that the oracle takes: {0}")]
    Invalid(String),
    #[error("the module imports `{0}`; world reward-simple has no imports")]
    Import(String),
    #[error("the module does not export `{0}` with the type that world reward-simple wants")]
    Export(&'static str),
}

type Room = (u32, u32, u32, u32);
type Arguments = (u32, u32, u32, u32, u32, u32, u32, u32, u32, u32);

/// A core module of world `reward-simple`. Shared freely between threads.
pub struct Program {
    module: Module,
    linker: Linker<Account>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

impl Program {
    /// Translates a core module, and checks that it has the contract's exports.
    pub fn new(wasm: &[u8]) -> Result<Self, Error> {
        let engine = Engine::new(&config());
        let module = Module::new(&engine, wasm).map_err(|e| Error::Invalid(e.to_string()))?;
        if let Some(import) = module.imports().next() {
            return Err(Error::Import(format!("{} {}", import.module(), import.name())));
        }
        if !matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
            return Err(Error::Export("memory"));
        }
        check_function(&module, "cabi_realloc", &FuncType::new([ValType::I32; 4], [ValType::I32]))?;
        check_function(&module, "reward", &FuncType::new([ValType::I32; 10], [ValType::F64]))?;
        Ok(Self { linker: Linker::new(&engine), module })
    }

    /// What the module answers, as it answers it: also NaN, infinity and what is out of range.
    pub fn reward(
        &self,
        prompt: &str,
        completion: &str,
        token_ids: &[u32],
        reference: &str,
        metadata: &str,
    ) -> Result<f64, Trap> {
        let mut call = self.start()?;
        // In the order of the parameters: an allocator may tell one order from another.
        let (p, p_len) = call.place_text(prompt)?;
        let (c, c_len) = call.place_text(completion)?;
        let (t, t_len) = call.place_ids(token_ids)?;
        let (r, r_len) = call.place_text(reference)?;
        let (m, m_len) = call.place_text(metadata)?;
        let reward: TypedFunc<Arguments, f64> = call.function("reward")?;
        let answer = call.run(reward, (p, p_len, c, c_len, t, t_len, r, r_len, m, m_len))?;
        // Called when the host is done with the answer.
        if let Ok(done) = call.function::<f64, ()>("cabi_post_reward") {
            call.run(done, answer)?;
        }
        Ok(answer)
    }

    fn start(&self) -> Result<Call, Trap> {
        let mut store = Store::new(self.module.engine(), Account::default());
        store.limiter(|account| account);
        store.set_fuel(STEPS).map_err(|_| Trap::OutOfSteps)?;
        let instance = match self.linker.instantiate_and_start(&mut store, &self.module) {
            Ok(instance) => instance,
            Err(error) => return Err(trap(&error, &store)),
        };
        let Some(Extern::Memory(memory)) = instance.get_export(&store, "memory") else {
            return Err(Trap::Contract);
        };
        let realloc = instance.get_typed_func(&store, "cabi_realloc").map_err(|_| Trap::Contract)?;
        let mut call = Call { store, instance, memory, realloc };
        // What toolchains name so runs before anything else.
        if let Ok(initialize) = call.function::<(), ()>("_initialize") {
            call.run(initialize, ())?;
        }
        Ok(call)
    }
}

/// One instance on its way to one answer.
struct Call {
    store: Store<Account>,
    instance: Instance,
    memory: Memory,
    realloc: TypedFunc<Room, u32>,
}

impl Call {
    fn function<P: WasmParams, R: WasmResults>(&self, name: &str) -> Result<TypedFunc<P, R>, Trap> {
        self.instance.get_typed_func(&self.store, name).map_err(|_| Trap::Contract)
    }

    fn run<P: WasmParams, R: WasmResults>(
        &mut self,
        function: TypedFunc<P, R>,
        params: P,
    ) -> Result<R, Trap> {
        function.call(&mut self.store, params).map_err(|error| trap(&error, &self.store))
    }

    fn place_text(&mut self, text: &str) -> Result<(u32, u32), Trap> {
        Ok((self.place(text.as_bytes(), 1)?, size(text.len())?))
    }

    fn place_ids(&mut self, ids: &[u32]) -> Result<(u32, u32), Trap> {
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        Ok((self.place(&bytes, 4)?, size(ids.len())?))
    }

    /// Asks the guest for room, also for nothing, and copies the bytes there.
    fn place(&mut self, bytes: &[u8], align: u32) -> Result<u32, Trap> {
        let at = self.run(self.realloc, (0, 0, align, size(bytes.len())?))?;
        let written = at % align == 0 && self.memory.write(&mut self.store, at as usize, bytes).is_ok();
        let refused = self.store.data().refused;
        match (written, refused) {
            (true, _) => Ok(at),
            (false, true) => Err(Trap::MemoryExceeded),
            (false, false) => Err(Trap::Contract),
        }
    }
}

fn size(length: usize) -> Result<u32, Trap> {
    u32::try_from(length).map_err(|_| Trap::Contract)
}

/// A refusal of memory is the reason for whatever the guest did about it, unless it spun.
fn trap(error: &wasmi::Error, store: &Store<Account>) -> Trap {
    let trap = match error.kind() {
        ErrorKind::TrapCode(code) => Trap::of(*code),
        ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. })
        | ErrorKind::Memory(MemoryError::OutOfBoundsAccess) => Trap::OutOfBounds,
        ErrorKind::Memory(_) | ErrorKind::Table(_) | ErrorKind::Instantiation(_) => Trap::MemoryExceeded,
        _ => Trap::Contract,
    };
    if store.data().refused && trap != Trap::OutOfSteps { Trap::MemoryExceeded } else { trap }
}

fn check_function(module: &Module, name: &'static str, wanted: &FuncType) -> Result<(), Error> {
    match module.get_export(name) {
        Some(ExternType::Func(found)) if found == *wanted => Ok(()),
        _ => Err(Error::Export(name)),
    }
}

/// The WebAssembly that the sandbox takes, and floats with one NaN (the crate's feature `deterministic`).
fn config() -> Config {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        .compilation_mode(CompilationMode::Eager)
        .set_max_recursion_depth(STACK_DEPTH)
        .set_max_stack_height(STACK_BYTES)
        .ignore_custom_sections(true)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_relaxed_simd(false);
    config
}
