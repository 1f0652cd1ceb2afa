//! Native code that is linked to the host's functions and was checked against its contract: ready for calls.
//!
//! This crate makes no native code. It comes from the crate `compiler`, by way of a child process.

use std::fmt;

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

use crate::guest::Guest;
use crate::module::World;
use crate::receipt::WasiProfile;
use crate::rejection::{Rejection, RejectionCode as Code};
use crate::types::{GroupParams, GroupResults, SimpleParams, SimpleResults};
use crate::wasi::offer;

/// A reward function that can be called. Many threads may call it at once.
pub struct Loaded {
    pub(crate) pre: InstancePre<Guest>,
    pub(crate) export: ComponentExportIndex,
    pub(crate) world: World,
    pub(crate) wasi: WasiProfile,
}

impl Loaded {
    /// Links a component and checks its export.
    pub(crate) fn link(
        component: &Component,
        linker: &Linker<Guest>,
        world: World,
        wasi: WasiProfile,
    ) -> Result<Self, Rejection> {
        let mut linker = linker.clone();
        if wasi == WasiProfile::Deterministic {
            offer(&mut linker, component).map_err(|e| unfit(&e))?;
        }
        let pre = linker.instantiate_pre(component).map_err(|e| unfit(&e))?;
        let export = check_export(component, &pre, world)?;
        Ok(Self { pre, export, world, wasi })
    }
}

fn unfit(error: &wasmtime::Error) -> Rejection {
    Rejection::new(Code::ForbiddenImport, format!("an import does not fit the host: {error:#}"))
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("world", &self.world).field("wasi", &self.wasi).finish_non_exhaustive()
    }
}

/// Whether a component that was just compiled fits its world, as [`crate::Runner::load`] will demand.
pub fn check(
    engine: &Engine,
    component: &Component,
    world: World,
    wasi: WasiProfile,
) -> Result<(), Rejection> {
    let linker = crate::guest::linker(engine)
        .map_err(|e| Rejection::new(Code::Unsupported, format!("the host cannot be linked: {e:#}")))?;
    Loaded::link(component, &linker, world, wasi).map(drop)
}

fn check_export(
    component: &Component,
    pre: &InstancePre<Guest>,
    world: World,
) -> Result<ComponentExportIndex, Rejection> {
    let Some((ComponentItem::ComponentFunc(function), index)) = component.get_export(None, world.export())
    else {
        let message = format!("the module does not export the function `{}`", world.export());
        return Err(Rejection::new(Code::MissingExport, message));
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
