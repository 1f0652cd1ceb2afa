//! Follows a job's stream to its end, across cuts, and writes what arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use serde_json::Value;

use super::client::{Customer, StreamEvent};
use super::progress::Progress;

/// What the customer learned from the stream.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// Sequence of the last event; the log has no gaps, so this is also how many there were.
    pub(crate) last: i64,
    pub(crate) delivered: u64,
    pub(crate) tokens: u64,
    pub(crate) rewards: BTreeMap<String, u64>,
    /// Hotkey -> delivered rollouts.
    pub(crate) delivered_by: BTreeMap<String, u64>,
    /// Hotkey -> reject reason -> rollouts.
    pub(crate) rejected_by: BTreeMap<String, BTreeMap<String, u64>>,
    pub(crate) terminal: Option<String>,
    /// What was said of refusals: once for each miner and reason.
    announced: BTreeSet<(String, String)>,
}

/// ss58 address -> what the demo calls the miner.
pub(crate) type Names = BTreeMap<String, &'static str>;

/// Where the stream is written: one rollout a line, one event a line.
pub(crate) struct Sink {
    rollouts: BufWriter<File>,
    events: BufWriter<File>,
}

impl Sink {
    pub(crate) fn create(rollouts: &Path, events: &Path) -> anyhow::Result<Self> {
        let open = |path: &Path| {
            File::create(path).map(BufWriter::new).with_context(|| format!("create {}", path.display()))
        };
        Ok(Self { rollouts: open(rollouts)?, events: open(events)? })
    }

    /// The line of the job's reward module, before all rollouts: then the file is all that its verification takes.
    pub(crate) fn module(&mut self, line: &str) -> std::io::Result<()> {
        writeln!(self.rollouts, "{line}")
    }
}

/// How often a broken connection is taken up again before giving up.
const MAX_RECONNECTS: u32 = 50;

/// Reads until the terminal event; a cut is resumed from the last sequence seen.
pub(crate) async fn follow(
    customer: &Customer,
    job: &str,
    sink: &mut Sink,
    progress: &Progress,
    names: &Names,
) -> anyhow::Result<Received> {
    let mut received = Received::default();
    let mut reconnects = 0;
    while received.terminal.is_none() {
        match customer.events(job, received.last).await {
            Ok(Some(mut stream)) => {
                while let Some(Ok(event)) = stream.next().await {
                    received.take(&event, sink, progress, names)?;
                }
            }
            Ok(None) => break, // 204: nothing will follow
            Err(error) => tracing::warn!(%error, "the event stream could not be opened"),
        }
        reconnects += 1;
        ensure!(reconnects < MAX_RECONNECTS, "the event stream broke {MAX_RECONNECTS} times");
        tokio::time::sleep(Duration::from_millis(200)).await; // the client's back-off
    }
    sink.rollouts.flush()?;
    sink.events.flush()?;
    Ok(received)
}

impl Received {
    fn take(
        &mut self,
        event: &StreamEvent,
        sink: &mut Sink,
        progress: &Progress,
        names: &Names,
    ) -> anyhow::Result<()> {
        ensure!(event.sequence == self.last + 1, "event {} came after {}", event.sequence, self.last);
        self.last = event.sequence;
        let data = &event.body["data"];
        match event.event.as_str() {
            "rollout.verified" => self.rollout(&data["rollout"], sink, progress)?,
            "rollout.rejected" => {
                let (hotkey, reason) = (text(&data["hotkey"]), text(&data["reason"]));
                *self.rejected_by.entry(hotkey).or_default().entry(reason).or_default() += 1;
            }
            "group.rejected" => {
                let (hotkey, reason) = (text(&data["hotkey"]), text(&data["reason"]));
                if self.announced.insert((hotkey.clone(), reason.clone())) {
                    let name = names.get(&hotkey).copied().unwrap_or("a miner");
                    let start = hotkey.get(..8).unwrap_or_default();
                    progress.say(&format!(
                        "  refused {name} ({start}…): {reason}; its groups go to another miner"
                    ));
                }
            }
            "job.completed" | "job.failed" | "job.cancelled" => self.terminal = Some(event.event.clone()),
            _ => {}
        }
        let mut lean = event.body.clone();
        if let Some(data) = lean["data"].as_object_mut() {
            data.remove("rollout"); // in the other file
        }
        writeln!(sink.events, "{lean}")?;
        Ok(())
    }

    fn rollout(&mut self, rollout: &Value, sink: &mut Sink, progress: &Progress) -> anyhow::Result<()> {
        ensure!(rollout.is_object(), "a rollout.verified event came without its rollout");
        self.delivered += 1;
        self.tokens += rollout["num_completion_tokens"].as_u64().unwrap_or(0);
        let reward =
            rollout["reward"].as_f64().map_or_else(|| "null".to_owned(), |reward| reward.to_string());
        *self.rewards.entry(reward).or_default() += 1;
        *self.delivered_by.entry(text(&rollout["proof"]["hotkey"])).or_default() += 1;
        progress.delivered(self.delivered);
        writeln!(sink.rollouts, "{rollout}")?;
        Ok(())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("?").to_owned()
}
