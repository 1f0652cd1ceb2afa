//! The state machine of a miner, transition by transition, and its laws over any events.

use audit::standing::{Settings, Sittings, is_proof, two_of_three};
use audit::{Event, Outcome, Phase, Standing, cusum};
use grail::RejectReason;
use proptest::prelude::*;

const NONE: &[f64] = &[];

fn audited(outcome: Outcome) -> Event<'static> {
    Event::Audited { outcome, checkpoint: Some([1; 32]), excess: NONE }
}

/// Folds events, numbered from 1.
fn fold<'a>(events: impl IntoIterator<Item = Event<'a>>) -> Standing {
    let (settings, cusum) = (Settings::default(), cusum::Settings::default());
    events.into_iter().zip(1..).fold(Standing::default(), |standing, (event, position)| {
        standing.after(&event, position, &settings, &cusum)
    })
}

fn passed(n: usize) -> impl Iterator<Item = Event<'static>> {
    std::iter::repeat_n(audited(Outcome::Passed), n)
}

#[test]
fn probation_ends_with_enough_clean_audits() {
    assert_eq!(fold(passed(31)).phase, Phase::Probation);
    assert_eq!(fold(passed(32)).phase, Phase::Trusted);
}

#[test]
fn a_proven_fraud_costs_what_is_held_and_starts_over_and_the_third_is_the_last() {
    let one = fold(passed(32).chain([audited(Outcome::Fraud)]));
    assert_eq!((one.phase, one.frauds, one.clean, one.forfeit_before), (Phase::Probation, 1, 0, 33));
    let again = || passed(32).chain([audited(Outcome::Fraud)]);
    let two = fold(again().chain(again()));
    assert_eq!((two.phase, two.frauds, two.forfeit_before), (Phase::Probation, 2, 66));
    let three = fold(again().chain(again()).chain(again()));
    assert_eq!((three.phase, three.frauds, three.forfeit_before), (Phase::Quarantined, 3, 99));
}

#[test]
fn a_suspicion_alone_changes_nothing_but_the_rotation_count() {
    let before = fold(passed(40));
    for outcome in [Outcome::Suspected, Outcome::Disputed] {
        let after = fold(passed(40).chain([audited(outcome)]));
        assert_eq!(after, Standing { audits_there: 41, ..before });
    }
}

#[test]
fn confirmed_failures_alarm_are_forgiven_and_in_a_row_end_in_quarantine() {
    let one = fold(passed(40).chain([audited(Outcome::Confirmed)]));
    assert_eq!((one.phase, one.failures, one.forfeit_before), (Phase::Alarm, 1, 0));
    let forgiven = fold(passed(40).chain([audited(Outcome::Confirmed)]).chain(passed(127)));
    assert_eq!((forgiven.phase, forgiven.failures), (Phase::Alarm, 1));
    let back = fold(passed(40).chain([audited(Outcome::Confirmed)]).chain(passed(128)));
    assert_eq!((back.phase, back.failures), (Phase::Probation, 0), "back only by probation");
    let five = fold(passed(40).chain(std::iter::repeat_n(audited(Outcome::Confirmed), 5)));
    assert_eq!((five.phase, five.forfeit_before), (Phase::Quarantined, 45));
}

#[test]
fn drift_alarms_and_a_second_alarm_is_quarantine() {
    let drifting: &[f64] = &[2.0; 8]; // 1.5 a rollout: 12 a group
    let event = Event::Audited { outcome: Outcome::Passed, checkpoint: None, excess: drifting };
    let one = fold(passed(32).chain([event, event]));
    assert_eq!((one.phase, one.forfeit_before), (Phase::Alarm, 0));
    let two = fold(passed(32).chain([event; 4]));
    assert_eq!((two.phase, two.forfeit_before), (Phase::Quarantined, 35));
    // to drift, behave and drift again is seen, too
    let calm = Event::Audited { outcome: Outcome::Passed, checkpoint: None, excess: &[0.0; 8] };
    let wave = || [event; 2].into_iter().chain([calm; 64]);
    let third = fold(passed(32).chain(wave()).chain(wave()).chain([event; 2]));
    assert_eq!((third.phase, third.alarms, third.clean), (Phase::Quarantined, 3, 0));
    let forgiven = fold(passed(32).chain(wave()).chain(passed(2_048)));
    assert_eq!((forgiven.phase, forgiven.alarms), (Phase::Trusted, 0));
}

