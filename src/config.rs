//! Settings: the only reader of the environment and of configuration files.
//!
//! `config.default.toml` documents every setting and is the lowest layer; a file lies over it, the environment on top.
//! Each role is handed its own section and nothing else.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use supervisor::Isolation;
use toml::{Table, Value};

const DEFAULTS: &str = include_str!("config.default.toml");
const DEFAULT_FILE: &str = "reliquary.toml";
const PREFIX: &str = "RELIQUARY__";

/// Names that other software uses too, and the settings that they set.
const ALIASES: [(&str, &str); 6] = [
    ("DATABASE_URL", "postgres.url"),
    ("REDIS_URL", "redis.url"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.otlp_endpoint"),
    ("RUST_LOG", "telemetry.filter"),
    ("RELIQUARY_TORCH_PYTHON", "bench.torch_python"),
    ("RELIQUARY_EMBEDDED_HIDE", "embedded.hide"), // the name that the tests use
];

/// Each names the setting and where it was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{from}: {source}")]
    Syntax { from: String, source: toml::de::Error },
    #[error("{from}: there is no setting `{key}`")]
    Unknown { from: String, key: String },
    #[error("{from}: `{key}` must be {expected}, not {found}")]
    Type { from: String, key: String, expected: &'static str, found: String },
    #[error("in section [{section}]: {source}")]
    Value { section: String, source: toml::de::Error },
    #[error("`{key}` is {value}; it must be {range}")]
    Range { key: &'static str, value: u64, range: &'static str },
    #[error(transparent)]
    Audit(#[from] audit::Error),
}

/// All settings, checked.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub data: Data,
    pub postgres: Postgres,
    pub redis: Redis,
    pub embedded: Embedded,
    pub checkpoint: Checkpoint,
    pub gateway: Gateway,
    pub api: api::Config,
    pub worker: worker::Config,
    pub sandbox: Sandbox,
    pub audit: audit::Settings,
    pub beacon: Beacon,
    pub miners: Miners,
    pub miner: Miner,
    pub pricing: Pricing,
    pub telemetry: Telemetry,
    pub bench: Bench,
    pub lifecycle: Lifecycle,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub dir: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Postgres {
    pub url: Secret,
    pub max_connections: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redis {
    /// `off` is a word of its own; see [`Redis::is_off`].
    pub url: Secret,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Embedded {
    pub hide: String,
    pub shared_buffers_mb: u32,
    pub max_connections: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gateway {
    pub listen: SocketAddr,
}

/// How reward functions are run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sandbox {
    pub isolation: Isolation,
    #[serde(deserialize_with = "unless_empty")]
    pub programs_dir: Option<PathBuf>,
    pub run_children: usize,
    pub compile_children: usize,
    pub cache_memory_bytes: usize,
    pub cache_disk_bytes: u64,
}

/// What measurements need beside the service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bench {
    #[serde(deserialize_with = "unless_empty")]
    pub torch_python: Option<PathBuf>,
}

/// The model that the service sells.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checkpoint {
    pub name: String,
    pub dir: PathBuf,
    #[serde(deserialize_with = "unless_empty")]
    pub previous_dir: Option<PathBuf>,
    #[serde(deserialize_with = "unless_empty")]
    pub calibration: Option<PathBuf>,
    /// Checkpoints of customers that a process keeps open.
    pub max_open: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Beacon {
    pub source: BeaconSource,
    pub relays: Vec<String>,
    #[serde(deserialize_with = "unless_empty")]
    pub file: Option<PathBuf>,
    /// With each relay.
    pub patience_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BeaconSource {
    /// A key of this machine's own.
    Local,
    /// drand's, over HTTP.
    Relays,
    /// drand's, from a file.
    File,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Miners {
    pub addresses: Vec<MinerAddress>,
}

/// Where a miner is reached, and who it must prove to be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct MinerAddress {
    /// In ss58.
    pub hotkey: String,
    pub url: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Miner {
    pub listen: SocketAddr,
    pub threads: usize,
    #[serde(deserialize_with = "unless_empty")]
    pub checkpoint_dir: Option<PathBuf>,
    #[serde(deserialize_with = "unless_empty")]
    pub key_file: Option<PathBuf>,
    pub max_rows: usize,
    pub kv_tokens: usize,
    pub max_queue: u32,
    /// In ss58.
    pub callers: Vec<String>,
    pub heartbeat_ms: u64,
    pub drain_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pricing {
    pub rollout_rao: u64,
    pub per_1k_tokens_rao: u64,
    pub filtered_bps: u32,
    pub sampled_bps: u32,
    pub miner_share_bps: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    pub filter: String,
    pub json: bool,
    #[serde(deserialize_with = "unless_empty")]
    pub otlp_endpoint: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lifecycle {
    pub drain_ms: u64,
}

impl Config {
    /// Reads all layers. A file that is named must exist; `reliquary.toml` in the working directory need not.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, Error> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Some((path.display().to_string(), text)),
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(Error::Read { path: path.into(), source }),
        };
        // a variable that is not Unicode cannot be one of ours
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_layers(text, &environment.collect::<Vec<_>>())
    }

    fn from_layers(file: Option<(String, String)>, environment: &[(String, String)]) -> Result<Self, Error> {
        let mut table: Table = DEFAULTS.parse().expect("the defaults are compiled in, and tested");
        if let Some((from, text)) = file {
            let layer = text.parse().map_err(|source| Error::Syntax { from: from.clone(), source })?;
            merge(&mut table, layer, "", &from)?;
        }
        for (alias, key) in ALIASES {
            let set = environment.iter().find(|(name, value)| name == alias && !value.is_empty());
            if let Some((_, value)) = set {
                assign(&mut table, key, value, alias)?;
            }
        }
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix(PREFIX) {
                assign(&mut table, &key.to_lowercase().replace("__", "."), value, name)?;
            }
        }
        let mut sections = Sections(table);
        let config = Self {
            data: sections.take("data")?,
            postgres: sections.take("postgres")?,
            redis: sections.take("redis")?,
            embedded: sections.take("embedded")?,
            checkpoint: sections.take("checkpoint")?,
            gateway: sections.take("gateway")?,
            api: sections.take("api")?,
            worker: sections.take("worker")?,
            sandbox: sections.take("sandbox")?,
            audit: sections.take("audit")?,
            beacon: sections.take("beacon")?,
            miners: sections.take("miners")?,
            miner: sections.take("miner")?,
            pricing: sections.take("pricing")?,
            telemetry: sections.take("telemetry")?,
            bench: sections.take("bench")?,
            lifecycle: sections.take("lifecycle")?,
        };
        config.check()?;
        Ok(config)
    }

    /// What types cannot say.
    fn check(&self) -> Result<(), Error> {
        let share = |key, value: u32| (key, u64::from(value), value <= 10_000, "at most 10000");
        let some = |key, value: u64| (key, value, value > 0, "at least 1");
        let rules = [
            share("pricing.filtered_bps", self.pricing.filtered_bps),
            share("pricing.miner_share_bps", self.pricing.miner_share_bps),
            share("pricing.sampled_bps", self.pricing.sampled_bps),
            // a miner earns the same of a sampled job: the house cannot pay out more than it takes
            (
                "pricing.sampled_bps",
                self.pricing.sampled_bps.into(),
                self.pricing.sampled_bps >= self.pricing.miner_share_bps,
                "at least `pricing.miner_share_bps`",
            ),
            some("postgres.max_connections", self.postgres.max_connections.into()),
            some("checkpoint.max_open", self.checkpoint.max_open as u64),
            some("worker.poll_ms", self.worker.poll_ms),
            some("worker.max_requests", self.worker.max_requests as u64),
            some("worker.max_groups_per_request", self.worker.max_groups_per_request.into()),
            some("worker.max_attempts", self.worker.max_attempts.into()),
            some("worker.max_tries", self.worker.max_tries.into()),
            some("worker.reward_concurrency", self.worker.reward_concurrency as u64),
            some("worker.reward_batch", self.worker.reward_batch.into()),
            some("worker.verify_batch", self.worker.verify_batch.into()),
            some("worker.settle_batch", self.worker.settle_batch.into()),
            some("sandbox.run_children", self.sandbox.run_children as u64),
            some("sandbox.compile_children", self.sandbox.compile_children as u64),
            some("worker.escrow_batch", self.worker.escrow_batch.into()),
            some("api.max_connections", self.api.max_connections as u64),
            some("api.sse_heartbeat_ms", self.api.sse_heartbeat_ms),
            ("worker.lease_ms", self.worker.lease_ms, self.worker.lease_ms >= 1000, "at least 1000"),
        ];
        if let Some((key, value, _, range)) = rules.into_iter().find(|(_, _, holds, _)| !holds) {
            return Err(Error::Range { key, value, range });
        }
        Ok(self.audit.check()?)
    }
}

impl Redis {
    /// Whether the operator chose to run without Redis.
    pub(crate) fn is_off(&self) -> bool {
        self.url.reveal() == Some("off")
    }
}

/// Text that logs must not show. Empty means not set.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn reveal(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_empty() { "unset" } else { "set" })
    }
}

impl TryFrom<String> for MinerAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('@') {
            Some((hotkey, url))
                if !hotkey.is_empty() && (url.starts_with("http://") || url.starts_with("https://")) =>
            {
                Ok(Self { hotkey: hotkey.into(), url: url.trim_end_matches('/').into() })
            }
            _ => Err(format!("`{text}` is not <ss58 hotkey>@<http(s) URL>")),
        }
    }
}

