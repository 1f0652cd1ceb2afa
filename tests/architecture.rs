//! The arrows of docs/ARCHITECTURE.md as a test: which of our crates may depend on which, and who may use what from
//! outside. A crate or an arrow that is not in the table fails; add it there only after adding it to the document.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;

struct Arrows {
    from: &'static str,
    to: &'static [&'static str],
    /// Further crates that its tests may use.
    tests_to: &'static [&'static str],
}

const fn arrows(
    from: &'static str,
    to: &'static [&'static str],
    tests_to: &'static [&'static str],
) -> Arrows {
    Arrows { from, to, tests_to }
}

const ALLOWED: &[Arrows] = &[
    arrows("grail", &[], &[]),
    arrows("protocol", &["grail"], &[]),
    arrows("bundle", &["protocol", "grail"], &[]),
    arrows("export", &["bundle", "protocol", "grail"], &[]),
    arrows("checkpoint", &["grail"], &[]),
    arrows("engine", &["checkpoint", "grail"], &[]),
    arrows("foreign", &["checkpoint", "grail"], &["engine"]),
    arrows("calibration", &["foreign", "engine", "checkpoint", "grail"], &[]),
    arrows("chain", &["grail"], &[]),
    arrows("beacon", &["grail"], &[]),
    arrows("audit", &["grail"], &[]),
    arrows("store", &["audit", "protocol", "grail"], &["embedded"]),
    arrows("confine", &[], &[]),
    arrows("sandbox", &["confine"], &["compiler", "builtins", "gsm8k", "oracle"]),
    arrows("builtins", &[], &[]),
    arrows("gsm8k", &[], &[]),
    arrows("oracle", &[], &[]),
    arrows("compiler", &["sandbox", "confine"], &[]),
    arrows("supervisor", &["sandbox", "confine"], &["compiler"]),
    arrows("embedded", &[], &[]),
    arrows("telemetry", &[], &[]),
    arrows(
        "api",
        &[
            "builtins",
            "bundle",
            "export",
            "chain",
            "sandbox",
            "supervisor",
            "checkpoint",
            "store",
            "protocol",
            "grail",
            "telemetry",
        ],
        &["embedded"],
    ),
    arrows(
        "worker",
        &[
            "audit",
            "export",
            "foreign",
            "sandbox",
            "supervisor",
            "engine",
            "checkpoint",
            "chain",
            "beacon",
            "store",
            "protocol",
            "grail",
            "telemetry",
        ],
        &["embedded", "miner"],
    ),
    arrows("miner", &["engine", "chain", "protocol", "checkpoint", "grail", "telemetry"], &[]),
    arrows(
        "reliquary",
        &[
            "api",
            "audit",
            "calibration",
            "foreign",
            "worker",
            "miner",
            "engine",
            "checkpoint",
            "chain",
            "beacon",
            "sandbox",
            "supervisor",
            "store",
            "bundle",
            "protocol",
            "grail",
            "embedded",
            "telemetry",
            "gsm8k",
            "oracle",
        ],
        &["reliquary-client"],
    ),
    // what customers link: nothing of the service but what it takes to verify
    arrows("reliquary-client", &["checkpoint", "protocol", "grail"], &[]),
];

/// Crates from outside that only some of ours may use. A name ending in `*` is a prefix.
struct Restricted {
    name: &'static str,
    /// None but these; tests of the root package are free.
    only: &'static [&'static str],
    why: &'static str,
}

const fn restricted(name: &'static str, only: &'static [&'static str], why: &'static str) -> Restricted {
    Restricted { name, only, why }
}

const RESTRICTED: &[Restricted] = &[
    restricted("actix*", &["api", "miner", "reliquary"], "HTTP is served in api and miner only"),
    restricted("sqlx*", &["store"], "all SQL is in store"),
    restricted("parquet", &["bundle"], "files of rollouts are read and written in bundle"),
    restricted("arrow*", &["bundle"], "files of rollouts are read and written in bundle"),
    restricted("wasmtime*", &["sandbox", "compiler"], "guest code is compiled and run there only"),
    restricted("wasmi*", &["oracle"], "the oracle is the second engine, and the only place of it"),
];

/// `grail`, `protocol` and `audit` are pure: no async, no I/O.
const PURE: &[&str] = &["grail", "protocol", "audit"];
const IMPURE: &[&str] = &[
    "tokio*",
    "actix*",
    "sqlx*",
    "reqwest*",
    "hyper*",
    "redis*",
    "object_store",
    "async-*",
    "futures*",
    "tracing*",
    "memmap2",
    "tempfile",
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Clone, Deserialize)]
struct Dependency {
    name: String,
    /// `dev`, `build`, or nothing for the ordinary ones.
    kind: Option<String>,
}

