//! `reliquary audits`: replays what was decided on miners from the rows alone, and lets a miner back.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Context as _;
use audit::lottery;
use beacon::{Kind, Round, Trust};
use chain::ss58;
use grail::Hotkey;
use serde::Serialize;
use store::audit_replay::{self, Audited, Replayed, Step};
use store::{Clock, Db};

#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Fold every miner's standing anew from its audits, take every decision anew, and compare.
    Replay {
        /// Print one machine-readable line.
        #[arg(long)]
        json: bool,
    },
    /// Let a miner back from quarantine, into probation.
    Pardon {
        /// In ss58.
        hotkey: String,
        /// Why; it is kept.
        #[arg(long)]
        note: String,
    },
}

/// What a command has to say, and whether all is well.
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) holds: bool,
}

pub(crate) async fn run(command: &Command, db: &Db, trust: &Trust) -> anyhow::Result<Answer> {
    match command {
        Command::Replay { json } => {
            let report = Report::of(audit_replay::replay(db).await?, trust);
            let text = if *json { serde_json::to_string(&report)? } else { report.to_string() };
            Ok(Answer { text, holds: report.holds })
        }
        Command::Pardon { hotkey, note } => {
            let hotkey = ss58::decode(hotkey).with_context(|| hotkey.clone())?;
            let mut tx = db.begin().await?;
            let standing = store::standings::pardon(&mut tx, hotkey, note, Clock::System.now()).await?;
            let standing = standing.context("no such miner was ever registered")?;
            tx.commit().await?;
            Ok(Answer {
                text: format!("{} is in {}", ss58::encode(&hotkey), standing.phase.as_str()),
                holds: true,
            })
        }
    }
}

/// What the replay of all miners gave.
#[derive(Debug, Serialize)]
struct Report {
    holds: bool,
    miners: Vec<Line>,
    /// Draws by the beacon that they came from.
    draws: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct Line {
    hotkey: String,
    phase: &'static str,
    audited: u64,
    unaudited: u64,
    frauds: u32,
    /// The standing that the rows give is the one that is stored.
    standing_holds: bool,
    /// Numbers of decisions that do not follow from what is written beside them.
    wrong: Vec<u64>,
}

impl Report {
    fn of(replayed: Vec<Replayed>, trust: &Trust) -> Self {
        let mut draws: BTreeMap<&'static str, u64> = BTreeMap::new();
        let miners: Vec<Line> = replayed.into_iter().map(|miner| line(miner, trust, &mut draws)).collect();
        let holds = miners.iter().all(|line| line.standing_holds && line.wrong.is_empty());
        Self { holds, miners, draws }
    }
}

fn line(miner: Replayed, trust: &Trust, draws: &mut BTreeMap<&'static str, u64>) -> Line {
    let standing_holds = miner.stored == miner.folded;
    let mut wrong = miner.wrong_decisions;
    wrong.extend(&miner.wrong_facts);
    let (mut audited, mut unaudited) = (0, 0);
    for (position, step) in &miner.steps {
        let Step::Audited(row) = step else { continue };
        audited += u64::from(row.sitting > 0);
        unaudited += u64::from(row.outcome.is_none());
        match drawn_from(row, trust) {
            Ok(None) => {}
            Ok(Some(kind)) => *draws.entry(kind.as_str()).or_default() += 1,
            Err(()) => wrong.push(*position),
        }
    }
    wrong.sort_unstable();
    wrong.dedup();
    let hotkey: Hotkey = miner.hotkey;
    Line {
        hotkey: ss58::encode(&hotkey),
        phase: miner.stored.phase.as_str(),
        audited,
        unaudited,
        frauds: miner.stored.frauds,
        standing_holds,
        wrong,
    }
}

/// Whether a draw is what the beacon's round and the committed root give.
fn drawn_from(row: &Audited, trust: &Trust) -> Result<Option<Kind>, ()> {
    let Some(draw) = row.draw else { return Ok(None) };
    let (Some(beacon), Some(root), Some(number)) = (&row.beacon, &row.root, row.round) else {
        return Err(());
    };
    let round: Round = serde_json::from_value(beacon.clone()).map_err(|_| ())?;
    let verified = round.verify(trust).map_err(|_| ())?;
    let same = lottery::draw(verified.randomness().as_bytes(), root).to_bits() == draw.to_bits();
    if same && verified.number() == number { Ok(Some(round.kind())) } else { Err(()) }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.miners {
            let verdict = if line.standing_holds { "as stored" } else { "NOT AS STORED" };
            writeln!(
                f,
                "{}  {:<11}  {verdict}  {} audited, {} not, {} frauds",
                line.hotkey, line.phase, line.audited, line.unaudited, line.frauds
            )?;
            if !line.wrong.is_empty() {
                writeln!(f, "    decisions that do not follow from their rows: {:?}", line.wrong)?;
            }
        }
        for (kind, count) in &self.draws {
            writeln!(f, "{count} draws, verified, from {kind}")?;
        }
        f.write_str(if self.holds { "all rows hold" } else { "the rows do not hold" })
    }
}
