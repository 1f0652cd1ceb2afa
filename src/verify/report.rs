//! What the verifier says at the end: counts for machines, a summary for a person, a verdict per rollout.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use bundle::Place;
use protocol::rollout::RolloutRecord;
use serde::Serialize;

use super::{AdvantageCheck, Finding, Level, ManifestReport, RewardCheck, Verdict};

/// Failures that are named one by one.
const MAX_NAMED: usize = 20;

/// What the verifier found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub level: &'static str,
    pub verified: usize,
    pub failed: usize,
    /// Of both, those of test jobs, for which no model ran.
    pub test: usize,
    /// Failures by finding.
    pub findings: BTreeMap<String, usize>,
    /// Rewards whose function ran again and gave the same.
    pub rewards_checked: usize,
    /// Rewards whose function could not run again, by what was missing.
    pub rewards_not_checked: BTreeMap<String, usize>,
    /// Advantages that were computed again from the file alone and are the same.
    pub advantages_checked: usize,
    /// Advantages that the file does not hold enough for, by what it lacks.
    pub advantages_not_checked: BTreeMap<String, usize>,
    pub tokens: usize,
    pub checkpoint: String,
    /// The folder's files were hashed to the checkpoint's id; else the id is what somebody said.
    pub checkpoint_checked: bool,
    pub service_key: String,
    /// The key was given; else it is the one that the file names itself.
    pub service_key_pinned: bool,
    /// Of each job that the file, or a file beside it, has the manifest of.
    pub manifests: Vec<ManifestReport>,
    /// Jobs with rollouts of which nothing says a manifest: whether one is missing, was added or has another advantage or price,
    /// is not known.
    pub jobs_without_manifest: usize,
    pub seconds: f64,
}

impl Report {
    pub(super) fn new(level: Level) -> Self {
        Self {
            level: match level {
                Level::Signatures => "signatures",
                Level::Reward => "reward",
                Level::Full => "full",
            },
            verified: 0,
            failed: 0,
            test: 0,
            findings: BTreeMap::new(),
            rewards_checked: 0,
            rewards_not_checked: BTreeMap::new(),
            advantages_checked: 0,
            advantages_not_checked: BTreeMap::new(),
            tokens: 0,
            checkpoint: String::new(),
            checkpoint_checked: false,
            service_key: String::new(),
            service_key_pinned: false,
            manifests: Vec::new(),
            jobs_without_manifest: 0,
            seconds: 0.0,
        }
    }

    /// Counts one verdict. True when the failure should be named: not when there were many.
    pub(super) fn add(&mut self, verdict: Verdict) -> bool {
        match verdict.reward {
            RewardCheck::None => {}
            RewardCheck::Same => self.rewards_checked += 1,
            RewardCheck::NotChecked(missing) => {
                *self.rewards_not_checked.entry(missing.to_string()).or_default() += 1;
            }
        }
        match verdict.advantage {
            AdvantageCheck::None => {}
            AdvantageCheck::Same => self.advantages_checked += 1,
            AdvantageCheck::NotChecked(lacking) => {
                *self.advantages_not_checked.entry(lacking.to_string()).or_default() += 1;
            }
        }
        let Some(finding) = verdict.finding else {
            self.verified += 1;
            return false;
        };
        self.failed += 1;
        *self.findings.entry(finding.to_string()).or_default() += 1;
        if self.failed == MAX_NAMED + 1 {
            tracing::warn!("further failures are counted, not named");
        }
        self.failed <= MAX_NAMED
    }

    /// Whether there were rollouts, and each of them and every manifest holds.
    pub fn holds(&self) -> bool {
        self.failed == 0 && self.verified > 0 && self.manifests.iter().all(ManifestReport::holds)
    }

