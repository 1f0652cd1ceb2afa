//! `/v1/budgets/{scope}`: what an organisation, a project or a key may spend in a period, and hold at once.

pub(crate) mod show;
pub(crate) mod update;

use chrono::{DateTime, Utc};
use protocol::{AccountId, KeyId, ProjectId, Rao};
use serde::Serialize;
use store::budgets::{self, Limits};
use store::spend::{self, Payer};
use store::{PgConnection, api_keys, projects};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::keys::SpendView;

const ABSENT: ApiError = ApiError::NotFound("budget");

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Budget)]
pub(crate) struct BudgetView {
    #[schema(example = "budget")]
    object: &'static str,
    /// Whose it is: an organisation, a project or an API key.
    #[schema(example = "proj_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    scope: String,
    #[serde(flatten)]
    spend: SpendView,
    /// The most that its jobs may hold at once; `null`: no limit.
    #[schema(value_type = Option<String>, example = "1000000000")]
    in_flight_limit_rao: Option<Rao>,
    /// What they hold now.
    #[schema(value_type = String, example = "61440000")]
    in_flight_rao: Rao,
}

impl BudgetView {
    async fn of(
        conn: &mut PgConnection,
        payer: Payer,
        limits: &Limits,
        now: DateTime<Utc>,
    ) -> Result<Self, store::Error> {
        let spent = match limits.cap {
            Some(cap) => spend::since(conn, payer, cap.since(now)).await?,
            None => Rao::ZERO,
        };
        Ok(Self {
            object: "budget",
            scope: payer.to_string(),
            spend: SpendView::of(limits.cap, spent, now),
            in_flight_limit_rao: limits.in_flight,
            in_flight_rao: spend::held(conn, payer).await?,
        })
    }
}

/// Whose budget a path names. A key of one project sees that one and its keys, and nothing of the organisation.
fn named(caller: Caller, path: &str) -> Result<Payer, ApiError> {
    let reaches_all = caller.must_reach_organization().is_ok();
    if let Ok(id) = path.parse::<KeyId>() {
        return Ok(Payer::Key(id)); // of which project it is, its row says
    }
    let project = path.parse::<ProjectId>().ok().filter(|id| *id == caller.home || reaches_all);
    let account = path.parse::<AccountId>().ok().filter(|id| *id == caller.account && reaches_all);
    project.map(Payer::Project).or(account.map(Payer::Organization)).ok_or(ABSENT)
}

/// The keys whose limits hold for all that the caller spends: those that it comes from, and itself at the end.
async fn keys_over(conn: &mut PgConnection, caller: Caller) -> Result<Vec<(KeyId, Limits)>, ApiError> {
    let own = api_keys::of_account(conn, caller.account, caller.key).await?.ok_or(ApiError::InvalidApiKey)?;
    let mut over = Vec::new();
    for key in own.lineage {
        over.push((key, budgets::find(conn, Payer::Key(key)).await?));
    }
    Ok(over)
}

fn must_have_no_limits(over: &[(KeyId, Limits)]) -> Result<(), ApiError> {
    let is_limited = over.iter().any(|(_, limits)| *limits != Limits::default());
    if is_limited { Err(ApiError::ExceedsYourKey) } else { Ok(()) }
}

/// For the limits of a project or the organisation, which hold for other keys, too: a key that is limited, itself or by one that
/// it comes from, does not decide what those may spend.
pub(crate) async fn must_be_unlimited(conn: &mut PgConnection, caller: Caller) -> Result<(), ApiError> {
    must_have_no_limits(&keys_over(conn, caller).await?)
}

/// The limits of a payer that the caller sees.
async fn find(conn: &mut PgConnection, caller: Caller, payer: Payer) -> Result<Limits, ApiError> {
    let is_seen = match payer {
        Payer::Key(id) => api_keys::of_account(conn, caller.account, id)
            .await?
            .is_some_and(|key| [key.tenant.project, key.home].contains(&caller.project) && !key.is_member),
        Payer::Project(id) => projects::find(conn, caller.account, id).await?.is_some(),
        Payer::Organization(id) => id == caller.account,
    };
    if is_seen { Ok(budgets::find(conn, payer).await?) } else { Err(ABSENT) }
}
