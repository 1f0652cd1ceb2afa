//! How the engine is set up. Everything here that can change a reward is in [`config_hash`], and so in every
//! receipt. Not per-job limits (`limits`), and nothing of the machine.

use wasmparser::WasmFeatures;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, OperatorCost, PoolingAllocationConfig, WasmBacktraceDetails,
};

use crate::hash::{ContentHash, Transcript};
use crate::limits::{LOG_BYTES, LOG_CALL_FUEL, LOG_CALLS, MEMORY_MAX, RESULT_BYTES};
use crate::receipt::WasiProfile;
use crate::wasi;

/// The engine's version, as pinned in the workspace; a test compares the two.
pub const WASMTIME: &str = "48.0.8";

/// The WebAssembly that is accepted: 2.0 and what compilers emit by default. Off, because they make results
/// depend on the machine or widen the attack surface: threads, shared and 64-bit memory, several memories,
/// GC, function references, exceptions, tail calls, relaxed SIMD, async components.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .difference(WasmFeatures::GC_TYPES)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
    .union(WasmFeatures::COMPONENT_MODEL);

/// Core instances that one component may make; Python components have 38.
pub const INSTANCES: usize = 64;
const STACK_BYTES: usize = 512 << 10;
/// A page is 64 KiB that the host has to zero.
const GROW_FUEL_PER_PAGE: u8 = 255;
pub(crate) const MEMORIES: u32 = 8;
pub(crate) const TABLES: u32 = 32;
pub(crate) const TABLE_ELEMENTS: usize = 65_536;

/// The settings that whoever compiles and whoever runs must share; the pool holds `concurrency` calls at a time.
///
/// The compiler adds its own: canonical NaNs, which belong to the code that it makes.
pub fn config(concurrency: u32) -> Config {
    let mut config = Config::new();
    config.wasm_features(WasmFeatures::all().difference(FEATURES), false);
    config.wasm_features(FEATURES, true);
    // For what wasmtime writes between two components, such as those of `componentize-qjs --stub-wasi`: it copies from one
    // memory to the other. Code in an upload has been validated with `FEATURES` alone.
    config.wasm_features(WasmFeatures::MULTI_MEMORY, true);
    config.concurrency_support(false);
    // Deterministic: fuel decides, growing memory has a price; one NaN is the compiler's part.
    config.consume_fuel(true);
    config.operator_cost(operator_cost());
    config.max_wasm_stack(STACK_BYTES);
    // The host's own safety.
    config.epoch_interruption(true);
    config.memory_init_cow(true);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(concurrency)));
    // Small reservations: bounds checks are explicit, and hundreds of memories fit any address space.
    config.memory_reservation(MEMORY_MAX);
    config.memory_guard_size(64 << 10);
    config.wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config.wasm_backtrace_max_frames(None);
    config
}

fn operator_cost() -> OperatorCost {
    let mut cost = OperatorCost::new();
    cost.variable.memory_grow_per_page = GROW_FUEL_PER_PAGE;
    cost
}

fn pool(concurrency: u32) -> PoolingAllocationConfig {
    let instances = INSTANCES as u32;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(concurrency)
        .total_core_instances(concurrency * instances)
        .total_memories(concurrency * MEMORIES)
        .total_tables(concurrency * TABLES)
        .max_core_instances_per_component(instances)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        .max_memory_size(MEMORY_MAX as usize)
        .table_elements(TABLE_ELEMENTS)
        // What a small guest touches is cleared in place; the rest is given back.
        .linear_memory_keep_resident(128 << 10)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(16)
        .decommit_batch_size(1)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Names every setting above that can change an outcome, a reward or the fuel used.
pub fn config_hash(wasi: WasiProfile) -> ContentHash {
    let mut t = Transcript::new("reliquary reward engine v1");
    t.text(WASMTIME);
    for (name, feature) in FEATURES.iter_names() {
        t.text(name).u64(u64::from(feature.bits() != 0));
    }
    for number in [
        STACK_BYTES as u64,
        u64::from(GROW_FUEL_PER_PAGE),
        LOG_CALL_FUEL,
        LOG_CALLS as u64,
        LOG_BYTES as u64,
        RESULT_BYTES as u64,
        INSTANCES as u64,
        u64::from(MEMORIES),
        u64::from(TABLES),
        TABLE_ELEMENTS as u64,
        MEMORY_MAX,
    ] {
        t.u64(number);
    }
    t.text("fuel; canonical NaN; default operator costs");
    // Receipts without WASI are older than the profile and keep their hash.
    if wasi == WasiProfile::Deterministic {
        wasi::describe(&mut t);
    }
    t.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_the_pinned_one() {
        let workspace =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).unwrap();
        assert!(workspace.contains(&format!("wasmtime = {{ version = \"={WASMTIME}\"")));
    }

    #[test]
    fn what_must_be_off_is_off() {
        for feature in [
            WasmFeatures::THREADS,
            WasmFeatures::SHARED_EVERYTHING_THREADS,
            WasmFeatures::MEMORY64,
            WasmFeatures::MULTI_MEMORY,
            WasmFeatures::GC,
            WasmFeatures::GC_TYPES,
            WasmFeatures::FUNCTION_REFERENCES,
            WasmFeatures::EXCEPTIONS,
            WasmFeatures::LEGACY_EXCEPTIONS,
            WasmFeatures::TAIL_CALL,
            WasmFeatures::RELAXED_SIMD,
            WasmFeatures::STACK_SWITCHING,
            WasmFeatures::CUSTOM_PAGE_SIZES,
            WasmFeatures::CM_ASYNC,
            WasmFeatures::CM_THREADING,
        ] {
            assert!(!FEATURES.intersects(feature), "{feature:?}");
        }
    }
}