struct Sections(Table);

impl Sections {
    fn take<T: for<'de> Deserialize<'de>>(&mut self, section: &str) -> Result<T, Error> {
        let table = self.0.remove(section).unwrap_or_else(|| Value::Table(Table::new()));
        table.try_into().map_err(|source| Error::Value { section: section.into(), source })
    }
}

/// Lays one file over the settings below, which already hold every key that there is.
fn merge(below: &mut Table, layer: Table, prefix: &str, from: &str) -> Result<(), Error> {
    for (name, value) in layer {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match (below.get_mut(&name), value) {
            (None, _) => return Err(Error::Unknown { from: from.into(), key }),
            (Some(Value::Table(inner)), Value::Table(layer)) => merge(inner, layer, &key, from)?,
            (Some(slot), value) if slot.same_type(&value) => *slot = value,
            // 1 is a number like 0.1
            (Some(slot @ Value::Float(_)), Value::Integer(value)) => *slot = Value::Float(value as f64),
            (Some(slot), value) => return Err(wrong_type(slot, value.to_string(), &key, from)),
        }
    }
    Ok(())
}

/// Sets one key from text, in the type that the default has.
fn assign(table: &mut Table, key: &str, text: &str, from: &str) -> Result<(), Error> {
    let unknown = || Error::Unknown { from: from.into(), key: key.into() };
    let (section, name) = key.split_once('.').ok_or_else(unknown)?;
    let section = table.get_mut(section).ok_or_else(unknown)?;
    // sections may have parts of their own
    let slot = name
        .split('.')
        .try_fold(section, |below, name| below.as_table_mut()?.get_mut(name))
        .ok_or_else(unknown)?;
    let value = match slot {
        Value::String(_) => Some(Value::String(text.into())),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(|item| Value::String(item.into())).collect()))
        }
        _ => None,
    };
    *slot = value.ok_or_else(|| wrong_type(slot, format!("`{text}`"), key, from))?;
    Ok(())
}