#[test]
fn only_a_pardon_leads_out_of_quarantine_and_into_probation() {
    let quarantined = || std::iter::repeat_n(audited(Outcome::Fraud), 3);
    assert_eq!(fold(quarantined().chain(passed(1_000))).phase, Phase::Quarantined);
    let pardoned = fold(quarantined().chain([Event::Pardoned]));
    assert_eq!((pardoned.phase, pardoned.frauds, pardoned.forfeit_before), (Phase::Probation, 0, 3));
}

#[test]
fn audits_are_counted_anew_on_another_checkpoint() {
    let other = Event::Audited { outcome: Outcome::Passed, checkpoint: Some([2; 32]), excess: NONE };
    let format = Event::Audited { outcome: Outcome::Fraud, checkpoint: None, excess: NONE };
    let standing = fold(passed(5).chain([other, other, format]));
    assert_eq!((standing.since_rotation(&[1; 32]), standing.since_rotation(&[2; 32])), (0, 2));
}

#[test]
fn two_of_three_is_two_of_three() {
    use Sittings::{Confirmed, Open, Passed};
    for (failed, came_to) in [
        (&[][..], Open),
        (&[false], Passed),
        (&[true], Open),
        (&[true, true], Confirmed),
        (&[true, false], Open),
        (&[true, false, true], Confirmed),
        (&[true, false, false], Passed),
    ] {
        assert_eq!(two_of_three(failed), came_to, "{failed:?}");
    }
}

#[test]
fn a_lost_connection_is_no_proof() {
    assert!(is_proof(RejectReason::WrongWeights) && is_proof(RejectReason::BrokenChain));
    for reason in
        [RejectReason::TruncatedStream, RejectReason::DeadlineExceeded, RejectReason::SiblingRejected]
    {
        assert!(!is_proof(reason), "{reason}");
    }
}

/// An event by number: outcome, checkpoint, one excess; or a pardon.
fn any_event() -> impl Strategy<Value = (usize, u8, f64)> {
    (0_usize..10, 0_u8..3, prop_oneof![Just(f64::NAN), -10.0..30.0_f64])
}

proptest! {
    /// Whatever happens: quarantine is left by a pardon only, and forfeits; trust is never had with an open failure.
    #[test]
    fn laws_of_any_history(history in proptest::collection::vec(any_event(), 0..400)) {
        let settings = Settings { probation_groups: 3, forgive_groups: 2, alarm_groups: 3, forgive_alarm_groups: 4, ..Settings::default() };
        let cusum = cusum::Settings::default();
        let mut standing = Standing::default();
        for ((kind, checkpoint, excess), position) in history.into_iter().zip(1_u64..) {
            let excess = [excess];
            let event = match kind {
                9 => Event::Pardoned,
                // mostly passes, so that every phase is reached
                _ => Event::Audited {
                    outcome: Outcome::ALL[kind.saturating_sub(4)],
                    checkpoint: (checkpoint > 0).then_some([checkpoint; 32]),
                    excess: &excess,
                },
            };
            let before = standing;
            standing = standing.after(&event, position, &settings, &cusum);
            prop_assert!(standing.forfeit_before >= before.forfeit_before);
            prop_assert!(standing.cusum.is_finite() && standing.cusum <= cusum.h);
            prop_assert!(standing.phase != Phase::Trusted || matches!(before.phase, Phase::Trusted | Phase::Probation));
            if before.phase == Phase::Quarantined {
                prop_assert_eq!(standing.phase == Phase::Quarantined, event != Event::Pardoned);
            } else if standing.phase == Phase::Quarantined {
                prop_assert_eq!(standing.forfeit_before, position);
            }
            prop_assert!(standing.phase == Phase::Quarantined
                || (standing.frauds < settings.quarantine_after && standing.failures < settings.failures_after
                    && standing.alarms < settings.alarms_after));
        }
    }
}
