//! What the worker counts for `GET /metrics`.

use std::sync::LazyLock;
use std::time::Instant;

use grail::RejectReason;
use protocol::job::GroupState;
use store::audits::NewAudit;
use telemetry::metrics::{
    HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, SECONDS, counter, counters, gauge,
    gauges, histograms,
};

static STEP_SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    histograms("reliquary_step_seconds", "Time of one batch of a background step.", &["step"], SECONDS)
});
static GROUPS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauges("reliquary_groups", "Open groups, by the state they wait in.", &["state"]));
static GROUPS_DONE: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters("reliquary_groups_moved_total", "Groups that reached a state, by state.", &["state"])
});
static RERUNS_DISAGREED: LazyLock<IntGauge> = LazyLock::new(|| {
    gauge("reliquary_reward_reruns_disagreed", "Groups of the last day whose rewards came out otherwise.")
});
static REJECTED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters("reliquary_rollouts_rejected_total", "Rollouts refused, by reason.", &["reason"])
});
static AUDITS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters("reliquary_audits_total", "Groups by whether and why they were audited.", &["decision", "why"])
});
static VALIDATIONS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "reliquary_reward_validations_total",
        "Reward functions validated, by what was found.",
        &["found"],
    )
});
static WEBHOOKS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters("reliquary_webhook_tries_total", "Tries to deliver a webhook, by how they went.", &["outcome"])
});
static EVENTS_DROPPED: LazyLock<IntCounter> = LazyLock::new(|| {
    counter("reliquary_events_dropped_total", "Events dropped of jobs that ended long ago.")
});
static STEP_FAILURES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters("reliquary_step_failures_total", "Steps that failed through no fault of a miner.", &["step"])
});

pub(crate) fn step_took(step: &str, since: Instant) {
    STEP_SECONDS.with_label_values(&[step]).observe(since.elapsed().as_secs_f64());
}

pub(crate) fn step_failed(step: &str) {
    STEP_FAILURES.with_label_values(&[step]).inc();
}

pub(crate) fn groups_moved(to: GroupState, count: usize) {
    GROUPS_DONE.with_label_values(&[to.as_str()]).inc_by(count as u64);
}

pub(crate) fn audits(rows: &[NewAudit]) {
    for decision in rows.iter().filter_map(|row| row.asked.as_ref()).map(|asked| asked.decision) {
        let why = decision.why().map_or("", ::audit::Why::as_str);
        AUDITS.with_label_values(&[decision.as_str(), why]).inc();
    }
}

pub(crate) fn reruns_disagreed(count: i64) {
    RERUNS_DISAGREED.set(count);
}

pub(crate) fn rollouts_rejected(reason: RejectReason, count: u32) {
    REJECTED.with_label_values(&[reason.as_str()]).inc_by(u64::from(count));
}

pub(crate) fn webhook(outcome: &str) {
    WEBHOOKS.with_label_values(&[outcome]).inc();
}

pub(crate) fn events_dropped(count: u64) {
    EVENTS_DROPPED.inc_by(count);
}

pub(crate) fn validated(found: &str) {
    VALIDATIONS.with_label_values(&[found]).inc();
}

/// Sets the gauge of every open state; states without groups are 0.
pub(crate) fn open_groups(counts: &[(GroupState, i64)]) {
    for state in GroupState::ALL.iter().filter(|state| !state.is_terminal()) {
        let count = counts.iter().find(|(counted, _)| counted == state).map_or(0, |(_, count)| *count);
        GROUPS.with_label_values(&[state.as_str()]).set(count);
    }
}
