//! `POST /v1/groups/{id}/rewards`: the customer's own rewards of one group.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use actix_web::{HttpResponse, web};
use protocol::job::GroupState;
use protocol::reward::{Graded, posting_digest};
use protocol::{GroupId, JobId, RolloutId};
use sandbox::limits::{COMPONENT_NAME_BYTES, COMPONENTS, REWARD_MAX};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use store::client_rewards::{self, Named};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::body::{self, Body};
use crate::error::{ApiError, FieldError, Problem};
use crate::params;
use crate::state::AppState;

/// The largest group with as many parts as there may be fits twice.
const MAX_BODY_BYTES: usize = 512 << 10;

/// What you say of one rollout.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "rollout_id": "rol_01K9QZ4E8V7X2M3N4P5Q6R7S8T", "reward": 0.75, "components": { "correct": 1.0, "brief": 0.5 } }))]
pub(crate) struct GradeInput {
    #[schema(example = "rol_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    rollout_id: String,
    /// From -1000000 to 1000000; null says that you cannot grade it, and the job's `on_error` applies.
    #[schema(value_type = Option<f64>, required)]
    #[serde(default, deserialize_with = "told")]
    reward: Option<Told>,
    /// Named parts of the reward, at most 32; names are 1 to 64 of `[a-z0-9_.-]`.
    #[schema(value_type = std::collections::BTreeMap<String, f64>)]
    #[serde(default)]
    components: Parts,
}

/// A reward, or the `null` that says that there is none.
#[derive(Debug)]
struct Told(Option<f64>);

/// Tells `null` from nothing.
fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Told>, D::Error> {
    Option::<f64>::deserialize(deserializer).map(|reward| Some(Told(reward)))
}

/// Parts as they were written, so that one that is there twice is seen.
#[derive(Debug, Default)]
struct Parts(Vec<(String, f64)>);

impl<'de> Deserialize<'de> for Parts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Parts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = map.next_entry()? {
                    parts.push(part);
                }
                Ok(Parts(parts))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// What was taken, the same every time that it is posted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupRewards)]
pub(crate) struct TakenView {
    #[schema(example = "group_rewards")]
    object: &'static str,
    #[schema(value_type = String)]
    group_id: GroupId,
    #[schema(value_type = String)]
    job_id: JobId,
    /// In sample order.
    rollouts: Vec<GradeView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GradedRollout)]
struct GradeView {
    #[schema(value_type = String)]
    rollout_id: RolloutId,
    reward: Option<f64>,
    components: BTreeMap<String, f64>,
}

