//! `reliquary rewards rerun`: computes a random share of the rewards again, from what is stored and in a process of its own,
//! and compares receipts and rewards with what was signed. To be run by a timer, every night.
//!
//! A difference means that a reward was changed after it was signed, that two machines disagree, or that the sandbox is not
//! as deterministic as it is said to be: in each case somebody has to look.

use std::collections::BTreeMap;
use std::fmt;
use std::io::IsTerminal as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use grail::hash::Transcript;
use indicatif::ProgressBar;
use protocol::BundledModule;
use protocol::reward::RewardTerms;
use protocol::segment::Segment;
use serde::Serialize;
use store::reward_reruns::{self, Rerun, ScoredGroup, Stored};
use store::{Clock, Db, Objects, reward_modules};
use supervisor::{Programs, Tenant};
use telemetry::metrics::{IntCounterVec, counters};
use worker::reward_call::{self, Asked};

use crate::regrade::{self, Verdict};
use crate::scorer::Scorer;

static RERUNS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters("reliquary_reward_reruns_total", "Groups scored again, by what came of it.", &["result"])
});

#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Compute a random share of the rewards again, and compare.
    Rerun {
        /// How many of the scored groups, as a share of 1. One at least, if there is one.
        #[arg(long, default_value_t = 0.01)]
        share: f64,
        /// Of groups that were taken in since so long ago: a number and s, m, h or d.
        #[arg(long, default_value = "24h", value_parser = ago)]
        since: Duration,
        /// What decides which groups are drawn; a new one if it is not given. It is printed.
        #[arg(long)]
        seed: Option<u64>,
        /// Print one machine-readable line.
        #[arg(long)]
        json: bool,
    },
}

fn ago(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let unit = units.into_iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let read = unit.and_then(|(number, seconds)| number.parse::<u64>().ok()?.checked_mul(seconds));
    read.map(Duration::from_secs).ok_or_else(|| "a number and s, m, h or d, such as 24h".to_owned())
}

/// What a run has to say, and whether all is well: 0, 1 when rewards differ, 2 when some could not be computed.
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) code: u8,
}

