//! From the bytes that a customer sends to a component that implements one of the two worlds.
//! Core modules are wrapped, components are taken as they are, and then both go the same way.

use std::sync::LazyLock;

use sandbox::{HOST, Module, Rejection, RejectionCode as Code, TYPES, WasiProfile, World, is_wasi_offered};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::ValType::{self, F64, I32, I64};
use wasmparser::types::{CoreTypeId, EntityType, Types};
use wasmparser::{Validator, WasmFeatures};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::{PackageId, Resolve};

use crate::native::guarded;
use crate::scan::{Outline, invalid, scan};
use crate::weight::{self, Refusal};

/// Checks everything that can be checked without compiling, and wraps core modules.
pub fn prepare(upload: &[u8], wasi: WasiProfile) -> Result<Module, Rejection> {
    let outline = scan(upload)?;
    check_imports(&outline, wasi)?;
    let types = validate_code(upload)?;
    let world = world_of(&outline)?;
    let component = if outline.is_component {
        upload.to_vec()
    } else {
        check_core_exports(&outline, &types, world)?;
        guarded("wrapper", || wrap(upload, world, &outline))?
    };
    Ok(Module::new(upload, component, world, wasi))
}

fn validate_code(upload: &[u8]) -> Result<Types, Rejection> {
    weight::validate(upload).map_err(|refusal| match refusal {
        Refusal::TooHeavy { weight, limit } => {
            let message = format!(
                "operators times live values come to {weight}; the limit is {limit}: split large functions"
            );
            Rejection::new(Code::TooComplex, message)
        }
        // Valid with everything on: then a feature is the reason.
        Refusal::Invalid(error)
            if Validator::new_with_features(WasmFeatures::all()).validate_all(upload).is_ok() =>
        {
            Rejection::new(Code::ForbiddenFeature, error.to_string())
        }
        Refusal::Invalid(error) => invalid(&error),
    })
}

fn check_imports(outline: &Outline, wasi: WasiProfile) -> Result<(), Rejection> {
    for (module, name) in &outline.imports {
        let offered = if outline.is_component {
            let by_profile = wasi == WasiProfile::Deterministic && is_wasi_offered(module);
            module == TYPES || module == HOST || by_profile
        } else {
            let adapted = wasi == WasiProfile::Deterministic && module == PREVIEW1;
            module == HOST && name == "log" || adapted
        };
        if !offered {
            let hint = if module.starts_with("wasi") { hint(outline, wasi) } else { "" };
            let wanted = if name.is_empty() { module.clone() } else { format!("{module} {name}") };
            let message = format!("the module imports `{wanted}`; only `{HOST}` is offered{hint}");
            return Err(Rejection::new(Code::ForbiddenImport, message));
        }
    }
    Ok(())
}

/// What to do about an import of WASI.
fn hint(outline: &Outline, wasi: WasiProfile) -> &'static str {
    match (outline.is_component, wasi) {
        (_, WasiProfile::None) => "; build without WASI, or choose the WASI profile `deterministic`",
        (true, WasiProfile::Deterministic) => "; the WASI profile `deterministic` has versions 0.2",
        (false, WasiProfile::Deterministic) => {
            "; for core modules the WASI profile `deterministic` has `wasi_snapshot_preview1`"
        }
    }
}

fn world_of(outline: &Outline) -> Result<World, Rejection> {
    let exported = |world: &World| outline.functions.iter().any(|name| name == world.export());
    [World::Reward, World::RewardSimple].into_iter().find(exported).ok_or_else(|| {
        let message = "the module exports neither `score` (world reward) nor `reward` (world reward-simple)";
        Rejection::new(Code::MissingExport, message)
    })
}

/// The wrapper would find these faults too; its messages are for people who write wrappers.
fn check_core_exports(outline: &Outline, types: &Types, world: World) -> Result<(), Rejection> {
    if !outline.memories.iter().any(|name| name == "memory") {
        return Err(Rejection::new(Code::MissingExport, "the module does not export its `memory`"));
    }
    match world {
        World::RewardSimple => check_signature(types, "reward", &[I32; 10], F64)?,
        World::Reward => {
            let params = [I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I64, I32, I32];
            check_signature(types, "score", &params, I32)?;
        }
    }
    check_signature(types, "cabi_realloc", &[I32; 4], I32)
}

fn check_signature(types: &Types, name: &str, params: &[ValType], result: ValType) -> Result<(), Rejection> {
    let Some(id) = exported_function(types, name) else {
        return Err(Rejection::new(Code::MissingExport, format!("the module does not export `{name}`")));
    };
    let function = types[id].unwrap_func();
    if function.params() == params && function.results() == [result] {
        return Ok(());
    }
    let message = format!(
        "`{name}` has type {}; the contract wants {}",
        spelled(function.params(), function.results()),
        spelled(params, &[result])
    );
    Err(Rejection::new(Code::WrongSignature, message))
}

fn exported_function(types: &Types, name: &str) -> Option<CoreTypeId> {
    types.as_ref().core_exports()?.find_map(|(export, ty)| match ty {
        EntityType::Func(id) if export == name => Some(id),
        _ => None,
    })
}

fn spelled(params: &[ValType], results: &[ValType]) -> String {
    let list = |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("({}) -> ({})", list(params), list(results))
}

/// Makes a core module a component.
fn wrap(core: &[u8], world: World, outline: &Outline) -> Result<Vec<u8>, Rejection> {
    let failed =
        |e| Rejection::new(Code::Unsupported, format!("the module cannot be made a component: {e:#}"));
    let mut module = core.to_vec();
    if !outline.has_wit {
        let (resolve, package) = &*WIT;
        let world = resolve.select_world(&[*package], Some(world.as_str())).map_err(failed)?;
        wit_component::embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8)
            .map_err(failed)?;
    }
    let mut encoder = ComponentEncoder::default().validate(true).module(&module).map_err(failed)?;
    if outline.imports.iter().any(|(module, _)| module == PREVIEW1) {
        encoder = encoder.adapter(PREVIEW1, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER).map_err(failed)?;
    }
    encoder.encode().map_err(failed)
}

static WIT: LazyLock<(Resolve, PackageId)> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_source("reward.wit", include_str!("../../wit/reward.wit"))
        .expect("our own WIT file parses; every test of the crate reads it");
    (resolve, package)
});
