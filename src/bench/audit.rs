//! `reliquary bench audit`: what cheating earns under the audit's settings, as a table, a document and a plot.
//!
//! A simulation (`audit::simulation`), so nothing is started: the same settings give the same files to the byte.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use audit::Settings;
use audit::simulation::{Point, Row, STRATEGIES, Scenario, smallest_p, sweep};
use serde_json::json;

use super::plot::{Plot, Series};
use crate::cli;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// Windows to simulate.
    #[arg(long, default_value_t = Scenario::default().windows)]
    windows: u32,
    /// Print one machine-readable line.
    #[arg(long)]
    json: bool,
    /// Where `audit-economics.md` and `audit-economics.svg` are written.
    #[arg(long, default_value = "docs")]
    out: PathBuf,
}

const DOCUMENT: &str = "audit-economics.md";
const PICTURE: &str = "audit-economics.svg";
/// The parts of a payment that the second table tries out.
const ESCROW_BPS: [u32; 4] = [0, 1_000, 5_000, 10_000];
/// The cheats that the plot shows beside the best one.
const SHOWN: [&str; 4] = ["careful", "sybil-careful", "stale", "quantised-careful"];

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::default();
    let scenario = Scenario { windows: arguments.windows.max(1), ..Scenario::default() };
    let results = Results::of(&settings, &scenario)?;
    std::fs::create_dir_all(&arguments.out).with_context(|| format!("create {}", arguments.out.display()))?;
    std::fs::write(arguments.out.join(DOCUMENT), results.document()?)?;
    std::fs::write(arguments.out.join(PICTURE), results.plot().svg()?)?;
    cli::print(&if arguments.json { results.json() } else { results.table() });
    Ok(if results.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Results<'s> {
    settings: &'s Settings,
    scenario: &'s Scenario,
    /// At the settings that ship.
    rows: Vec<Row>,
    points: Vec<Point>,
    /// Per part of a payment that waits: the smallest p at which honesty pays.
    escrow: Vec<(u32, Option<f64>)>,
}

impl<'s> Results<'s> {
    fn of(settings: &'s Settings, scenario: &'s Scenario) -> anyhow::Result<Self> {
        let points = sweep(settings, scenario);
        let rows = points.iter().find(|point| point.p == settings.policy.p).map(|point| point.rows.clone());
        let fewer = Scenario { miners: 3, ..*scenario };
        let escrow = ESCROW_BPS.map(|share_bps| {
            let mut settings = *settings;
            settings.escrow.share_bps = share_bps;
            (share_bps, smallest_p(&sweep(&settings, &fewer)))
        });
        let rows = rows.context("the sweep leaves out the p that ships")?;
        Ok(Self { settings, scenario, rows, points, escrow: escrow.to_vec() })
    }

    /// Honesty pays more than every cheat at the settings that ship.
    fn holds(&self) -> bool {
        self.points.iter().any(|point| point.p == self.settings.policy.p && point.honesty_pays())
    }

    fn json(&self) -> String {
        json!({
            "settings": self.settings,
            "scenario": self.scenario,
            "rows": self.rows,
            "sweep": self.points,
            "smallest_p": smallest_p(&self.points),
            "smallest_p_by_escrow_bps": self.escrow,
            "honesty_pays": self.holds(),
        })
        .to_string()
    }

