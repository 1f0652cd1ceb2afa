//! The peers that are not ours: two queues of Node, and an event stream in Python. Their programs are in `bench/`; their
//! packages are installed once, beside the bench's data.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::up;

const PACKAGE: &str = include_str!("../../../bench/queue/package.json");
const GRAPHILE_WORKER: &str = include_str!("../../../bench/queue/graphile.mjs");
const PG_BOSS: &str = include_str!("../../../bench/queue/pgboss.mjs");
const SSE_SERVER: &str = include_str!("../../../bench/sse/server.py");

#[derive(Debug, Clone, Copy)]
pub(super) enum Peer {
    GraphileWorker,
    PgBoss,
}

impl Peer {
    fn program(self) -> &'static str {
        match self {
            Self::GraphileWorker => "graphile.mjs",
            Self::PgBoss => "pgboss.mjs",
        }
    }
}

/// Where the queues are installed.
#[derive(Debug)]
pub(super) struct Peers(PathBuf);

pub(super) async fn install(data: &Path) -> anyhow::Result<Peers> {
    let folder = data.join("peers");
    std::fs::create_dir_all(&folder)?;
    let known = std::fs::read_to_string(folder.join("package.json")).is_ok_and(|known| known == PACKAGE);
    if !(known && folder.join("node_modules/pg-boss").exists()) {
        up::say("installing graphile-worker and pg-boss with npm");
        std::fs::write(folder.join("package.json"), PACKAGE)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]);
        let done = npm.current_dir(&folder).kill_on_drop(true).status().await.context("start npm")?;
        ensure!(done.success(), "npm could not install the peers: {done}");
    }
    for (peer, program) in [(Peer::GraphileWorker, GRAPHILE_WORKER), (Peer::PgBoss, PG_BOSS)] {
        std::fs::write(folder.join(peer.program()), program)?;
    }
    Ok(Peers(folder))
}

#[derive(Deserialize)]
struct Said {
    per_s: f64,
}

impl Peers {
    /// Units per second of one run that fills the peer's queue, and empties it.
    pub(super) async fn queue(
        &self,
        peer: Peer,
        url: &str,
        units: i64,
        batch: i64,
        connections: usize,
    ) -> anyhow::Result<f64> {
        let mut node = Command::new("node");
        node.arg(peer.program()).current_dir(&self.0).kill_on_drop(true);
        let mut child = node
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("start node")?;
        let input = json!({ "url": url, "jobs": units, "batch": batch, "connections": connections });
        child.stdin.take().context("a child's stdin")?.write_all(input.to_string().as_bytes()).await?;
        let output = child.wait_with_output().await?;
        ensure!(
            output.status.success(),
            "{peer:?} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        let said: Said = serde_json::from_slice(&output.stdout).with_context(|| format!("{peer:?}"))?;
        Ok(said.per_s)
    }
}

/// Python's event stream, with these event bodies. It ends with the value.
#[derive(Debug)]
pub(super) struct PythonServer {
    _child: Child,
    pub(super) port: u16,
}

pub(super) async fn python(data: &Path, bodies: &[String]) -> anyhow::Result<PythonServer> {
    let (program, events) = (data.join("sse_server.py"), data.join("events.ndjson"));
    std::fs::write(&program, SSE_SERVER)?;
    std::fs::write(&events, bodies.join("\n"))?;
    let mut command = Command::new("python3");
    command.args([&program, &events]).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("start python3")?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("a child's stdout")?).read_line(&mut line).await?;
    let port = line.trim().parse().context("the Python server's port")?;
    Ok(PythonServer { _child: child, port })
}
