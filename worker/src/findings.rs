//! From what the model check found on a group's rollouts to what the audit's rules need to know of it.

use ::audit::standing::{Sittings, is_proof, two_of_three};
use ::audit::{Decision, Outcome};
use grail::RejectReason;
use protocol::collect::CommittedGroup;
use protocol::mismatch::Mismatch;
use serde_json::{Value, json};
use store::audits::{Asked, NewAudit};
use store::groups::Leased;

use crate::audit::{Judged, Verdicts};

/// What one audit found.
#[derive(Debug, Clone)]
pub(crate) struct Findings {
    pub(crate) verdicts: Verdicts,
    /// Per rollout, where the class has statistics; with them a refusal is no proof.
    pub(crate) statistics: Option<Value>,
    /// The mean over the group: rollouts of one prompt are not independent.
    pub(crate) excess: Vec<f64>,
    /// States that no engine running these weights gives.
    pub(crate) forged: bool,
    /// The verifier's own log-probs of every rollout.
    pub(crate) logprobs: Vec<Vec<f32>>,
    pub(crate) mismatch: Mismatch,
}

impl Findings {
    pub(crate) fn of(judged: Vec<Judged>, group: &CommittedGroup) -> Self {
        let mut mismatch = Mismatch::default();
        for (commitment, judged) in group.commitments.iter().zip(&judged) {
            mismatch.add(commitment.records.iter().map(|record| record.logprob), &judged.logprobs);
        }
        let statistics: Vec<Value> =
            judged.iter().filter_map(|judged| judged.statistics.map(|s| json!(s))).collect();
        Self {
            verdicts: judged.iter().map(|judged| judged.verdict).collect(),
            statistics: (!statistics.is_empty()).then_some(Value::Array(statistics)),
            forged: judged.iter().any(Judged::is_forged),
            excess: mean(judged.iter().filter_map(|judged| judged.excess)).into_iter().collect(),
            logprobs: judged.into_iter().map(|judged| judged.logprobs).collect(),
            mismatch,
        }
    }

    /// The reason of the first rollout that failed stands for the group.
    pub(crate) fn reason(&self) -> Option<RejectReason> {
        self.verdicts.iter().find_map(|verdict| verdict.err())
    }

    /// What follows, after audits that ended as `failed` says.
    fn outcome(&self, failed: &[bool]) -> Outcome {
        let reason = self.reason();
        let is_exact = self.statistics.is_none();
        if reason.is_some_and(is_proof) && (is_exact || self.forged) {
            return Outcome::Fraud;
        }
        let sittings: Vec<bool> = failed.iter().copied().chain([reason.is_some()]).collect();
        match (two_of_three(&sittings), reason) {
            (Sittings::Passed, _) => Outcome::Passed,
            (Sittings::Confirmed, _) => Outcome::Confirmed,
            (Sittings::Open, Some(_)) => Outcome::Suspected,
            (Sittings::Open, None) => Outcome::Disputed,
        }
    }

    /// The row of this audit.
    pub(crate) fn row(&self, group: &Leased, asked: &Asked, failed: &[bool]) -> NewAudit {
        let outcome = self.outcome(failed);
        NewAudit {
            hotkey: group.hotkey,
            job: group.job,
            group: group.id,
            attempt: group.attempt,
            sitting: failed.len() as u8 + 1,
            asked: Some(asked.clone()),
            outcome: Some(outcome),
            reason: self.reason(),
            statistics: self.statistics.clone(),
            // the same rollouts count once
            excess: if failed.is_empty() { self.excess.clone() } else { Vec::new() },
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / f64::from(n))
}

/// The row of a group that was not audited.
pub(crate) fn unaudited(group: &Leased, asked: Asked) -> NewAudit {
    debug_assert_eq!(asked.decision, Decision::NotDrawn);
    NewAudit {
        hotkey: group.hotkey,
        job: group.job,
        group: group.id,
        attempt: group.attempt,
        sitting: 0,
        asked: Some(asked),
        outcome: None,
        reason: None,
        statistics: None,
        excess: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(reason: Option<RejectReason>, statistical: bool) -> Findings {
        Findings {
            verdicts: vec![Ok(()), reason.map_or(Ok(()), Err)],
            statistics: statistical.then_some(Value::Null),
            excess: Vec::new(),
            forged: false,
            logprobs: Vec::new(),
            mismatch: Mismatch::default(),
        }
    }

    #[test]
    fn a_proof_is_final_and_a_statistic_takes_two_of_three() {
        let fails = Some(RejectReason::WrongWeights);
        assert_eq!(findings(None, false).outcome(&[]), Outcome::Passed);
        assert_eq!(findings(fails, false).outcome(&[]), Outcome::Fraud);
        for (failed, now, outcome) in [
            (&[][..], None, Outcome::Passed),
            (&[], fails, Outcome::Suspected),
            (&[true], fails, Outcome::Confirmed),
            (&[true], None, Outcome::Disputed),
            (&[true, false], fails, Outcome::Confirmed),
            (&[true, false], None, Outcome::Passed),
        ] {
            assert_eq!(findings(now, true).outcome(failed), outcome, "{failed:?} {now:?}");
        }
    }
}
