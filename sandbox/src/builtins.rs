//! Rewards that come with the service. They are modules like any customer's: same contract, same checks,
//! same limits. Sources and build scripts are in `sandbox/guests`.

/// Name and core module of every built-in. `builtins` takes its configuration from the task's metadata.
pub const BUILTINS: &[(&str, &[u8])] = &[("builtins", include_bytes!("../guests/builtins/builtins.wasm"))];

/// The module of a built-in.
pub fn builtin(name: &str) -> Option<&'static [u8]> {
    BUILTINS.iter().find(|(known, _)| *known == name).map(|(_, module)| *module)
}
