//! Checking, compiling and running in one process, without any wall between them: for tests and benches.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use sandbox::{
    Asked, ContentHash, Error, Limits, Loaded, Module, ModuleInfo, NativeCode, Rejection, Runner,
    RunnerSettings, Sample, Scored, Task, WasiProfile, World,
};

use crate::native::Compiler;
use crate::upload::prepare;

/// A compiled reward function. Cheap to clone; many threads may score with it at once.
#[derive(Clone, Debug)]
pub struct Reward {
    info: ModuleInfo,
    loaded: Arc<Loaded>,
}

impl Reward {
    pub fn info(&self) -> &ModuleInfo {
        &self.info
    }
}

type Key = (ContentHash, World, WasiProfile);

/// Compiler and runner side by side. What was compiled once is kept for good.
pub struct InProcess {
    compiler: Compiler,
    runner: Runner,
    loaded: Mutex<HashMap<Key, Arc<Loaded>>>,
}

impl InProcess {
    pub fn new(settings: &RunnerSettings) -> Result<Self, Error> {
        Ok(Self { compiler: Compiler::new()?, runner: Runner::new(settings)?, loaded: Mutex::default() })
    }

    /// Checks an upload and makes it a component. What passes here compiles, and fits its world.
    pub fn validate(&self, upload: &[u8]) -> Result<Module, Rejection> {
        self.validate_with(upload, WasiProfile::None)
    }

    pub fn validate_with(&self, upload: &[u8], wasi: WasiProfile) -> Result<Module, Rejection> {
        let module = prepare(upload, wasi)?;
        self.loaded(&module)?;
        Ok(module)
    }

    /// Compiles a validated module, or finds it compiled.
    pub fn compile(&self, module: &Module) -> Result<Arc<Reward>, Error> {
        let loaded = self.loaded(module).map_err(|rejection| Error::Unusable(rejection.to_string()))?;
        Ok(Arc::new(Reward { info: module.info().clone(), loaded }))
    }

    /// Scores one group: one result per sample, in order.
    pub fn score(
        &self,
        reward: &Reward,
        task: &Task,
        samples: &[Sample],
        limits: &Limits,
    ) -> Result<Vec<Scored>, Error> {
        let ran = self.runner.run(&reward.loaded, task, samples, limits)?;
        let asked = Asked::of(reward.info.world, task, samples);
        Ok(asked.grade(&reward.info, limits, ran).expect("the runner answers what it was asked"))
    }

    fn loaded(&self, module: &Module) -> Result<Arc<Loaded>, Rejection> {
        let info = module.info();
        let mut kept = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (info.component_sha256, info.world, info.wasi);
        if let Some(loaded) = kept.get(&key) {
            return Ok(Arc::clone(loaded));
        }
        let code = self.compiler.compile(module)?;
        let loaded = self
            .runner
            .load(&NativeCode::vouched(&code), info.world, info.wasi)
            .expect("what was just compiled and checked here loads here");
        let loaded = Arc::new(loaded);
        kept.insert(key, Arc::clone(&loaded));
        Ok(loaded)
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").field("runner", &self.runner).finish_non_exhaustive()
    }
}
