//! What `bench api` says: ratios for machines, figures and goals for people.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::delay::Delay;
use super::queue::Queue;
use super::writers::Streams;
use super::{ingest, queue};

#[derive(Debug, Clone)]
pub(super) struct Report {
    pub(super) ingest: ingest::Rates,
    pub(super) queue: Queue,
    pub(super) streams: Streams,
    pub(super) delay: Delay,
}

#[derive(Serialize)]
struct Line {
    ingest_vs_copy: f64,
    /// Beside a COPY that keeps the indexes and constraints that we keep.
    ingest_vs_indexed_copy: f64,
    queue_vs_best_peer: f64,
    queue_batch1_vs_best_peer: f64,
    sse_vs_raw: BTreeMap<String, f64>,
    commit_to_client_p99_ms: f64,
    held_xmin_ratio: f64,
}

impl Report {
    fn line(&self) -> Line {
        let Self { ingest, queue, streams, delay } = self;
        Line {
            ingest_vs_copy: ingest.ours / ingest.copy,
            ingest_vs_indexed_copy: ingest.ours / ingest.indexed,
            queue_vs_best_peer: queue.batch.ours / queue.batch.best_peer(),
            queue_batch1_vs_best_peer: queue.single.ours / queue.single.best_peer(),
            sse_vs_raw: streams.iter().map(|(n, rates)| (n.to_string(), rates.ours / rates.raw)).collect(),
            commit_to_client_p99_ms: delay.p99_ms,
            held_xmin_ratio: queue.held / queue.batch.ours,
        }
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.line().serialize(serializer)
    }
}

/// Whether a goal is met, in a word.
fn goal(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line();
        let (ratio, met) = (line.ingest_vs_copy, goal(line.ingest_vs_copy >= 0.5));
        writeln!(f, "ingest        {:>9.0} prompts/s", self.ingest.ours)?;
        writeln!(
            f,
            "  plain COPY  {:>9.0} rows/s      ratio {ratio:.3} (goal 0.5: {met})",
            self.ingest.copy
        )?;
        let indexed = self.ingest.indexed;
        writeln!(
            f,
            "  the same indexes and constraints {indexed:.0} rows/s: ratio {:.2}",
            self.ingest.ours / indexed
        )?;
        contest(f, "queue", &self.queue.batch, Some(2.0))?;
        contest(f, "one by one", &self.queue.single, None)?;
        let (ratio, met) = (line.held_xmin_ratio, goal(line.held_xmin_ratio >= 0.5));
        writeln!(
            f,
            "  beside an idle transaction {:.0} units/s: ratio {ratio:.2} (goal 0.5: {met})",
            self.queue.held
        )?;
        for (readers, rates) in &self.streams {
            let share = rates.ours / rates.raw;
            writeln!(
                f,
                "events, {readers:>4} readers {:>9.0}/s   raw writer {:>9.0}/s   Python {:>8.0}/s   ratio to raw {share:.3}",
                rates.ours, rates.raw, rates.python
            )?;
        }
        let Delay { p50_ms, p99_ms } = self.delay;
        let met = goal(p99_ms < 50.0);
        write!(f, "commit to client's bytes: p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms (goal 50 ms: {met})")
    }
}

fn contest(f: &mut fmt::Formatter<'_>, name: &str, rates: &queue::Rates, wanted: Option<f64>) -> fmt::Result {
    let ratio = rates.ours / rates.best_peer();
    let goal = wanted.map_or_else(String::new, |least| format!(" (goal {least}: {})", goal(ratio >= least)));
    writeln!(f, "{name:<13} {:>9.0} units/s", rates.ours)?;
    writeln!(
        f,
        "  graphile-worker {:.0}/s   pg-boss {:.0}/s   ratio to the better one {ratio:.2}{goal}",
        rates.graphile_worker, rates.pg_boss
    )
}
