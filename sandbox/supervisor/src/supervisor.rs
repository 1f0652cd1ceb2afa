//! The supervisor itself: validates uploads and scores groups, each in a child.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use confine::Report;
use sandbox::compiling::Request;
use sandbox::{Asked, Gate, Limits, Module, Sample, Scored, Task, WasiProfile, World, frame};

use crate::cache::{Cache, Key};
use crate::compile::Compile;
use crate::error::Error;
use crate::pool::{Pool, Wanted};
use crate::settings::{Isolation, Settings};
use crate::vault::Vault;

/// On whose behalf a module runs. Two tenants never meet in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tenant(pub [u8; 16]);

impl Tenant {
    /// The service itself, and whoever runs the program for himself alone.
    pub const SELF: Self = Self([0; 16]);

    /// Another one, for a second process on the same behalf.
    pub(crate) fn second(self) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("reliquary 2026-11 second process of a tenant");
        hasher.update(&self.0);
        let mut second = [0; 16];
        hasher.finalize_xof().fill(&mut second);
        Self(second)
    }
}

/// How the children of this machine are confined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confinement {
    pub run: Report,
    pub compile: Report,
}

impl Confinement {
    /// Whether every measure is active in both.
    pub fn is_complete(&self) -> bool {
        self.run.missing().next().is_none() && self.compile.missing().next().is_none()
    }
}

impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run child: {}; compile child: {}", self.run, self.compile)
    }
}

/// Parent of all children. Dropping it ends them.
#[derive(Debug)]
pub struct Supervisor {
    compile: Compile,
    /// Compile children that may still be started.
    compiling: Gate,
    pool: Pool,
    cache: Cache,
    settings: Settings,
    confinement: Confinement,
    /// What native code of this machine is made for.
    compatibility: u64,
}

impl Supervisor {
    /// Starts one child of each kind to see how far this machine can confine them; in strict mode a missing measure is an
    /// error. Say [`Supervisor::confinement`] at start-up.
    pub fn start(settings: Settings) -> Result<Self, Error> {
        let programs = &settings.programs;
        let compile = Compile { program: programs.compile.clone(), time: settings.compile_time };
        let pool = Pool::new(programs.run.clone(), settings.grace, settings.run_children);
        let hello = compile.probe()?;
        let confinement = Confinement { run: pool.probe()?, compile: hello.confinement };
        if settings.isolation == Isolation::Strict && !confinement.is_complete() {
            return Err(Error::NotIsolated(confinement.to_string()));
        }
        let vault = settings.cache.folder.clone();
        let vault = vault.map(|(folder, max_bytes, key)| Vault::open(folder, max_bytes, key));
        let cache = Cache::new(settings.cache.memory_bytes, vault.transpose().map_err(Error::Cache)?);
        Ok(Self {
            compile,
            compiling: Gate::new(settings.compile_children.max(1)),
            pool,
            cache,
            confinement,
            compatibility: hello.compatibility,
            settings,
        })
    }

    pub fn confinement(&self) -> &Confinement {
        &self.confinement
    }

    /// Checks an upload and makes it a component. What passes here compiles, and fits its world.
    pub fn validate(&self, upload: &[u8], wasi: WasiProfile) -> Result<Module, Error> {
        let (module, code) = {
            let _turn = self.compiling.enter();
            self.compile.compile(&Request::Upload { wasi, upload })?
        };
        self.cache.insert(self.key(&module), code);
        Ok(module)
    }

    /// Scores one group: one result per sample, in order. In world `reward` one call sees the whole group and its outcome is
    /// every sample's; in world `reward-simple` every sample has an instance of its own.
    ///
    /// A child that dies is replaced once: what kills two in a row is an error, and still no reward.
    pub fn score(
        &self,
        tenant: Tenant,
        module: &Module,
        task: &Task,
        samples: &[Sample],
        limits: &Limits,
    ) -> Result<Vec<Scored>, Error> {
        limits.validate().map_err(sandbox::Error::Limits)?;
        if samples.is_empty() {
            return Ok(Vec::new());
        }
        limits.check_input(module.world(), task, samples)?;
        let code = self.code(module)?;
        let info = module.info();
        let wanted = Wanted { key: self.key(module), world: info.world, wasi: info.wasi, code: &code };
        let call = Group { tenant, module, task, samples, limits };
        match self.attempt(&wanted, &call) {
            Err(error @ Error::Child { .. }) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a run child died; another one tries again"
                );
                self.attempt(&wanted, &call)
            }
            result => result,
        }
    }

    fn attempt(&self, wanted: &Wanted<'_>, group: &Group<'_>) -> Result<Vec<Scored>, Error> {
        let mut runner = self.pool.take(group.tenant, &wanted.key)?;
        let deadline = Instant::now() + self.time(group);
        let mut asked = None;
        let ran = runner.run(
            wanted,
            deadline,
            |slot| frame::run_request(slot, group.limits, group.task, group.samples),
            || asked = Some(Asked::of(wanted.world, group.task, group.samples)),
        );
        let ran = match ran {
            Ok(Ok(ran)) => ran,
            // the child is in order: it said so itself
            Ok(Err(error)) => {
                self.pool.give_back(runner);
                return Err(error);
            }
            Err(error) => {
                let error = runner.post_mortem(&error);
                self.pool.gone();
                return Err(error);
            }
        };
        let scored = asked.and_then(|asked| asked.grade(group.module.info(), group.limits, ran));
        if let Some(scored) = scored {
            self.pool.give_back(runner);
            Ok(scored)
        } else {
            drop(runner);
            self.pool.gone();
            Err(Error::Child { child: "run", what: "it scored another number of samples".to_owned() })
        }
    }

    /// How long the calls of a group may take in all.
    fn time(&self, group: &Group<'_>) -> Duration {
        let Self { settings: Settings { guard, grace, .. }, .. } = self;
        let count = group.samples.len();
        *grace
            + match group.module.world() {
                World::Reward => guard.of(group.limits.fuel_of(count)),
                World::RewardSimple => guard.of(group.limits.fuel_of(1)).saturating_mul(count as u32),
            }
    }

    /// Native code, from the cache or from a compile child.
    pub fn code(&self, module: &Module) -> Result<Arc<[u8]>, Error> {
        let key = self.key(module);
        if let Some(code) = self.cache.find(&key) {
            return Ok(code);
        }
        let _turn = self.compiling.enter();
        // the one before us may have compiled the same
        if let Some(code) = self.cache.find(&key) {
            return Ok(code);
        }
        let request = Request::Component { info: module.info().clone(), component: module.component() };
        match self.compile.compile(&request) {
            Ok((_, code)) => Ok(self.cache.insert(key, code)),
            // it was accepted once: that it is refused now is no customer's fault
            Err(Error::Rejected(rejection)) => Err(sandbox::Error::Unusable(rejection.to_string()).into()),
            Err(error) => Err(error),
        }
    }

    fn key(&self, module: &Module) -> Key {
        let info = module.info();
        Key::new(info.component_sha256, info.world, info.wasi, self.compatibility)
    }
}

/// One call, as the caller gave it.
struct Group<'a> {
    tenant: Tenant,
    module: &'a Module,
    task: &'a Task,
    samples: &'a [Sample],
    limits: &'a Limits,
}
