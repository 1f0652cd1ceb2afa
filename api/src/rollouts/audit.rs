//! What came of the audit of a rollout's group, as far as it is not in the record: who looked, when, and what was measured.

use std::iter::zip;

use chrono::{DateTime, Utc};
use grail::profile::Profile;
use grail::standard::Standard;
use grail::statistics::Statistics;
use protocol::rollout::RolloutRecord;
use serde::Serialize;
use serde_json::Value;
use store::audits::Last;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RolloutAudit)]
pub(super) struct AuditView {
    /// `pass`: the model ran on every token of the group, and agreed. `null`: the job left it to a draw, and the group was not
    /// drawn.
    #[schema(example = "pass")]
    verdict: Option<&'static str>,
    /// `forced`, `drawn` or `not_drawn`.
    #[schema(example = "forced")]
    decision: Option<String>,
    verifier: Verifier,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime, example = "2026-11-22T08:00:00Z")]
    verified_at: DateTime<Utc>,
    /// What was measured of this rollout, in class `calibrated`. Class `exact` compares bit by bit: there is no distance.
    checks: Vec<Check>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RolloutVerifier)]
struct Verifier {
    /// The process that looked. A manifest names all that looked at its job.
    #[schema(example = "verifier-00c0ffee00c0ffee")]
    id: String,
}

/// One statistic over the whole rollout; `GET /v1/proof_specs/r1` says what each is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RolloutCheck)]
struct Check {
    #[schema(example = "logprob_error")]
    name: &'static str,
    #[schema(example = 0.0021)]
    value: f64,
    /// The largest that the calibration in force allows at this length; a second look allows more. `null`: another calibration is in
    /// force by now.
    #[schema(example = 0.0187)]
    threshold: Option<f64>,
}

impl AuditView {
    /// `standards`: those in force.
    pub(super) fn of(record: &RolloutRecord, last: Last, standards: [&Standard; 2]) -> Self {
        let measured = last
            .statistics
            .as_ref()
            .and_then(|all| all.get(record.sample_index as usize))
            .and_then(|own: &Value| serde_json::from_value::<Statistics>(own.clone()).ok());
        Self {
            verdict: last.passed.then_some("pass"),
            decision: last.decision,
            verifier: Verifier { id: last.verifier },
            verified_at: last.at,
            checks: measured.map_or_else(Vec::new, |own| {
                checks(&record.proof.profile, record.completion_ids.len(), &own, standards)
            }),
        }
    }
}

fn checks(profile: &Profile, length: usize, own: &Statistics, standards: [&Standard; 2]) -> Vec<Check> {
    let limits = standards
        .into_iter()
        .find(|standard| standard.profile() == profile)
        .and_then(Standard::calibration)
        .map(|calibration| calibration.band(length).rollout.values());
    let named = zip(Statistics::NAMES, own.values()).enumerate();
    named
        .map(|(place, (name, value))| Check { name, value, threshold: limits.map(|limits| limits[place]) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statistic_stands_beside_its_limit_at_this_length() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/arith-tiny/calibration-bf16.json");
        let calibrated = Standard::calibrated(&std::fs::read(path).unwrap()).unwrap();
        let exact = Standard::exact("x/1");
        let band = calibrated.calibration().unwrap().band(24).rollout;
        let found = checks(calibrated.profile(), 24, &band, [&exact, &calibrated]);
        assert_eq!(found.len(), Statistics::NAMES.len());
        assert!(found.iter().all(|check| check.threshold == Some(check.value)), "{found:?}");
        let since = checks(calibrated.profile(), 24, &band, [&exact, &exact]);
        assert!(since.iter().all(|check| check.threshold.is_none()));
    }
}