    /// For the terminal, and part of the document.
    fn table(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "| {:<18} | {:>13} | {:>7} | {:>6} | {:>12} | {:>11} | {:>7} |",
            "strategy", "profit/window", "audited", "caught", "lasts windows", "quarantined", "hotkeys"
        );
        let _ = writeln!(
            out,
            "|{:-<20}|{:->14}:|{:->8}:|{:->7}:|{:->14}:|{:->12}:|{:->8}:|",
            "", "", "", "", "", "", ""
        );
        for row in &self.rows {
            let percent = |share: f64| format!("{:.1} %", share * 100.0);
            let _ = writeln!(
                out,
                "| {:<18} | {:>13.3} | {:>7} | {:>6} | {:>13} | {:>11} | {:>7.1} |",
                row.strategy,
                row.profit_per_window,
                percent(row.audited),
                row.caught.map_or_else(|| "–".to_owned(), percent),
                row.lasts_windows.map_or_else(|| "–".to_owned(), |windows| format!("{windows:.0}")),
                format!("{} of {}", row.quarantined, row.miners),
                row.hotkeys,
            );
        }
        let _ = writeln!(
            out,
            "\nHonesty pays more than every cheat from p = {} on; the default is {}.",
            name(smallest_p(&self.points)),
            self.settings.policy.p
        );
        out
    }

    fn document(&self) -> anyhow::Result<String> {
        let Scenario { windows, groups_per_window, .. } = self.scenario;
        let mut out = format!(
            "# What cheating earns\n\n\
             Generated by `cargo run --release -- bench audit`; do not edit. {windows} windows with {groups_per_window} \
             groups per miner, under the lottery,\n\
             policy, standing, CUSUM and escrow code of the service itself. Money is in prices of one group. Every cheat \
             knows the rules, its own\n\
             standing and every reason for a forced audit; the draw alone it cannot know. These numbers follow from the \
             assumptions below;\n\
             what an audit really detects is measured in the proof table.\n\n{}\n\
             `caught`: of the groups that were cheated on, the share that was refused. `lasts windows`: from the first \
             cheated group to the first\n\
             quarantine. `hotkeys`: how many a miner used up, each for the price of a registration; who does not \
             come back has left by then, and its\nprofit is per window until then. What is still in \
             escrow at the end counts\n\
             as earned.\n\n## How small p may be\n\n![profit per window by audit probability]({PICTURE})\n\n",
            self.table()
        );
        out.push_str("| p | honest | best cheat | its profit | honesty pays | audited of honest groups |\n");
        out.push_str("|---:|---:|---|---:|---|---:|\n");
        for point in &self.points {
            let (honest, best) = (point.honest(), point.best_cheat());
            let pays = if point.honesty_pays() { "yes" } else { "**no**" };
            writeln!(
                out,
                "| {} | {:.3} | {} | {:.3} | {pays} | {:.1} % |",
                point.p,
                honest.profit_per_window,
                best.strategy,
                best.profit_per_window,
                honest.audited * 100.0
            )?;
        }
        out.push_str("\nThe same with other parts of every payment in escrow, and fewer miners:\n\n");
        out.push_str("| held for the hold time | smallest p at which honesty pays |\n|---:|---:|\n");
        for (share_bps, smallest) in &self.escrow {
            writeln!(out, "| {} % | {} |", share_bps / 100, name(*smallest))?;
        }
        out.push_str("\n## Strategies\n\n");
        out.push_str("| strategy | what it does | cost | paid | proof | fails one audit | shift (σ) |\n");
        out.push_str("|---|---|---:|---:|---:|---:|---:|\n");
        for strategy in STRATEGIES {
            let seen = strategy.detection;
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} |",
                strategy.name,
                strategy.what,
                strategy.cost,
                strategy.revenue,
                seen.proof,
                seen.statistical,
                seen.shift
            )?;
        }
        write!(
            out,
            "\n`proof`, `fails one audit`, `shift`: what one audit sees of a group that was cheated on. The honest row's \
             never apply.\n\n## Settings and assumptions\n\n```json\n{}\n```\n",
            serde_json::to_string_pretty(&json!({ "settings": self.settings, "scenario": self.scenario }))?
        )?;
        Ok(out)
    }

    fn plot(&self) -> Plot {
        let series = |name: &str, heavy: bool, of: &dyn Fn(&Point) -> f64| Series {
            name: name.to_owned(),
            values: self.points.iter().map(of).collect(),
            heavy,
        };
        let profit = |point: &Point, strategy: &str| {
            let row = point.rows.iter().find(|row| row.strategy == strategy);
            row.map_or(f64::NAN, |row| row.profit_per_window)
        };
        let mut all = vec![
            series("honest", true, &|point| point.honest().profit_per_window),
            series("best of all cheats", true, &|point| point.best_cheat().profit_per_window),
        ];
        all.extend(SHOWN.map(|strategy| series(strategy, false, &|point| profit(point, strategy))));
        Plot {
            title: "Profit per window by audit probability".to_owned(),
            x: "audit probability p".to_owned(),
            y: "profit per window, in prices of a group (cut off at -1)".to_owned(),
            points: self.points.iter().map(|point| point.p.to_string()).collect(),
            range: -1.0..5.5,
            series: all,
        }
    }
}

fn name(p: Option<f64>) -> String {
    p.map_or_else(|| "none of those tried".to_owned(), |p| p.to_string())
}
