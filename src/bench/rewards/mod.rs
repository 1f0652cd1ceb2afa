//! `reliquary bench rewards`: how many rewards one core gives per second, each in a fresh instance, for every authoring kit;
//! beside native Rust and other ways to run somebody's function, on the same rows in the same run.
//!
//! Every contender's rewards are compared with native Rust's first: all do the same work.

mod contest;
mod kits;
mod overhead;
mod peers;
mod rows;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use sandbox::{Runner, RunnerSettings};
use serde::Serialize;
use supervisor::{Settings, Supervisor};

use self::contest::Contender;
use self::kits::Kit;
use self::rows::Group;
use crate::config::Config;
use crate::one_core::OneCore;
use crate::{cli, roles, up};

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// The JavaScript kit's module, which is built and not committed: sandbox/guests/javascript/build.sh.
    #[arg(long)]
    javascript: Option<PathBuf>,
    /// The Python kit's module, which is built and not committed: sandbox/guests/python/build.sh.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Print one machine-readable line.
    #[arg(long)]
    json: bool,
}

const ROUNDS: usize = 7;
/// One contender's part of a round, unless compiling took too long.
const TURN: Duration = Duration::from_millis(250);
/// When the rounds are to be over.
const END: Duration = Duration::from_secs(48);
/// How long a module may compile; those that are built are compiled side by side.
const COMPILE: Duration = Duration::from_secs(40);

/// What one core should reach, per second.
const GOALS: [(&str, f64); 5] = [
    ("c", 80_000.0),
    ("assemblyscript", 80_000.0),
    ("rust", 40_000.0),
    ("quickjs", 2_000.0),
    ("python", 1_500.0),
];
const PEERS: [&str; 4] = ["native_rust", "wasmi", "python_subprocess", "node_vm"];
/// C or AssemblyScript is enough.
const EITHER: [&str; 2] = ["c", "assemblyscript"];
const CHILD_OVERHEAD_GOAL: f64 = 1.3;

/// Samples per second; `None`: not there.
#[derive(Debug, Serialize)]
struct Measured {
    per_s: BTreeMap<&'static str, Option<f64>>,
    peer_per_s: BTreeMap<&'static str, Option<f64>>,
    /// A group of 16 through a run child, over the same in one process.
    child_overhead: f64,
}

pub(crate) fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let groups = rows::groups();
    let wanted = rows::wanted(&groups);
    let settings =
        Settings { compile_time: COMPILE, compile_children: 2, ..Settings::new(roles::programs(config)?) };
    let supervisor = Supervisor::start(settings).context("reward functions cannot be run here")?;
    let runner = Runner::new(&RunnerSettings::default())?;
    let kits = load(arguments, &supervisor, &runner)?;
    for kit in &kits {
        kit.agrees(&runner, &groups, &wanted)?;
    }
    let child = kits.iter().find(|kit| kit.name == "assemblyscript").context("a kit that ships")?;
    let child_overhead = overhead::child_overhead(child, &supervisor, &runner, &groups)?;

    let core = OneCore::hold().inspect_err(|error| up::say(&format!("not held to one core: {error}")));
    let mut contenders: Vec<Contender<'_>> = kits.iter().map(|kit| kit.contender(&runner, &groups)).collect();
    contenders.push(peers::native_rust(&groups));
    contenders.extend(present("wasmi", peers::wasmi(kits::C, &groups, &wanted)));
    contenders.extend(present("python_subprocess", peers::python(&groups, &wanted)));
    contenders.extend(present("node_vm", peers::node(&groups, &wanted)));
    let share = END.saturating_sub(started.elapsed()) / (ROUNDS * contenders.len()) as u32;
    let rates = contest::hold(&mut contenders, ROUNDS, TURN.min(share))?;
    drop(core);

    let of = |name: &'static str| (name, rates.get(name).copied());
    let measured = Measured {
        per_s: GOALS.iter().map(|(name, _)| of(name)).collect(),
        peer_per_s: PEERS.into_iter().map(of).collect(),
        child_overhead,
    };
    cli::print(&if arguments.json {
        serde_json::to_string(&measured)?
    } else {
        measured.table(groups.as_slice())
    });
    Ok(ExitCode::SUCCESS)
}