/// `fresh_seed` is used if the command has none.
pub(crate) async fn run(
    command: &Command,
    db: &Db,
    objects: &Objects,
    programs: Programs,
    fresh_seed: u64,
) -> anyhow::Result<Answer> {
    let Command::Rerun { share, since, seed, json } = command;
    ensure!((0.0..=1.0).contains(share), "--share is {share}; it must be from 0 to 1");
    let now = Clock::System.now();
    let since =
        now.checked_sub_signed(chrono::TimeDelta::from_std(*since)?).context("--since is too long")?;
    let seed = seed.unwrap_or(fresh_seed);
    let scored = reward_reruns::scored_since(&mut *db.acquire().await?, since).await?;
    let drawn = draw(&scored, *share, seed);
    let mut report = Report::new(seed, since, scored.len());
    let bar = progress_bar(!json, drawn.len());
    let scorer = Arc::new(tokio::task::spawn_blocking(move || Scorer::start(programs)).await??);
    for group in drawn {
        let line = check(db, objects, &scorer, group, seed).await;
        let line = line.unwrap_or_else(|error| {
            tracing::error!(group.id = %group.id, error = format!("{error:#}"), "a group could not be scored again");
            Line { group, function: String::new(), result: Outcome::Failed, differing: Vec::new() }
        });
        RERUNS.with_label_values(&[line.result.as_str()]).inc();
        report.add(line);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let text = if *json { serde_json::to_string(&report)? } else { report.to_string() };
    Ok(Answer { text, code: report.code() })
}

/// The groups whose draws are smallest. The same seed draws the same.
fn draw(scored: &[ScoredGroup], share: f64, seed: u64) -> Vec<ScoredGroup> {
    let draw = |group: &ScoredGroup| {
        Transcript::new("reliquary/reward-rerun/1").u64(seed).bytes(group.id.0.as_bytes()).finish()
    };
    let mut drawn = scored.to_vec();
    drawn.sort_by_cached_key(draw);
    drawn.truncate((share * scored.len() as f64).ceil() as usize);
    drawn
}

/// Scores one group again and writes down what came of it.
async fn check(
    db: &Db,
    objects: &Objects,
    scorer: &Arc<Scorer>,
    group: ScoredGroup,
    seed: u64,
) -> anyhow::Result<Line> {
    let mut conn = db.acquire().await?;
    let line =
        |function: &str, result, differing| Line { group, function: function.to_owned(), result, differing };
    let Some(stored) = reward_reruns::read(&mut conn, group).await? else {
        return Ok(line("", Outcome::Gone, Vec::new())); // refused since it was drawn: another attempt follows
    };
    let module =
        reward_modules::module(&mut conn, &stored.spec).await?.context("a job without its module")?;
    drop(conn);
    let function = module.function.clone();
    let segment = objects.get(&stored.object_key).await?;
    let scorer = Arc::clone(scorer);
    let verdict = tokio::task::spawn_blocking(move || grade(&scorer, &stored, &module, &segment)).await??;
    let Some(Verdict { stored_hash, new_hash, differing }) = verdict else {
        return Ok(line(&function, Outcome::OtherEngine, Vec::new()));
    };
    let rerun = Rerun {
        group,
        function: function.clone(),
        stored_hash,
        new_hash,
        differing: differing.clone(),
        engine: sandbox::WASMTIME.to_owned(),
        seed,
    };
    reward_reruns::insert(&mut *db.acquire().await?, &rerun, Clock::System.now()).await?;
    let result = if rerun.agreed() { Outcome::Agreed } else { Outcome::Differs };
    if result == Outcome::Differs {
        tracing::error!(group.id = %group.id, attempt = group.attempt, function, ?differing, "rewards came out otherwise");
    }
    Ok(line(&function, result, differing))
}

/// Runs the module on the segment. `None`: the receipts are of another engine.
fn grade(
    scorer: &Scorer,
    stored: &Stored,
    module: &BundledModule,
    segment: &[u8],
) -> anyhow::Result<Option<Verdict>> {
    if regrade::is_of_another_engine(&stored.rewards) {
        return Ok(None);
    }
    let segment = Segment::decode(segment, stored.hotkey)?;
    let inputs = stored.inputs.as_ref().context("a job without its module")?;
    let asked = segment.request.task(0).context("a segment without its task")?;
    let [work] = segment.request.tasks.as_slice() else { anyhow::bail!("a segment of several tasks") };
    let task = Asked {
        custom_id: &stored.custom_id,
        prompt_text: stored.prompt_text.as_deref(),
        prompt_ids: &work.tokens,
        inputs,
        task: &asked.id(),
    };
    let commitments = segment.group.commitments.iter().zip(&segment.texts);
    let samples: Vec<_> = commitments
        .map(|(commitment, text)| reward_call::sample(text, &commitment.tokens, commitment.finish))
        .collect();
    let module_ref = scorer.learn(module)?;
    let tenant = Tenant(*stored.account.as_bytes());
    let limits = reward_call::limits(&inputs.limits);
    let scored = scorer.score(tenant, &module_ref, &task.task(), &samples, &limits)?;
    let on_error = stored.spec.reward.as_ref().map(RewardTerms::on_error).context("a job without rewards")?;
    regrade::compare(&stored.rewards, &module.function, &scored, on_error).map(Some)
}

/// What became of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Agreed,
    Differs,
    /// The receipts name another engine: there is nothing to compare.
    OtherEngine,
    /// The group is at another attempt by now.
    Gone,
    /// It could not be scored here, or what is stored of it cannot be read.
    Failed,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Differs => "differs",
            Self::OtherEngine => "other_engine",
            Self::Gone => "gone",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone)]
struct Line {
    group: ScoredGroup,
    function: String,
    result: Outcome,
    differing: Vec<u32>,
}

