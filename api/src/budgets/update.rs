//! `PUT /v1/budgets/{scope}`: other limits, all of them at once.

use actix_web::{HttpResponse, web};
use protocol::{KeyId, Rao};
use serde::Deserialize;
use serde_json::json;
use store::budgets::{self, Limits};
use store::spend::Payer;
use store::{PgConnection, api_keys, projects};
use utoipa::ToSchema;

use super::{ABSENT, BudgetView};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::keys::input::{self, Change};
use crate::state::AppState;

/// What is left out or `null` is no limit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "limit_rao": "5000000000", "limit_reset": "monthly", "in_flight_limit_rao": "1000000000" }))]
pub(crate) struct UpdateBudget {
    /// What its jobs may cost together in one period.
    #[serde(default)]
    limit_rao: Option<String>,
    /// When that begins anew, in UTC: `daily`, `weekly` (Mondays), `monthly`; never if not given.
    #[serde(default)]
    limit_reset: Option<String>,
    /// The most that its jobs may hold at once.
    #[serde(default)]
    in_flight_limit_rao: Option<String>,
}

impl UpdateBudget {
    fn read(self) -> Result<Limits, ApiError> {
        let mut faults = Vec::new();
        let cap = input::cap(Change::Set(self.limit_rao), Change::Set(self.limit_reset), None, &mut faults);
        let in_flight = self.in_flight_limit_rao.and_then(|text| match Rao::parse(&text) {
            Ok(most) => Some(most),
            Err(error) => {
                let pointer = "#/in_flight_limit_rao".to_owned();
                faults.push(FieldError { pointer, code: "invalid_value", detail: error.to_string() });
                None
            }
        });
        if faults.is_empty() { Ok(Limits { cap, in_flight }) } else { Err(ApiError::Validation(faults)) }
    }
}

/// Set a budget.
///
/// It takes the place of the one before, and counts for jobs from now on: what is held stays held. That of a project takes a
/// key that reaches the organisation. A key with limits of its own gives no wider ones.
#[utoipa::path(put, path = "/v1/budgets/{scope}", tag = "billing", request_body = UpdateBudget,
    params(("scope" = String, Path, description = "The id of your organisation, of a project or of an API key.")), responses(
    (status = 200, description = "The budget as it is now.", body = BudgetView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "Your key may not set it.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have nothing with this id that spends.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The key was revoked.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.budgets.update", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn update_budget(
    caller: Caller,
    path: web::Path<String>,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let payer = super::named(caller, &path)?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let parsed = body::parse::<UpdateBudget>(&bytes);
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    match payer {
        Payer::Key(id) => lock_key(&mut tx, caller, id).await?,
        Payer::Project(id) => {
            caller.must_reach_organization()?;
            projects::lock(&mut tx, caller.account, id).await.map_err(or_absent)?;
        }
        Payer::Organization(id) => budgets::lock_organization(&mut tx, id).await?,
    }
    let limits = parsed?.read()?; // only now: whoever does not own it learns nothing of it
    must_be_within_own(&mut tx, caller, payer, &limits).await?;
    budgets::set(&mut tx, payer, &limits).await?;
    let detail = json!({
        "limit_rao": limits.cap.map(|cap| cap.limit),
        "limit_reset": limits.cap.and_then(|cap| cap.reset).map(store::spend::Reset::as_str),
        "in_flight_limit_rao": limits.in_flight,
    });
    let deed = caller.did("budget.updated", &payer, detail);
    store::audit_log::append(&mut tx, &deed, now).await?;
    let view = BudgetView::of(&mut tx, payer, &limits, now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::Ok().json(view))
}

fn or_absent(error: store::Error) -> ApiError {
    if matches!(error, store::Error::NotFound) { ABSENT } else { error.into() }
}

async fn lock_key(conn: &mut PgConnection, caller: Caller, id: KeyId) -> Result<(), ApiError> {
    let key = api_keys::lock(conn, caller.project, id).await.map_err(or_absent)?;
    if key.revoked_at.is_some() { Err(ApiError::KeyRevoked) } else { Ok(()) }
}

/// A key that is limited neither widens what limits it, nor decides about what may spend more than itself: other keys, those
/// that it comes from, a project, the organisation.
async fn must_be_within_own(
    conn: &mut PgConnection,
    caller: Caller,
    payer: Payer,
    limits: &Limits,
) -> Result<(), ApiError> {
    let over = super::keys_over(conn, caller).await?;
    let is_over = |id: KeyId| id != caller.key && over.iter().any(|(key, _)| *key == id);
    let id = match payer {
        Payer::Key(id) if !is_over(id) => id,
        _ => return super::must_have_no_limits(&over),
    };
    let own = budgets::find(conn, Payer::Key(caller.key)).await?;
    if !budgets::find(conn, Payer::Key(id)).await?.are_within(&own) {
        return Err(ApiError::ExceedsYourKey);
    }
    if limits.are_within(&own) {
        return Ok(());
    }
    let detail = "your key's own limits are narrower, or begin anew otherwise".to_owned();
    let fault = FieldError { pointer: "#".to_owned(), code: "exceeds_your_key", detail };
    Err(ApiError::Validation(vec![fault]))
}
