//! Manifest: signs what a job was, once it has ended: its terms, counts and costs, and a Merkle root over all of its rollouts.
//!
//! One transaction reads the job's rows, which do not change any more, writes the leaf hashes chunk by chunk and the signed
//! text last, with the manifest's row locked: a worker that dies leaves nothing, and two never sign the same job. The text
//! is a function of the rows alone: no time of its own, and ed25519 gives the same signature each time.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::SecondsFormat;
use grail::hash::Hash;
use grail::merkle;
use grail::profile::Profile;
use protocol::JobId;
use protocol::job::JobSpec;
use protocol::manifest::{
    CHUNK_LEAVES, Counts, GroupCounts, HexHash, Leaf, Manifest, OnCheckpoint, Position, SCHEMA_VERSION,
    ScoredBy, root_of_chunks,
};
use protocol::reward::RewardTerms;
use protocol::rollout::CLIENT_FUNCTION;
use store::manifests::{self, Chunk, Facts};
use store::{PgConnection, Transaction};

use crate::{Context, Error, Progress, metrics};

/// Prompts whose rollouts are read at a time.
const PROMPTS: u32 = 64;

/// Signs one manifest that waits. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let mut tx = cx.db.begin().await?;
    let Some((job, tries)) = manifests::claim(&mut tx).await? else { return Ok(Progress::None) };
    if let Err(error) = sign(cx, tx, job).await {
        metrics::step_failed("manifest");
        tracing::error!(job.id = %job, tries, error = &error as &dyn std::error::Error, "a manifest was not signed");
        // its row is free again: what was written is rolled back
        let after = cx.config.backoff(tries.saturating_add(1));
        manifests::put_off(&mut *cx.db.acquire().await?, job, after).await?;
    }
    Ok(Progress::Some)
}

async fn sign(cx: &Context, mut tx: Transaction<'static, store::Postgres>, job: JobId) -> Result<(), Error> {
    let facts = manifests::facts(&mut tx, job).await?;
    let mut tree =
        Tree { job, open: Vec::new(), first: (0, 0, 0), roots: Vec::new(), counts: BTreeMap::new() };
    let mut from = 0;
    while from < facts.prompts {
        let to = facts.prompts.min(from.saturating_add(PROMPTS));
        let leaves = manifests::leaves(&mut tx, job, from..to).await?;
        manifests::tally(&mut tree.counts, &leaves);
        for leaf in &leaves {
            tree.push(&mut tx, leaf).await?;
        }
        from = to;
    }
    tree.flush(&mut tx).await?;
    let root = root_of_chunks(&tree.roots);
    let leaf_count = tree.counts.values().sum();
    let manifest = manifest(job, &facts, tree.counts, leaf_count, root)?;
    let signed = manifest.sign(facts.spec, &cx.service_key);
    let document =
        serde_json::to_string(&signed).map_err(|_| Error::Inconsistent("a manifest that is not JSON"))?;
    manifests::conclude(&mut tx, job, &document, &root, leaf_count).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(())
}

/// The tree as it grows: no more of it is held than one chunk and the roots of those before.
struct Tree {
    job: JobId,
    open: Vec<Hash>,
    /// Where the open chunk starts.
    first: Position,
    roots: Vec<Hash>,
    counts: BTreeMap<String, u64>,
}

impl Tree {
    async fn push(&mut self, conn: &mut PgConnection, leaf: &Leaf) -> Result<(), store::Error> {
        if self.open.is_empty() {
            self.first = leaf.position();
        }
        self.open.push(leaf.hash(self.job));
        if self.open.len() == CHUNK_LEAVES { self.flush(conn).await } else { Ok(()) }
    }

    async fn flush(&mut self, conn: &mut PgConnection) -> Result<(), store::Error> {
        if self.open.is_empty() {
            return Ok(());
        }
        let leaves = std::mem::take(&mut self.open);
        let root = merkle::root(&leaves);
        let chunk = Chunk { number: self.roots.len() as u32, first: self.first, root, leaves };
        self.roots.push(root);
        manifests::write_chunk(conn, self.job, &chunk).await
    }
}

fn manifest(
    job: JobId,
    facts: &Facts,
    rollouts: BTreeMap<String, u64>,
    leaf_count: u64,
    root: Hash,
) -> Result<Manifest, Error> {
    let spec: JobSpec = serde_json::from_value(facts.spec.clone())
        .map_err(|_| Error::Inconsistent("a job whose terms cannot be read"))?;
    let reward = spec.reward.map(|terms| match terms {
        RewardTerms::Module(module) => {
            ScoredBy { function: module.name, component_sha256: Some(HexHash(module.component_sha256)) }
        }
        RewardTerms::Client(_) => ScoredBy { function: CLIENT_FUNCTION.to_owned(), component_sha256: None },
    });
    let [accepted, filtered, failed, cancelled] = facts.groups;
    let text = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    Ok(Manifest {
        schema_version: SCHEMA_VERSION,
        livemode: facts.profile != Profile::test().id(),
        job_id: job,
        status: facts.status.clone(),
        status_reason: facts.status_reason.clone(),
        created_at: text(facts.created_at),
        finished_at: text(facts.finished_at),
        spec_sha256: HexHash(protocol::canonical_json::sha256(&facts.spec)),
        checkpoint: OnCheckpoint { id: facts.checkpoint, name: facts.checkpoint_name.clone() },
        proof_profile: facts.profile,
        randomness: facts.randomness,
        reward,
        counts: Counts {
            prompts: facts.prompts.into(),
            groups: GroupCounts { accepted, filtered, failed, cancelled },
            rollouts,
        },
        price: facts.price.clone(),
        charged_rao: facts.charged,
        verifiers: facts.verifiers.clone(),
        leaf_count,
        merkle_root: HexHash(root),
    })
}
