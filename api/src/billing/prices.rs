//! `GET /v1/prices`: what a rollout costs today.

use actix_web::{HttpResponse, web};
use protocol::job::Verification;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::jobs::preview::UnitPrices;
use crate::jobs::test_mode;
use crate::state::AppState;

/// The prices of the day. A job keeps those of when it was created, or of its quote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Prices)]
pub(crate) struct PricesView {
    #[schema(example = "prices")]
    object: &'static str,
    /// With verification `full`.
    full: UnitPrices,
    sampled: SampledPrices,
}

/// With verification `sampled`.
#[derive(Debug, Serialize, ToSchema)]
struct SampledPrices {
    /// How likely a group is audited where a job does not say it. A higher one costs more: a quote says how much.
    #[schema(example = 0.1)]
    p: f64,
    unit_prices: UnitPrices,
}

/// What a rollout costs.
#[utoipa::path(get, path = "/v1/prices", tag = "billing", responses(
    (status = 200, description = "Amounts in rao, as strings.", body = PricesView)))]
#[tracing::instrument(name = "api.billing.prices", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn retrieve_prices(
    caller: Caller,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let p = state.offer.sampled_p;
    let of = |verification| test_mode::price(&state, caller, verification).into();
    Ok(HttpResponse::Ok().json(PricesView {
        object: "prices",
        full: of(Verification::Full),
        sampled: SampledPrices { p, unit_prices: of(Verification::Sampled { p }) },
    }))
}