/// The kits whose modules are committed must load; the others must be there.
fn load(arguments: &Arguments, supervisor: &Supervisor, runner: &Runner) -> anyhow::Result<Vec<Kit>> {
    let mut kits = Vec::new();
    for (name, upload) in [("c", kits::C), ("assemblyscript", kits::ASSEMBLYSCRIPT), ("rust", kits::RUST)] {
        kits.push(Kit::load(name, upload, supervisor, runner).context(name)?);
    }
    let built =
        [("quickjs", "--javascript", &arguments.javascript), ("python", "--python", &arguments.python)];
    let loaded: Vec<Kit> = std::thread::scope(|scope| {
        let mut started = Vec::new();
        for (name, flag, file) in built {
            match file {
                Some(file) => {
                    let load = move || Kit::load_file(name, file, supervisor, runner);
                    started.push((name, scope.spawn(load)));
                }
                None => up::say(&format!("{name} is left out: name its module with {flag} FILE")),
            }
        }
        let end = |(name, thread): (_, std::thread::ScopedJoinHandle<'_, _>)| {
            present(name, thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("its thread panicked"))))
        };
        started.into_iter().filter_map(end).collect()
    });
    kits.extend(loaded);
    Ok(kits)
}

/// A contender that cannot take part is named, and is no 0.
fn present<T>(name: &str, contender: anyhow::Result<T>) -> Option<T> {
    contender.inspect_err(|error| up::say(&format!("{name} is left out: {error:#}"))).ok()
}

impl Measured {
    fn table(&self, groups: &[Group]) -> String {
        let rows: usize = groups.iter().map(|group| group.samples.len()).sum();
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{rows} rows of 1.5 KB, the same reward, one core, a fresh instance for every call; medians of {ROUNDS} rounds"
        );
        let _ = writeln!(out, "{:<18} {:>12} {:>12} {:>9}", "kit", "samples/s", "goal", "of goal");
        for (name, goal) in GOALS {
            let _ = match self.per_s.get(name).copied().flatten() {
                Some(rate) => writeln!(
                    out,
                    "{name:<18} {rate:>12.0} {goal:>12.0} {:>9.2}  {}",
                    rate / goal,
                    if self.holds(name, goal) { "ok" } else { "missed" }
                ),
                None => writeln!(out, "{name:<18} {:>12} {goal:>12.0} {:>9}", "not there", "-"),
            };
        }
        let _ = writeln!(out, "{:<18} {:>12}", "peer", "samples/s");
        for name in PEERS {
            let _ = match self.peer_per_s.get(name).copied().flatten() {
                Some(rate) => writeln!(out, "{name:<18} {rate:>12.0}"),
                None => writeln!(out, "{name:<18} {:>12}", "not there"),
            };
        }
        let overhead = self.child_overhead;
        let verdict = if overhead <= CHILD_OVERHEAD_GOAL { "ok" } else { "missed" };
        let _ = write!(
            out,
            "a group of {} through a run child takes {overhead:.2} times what it takes in one process (goal \
             {CHILD_OVERHEAD_GOAL} at most, not held to one core): {verdict}",
            rows::GROUP
        );
        out
    }

    fn holds(&self, name: &str, goal: f64) -> bool {
        let reached = |name: &str| self.per_s.get(name).copied().flatten().is_some_and(|rate| rate >= goal);
        if EITHER.contains(&name) { EITHER.into_iter().any(reached) } else { reached(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        Measured {
            per_s: [
                ("c", Some(90_000.0)),
                ("assemblyscript", Some(70_000.0)),
                ("rust", Some(1.0)),
                ("quickjs", None),
                ("python", None),
            ]
            .into(),
            peer_per_s: PEERS.map(|name| (name, (name != "wasmi").then_some(5.0))).into(),
            child_overhead: 1.25,
        }
    }

    #[test]
    fn what_is_not_there_is_null_and_not_zero() {
        let json = serde_json::to_value(measured()).unwrap();
        assert_eq!(json["per_s"]["quickjs"], serde_json::Value::Null);
        assert_eq!(json["peer_per_s"]["wasmi"], serde_json::Value::Null);
        assert_eq!(json["child_overhead"], 1.25);
        assert_eq!(json.as_object().unwrap().len(), 3);
    }

    #[test]
    fn the_table_compares_with_the_goals() {
        let table = measured().table(&rows::groups());
        let line = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(line("c ").ends_with("1.12  ok"));
        assert!(line("assemblyscript").ends_with("ok"), "C is enough");
        assert!(line("rust").ends_with("missed"));
        assert!(line("python ").contains("not there"));
        assert!(table.ends_with("ok"));
    }
}
