//! When each round comes: pure arithmetic between times and round numbers.

use std::num::NonZeroU64;

/// An audit's round comes at least this long after the receipt.
pub const AUDIT_DELAY_MS: u64 = 6_000;
/// A job's round comes more than this long after the job is written down: the most that our clock may be behind.
pub const JOB_MARGIN_MS: u64 = 3_000;

/// Round 1 comes at genesis and one more each period. There is no round 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    genesis_s: u64,
    period_s: NonZeroU64,
}

impl Schedule {
    /// drand quicknet's; the chain hash binds both numbers.
    pub const QUICKNET: Self = Self::new(1_692_803_367, NonZeroU64::new(3).unwrap());

    pub const fn new(genesis_s: u64, period_s: NonZeroU64) -> Self {
        Self { genesis_s, period_s }
    }

    pub const fn genesis_s(&self) -> u64 {
        self.genesis_s
    }

    pub const fn period_s(&self) -> NonZeroU64 {
        self.period_s
    }

    /// The newest round at this time; 0 before genesis.
    pub fn round_at(&self, time_ms: u64) -> u64 {
        match u128::from(time_ms).checked_sub(self.genesis_ms()) {
            None => 0,
            Some(elapsed_ms) => clamped(elapsed_ms / self.period_ms() + 1),
        }
    }

    /// When this round comes; a time beyond `u64` is `u64::MAX`. For the round 0 that is none, genesis.
    pub fn time_of_ms(&self, round: u64) -> u64 {
        let periods = u128::from(round.saturating_sub(1));
        clamped(periods.saturating_mul(self.period_ms()).saturating_add(self.genesis_ms()))
    }

    /// The first round that comes at this time or later.
    pub fn first_round_from(&self, time_ms: u64) -> u64 {
        let elapsed_ms = u128::from(time_ms).saturating_sub(self.genesis_ms());
        clamped(elapsed_ms.div_ceil(self.period_ms()) + 1)
    }

    /// The round that decides the audit of a group received at this time: the first that comes at least
    /// [`AUDIT_DELAY_MS`] later. Its number goes into the receipt, before anyone can know its value.
    pub fn audit_round(&self, received_at_ms: u64) -> u64 {
        self.first_round_from(received_at_ms.saturating_add(AUDIT_DELAY_MS))
    }

    /// The round that seeds a job created now: the first that comes more than [`JOB_MARGIN_MS`] later.
    ///
    /// Write the number into the job in the transaction that fixes its prompts; then neither the service nor anyone
    /// else knew the randomness when the job could still be changed. The value comes when the round does
    /// ([`crate::Beacon::round`]) and is made the job's own by [`crate::RoundRandomness::for_job`].
    pub fn job_round(&self, now_ms: u64) -> u64 {
        self.first_round_from(now_ms.saturating_add(JOB_MARGIN_MS).saturating_add(1))
    }

    fn genesis_ms(&self) -> u128 {
        u128::from(self.genesis_s) * 1000
    }

    fn period_ms(&self) -> u128 {
        u128::from(self.period_s.get()) * 1000
    }
}

