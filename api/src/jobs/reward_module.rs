//! The module that scores a job: what the name in the body stands for.

use protocol::reward::RewardModule;
use store::reward_versions::State;

use super::parse::Faults;
use super::reward::{BUILTINS, ModuleDraft, ModuleName};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::rewards::VersionName;
use crate::state::AppState;

/// The module behind a reward function's name, if it is this project's to use.
pub(super) async fn find(
    state: &AppState,
    caller: Caller,
    draft: ModuleDraft,
    faults: &mut Faults,
) -> Result<Option<RewardModule>, ApiError> {
    let mut conn = state.tenant(caller).await?;
    let (found, name) = match draft.name {
        // a missing name is a fault already
        ModuleName::Function(text) if text.is_empty() => return Ok(None),
        ModuleName::Builtins => {
            let found = store::reward_functions::builtin(&mut conn, BUILTINS).await?;
            (
                Some(found.ok_or_else(|| ApiError::Internal("the built-in rewards are not there".into()))?),
                BUILTINS.to_owned(),
            )
        }
        ModuleName::Function(text) => {
            let pointer = "#/reward/function";
            let found = match text.parse::<VersionName>() {
                Ok(VersionName { function, version }) => {
                    store::reward_versions::find(&mut conn, caller.project, function, version).await?
                }
                Err(()) => None,
            };
            let found = match found.map(|version| version.state) {
                None => None,
                Some(State::Ready(component)) => Some(component.sha256),
                Some(State::Validating) => {
                    faults.add(pointer, "reward_function_not_ready", "this version is still being validated");
                    return Ok(None);
                }
                Some(State::Rejected { code }) => {
                    let detail = format!("this version was rejected ({code}); its report says why");
                    faults.add(pointer, "reward_function_invalid", detail);
                    return Ok(None);
                }
            };
            (found, text)
        }
    };
    let Some(component_sha256) = found else {
        let detail = format!("you have no reward function `{name}`");
        faults.add("#/reward/function", "unknown_reward_function", detail);
        return Ok(None);
    };
    let ModuleDraft { args, limits, on_error, max_error_rate, .. } = draft;
    Ok(Some(RewardModule { name, component_sha256, limits, on_error, args, max_error_rate }))
}