impl Dependency {
    fn is_test_only(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

#[test]
fn every_arrow_is_allowed() {
    assert_eq!(violations(&workspace(), ALLOWED, RESTRICTED), Vec::<String>::new());
}

#[test]
fn the_table_has_no_circles_and_no_strangers() {
    let packages = workspace();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let table: BTreeMap<&str, &[&str]> = ALLOWED.iter().map(|row| (row.from, row.to)).collect();
    for row in ALLOWED {
        for to in row.to.iter().chain(row.tests_to) {
            assert!(table.contains_key(to), "{} → {to}: no row for {to}", row.from);
        }
        assert!(!reaches(&table, row.from, row.from), "{} reaches itself", row.from);
    }
    for required in
        ["grail", "protocol", "store", "api", "worker", "sandbox", "compiler", "engine", "miner", "reliquary"]
    {
        assert!(ours.contains(required), "{required} is gone: was the metadata read?");
    }
}

/// What the design forbids stays forbidden, directly and over any number of arrows.
#[test]
fn the_table_keeps_the_forbidden_arrows_out() {
    let table: BTreeMap<&str, &[&str]> = ALLOWED.iter().map(|row| (row.from, row.to)).collect();
    for (from, to) in
        [("api", "worker"), ("worker", "api"), ("api", "engine"), ("miner", "store"), ("worker", "miner")]
    {
        assert!(!reaches(&table, from, to), "{from} reaches {to}");
    }
    for part in ["sandbox", "compiler", "supervisor", "confine"] {
        for service in ["grail", "protocol", "store", "api", "worker"] {
            assert!(!reaches(&table, part, service), "{part} knows nothing of the service: {service}");
        }
    }
    for service in ["api", "worker", "reliquary", "supervisor", "sandbox"] {
        assert!(!reaches(&table, service, "compiler"), "{service} must not link a compiler");
    }
}

/// The check can fail: planted arrows are all found.
#[test]
fn planted_arrows_are_found() {
    let package = |name: &str, dependencies: &[(&str, Option<&str>)]| Package {
        name: name.to_owned(),
        dependencies: dependencies
            .iter()
            .map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: kind.map(str::to_owned) })
            .collect(),
    };
    let found = |planted: Package| {
        let mut packages: Vec<Package> =
            ALLOWED.iter().filter(|row| row.from != planted.name).map(|row| package(row.from, &[])).collect();
        packages.push(planted);
        violations(&packages, ALLOWED, RESTRICTED).len()
    };
    assert_eq!(found(package("api", &[("store", None), ("actix-web", None), ("embedded", Some("dev"))])), 0);
    assert_eq!(found(package("reliquary", &[("sqlx", Some("dev")), ("api", None)])), 0);
    for (name, dependency, kind) in [
        ("api", "worker", None),
        ("worker", "api", None),
        ("api", "engine", None),
        ("api", "embedded", None),
        ("miner", "store", None),
        ("miner", "store", Some("dev")),
        ("sandbox", "grail", Some("build")),
        ("grail", "tokio", None),
        ("grail", "tokio", Some("dev")),
        ("protocol", "reqwest", None),
        ("worker", "actix-web", None),
        ("worker", "sqlx", None),
        ("api", "sqlx", Some("dev")),
        ("reliquary", "sqlx", None),
        ("stranger", "serde", None),
    ] {
        assert!(
            found(package(name, &[(dependency, kind)])) > 0,
            "{name} → {dependency} ({kind:?}) is not found"
        );
    }
}

fn workspace() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Metadata>(&output.stdout).expect("cargo metadata is JSON").packages
}

fn violations(packages: &[Package], allowed: &[Arrows], restricted: &[Restricted]) -> Vec<String> {
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut found = Vec::new();
    for package in packages {
        let from = package.name.as_str();
        let Some(row) = allowed.iter().find(|row| row.from == from) else {
            found.push(format!("{from} has no row in the table"));
            continue;
        };
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            let arrow_allowed = row.to.contains(&to)
                || (dependency.is_test_only() && row.tests_to.contains(&to))
                || !ours.contains(to);
            if !arrow_allowed {
                found.push(format!("{from} → {to}: not in the table"));
            }
            if PURE.contains(&from) && IMPURE.iter().any(|pattern| matches(pattern, to)) {
                found.push(format!("{from} → {to}: {from} is pure"));
            }
            let free = from == "reliquary" && dependency.is_test_only();
            for rule in restricted.iter().filter(|rule| matches(rule.name, to)) {
                if !free && !rule.only.contains(&from) {
                    found.push(format!("{from} → {to}: {}", rule.why));
                }
            }
        }
    }
    found
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

/// Whether `target` can be reached from `from` over one or more arrows.
fn reaches(table: &BTreeMap<&str, &[&str]>, from: &str, target: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = table[from].to_vec();
    while let Some(next) = open.pop() {
        if next == target {
            return true;
        }
        if seen.insert(next) {
            open.extend(table[next]);
        }
    }
    false
}