    /// The summary that a person reads.
    pub fn summary(&self) -> String {
        if self.checkpoint.is_empty() {
            return format!("no rollouts ({} unreadable)", self.failed);
        }
        let all = self.verified + self.failed;
        let mut text = format!(
            "{} of {all} rollouts hold at level {} ({} tokens, {:.1} s)\n  checkpoint   {}{}\n  service key  {}{}",
            self.verified,
            self.level,
            self.tokens,
            self.seconds,
            self.checkpoint,
            if self.checkpoint_checked {
                ""
            } else {
                " (as it was said: there are no weights to check it with)"
            },
            self.service_key,
            if self.service_key_pinned { "" } else { " (unpinned: the file names it itself)" }
        );
        // writing to a String cannot fail
        let checks = [
            ("rewards   ", self.rewards_checked, &self.rewards_not_checked),
            ("advantages", self.advantages_checked, &self.advantages_not_checked),
        ];
        for (what, checked, missing) in checks {
            let not_checked: usize = missing.values().sum();
            if checked + not_checked > 0 {
                let _ = write!(text, "\n  {what}   {checked} computed again");
            }
            if not_checked > 0 {
                let reasons: Vec<_> = missing.iter().map(|(name, count)| format!("{name} {count}")).collect();
                let _ = write!(text, ", {not_checked} not checked; missing: {}", reasons.join(", "));
            }
        }
        if self.test > 0 {
            let _ = write!(text, "\n  test rollouts {}: no model ran for them", self.test);
        }
        for manifest in &self.manifests {
            let _ = write!(text, "\n  manifest     {}", told(manifest));
        }
        if self.jobs_without_manifest > 0 {
            let _ = write!(text, "\n  manifest     none of {} job(s)", self.jobs_without_manifest);
        }
        if !self.findings.is_empty() {
            let _ = write!(text, "\n  refused");
        }
        for (finding, count) in &self.findings {
            let share = 100.0 * *count as f64 / all.max(1) as f64;
            let _ = write!(text, "\n    {finding:<22} {count:>8}  {share:>5.1} %");
        }
        text
    }
}

/// A manifest's line of the summary.
fn told(manifest: &ManifestReport) -> String {
    let ManifestReport { job_id, delivered, in_file, not_shown, .. } = manifest;
    let mut text = format!("{job_id}: {in_file} of {delivered} delivered rollouts are here");
    // writing to a String cannot fail
    if *not_shown > 0 {
        let _ = write!(text, ", the place of {not_shown} not shown");
    }
    if !manifest.key_is_pinned {
        text.push_str(", signed by an unpinned key");
    }
    let words = manifest.findings.iter().filter_map(|finding| serde_json::to_value(finding).ok());
    let words: Vec<String> = words.filter_map(|word| word.as_str().map(str::to_owned)).collect();
    if words.is_empty() {
        text.push_str("; it holds");
    } else {
        let _ = write!(text, "; REFUSED: {}", words.join(", "));
    }
    text
}

/// One line of the verdicts' file.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    place: Numbered,
    id: Option<String>,
    custom_id: Option<&'a str>,
    prompt_index: Option<u32>,
    sample_index: Option<u32>,
    verdict: &'static str,
    finding: Option<String>,
    /// `same`, `not_checked`, or nothing when there was nothing to check.
    reward: Option<&'static str>,
    /// What was missing to check the reward.
    reward_missing: Option<String>,
    /// The same for the advantage.
    advantage: Option<&'static str>,
    advantage_missing: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Numbered {
    Line(u64),
    Row(u64),
}

/// The verdicts' file: NDJSON, in the order in which groups were whole.
#[derive(Debug)]
pub(super) struct Verdicts(Option<BufWriter<File>>);

impl Verdicts {
    pub(super) fn create(path: Option<&Path>) -> anyhow::Result<Self> {
        let create = |path: &Path| File::create(path).with_context(|| format!("create {}", path.display()));
        Ok(Self(path.map(create).transpose()?.map(BufWriter::new)))
    }

    pub(super) fn write(
        &mut self,
        place: Place,
        record: Option<&RolloutRecord>,
        verdict: Verdict,
    ) -> anyhow::Result<()> {
        let Some(out) = &mut self.0 else { return Ok(()) };
        let line = Line {
            place: match place {
                Place::Line(number) => Numbered::Line(number),
                Place::Row(number) => Numbered::Row(number),
            },
            id: record.map(|record| record.id.to_string()),
            custom_id: record.map(|record| record.custom_id.as_str()),
            prompt_index: record.map(|record| record.prompt_index),
            sample_index: record.map(|record| record.sample_index),
            verdict: if verdict.finding.is_none() { "pass" } else { "fail" },
            finding: verdict.finding.map(|finding: Finding| finding.to_string()),
            reward: match verdict.reward {
                RewardCheck::None => None,
                RewardCheck::Same => Some("same"),
                RewardCheck::NotChecked(_) => Some("not_checked"),
            },
            reward_missing: match verdict.reward {
                RewardCheck::NotChecked(missing) => Some(missing.to_string()),
                RewardCheck::None | RewardCheck::Same => None,
            },
            advantage: match verdict.advantage {
                AdvantageCheck::None => None,
                AdvantageCheck::Same => Some("same"),
                AdvantageCheck::NotChecked(_) => Some("not_checked"),
            },
            advantage_missing: match verdict.advantage {
                AdvantageCheck::NotChecked(lacking) => Some(lacking.to_string()),
                AdvantageCheck::None | AdvantageCheck::Same => None,
            },
        };
        serde_json::to_writer(&mut *out, &line)?;
        Ok(out.write_all(b"\n")?)
    }

    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.0.as_mut().map_or(Ok(()), BufWriter::flush).context("write the verdicts")
    }
}
