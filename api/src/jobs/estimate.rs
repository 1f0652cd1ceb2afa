//! What a job will likely come to, from what jobs like it came to; nothing where there were none.

use chrono::TimeDelta;
use protocol::Rao;
use serde::Serialize;
use store::history::History;
use utoipa::ToSchema;

use super::preview::Warning;

/// Fewer settled groups are a weak basis.
const FEW_GROUPS: i64 = 50;

/// What is estimated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) prompts: u64,
    pub(super) samples: u32,
    pub(super) maximum: Rao,
    pub(super) hold: Rao,
    /// What the account can pay with.
    pub(super) available: Rao,
    /// How long the job may take.
    pub(super) deadline: Option<TimeDelta>,
}

/// Null is what cannot be told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = JobEstimate)]
pub(crate) struct Estimate {
    /// Rollouts that miners will have to make, with those that are refused.
    generated: Option<u64>,
    /// Rollouts that are delivered.
    accepted: Option<u64>,
    amount_rao: Amounts,
    duration_s: Durations,
    /// What the figures rest on.
    #[schema(
        example = "640 groups of 12 jobs with the same checkpoint and group filter, in the last 30 days"
    )]
    basis: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = EstimatedAmounts)]
struct Amounts {
    #[schema(value_type = Option<String>)]
    p50: Option<Rao>,
    #[schema(value_type = Option<String>)]
    p90: Option<Rao>,
    /// It cannot cost more.
    #[schema(value_type = String)]
    max: Rao,
}

/// In seconds.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = EstimatedDurations)]
struct Durations {
    p50: Option<f64>,
    p90: Option<f64>,
}

pub(super) fn estimate(asked: &Asked, history: Option<&History>) -> (Estimate, Vec<Warning>) {
    let mut warnings = Vec::new();
    let mut warn = |code, detail: String| warnings.push(Warning { code, detail });
    if asked.hold > asked.available {
        let detail = format!("{} rao would be held; {} are available", asked.hold, asked.available);
        warn("insufficient_credits", detail);
    }
    if asked.hold < asked.maximum {
        let detail =
            format!("the job may cost up to {} rao; the budget ends at {}", asked.maximum, asked.hold);
        warn("budget_below_maximum", detail);
    }
    let amounts = |p50, p90| Amounts { p50, p90, max: asked.hold };
    let Some(history) = history else {
        let detail = "no job with this checkpoint and group filter has ended in the last 30 days";
        warn("no_history", detail.to_owned());
        let nothing = Estimate {
            generated: None,
            accepted: None,
            amount_rao: amounts(None, None),
            duration_s: Durations { p50: None, p90: None },
            basis: None,
        };
        return (nothing, warnings);
    };
    if history.groups < FEW_GROUPS {
        warn("little_history", format!("the estimate rests on {} groups only", history.groups));
    }
    let asked_for = asked.prompts as f64 * f64::from(asked.samples);
    let of_asked = |count: i64| (asked_for * count as f64 / history.asked.max(1) as f64).round() as u64;
    let share = |share: f64| {
        let amount = (asked.maximum.get() as f64 * share.clamp(0.0, 1.0)).round() as i64;
        Rao::new(amount).unwrap_or(asked.maximum).min(asked.hold)
    };
    let seconds = |per_group: f64| (asked.prompts as f64 * per_group * 10.0).round() / 10.0;
    let duration_s = Durations {
        p50: Some(seconds(history.seconds_per_group_p50)),
        p90: Some(seconds(history.seconds_per_group_p90)),
    };
    if let (Some(left), Some(p90)) = (asked.deadline, duration_s.p90)
        && left.as_seconds_f64() < p90
    {
        warn("deadline_is_near", format!("one job in ten takes {p90} s or more; the deadline is sooner"));
    }
    let estimate = Estimate {
        generated: Some(of_asked(history.generated)),
        accepted: Some(of_asked(history.selected)),
        amount_rao: amounts(Some(share(history.charged_p50)), Some(share(history.charged_p90))),
        duration_s,
        basis: Some(format!(
            "{} groups of {} jobs with the same checkpoint and group filter, in the last 30 days",
            history.groups, history.jobs
        )),
    };
    (estimate, warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rao(amount: i64) -> Rao {
        Rao::new(amount).unwrap()
    }

    fn asked() -> Asked {
        let all = rao(100_000);
        Asked { prompts: 10, samples: 10, maximum: all, hold: all, available: all, deadline: None }
    }

    fn history() -> History {
        History {
            jobs: 4,
            groups: 100,
            asked: 1_000,
            selected: 600,
            generated: 1_200,
            charged_p50: 0.7,
            charged_p90: 0.9,
            seconds_per_group_p50: 2.0,
            seconds_per_group_p90: 5.0,
        }
    }

    fn codes(warnings: &[Warning]) -> Vec<&str> {
        warnings.iter().map(|warning| warning.code).collect()
    }

    #[test]
    fn without_a_history_only_the_maximum_is_known() {
        let (estimate, warnings) = estimate(&asked(), None);
        assert_eq!((estimate.generated, estimate.accepted, estimate.basis), (None, None, None));
        assert_eq!(estimate.amount_rao, Amounts { p50: None, p90: None, max: rao(100_000) });
        assert_eq!(codes(&warnings), ["no_history"]);
    }

    #[test]
    fn a_history_is_scaled_to_the_job_and_bounded_by_its_budget() {
        let (estimate, warnings) = estimate(&asked(), Some(&history()));
        assert_eq!((estimate.generated, estimate.accepted), (Some(120), Some(60)));
        let amounts = Amounts { p50: Some(rao(70_000)), p90: Some(rao(90_000)), max: rao(100_000) };
        assert_eq!(estimate.amount_rao, amounts);
        assert_eq!(estimate.duration_s, Durations { p50: Some(20.0), p90: Some(50.0) });
        assert!(estimate.basis.unwrap().starts_with("100 groups of 4 jobs"));
        assert_eq!(codes(&warnings), [""; 0]);

        let tight = Asked {
            hold: rao(80_000),
            available: rao(79_999),
            deadline: Some(TimeDelta::seconds(49)),
            ..asked()
        };
        let few = History { groups: 49, ..history() };
        let (estimate, warnings) = super::estimate(&tight, Some(&few));
        assert_eq!(estimate.amount_rao.p90, Some(rao(80_000)));
        let all = ["insufficient_credits", "budget_below_maximum", "little_history", "deadline_is_near"];
        assert_eq!(codes(&warnings), all);
    }
}
