//! `GET /v1/reward_functions/abi`: what a module must be and may do, for whoever writes one.

use actix_web::HttpResponse;
use sandbox::{Limits, Outcome, RejectionCode, WASMTIME, WasiProfile, World, config_hash, limits};
use serde::Serialize;
use utoipa::ToSchema;

/// The contract between a reward function and the service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardAbi)]
pub(crate) struct AbiView {
    #[schema(example = "reward_abi")]
    object: &'static str,
    /// The WIT package; a module implements one of its worlds.
    wit: &'static str,
    worlds: Vec<WorldView>,
    limits: LimitsView,
    /// How a run may end. Only `ok` has rewards.
    outcomes: Vec<Word>,
    /// Why a module may be rejected, and what to do about it.
    rejections: Vec<Word>,
    wasi: Vec<WasiView>,
    engine: EngineView,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardWorld)]
pub(crate) struct WorldView {
    #[schema(example = "reward-simple")]
    name: &'static str,
    /// The function that it exports.
    #[schema(example = "reward")]
    export: &'static str,
    meaning: &'static str,
}

/// A stable word and what it means.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StableWord)]
pub(crate) struct Word {
    name: &'static str,
    meaning: &'static str,
}

/// What one may use. Those with a default can be asked for, up to the most.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardAbiLimits)]
pub(crate) struct LimitsView {
    /// Per sample; about one operation each.
    fuel: Range,
    /// All memories of one call together.
    memory_bytes: Range,
    input_bytes: u64,
    result_bytes: usize,
    log_calls: usize,
    log_bytes: usize,
    log_call_fuel: u64,
    components: usize,
    component_name_bytes: usize,
    /// A reward, and each part of one, is within ± this.
    reward_max: f64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitRange)]
pub(crate) struct Range {
    default: u64,
    max: u64,
}

/// What of WASI a module may see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WasiProfile)]
pub(crate) struct WasiView {
    #[schema(example = "none")]
    name: &'static str,
    meaning: &'static str,
    /// Stands for the engine's settings under this profile. Receipts name it.
    config_hash: String,
}

/// What runs it. Receipts name it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardEngine)]
pub(crate) struct EngineView {
    wasmtime: &'static str,
}

/// What a reward module must be and may do.
#[utoipa::path(get, path = "/v1/reward_functions/abi", tag = "rewards", operation_id = "retrieve_reward_abi", security(()), responses(
    (status = 200, description = "The contract.", body = AbiView)))]
pub(crate) async fn show_abi() -> HttpResponse {
    let default = Limits::default();
    HttpResponse::Ok().json(AbiView {
        object: "reward_abi",
        wit: sandbox::WIT,
        worlds: World::ALL.into_iter().map(world).collect(),
        limits: LimitsView {
            fuel: Range { default: default.fuel_per_sample, max: limits::FUEL_MAX },
            memory_bytes: Range { default: default.memory_bytes, max: limits::MEMORY_MAX },
            input_bytes: limits::INPUT_MAX,
            result_bytes: limits::RESULT_BYTES,
            log_calls: limits::LOG_CALLS,
            log_bytes: limits::LOG_BYTES,
            log_call_fuel: limits::LOG_CALL_FUEL,
            components: limits::COMPONENTS,
            component_name_bytes: limits::COMPONENT_NAME_BYTES,
            reward_max: limits::REWARD_MAX,
        },
        outcomes: Outcome::ALL
            .iter()
            .map(|outcome| Word { name: outcome.as_str(), meaning: outcome.meaning() })
            .collect(),
        rejections: RejectionCode::ALL
            .iter()
            .map(|code| Word { name: code.as_str(), meaning: code.hint() })
            .collect(),
        wasi: WasiProfile::ALL.into_iter().map(wasi).collect(),
        engine: EngineView { wasmtime: WASMTIME },
    })
}

fn world(world: World) -> WorldView {
    let meaning = match world {
        World::Reward => "one call grades the whole group: group-relative rewards, named parts, logs, faults",
        World::RewardSimple => "one call grades one completion; easy to write by hand",
    };
    WorldView { name: world.as_str(), export: world.export(), meaning }
}

fn wasi(profile: WasiProfile) -> WasiView {
    let meaning = match profile {
        WasiProfile::None => "nothing of WASI: a module that imports any of it is rejected",
        WasiProfile::Deterministic => {
            "WASI that answers the same everywhere: a fixed wall clock, a clock that counts calls, randomness from the \
             input and the seed, and no files, environment or network"
        }
    };
    WasiView { name: profile.as_str(), meaning, config_hash: config_hash(profile).to_string() }
}
