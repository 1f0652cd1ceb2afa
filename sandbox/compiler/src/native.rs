//! From component bytes to native code, checked against the contract on the way.

use std::fmt;
use std::hash::{Hash as _, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use sandbox::{Module, Rejection, RejectionCode as Code};
use wasmtime::component::Component;
use wasmtime::{Engine, OptLevel};

/// Compiles for the processor that it runs on.
pub struct Compiler {
    engine: Engine,
}

impl Compiler {
    pub fn new() -> Result<Self, sandbox::Error> {
        // the pool is never used: nothing runs here
        let mut config = sandbox::engine::config(1);
        // floats have one NaN, on every machine
        config.cranelift_nan_canonicalization(true);
        config.cranelift_opt_level(OptLevel::Speed);
        config.parallel_compilation(true);
        Ok(Self { engine: Engine::new(&config)? })
    }

    /// Native code for a module that [`crate::prepare`] has passed.
    pub fn compile(&self, module: &Module) -> Result<Vec<u8>, Rejection> {
        guarded("compiler", || {
            let component =
                Component::from_binary(&self.engine, module.component()).map_err(|e| unsupported(&e))?;
            sandbox::check(&self.engine, &component, module.world(), module.info().wasi)?;
            component.serialize().map_err(|e| unsupported(&e))
        })
    }

    /// Names everything that native code depends on beside its component: engine, settings, processor.
    pub fn compatibility(&self) -> u64 {
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        self.engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }
}

impl fmt::Debug for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiler").finish_non_exhaustive()
    }
}

fn unsupported(error: &wasmtime::Error) -> Rejection {
    Rejection::new(Code::Unsupported, format!("the engine does not take the module: {error:#}"))
}

/// A compiler is a large program fed by strangers: a panic in it refuses the module, and takes nobody along.
pub(crate) fn guarded<T>(what: &str, work: impl FnOnce() -> Result<T, Rejection>) -> Result<T, Rejection> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Rejection::new(Code::Unsupported, format!("the {what} failed on this module")))
    })
}

/// FNV-1a: the standard hasher is not the same in every version of Rust, and this hash names files.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