/// Post the rewards of a group.
///
/// For a group that is `awaiting_rewards`: one entry for each of its rollouts. Selection, advantages and settlement
/// follow as for any group. The same rewards can be posted again safely and get the same answer; others are refused.
/// They are your own word: the delivered rollouts carry no reward receipt.
#[utoipa::path(post, path = "/v1/groups/{id}/rewards", tag = "groups", operation_id = "post_group_rewards", request_body = Vec<GradeInput>,
    params(("id" = String, Path, description = "The group.")), responses(
    (status = 200, description = "Taken, now or before.", body = TakenView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such group.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The group does not await rewards (`rewards_not_awaited`), no longer (`rewards_overdue`), or has others (`rewards_already_posted`).",
        body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.groups.post_rewards", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn post_rewards(
    caller: Caller,
    path: web::Path<String>,
    body: Body,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: GroupId = params::id(&path, "group")?;
    let bytes = body.read(body::JSON, MAX_BODY_BYTES).await?;
    let parsed = body::parse(&bytes).map(read);

    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let group = match client_rewards::lock(&mut tx, caller.project, id).await {
        Err(store::Error::NotFound) => return Err(ApiError::NotFound("group")),
        group => group?,
    };
    // only now: whoever does not own the group learns nothing of it
    let (graded, faults) = parsed?;
    let Some(terms) = group.terms else {
        return Err(ApiError::RewardsNotAwaited("you score nothing of this job".to_owned()));
    };
    if !faults.is_empty() {
        return Err(ApiError::Validation(faults));
    }
    match group.digest {
        Some(digest) if digest == posting_digest(&graded) => return Ok(taken(&group, graded)),
        Some(_) => return Err(ApiError::RewardsAlreadyPosted),
        None if group.state != GroupState::AwaitingRewards => {
            return Err(ApiError::RewardsNotAwaited(format!("the group is {}", group.state.as_str())));
        }
        None if group.due_at.is_some_and(|due| due <= now) => return Err(ApiError::RewardsOverdue),
        None => {}
    }
    let faults = misfits(&group, &graded);
    if !faults.is_empty() {
        return Err(ApiError::Validation(faults));
    }
    client_rewards::post(&mut tx, &group, terms.on_error, &graded, now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    state.wake.groups(GroupState::Verified);
    state.wake.events(group.job);
    Ok(taken(&group, graded))
}

fn taken(group: &Named, mut graded: Vec<Graded>) -> HttpResponse {
    graded.sort_by_key(|graded| group.rollouts.iter().position(|id| *id == graded.rollout));
    let view = |graded: Graded| GradeView {
        rollout_id: graded.rollout,
        reward: graded.reward,
        components: graded.components,
    };
    HttpResponse::Ok().json(TakenView {
        object: "group_rewards",
        group_id: group.id,
        job_id: group.job,
        rollouts: graded.into_iter().map(view).collect(),
    })
}

fn fault(pointer: String, code: &'static str, detail: impl Into<String>) -> FieldError {
    FieldError { pointer, code, detail: detail.into() }
}

/// What the entries say, and what is wrong with them in themselves. With faults entries may be missing.
fn read(given: Vec<GradeInput>) -> (Vec<Graded>, Vec<FieldError>) {
    let (mut graded, mut faults) = (Vec::with_capacity(given.len()), Vec::new());
    for (index, entry) in given.into_iter().enumerate() {
        let at = format!("#/{index}");
        if entry.reward.is_none() {
            let detail = "give a reward, or null if you cannot";
            faults.push(fault(format!("{at}/reward"), "required", detail));
        }
        let reward = entry.reward.and_then(|Told(reward)| reward);
        let reward = reward.map(|reward| number(reward, || format!("{at}/reward"), &mut faults));
        let components = components(entry.components, &at, &mut faults);
        match entry.rollout_id.parse() {
            Ok(rollout) => graded.push(Graded { rollout, reward, components }),
            Err(error) => {
                faults.push(fault(format!("{at}/rollout_id"), "unknown_rollout", format!("{error}")));
            }
        }
    }
    (graded, faults)
}

/// One zero, as the sandbox has it.
fn number(value: f64, at: impl Fn() -> String, faults: &mut Vec<FieldError>) -> f64 {
    if !(-REWARD_MAX..=REWARD_MAX).contains(&value) {
        let detail = format!("{value} is not from {} to {REWARD_MAX}", -REWARD_MAX);
        faults.push(fault(at(), "out_of_range", detail));
    }
    value + 0.0
}

fn components(given: Parts, at: &str, faults: &mut Vec<FieldError>) -> BTreeMap<String, f64> {
    let count = given.0.len();
    if count > COMPONENTS {
        let detail = format!("{count} parts; at most {COMPONENTS}");
        faults.push(fault(format!("{at}/components"), "too_many", detail));
        return BTreeMap::new();
    }
    let mut parts = BTreeMap::new();
    for (name, value) in given.0 {
        let pointer = || format!("{at}/components/{}", name.replace('~', "~0").replace('/', "~1"));
        if !is_part_name(&name) {
            let detail = format!("a name is 1 to {COMPONENT_NAME_BYTES} of [a-z0-9_.-]");
            faults.push(fault(pointer(), "invalid_name", detail));
        }
        let value = number(value, pointer, faults);
        if parts.contains_key(&name) {
            faults.push(fault(pointer(), "duplicate_name", "the part is there twice"));
        }
        parts.insert(name, value);
    }
    parts
}

fn is_part_name(name: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-');
    (1..=COMPONENT_NAME_BYTES).contains(&name.len()) && name.bytes().all(allowed)
}

/// Every rollout of the group must be there once, and no other.
fn misfits(group: &Named, graded: &[Graded]) -> Vec<FieldError> {
    let mut missing: BTreeSet<RolloutId> = group.rollouts.iter().copied().collect();
    let known: HashSet<RolloutId> = group.rollouts.iter().copied().collect();
    let mut faults = Vec::new();
    for (index, Graded { rollout, .. }) in graded.iter().enumerate() {
        let at = || format!("#/{index}/rollout_id");
        if !known.contains(rollout) {
            faults.push(fault(at(), "unknown_rollout", format!("{rollout} is not of this group")));
        } else if !missing.remove(rollout) {
            faults.push(fault(at(), "duplicate_rollout", format!("{rollout} is there before")));
        }
    }
    for rollout in missing {
        faults.push(fault("#".to_owned(), "missing_rollout", format!("{rollout} is not there")));
    }
    faults
}
