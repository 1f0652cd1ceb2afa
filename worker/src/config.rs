//! The worker's section of the configuration. Every wait, batch and retry has its limit here.

use std::time::Duration;

use serde::Deserialize;

/// How the background steps run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long a group stays with a worker that says nothing: after a crash, it waits this long.
    pub lease_ms: u64,
    /// Every loop looks for work at least this often, woken or not.
    pub poll_ms: u64,
    /// The first wait after a failure; it doubles up to `max_backoff_ms`.
    pub backoff_ms: u64,
    pub max_backoff_ms: u64,
    /// How often one step is tried on one group when the fault is ours, before the group fails.
    pub max_tries: u32,

    /// Requests to miners at the same time.
    pub max_requests: usize,
    pub max_groups_per_request: u32,
    /// Groups that a miner gets at once while none of its answers was ever verified.
    pub trial_groups: u32,
    /// Refused answers after which a group fails.
    pub max_attempts: u32,
    /// A group that was refused and that no miner takes for this long fails.
    pub no_miner_after_ms: u64,
    /// How often a miner is asked how it is, and how old its last answer may be.
    pub probe_every_ms: u64,
    pub miner_fresh_ms: u64,
    /// What a miner may say of its capacity at most, in rollouts.
    pub max_miner_capacity: u32,
    pub connect_timeout_ms: u64,
    /// A stream that sends nothing for this long is dead.
    pub idle_timeout_ms: u64,
    /// A request ends after this, heartbeats or not.
    pub request_deadline_ms: u64,
    /// How long a stopping worker lets its requests go on.
    pub drain_ms: u64,
    /// Answer test jobs, at once and without a model. Off: they wait for a worker that does.
    pub test_answers: bool,
    /// Also dial loopback, private and link-local addresses. For a single machine and tests.
    pub allow_private_miners: bool,
    /// Also send webhooks to such addresses, and over plain http. For tests and development.
    pub allow_private_webhooks: bool,

    /// Groups that are scored at the same time, and leased at once.
    pub reward_concurrency: usize,
    pub reward_batch: u32,
    /// Uploads of reward functions that are validated at the same time, and how often one is tried when the fault is ours.
    pub validate_concurrency: usize,
    pub validate_tries: u32,
    /// Exports that are written at the same time, and how often one is tried when the fault is ours; as often as the files
    /// of a batch.
    pub export_concurrency: usize,
    pub export_tries: u32,
    /// Input files that are read at the same time, and how often one is tried without getting further.
    pub intake_concurrency: usize,
    pub intake_tries: u32,
    /// Groups leased at once by a verifier.
    pub verify_batch: u32,
    /// Share of the audits in class `calibrated` that compare with alternative weights, too.
    pub differential_share: f64,
    /// Threads of the verifier's engine; 0: all cores.
    pub verify_threads: usize,
    /// How long the verifier that failed a group in a statistic leaves the second look to others.
    pub second_opinion_ms: u64,
    /// How long after its time a beacon's round is waited for; then its groups are audited without a draw.
    pub beacon_patience_ms: u64,
    /// Groups settled in one transaction.
    pub settle_batch: u32,
    /// Payments that leave escrow in one transaction.
    pub escrow_batch: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lease_ms: 30_000,
            poll_ms: 1_000,
            backoff_ms: 250,
            max_backoff_ms: 30_000,
            max_tries: 20,
            max_requests: 32,
            max_groups_per_request: 16,
            trial_groups: 2,
            max_attempts: 6,
            no_miner_after_ms: 600_000,
            probe_every_ms: 5_000,
            miner_fresh_ms: 30_000,
            max_miner_capacity: 65_536,
            connect_timeout_ms: 3_000,
            idle_timeout_ms: 15_000,
            request_deadline_ms: 600_000,
            drain_ms: 5_000,
            test_answers: true,
            allow_private_miners: false,
            allow_private_webhooks: false,
            reward_concurrency: 4,
            reward_batch: 32,
            validate_concurrency: 2,
            validate_tries: 5,
            export_concurrency: 2,
            export_tries: 5,
            intake_concurrency: 2,
            intake_tries: 5,
            verify_batch: 16,
            differential_share: 0.15,
            verify_threads: 0,
            second_opinion_ms: 5_000,
            beacon_patience_ms: 60_000,
            settle_batch: 64,
            escrow_batch: 256,
        }
    }
}

impl Config {
    pub(crate) fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    pub(crate) fn miner_fresh(&self) -> Duration {
        Duration::from_millis(self.miner_fresh_ms)
    }

    /// The wait before try `tries + 1`.
    pub(crate) fn backoff(&self, tries: u32) -> Duration {
        let doubled = self.backoff_ms.saturating_mul(1 << tries.saturating_sub(1).min(20));
        Duration::from_millis(doubled.min(self.max_backoff_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_limit() {
        let config = Config { backoff_ms: 100, max_backoff_ms: 1_000, ..Config::default() };
        let waits: Vec<u128> = (1..6).map(|tries| config.backoff(tries).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_000]);
        assert_eq!(config.backoff(u32::MAX).as_millis(), 1_000);
    }
}
