//! What the demo prints at the end: for a person, or one JSON line for a machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

/// The facts of a finished demo, as the customer saw them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Summary {
    pub job_id: String,
    pub prompts: u64,
    pub groups: u64,
    pub generated: u64,
    pub verified: u64,
    pub selected: u64,
    pub filtered: u64,
    /// Refused rollouts by reject reason.
    pub rejected: BTreeMap<String, u64>,
    /// Rollouts that arrived on the stream.
    pub delivered: u64,
    pub offline_verified: u64,
    pub offline_failed: u64,
    pub held_rao: i64,
    pub charged_rao: i64,
    pub released_rao: i64,
    /// Sum over all accounts of credits minus debits; anything but 0 is lost money.
    pub ledger_sum: i64,
    /// True when the dishonest miner was refused by its own reason and delivered nothing.
    pub cheater_rejected: bool,
    pub seconds: f64,
    #[serde(skip)]
    pub details: Details,
}

/// What only the person's summary shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    pub groups_accepted: u64,
    pub groups_filtered: u64,
    pub groups_failed: u64,
    /// Reward -> how many delivered rollouts have it.
    pub rewards: BTreeMap<String, u64>,
    /// Miner name -> (delivered rollouts, refusals by reason).
    pub miners: BTreeMap<String, (u64, BTreeMap<String, u64>)>,
    pub tokens: u64,
    /// Rewards that the offline verifier computed again.
    pub rewards_checked: usize,
    pub rollouts_file: PathBuf,
    pub events_file: PathBuf,
    pub verify_command: String,
}

const TAO: f64 = 1e9;

impl Summary {
    pub(crate) fn for_a_person(&self) -> String {
        let mut text = String::new();
        let details = &self.details;
        // writing to a String cannot fail
        let _ = writeln!(text, "\n\nJob {}  ·  {:.1} s", self.job_id, self.seconds);
        let _ = writeln!(
            text,
            "\n  prompts    {} · groups {} accepted, {} filtered, {} failed",
            self.prompts, details.groups_accepted, details.groups_filtered, details.groups_failed
        );
        let _ = writeln!(
            text,
            "  rollouts   {} generated · {} verified · {} selected · {} filtered · {} delivered\n             {} tokens, each with its proof",
            self.generated, self.verified, self.selected, self.filtered, self.delivered, details.tokens
        );
        self.miners(&mut text);
        self.histogram(&mut text);
        let tao = |rao: i64| rao as f64 / TAO;
        let _ = writeln!(
            text,
            "\n  credits    held {:.6} TAO · charged {:.6} · released {:.6} · ledger sum {} rao",
            tao(self.held_rao),
            tao(self.charged_rao),
            tao(self.released_rao),
            self.ledger_sum
        );
        let _ = writeln!(
            text,
            "  offline    {} of {} rollouts hold when re-verified from the file alone; {} rewards computed again",
            self.offline_verified,
            self.offline_verified + self.offline_failed,
            details.rewards_checked
        );
        let _ = writeln!(text, "\n  rollouts and proofs  {}", details.rollouts_file.display());
        let _ = writeln!(text, "  event log            {}", details.events_file.display());
        let _ = writeln!(text, "  verify it yourself:\n    {}", details.verify_command);
        text
    }

    fn miners(&self, text: &mut String) {
        let _ = writeln!(text, "\n  miners");
        for (name, (delivered, refusals)) in &self.details.miners {
            let reasons: Vec<String> =
                refusals.iter().map(|(reason, count)| format!("{count} × {reason}")).collect();
            let verdict = if reasons.is_empty() {
                "nothing refused".to_owned()
            } else {
                format!("REFUSED {}", reasons.join(", "))
            };
            let _ = writeln!(text, "    {name:<24} {delivered:>4} delivered · {verdict}");
        }
    }

    fn histogram(&self, text: &mut String) {
        let _ = writeln!(text, "\n  rewards of the delivered rollouts");
        let most = self.details.rewards.values().max().copied().unwrap_or(1).max(1);
        for (reward, count) in &self.details.rewards {
            let bar = "█".repeat(usize::try_from(count * 40 / most).unwrap_or(40).max(1));
            let _ = writeln!(text, "    {reward:>6}  {bar} {count}");
        }
    }
}
