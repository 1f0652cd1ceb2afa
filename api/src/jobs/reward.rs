//! The reward of a body: who scores, by which rules, and what of that goes together.

use protocol::reward::{
    ClientRewards, DEADLINE_S, DEFAULT_DEADLINE_S, DEFAULT_MAX_ERROR_RATE, MAX_ARGS_BYTES, OnError,
    RewardLimits,
};
use protocol::reward_input;
use sandbox::{LimitError, Limits};
use serde_json::value::RawValue;

use super::input::{LimitsInput, RewardInput, RewardMode};
use super::parse::Faults;

pub(crate) use protocol::reward::BUILTINS;

/// Who scores a job, but for what only the database knows: which module it is.
#[derive(Debug)]
pub(crate) enum RewardDraft {
    Module(ModuleDraft),
    Client(ClientRewards),
}

impl RewardDraft {
    /// A built-in reward, which knows what arguments it takes.
    pub(super) fn is_builtin(&self) -> bool {
        matches!(self, Self::Module(ModuleDraft { name: ModuleName::Builtins, .. }))
    }
}

/// A reward function by the name that the customer used.
#[derive(Debug)]
pub(crate) struct ModuleDraft {
    pub(crate) name: ModuleName,
    pub(crate) args: Option<String>,
    pub(crate) limits: RewardLimits,
    pub(crate) on_error: OnError,
    pub(crate) max_error_rate: f64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModuleName {
    /// `rwf_…@3`
    Function(String),
    /// The module that all built-in rewards are in.
    Builtins,
}

/// Checks who scores. `None`: nobody does, or what is given is no reward at all.
pub(super) fn parse(given: RewardInput, faults: &mut Faults) -> Option<RewardDraft> {
    const MODES: &str = "builtin, wasm, client, none";
    const POLICIES: &str = "mask, zero, reject, fail_job";
    let mode = faults.word(given.mode, RewardMode::None, "#/reward/mode", MODES);
    let is_module = matches!(mode, RewardMode::Builtin | RewardMode::Wasm);
    for (field, is_there, belongs) in [
        ("function", given.function.is_some(), mode == RewardMode::Wasm),
        ("name", given.name.is_some(), mode == RewardMode::Builtin),
        ("parts", given.parts.is_some(), mode == RewardMode::Builtin),
        ("args", given.args.is_some(), is_module),
        ("limits", given.limits.is_some(), is_module),
        ("on_error", given.on_error.is_some(), mode != RewardMode::None),
        ("max_error_rate", given.max_error_rate.is_some(), is_module),
        ("deadline_s", given.deadline_s.is_some(), mode == RewardMode::Client),
    ] {
        if is_there && !belongs {
            let detail = format!("does not go with reward mode `{}`", mode.as_str());
            faults.add(format!("#/reward/{field}"), "not_allowed", detail);
        }
    }
    let on_error = faults.word(given.on_error, OnError::Mask, "#/reward/on_error", POLICIES);
    let args = given.args.as_deref().and_then(|args| object(args, faults));
    let (name, args) = match mode {
        RewardMode::None => return None,
        RewardMode::Client => {
            let deadline_s = given.deadline_s.unwrap_or(DEFAULT_DEADLINE_S.into());
            let deadline_s = faults.whole(deadline_s, DEADLINE_S, "#/reward/deadline_s");
            let deadline_s = deadline_s.unwrap_or(DEFAULT_DEADLINE_S);
            return Some(RewardDraft::Client(ClientRewards { deadline_s, on_error }));
        }
        RewardMode::Wasm => {
            if given.function.is_none() {
                faults.add("#/reward/function", "required", "this reward mode needs it");
            }
            (ModuleName::Function(given.function.unwrap_or_default()), args)
        }
        RewardMode::Builtin => builtin(given.name, given.parts.as_deref(), args.as_deref(), faults),
    };
    let limits = limits(&given.limits.unwrap_or_default(), faults);
    let max_error_rate = given.max_error_rate.unwrap_or(DEFAULT_MAX_ERROR_RATE);
    if !(0.0..=1.0).contains(&max_error_rate) {
        let detail = format!("{max_error_rate} is not from 0 to 1");
        faults.add("#/reward/max_error_rate", "out_of_range", detail);
    }
    Some(RewardDraft::Module(ModuleDraft { name, args, limits, on_error, max_error_rate }))
}

/// The text of arguments, if they are a JSON object of a bearable size.
fn object(args: &RawValue, faults: &mut Faults) -> Option<String> {
    const POINTER: &str = "#/reward/args";
    let text = args.get();
    if !text.starts_with('{') {
        faults.add(POINTER, "not_an_object", "args is a JSON object");
        return None;
    }
    if text.len() > MAX_ARGS_BYTES {
        let detail = format!("{} bytes; at most {MAX_ARGS_BYTES}", text.len());
        faults.add(POINTER, "too_long", detail);
        return None;
    }
    Some(text.to_owned())
}

fn limits(given: &LimitsInput, faults: &mut Faults) -> RewardLimits {
    let default = Limits::default();
    let limits = Limits {
        fuel_per_sample: given.fuel.unwrap_or(default.fuel_per_sample),
        memory_bytes: given.memory_bytes.unwrap_or(default.memory_bytes),
        ..default
    };
    for LimitError { field, value, min, max } in limits.validate().err().unwrap_or_default() {
        let field = if field == "fuel_per_sample" { "fuel" } else { field };
        faults.add(
            format!("#/reward/limits/{field}"),
            "out_of_range",
            format!("{value} is not from {min} to {max}"),
        );
    }
    RewardLimits { fuel: limits.fuel_per_sample, memory_bytes: limits.memory_bytes }
}

/// The name and arguments of built-in rewards: one by `name`, or several as `parts`.
fn builtin(
    name: Option<String>,
    parts: Option<&RawValue>,
    args: Option<&str>,
    faults: &mut Faults,
) -> (ModuleName, Option<String>) {
    let (text, spelling) = match (name, parts) {
        (Some(_), Some(_)) => {
            faults.add("#/reward/parts", "not_allowed", "give `name` or `parts`, not both");
            return (ModuleName::Builtins, None);
        }
        (None, None) => {
            faults.add("#/reward/name", "required", "give the `name` of a built-in reward, or `parts`");
            return (ModuleName::Builtins, None);
        }
        (Some(name), None) => (reward_input::single(&name, args), Spelling::Single),
        (None, Some(parts)) => {
            if args.is_some() {
                faults.add("#/reward/args", "not_allowed", "every part has its own `args`");
            }
            (reward_input::composed(parts.get()), Spelling::Composed)
        }
    };
    if text.len() > MAX_ARGS_BYTES {
        let detail = format!("{} bytes; at most {MAX_ARGS_BYTES}", text.len());
        faults.add(spelling.pointer(""), "too_long", detail);
    } else if let Ok(value) = serde_json::from_str(&text)
        && let Err(found) = builtins::check(&value)
    {
        for fault in found {
            faults.add(spelling.pointer(&fault.pointer), fault.code, fault.detail);
        }
    }
    (ModuleName::Builtins, Some(text))
}

/// How the customer wrote built-in rewards.
#[derive(Debug, Clone, Copy)]
enum Spelling {
    Single,
    Composed,
}

impl Spelling {
    /// Where the customer wrote what `builtins` finds at this place of its arguments.
    fn pointer(self, inside: &str) -> String {
        match self {
            Self::Composed => match inside.strip_prefix("/parts") {
                Some(_) => format!("#/reward{inside}"),
                None => "#/reward/parts".to_owned(),
            },
            Self::Single => match inside.strip_prefix("/parts/0/args") {
                Some(rest) => format!("#/reward/args{rest}"),
                None => "#/reward/name".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_built_in_rewards_are_shown_where_they_were_written() {
        for (inside, single, composed) in [
            ("/parts/0/args/tolerance", "#/reward/args/tolerance", "#/reward/parts/0/args/tolerance"),
            ("/parts/0/args", "#/reward/args", "#/reward/parts/0/args"),
            ("/parts/0/name", "#/reward/name", "#/reward/parts/0/name"),
            ("/parts", "#/reward/name", "#/reward/parts"),
            ("", "#/reward/name", "#/reward/parts"),
        ] {
            assert_eq!(Spelling::Single.pointer(inside), single);
            assert_eq!(Spelling::Composed.pointer(inside), composed);
        }
    }
}