fn wrong_type(slot: &Value, found: String, key: &str, from: &str) -> Error {
    let expected = match slot {
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
        _ => "a text",
    };
    Error::Type { from: from.into(), key: key.into(), expected, found }
}

fn unless_empty<'de, D: Deserializer<'de>, T: From<String>>(input: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(input)?;
    Ok((!text.is_empty()).then(|| text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, Error> {
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Config::from_layers(Some(("reliquary.toml".into(), file.into())), &environment)
    }

    fn refused(file: &str, environment: &[(&str, &str)]) -> String {
        load(file, environment).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_complete() {
        let config = Config::from_layers(None, &[]).unwrap();
        assert_eq!(
            (config.pricing.rollout_rao, config.pricing.filtered_bps, config.pricing.miner_share_bps),
            (120_000, 2500, 8000)
        );
        assert_eq!((config.pricing.sampled_bps, config.pricing.per_1k_tokens_rao), (9000, 0));
        assert_eq!(config.postgres.url.reveal(), None);
        assert_eq!((config.checkpoint.previous_dir.is_some(), config.miner.key_file), (true, None));
        assert_eq!(config.audit, audit::Settings::default(), "those that the economics were computed with");
        let worker = format!("{:?}", worker::Config::default());
        assert_eq!(
            format!("{:?}", config.worker),
            worker,
            "the defaults of the tests are those of the service"
        );
    }

    #[test]
    fn a_section_may_have_parts_with_numbers() {
        let file = "[audit.policy]\np = 1\n[audit.cusum]\nk = 0.25";
        let config = load(file, &[("RELIQUARY__AUDIT__ESCROW__SHARE_BPS", "100")]).unwrap();
        assert_eq!(
            (config.audit.policy.p, config.audit.cusum.k, config.audit.escrow.share_bps),
            (1.0, 0.25, 100)
        );
        let environment = load("", &[("RELIQUARY__AUDIT__POLICY__P", "0.5")]).unwrap();
        assert_eq!(environment.audit.policy.p, 0.5);
        for (file, named) in [
            ("[audit.policy]\np = 2", "audit setting `policy.p` is 2; it must be above 0 and at most 1"),
            ("[audit.policy]\nq = 2", "reliquary.toml: there is no setting `audit.policy.q`"),
            ("[audit.policy]\np = 'x'", "reliquary.toml: `audit.policy.p` must be a number, not \"x\""),
        ] {
            assert_eq!(refused(file, &[]), named);
        }
        let deep = refused("", &[("RELIQUARY__AUDIT__POLICY", "1")]);
        assert!(deep.contains("`audit.policy` must be a section"), "{deep}");
    }

    #[test]
    fn a_higher_layer_wins() {
        let file = "[worker]\npoll_ms = 7\nlease_ms = 9000\n[gateway]\nlisten = '127.0.0.1:1'\n[postgres]\nurl = 'postgres://file'";
        let config = load(
            file,
            &[
                ("RELIQUARY__WORKER__POLL_MS", "8"),
                ("DATABASE_URL", "postgres://env"),
                ("RELIQUARY__TELEMETRY__JSON", "true"),
                ("REDIS_URL", ""),
                ("HOME", "/root"),
            ],
        )
        .unwrap();
        assert_eq!((config.worker.poll_ms, config.worker.lease_ms, config.worker.max_tries), (8, 9000, 20));
        assert_eq!(config.gateway.listen.port(), 1);
        assert_eq!(config.postgres.url.reveal(), Some("postgres://env"));
        assert!(config.telemetry.json);
        assert_eq!(config.redis.url.reveal(), None, "an empty alias sets nothing");

        let long =
            load("", &[("RELIQUARY__POSTGRES__URL", "postgres://long"), ("DATABASE_URL", "postgres://env")]);
        assert_eq!(long.unwrap().postgres.url.reveal(), Some("postgres://long"));
    }

    #[test]
    fn miners_are_a_list_in_both_layers() {
        let one = MinerAddress { hotkey: "5Abc".into(), url: "http://127.0.0.1:8091".into() };
        let file = load("[miners]\naddresses = ['5Abc@http://127.0.0.1:8091/']", &[]).unwrap();
        assert_eq!(file.miners.addresses, std::slice::from_ref(&one));
        let two =
            [("RELIQUARY__MINERS__ADDRESSES", "5Abc@http://127.0.0.1:8091, 5Def@https://miner.example")];
        let environment = load("", &two).unwrap();
        assert_eq!(environment.miners.addresses[0], one);
        assert_eq!(environment.miners.addresses[1].hotkey, "5Def");
        let bad = refused("[miners]\naddresses = ['http://127.0.0.1']", &[]);
        assert!(bad.contains("miners") && bad.contains("`http://127.0.0.1` is not"), "{bad}");
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (file, environment, named) in [
            ("[worker]\npol_ms = 1", vec![], "reliquary.toml: there is no setting `worker.pol_ms`"),
            ("[wroker]\npoll_ms = 1", vec![], "reliquary.toml: there is no setting `wroker`"),
            ("poll_ms = 1", vec![], "reliquary.toml: there is no setting `poll_ms`"),
            (
                "[worker]\npoll_ms = 'x'",
                vec![],
                "reliquary.toml: `worker.poll_ms` must be a whole number, not \"x\"",
            ),
            ("worker = 3", vec![], "reliquary.toml: `worker` must be a section, not 3"),
            (
                "",
                vec![("RELIQUARY__WORKER__POL_MS", "1")],
                "RELIQUARY__WORKER__POL_MS: there is no setting `worker.pol_ms`",
            ),
            ("", vec![("RELIQUARY__WORKER", "1")], "RELIQUARY__WORKER: there is no setting `worker`"),
            (
                "",
                vec![("RELIQUARY__TELEMETRY__JSON", "yes")],
                "RELIQUARY__TELEMETRY__JSON: `telemetry.json` must be true or false, not `yes`",
            ),
            (
                "[pricing]\nfiltered_bps = 10001",
                vec![],
                "`pricing.filtered_bps` is 10001; it must be at most 10000",
            ),
            (
                "[pricing]\nsampled_bps = 7999",
                vec![],
                "`pricing.sampled_bps` is 7999; it must be at least `pricing.miner_share_bps`",
            ),
            (
                "[pricing]\nsampled_bps = 10001",
                vec![],
                "`pricing.sampled_bps` is 10001; it must be at most 10000",
            ),
            ("[worker]\nmax_attempts = 0", vec![], "`worker.max_attempts` is 0; it must be at least 1"),
        ] {
            assert_eq!(refused(file, &environment), named);
        }
        for (file, words) in [
            ("[gateway]\nlisten = 'somewhere'", ["[gateway]", "socket address"]),
            ("[worker]\npoll_ms = -1", ["[worker]", "poll_ms"]),
            ("[worker\n", ["reliquary.toml", "line 1"]),
        ] {
            let said = refused(file, &[]);
            assert!(words.iter().all(|word| said.contains(word)), "{said}");
        }
    }

    #[test]
    fn a_named_file_must_exist() {
        let error = Config::load(Some(Path::new("no/such.toml"))).unwrap_err().to_string();
        assert!(error.contains("no/such.toml"), "{error}");
    }

    #[test]
    fn secrets_stay_out_of_debug_output() {
        let config =
            load("", &[("DATABASE_URL", "postgres://u:hunter2@h/d"), ("REDIS_URL", "redis://:hunter2@h")])
                .unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        assert!(!config.redis.is_off());
        assert!(load("[redis]\nurl = 'off'", &[]).unwrap().redis.is_off());
    }
}