#[derive(Debug, Serialize)]
struct Report {
    holds: bool,
    seed: u64,
    since: DateTime<Utc>,
    /// Scored groups of the time.
    groups: usize,
    /// By what came of those that were drawn.
    results: BTreeMap<&'static str, usize>,
    /// By function: groups that agreed, and that did not.
    functions: BTreeMap<String, [usize; 2]>,
    /// Groups that came out otherwise, or not at all.
    wrong: Vec<Wrong>,
}

#[derive(Debug, Serialize)]
struct Wrong {
    group: String,
    attempt: u32,
    function: String,
    result: Outcome,
    /// Indexes of its samples.
    differing: Vec<u32>,
}

impl Report {
    fn new(seed: u64, since: DateTime<Utc>, groups: usize) -> Self {
        let (results, functions) = (BTreeMap::new(), BTreeMap::new());
        Self { holds: true, seed, since, groups, results, functions, wrong: Vec::new() }
    }

    fn add(&mut self, line: Line) {
        *self.results.entry(line.result.as_str()).or_default() += 1;
        let place = match line.result {
            Outcome::Agreed => 0,
            Outcome::Differs => 1,
            Outcome::OtherEngine | Outcome::Gone => return,
            Outcome::Failed => return self.add_wrong(line),
        };
        self.functions.entry(line.function.clone()).or_default()[place] += 1;
        if place == 1 {
            self.add_wrong(line);
        }
    }

    fn add_wrong(&mut self, line: Line) {
        self.holds = false;
        let Line { group, function, result, differing } = line;
        self.wrong.push(Wrong {
            group: group.id.to_string(),
            attempt: group.attempt,
            function,
            result,
            differing,
        });
    }

    fn code(&self) -> u8 {
        let any = |result| self.wrong.iter().any(|wrong| wrong.result == result);
        if any(Outcome::Differs) { 1 } else { u8::from(any(Outcome::Failed)) * 2 }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawn: usize = self.results.values().sum();
        writeln!(
            f,
            "{drawn} of {} groups scored since {}, drawn by seed {}",
            self.groups, self.since, self.seed
        )?;
        for (function, [agreed, differs]) in &self.functions {
            writeln!(f, "  {function:<40} {agreed:>7} agreed {differs:>7} differ")?;
        }
        for result in [Outcome::OtherEngine, Outcome::Gone, Outcome::Failed] {
            if let Some(count) = self.results.get(result.as_str()) {
                writeln!(f, "  {count} {}", result.as_str())?;
            }
        }
        for Wrong { group, attempt, function, result, differing } in &self.wrong {
            writeln!(
                f,
                "  {group} attempt {attempt}  {function}  {}  samples {differing:?}",
                result.as_str()
            )?;
        }
        f.write_str(if self.holds { "all came out as they were" } else { "NOT ALL CAME OUT AS THEY WERE" })
    }
}

/// Drawn on a terminal only.
fn progress_bar(show: bool, groups: usize) -> ProgressBar {
    if show && std::io::stderr().is_terminal() {
        ProgressBar::new(groups as u64).with_message("scoring again")
    } else {
        ProgressBar::hidden()
    }
}

#[cfg(test)]
mod tests {
    use protocol::GroupId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_share_is_drawn_by_the_seed_and_by_nothing_else() {
        let mut scored: Vec<ScoredGroup> =
            (0..1000).map(|id| ScoredGroup { id: GroupId(Uuid::from_u128(id)), attempt: 1 }).collect();
        let drawn = draw(&scored, 0.01, 7);
        assert_eq!(drawn.len(), 10);
        scored.reverse();
        assert_eq!(draw(&scored, 0.01, 7), drawn);
        assert_ne!(draw(&scored, 0.01, 8), drawn);
        assert_eq!(draw(&scored[..3], 0.01, 7).len(), 1, "one at least");
        assert_eq!(
            (draw(&[], 1.0, 7).len(), draw(&scored, 0.0, 7).len(), draw(&scored, 1.0, 7).len()),
            (0, 0, 1000)
        );
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!(ago("24h"), Ok(Duration::from_hours(24)));
        assert_eq!(ago("90s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "h", "24", "-1h", "1w", "1.5h", "99999999999999999999d"] {
            assert!(ago(wrong).is_err(), "{wrong}");
        }
    }
}