fn clamped(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GENESIS_MS: u64 = 1_692_803_367_000;
    const QUICKNET: Schedule = Schedule::QUICKNET;

    #[test]
    fn the_edges_of_a_round() {
        assert_eq!(QUICKNET.round_at(0), 0);
        assert_eq!(QUICKNET.round_at(GENESIS_MS - 1), 0);
        assert_eq!(QUICKNET.round_at(GENESIS_MS), 1);
        assert_eq!(QUICKNET.round_at(GENESIS_MS + 2_999), 1);
        assert_eq!(QUICKNET.round_at(GENESIS_MS + 3_000), 2);
        assert_eq!(QUICKNET.time_of_ms(0), GENESIS_MS);
        assert_eq!(QUICKNET.time_of_ms(1), GENESIS_MS);
        assert_eq!(QUICKNET.time_of_ms(1_000), GENESIS_MS + 999 * 3_000);
        assert_eq!(QUICKNET.first_round_from(0), 1);
        assert_eq!(QUICKNET.first_round_from(GENESIS_MS), 1);
        assert_eq!(QUICKNET.first_round_from(GENESIS_MS + 1), 2);
        assert_eq!(QUICKNET.first_round_from(GENESIS_MS + 3_000), 2);
    }

    /// Six seconds to the millisecond are enough for an audit; a job's margin must be passed.
    #[test]
    fn audits_wait_six_seconds_and_jobs_more_than_three() {
        assert_eq!(QUICKNET.audit_round(GENESIS_MS), 3);
        assert_eq!(QUICKNET.audit_round(GENESIS_MS + 1), 4);
        assert_eq!(QUICKNET.audit_round(GENESIS_MS + 3_000), 4);
        assert_eq!(QUICKNET.audit_round(0), 1);
        assert_eq!(QUICKNET.job_round(GENESIS_MS), 3);
        assert_eq!(QUICKNET.job_round(GENESIS_MS - 1), 2);
        assert_eq!(QUICKNET.job_round(GENESIS_MS + 2_999), 3);
        assert_eq!(QUICKNET.job_round(0), 1);
    }

    #[test]
    fn times_at_the_end_of_the_world_do_not_overflow() {
        let slow = Schedule::new(u64::MAX, NonZeroU64::MAX);
        let fast = Schedule::new(0, NonZeroU64::MIN);
        for schedule in [slow, fast, QUICKNET] {
            for value in [0, 1, u64::MAX - 1, u64::MAX] {
                schedule.round_at(value);
                schedule.first_round_from(value);
                schedule.audit_round(value);
                schedule.job_round(value);
            }
            assert_eq!(schedule.time_of_ms(u64::MAX), u64::MAX);
        }
        assert_eq!(slow.round_at(u64::MAX), 0);
        assert_eq!(slow.first_round_from(u64::MAX), 1);
    }

    fn any_schedule() -> impl Strategy<Value = Schedule> {
        (0..u64::from(u32::MAX), 1_u64..100_000).prop_map(|(genesis_s, period_s)| {
            Schedule::new(genesis_s, NonZeroU64::new(period_s).expect("from 1"))
        })
    }

    proptest! {
        #[test]
        fn a_round_is_current_from_its_time_until_the_next(
            schedule in any_schedule(), time_ms in 0..u64::from(u32::MAX) * 2_000,
        ) {
            let round = schedule.round_at(time_ms);
            if round > 0 {
                prop_assert!(schedule.time_of_ms(round) <= time_ms);
            }
            prop_assert!(schedule.time_of_ms(round + 1) > time_ms);
        }

        #[test]
        fn times_and_rounds_are_inverse(schedule in any_schedule(), round in 1..u64::from(u32::MAX)) {
            let time_ms = schedule.time_of_ms(round);
            prop_assert_eq!(schedule.round_at(time_ms), round);
            prop_assert_eq!(schedule.first_round_from(time_ms), round);
        }

        /// The drawn rounds are never known yet, and no earlier one would have done.
        #[test]
        fn drawn_rounds_are_the_first_that_are_late_enough(
            schedule in any_schedule(), now_ms in 0..u64::from(u32::MAX) * 2_000,
        ) {
            let audit = schedule.audit_round(now_ms);
            prop_assert!(audit >= 1 && audit > schedule.round_at(now_ms));
            prop_assert!(schedule.time_of_ms(audit) >= now_ms + AUDIT_DELAY_MS);
            prop_assert!(audit == 1 || schedule.time_of_ms(audit - 1) < now_ms + AUDIT_DELAY_MS);
            let job = schedule.job_round(now_ms);
            prop_assert!(job >= 1 && job > schedule.round_at(now_ms + JOB_MARGIN_MS));
            prop_assert!(schedule.time_of_ms(job) > now_ms + JOB_MARGIN_MS);
            prop_assert!(job == 1 || schedule.time_of_ms(job - 1) <= now_ms + JOB_MARGIN_MS);
        }
    }
}
