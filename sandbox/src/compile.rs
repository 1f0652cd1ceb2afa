//! Turns component bytes into native code, and checks them against the contract on the way.
//! This is the one place that compiles: the throw-away compile child takes it over when it comes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

use crate::guest::Guest;
use crate::module::{ModuleInfo, World};
use crate::rejection::{Rejection, RejectionCode as Code};
use crate::types::{GroupParams, GroupResults, SimpleParams, SimpleResults};

/// A compiled reward function. Cheap to clone; many threads may score with it at once.
#[derive(Clone)]
pub struct Reward {
    pub(crate) info: ModuleInfo,
    pub(crate) compiled: Arc<Compiled>,
}

impl Reward {
    pub fn info(&self) -> &ModuleInfo {
        &self.info
    }
}

impl std::fmt::Debug for Reward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reward").field("info", &self.info).finish_non_exhaustive()
    }
}

/// Native code, linked and ready to be instantiated.
pub(crate) struct Compiled {
    pub(crate) pre: InstancePre<Guest>,
    pub(crate) export: ComponentExportIndex,
    pub(crate) world: World,
    /// Size of the native code, for the cache.
    pub(crate) bytes: usize,
}

/// Compiles `component` for `world`. The size caps of `scan` must already hold.
pub(crate) fn compile(
    engine: &Engine,
    linker: &Linker<Guest>,
    component: &[u8],
    world: World,
) -> Result<Compiled, Rejection> {
    let component =
        guarded("compiler", || Component::from_binary(engine, component).map_err(|e| unsupported(&e)))?;
    let pre = linker.instantiate_pre(&component).map_err(|e| {
        Rejection::new(Code::ForbiddenImport, format!("an import does not fit the host: {e:#}"))
    })?;
    let export = check_export(&component, &pre, world)?;
    let image = component.image_range();
    Ok(Compiled { pre, export, world, bytes: image.end as usize - image.start as usize })
}

fn check_export(
    component: &Component,
    pre: &InstancePre<Guest>,
    world: World,
) -> Result<ComponentExportIndex, Rejection> {
    let Some((ComponentItem::ComponentFunc(function), index)) = component.get_export(None, world.export())
    else {
        return Err(missing(world));
    };
    let instance = pre.instance_type();
    let fits = match world {
        World::Reward => function.typecheck::<GroupParams<'_>, GroupResults>(&instance),
        World::RewardSimple => function.typecheck::<SimpleParams<'_>, SimpleResults>(&instance),
    };
    match fits {
        Ok(()) => Ok(index),
        Err(e) => {
            let message = format!("`{}` does not have the type of world `{world}`: {e:#}", world.export());
            Err(Rejection::new(Code::WrongSignature, message))
        }
    }
}

fn missing(world: World) -> Rejection {
    let message = format!("the module does not export the function `{}`", world.export());
    Rejection::new(Code::MissingExport, message)
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
