//! Runs reward functions again, for the offline verifier and for re-runs: the one place of this crate that does. In child
//! processes, like the service itself: a module that came in a file is a stranger's code.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::anyhow;
use protocol::BundledModule;
use sandbox::{ContentHash, Limits, Module, Receipt, Sample, Scored, Task, WasiProfile};
use supervisor::{Programs, Settings, Supervisor, Tenant};

/// The supervisor of the children that run them, and the modules that are known.
#[derive(Debug)]
pub(crate) struct Scorer {
    supervisor: Supervisor,
    /// Those that ship with this program, by the hash of the upload.
    shipped: HashMap<ContentHash, &'static [u8]>,
    /// By the hashes of upload and component.
    modules: Mutex<HashMap<(ContentHash, ContentHash), Arc<Module>>>,
}

impl Scorer {
    /// Children of its own, which compile everything anew: what another process has compiled is not believed here.
    pub(crate) fn start(programs: Programs) -> anyhow::Result<Self> {
        Ok(Self {
            supervisor: Supervisor::start(Settings::new(programs))?,
            shipped: sandbox::BUILTINS.iter().map(|(_, module)| (ContentHash::of(module), *module)).collect(),
            modules: Mutex::default(),
        })
    }

    /// Takes a module in. Its bytes must be what its hash says; whether it can run is seen when it has to.
    pub(crate) fn learn(&self, bundled: &BundledModule) -> anyhow::Result<Arc<Module>> {
        let named = |problem: &str| anyhow!("reward module {}: {problem}", bundled.function);
        let BundledModule { upload_sha256, component_sha256, world, wasi, component, .. } = bundled;
        let module = Module::restore(*upload_sha256, *component_sha256, (world, wasi), component.clone());
        let module = module.map_err(|error| named(&error.to_string()))?;
        let key = (module.info().upload_sha256, module.info().component_sha256);
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(modules.entry(key).or_insert_with(|| Arc::new(module))))
    }

    /// The module that a receipt is about, if it is at hand.
    pub(crate) fn find(&self, receipt: &Receipt) -> Option<Arc<Module>> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (receipt.upload_sha256, receipt.component_sha256);
        if let Some(known) = modules.get(&key) {
            return Some(Arc::clone(known));
        }
        let module =
            self.supervisor.validate(self.shipped.get(&receipt.upload_sha256)?, WasiProfile::None).ok()?;
        // another version of this program may have made another component of the same upload
        let is_same = module.info().component_sha256 == receipt.component_sha256;
        is_same.then(|| Arc::clone(modules.entry(key).or_insert_with(|| Arc::new(module))))
    }

    /// One result per sample. An error is this machine's, or a module that cannot run at all.
    pub(crate) fn score(
        &self,
        tenant: Tenant,
        module: &Module,
        task: &Task,
        samples: &[Sample],
        limits: &Limits,
    ) -> Result<Vec<Scored>, supervisor::Error> {
        self.supervisor.score(tenant, module, task, samples, limits)
    }
}

/// Whether a receipt is of the engine that runs here: of another, it says nothing that could be compared.
pub(crate) fn is_this_engine(receipt: &Receipt) -> bool {
    receipt.engine.wasmtime.to_string() == sandbox::WASMTIME
        && receipt.engine.config_hash == sandbox::config_hash(receipt.wasi_profile)
}
