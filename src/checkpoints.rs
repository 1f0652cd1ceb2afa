//! `reliquary checkpoints`: the operator's word on the weights that customers ask for.
//!
//! The operator has the files: nothing here, and nothing in the service, fetches them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use checkpoint::Checkpoint;
use engine::{Model, Options};
use protocol::RegisteredCheckpointId;
use serde_json::{Value, json};
use store::audit_log::Deed;
use store::registered_checkpoints::{self, Allowed, RegisteredCheckpoint, Status};
use store::{Clock, Db};

const MAX_REASON_BYTES: usize = 1024;

#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// What customers have asked for, newest first.
    List {
        /// Only those that wait for a decision.
        #[arg(long)]
        pending: bool,
    },
    /// Let a project run jobs on it: checks the files, and binds proofs to their hash.
    Allow {
        /// `ckpt_…`
        id: RegisteredCheckpointId,
        /// Folder of the weights in Hugging Face format, at this place on every machine that runs a gateway, worker or
        /// verifier. It must not change.
        #[arg(long)]
        path: PathBuf,
    },
    /// Refuse it, also if it was allowed: new jobs are refused, those that run go on.
    Refuse {
        /// `ckpt_…`
        id: RegisteredCheckpointId,
        /// Why, for its customer.
        #[arg(long)]
        reason: String,
    },
}

/// Runs the command and returns what to print.
pub(crate) async fn run(command: &Command, db: &Db, clock: &Clock) -> anyhow::Result<Value> {
    match command {
        Command::List { pending } => {
            let wanted = pending.then_some(Status::Pending);
            let rows = registered_checkpoints::of_all(&mut *db.acquire().await?, wanted).await?;
            Ok(Value::Array(rows.iter().map(shown).collect()))
        }
        Command::Allow { id, path } => {
            let path = path.canonicalize().with_context(|| format!("{}", path.display()))?;
            let text = path.to_str().context("a folder whose name is not UTF-8")?;
            let opened = path.clone();
            let checkpoint = tokio::task::spawn_blocking(move || checked(&opened)).await??;
            let mut tx = db.begin().await?;
            let before = registered_checkpoints::lock(&mut tx, *id).await.with_context(|| id.to_string())?;
            if let Some(known) = before.checkpoint.filter(|known| *known != checkpoint.id) {
                // jobs, proofs and manifests name what it was
                bail!("{id} is checkpoint {known}; these files are {}", checkpoint.id);
            }
            let (config, now) = (description(&checkpoint), clock.now());
            let allowed = Allowed { checkpoint: checkpoint.id, config: &config, path: text };
            registered_checkpoints::allow(&mut tx, *id, allowed, now).await?;
            let detail = json!({ "checkpoint_id": checkpoint.id });
            note(&mut tx, &before, "checkpoint.allowed", detail, clock).await?;
            let after = registered_checkpoints::lock(&mut tx, *id).await?;
            tx.commit().await?;
            Ok(shown(&after))
        }
        Command::Refuse { id, reason } => {
            let is_told = !reason.trim().is_empty() && reason.len() <= MAX_REASON_BYTES;
            ensure!(is_told, "a reason has 1 to {MAX_REASON_BYTES} bytes");
            let mut tx = db.begin().await?;
            let before = registered_checkpoints::lock(&mut tx, *id).await.with_context(|| id.to_string())?;
            registered_checkpoints::refuse(&mut tx, *id, reason, clock.now()).await?;
            note(&mut tx, &before, "checkpoint.refused", json!({ "reason": reason }), clock).await?;
            let after = registered_checkpoints::lock(&mut tx, *id).await?;
            tx.commit().await?;
            Ok(shown(&after))
        }
    }
}

/// Opens the folder and loads its weights once: what the engine cannot run is not allowed.
fn checked(path: &Path) -> anyhow::Result<Checkpoint> {
    let checkpoint = Checkpoint::open(path).with_context(|| format!("{}", path.display()))?;
    Model::load(&checkpoint, Options { threads: 1, vector: None }).context("the engine cannot run it")?;
    Ok(checkpoint)
}

/// What customers are shown of a checkpoint.
pub(crate) fn description(checkpoint: &Checkpoint) -> Value {
    json!({
        "architecture": format!("{:?}", checkpoint.config.architecture).to_lowercase(),
        "vocab_size": checkpoint.config.vocab_size,
        "context_length": checkpoint.config.max_position_embeddings,
        "hidden_size": checkpoint.config.hidden_size,
        "num_hidden_layers": checkpoint.config.num_hidden_layers,
    })
}

async fn note(
    conn: &mut store::PgConnection,
    of: &RegisteredCheckpoint,
    action: &'static str,
    detail: Value,
    clock: &Clock,
) -> Result<(), store::Error> {
    let deed = Deed { tenant: of.tenant, key: None, action, subject: of.id.to_string(), detail };
    store::audit_log::append(conn, &deed, clock.now()).await
}

fn shown(checkpoint: &RegisteredCheckpoint) -> Value {
    json!({
        "id": checkpoint.id,
        "account": checkpoint.tenant.account,
        "project": checkpoint.tenant.project,
        "hf_repo": checkpoint.hf_repo,
        "revision": checkpoint.revision,
        "status": checkpoint.status.as_str(),
        "reason": checkpoint.reason,
        "checkpoint_id": checkpoint.checkpoint,
        "created_at": checkpoint.created_at,
        "decided_at": checkpoint.decided_at,
    })
}
