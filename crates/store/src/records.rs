//! Rollouts as their owner gets them: rows and stored proof put together as one record.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use grail::chain::{Commitment, Finish, group_path};
use grail::hash::Hash;
use grail::ids::Hotkey;
use grail::profile::EngineClass;
use grail::receipt::SignedReceipt;
use protocol::advantage::{BatchStats, stats};
use protocol::job::JobSpec;
use protocol::logprob_spec::LogprobSpec;
use protocol::overlong::Overlong;
use protocol::policy::Policy;
use protocol::recomputed;
use protocol::reward::RewardTerms;
use protocol::reward_input;
use protocol::rollout::{
    AdvantageTerms, DedupInfo, FULL_VERIFICATION, GroupSummary, HexHash, Proof, REWARD_INPUT_BYTES,
    RewardInputLimits, RewardInputs, RewardReceipt, RolloutRecord, SCHEMA_VERSION, encode_records,
};
use protocol::segment::Segment;
use protocol::selection::Difficulty;
use protocol::{GroupId, JobId, Message, ProjectId, Rao, RolloutId};
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::Error;
use crate::groups::uuids;
use crate::objects::{Objects, logprobs_key};
use crate::prompts;

/// These rollouts of a project, in the order asked for. Left out are those that are not the project's, and those that it was
/// neither given nor has paid for. Reads in this transaction, and ends it before any object is read.
pub async fn of_rollouts(
    mut tx: Transaction<'static, Postgres>,
    objects: &Objects,
    project: ProjectId,
    ids: &[RolloutId],
) -> Result<Vec<RolloutRecord>, Error> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT r.id, r.job_id, r.group_id, r.prompt_index, r.sample_index, r.reward, r.reward_components,
            r.reward_error, r.reward_receipt, r.advantage, r.repeats_in_group, r.price, r.sample_hash,
            -- a filtered one has none
            COALESCE(r.sequence, 0) AS "sequence!", r.created_at, r.minhash_cluster
        FROM rollouts r JOIN jobs j ON j.id = r.job_id
        WHERE r.id = ANY($1) AND j.project_id = $2
            AND (r.state = 'selected' OR (r.state = 'filtered' AND r.price > 0))
        ORDER BY array_position($1, r.id)
        "#,
        &wanted,
        project.0
    )
    .fetch_all(&mut *tx)
    .await?;
    let records = assemble(tx, objects, rows).await?;
    Ok(records.into_iter().map(|(_, record)| record).collect())
}

/// Delivered rollouts of a job after a sequence, with their sequences, in order. Whose job it is, the caller has checked.
/// Reads in this transaction, and ends it before any object is read.
pub async fn page(
    mut tx: Transaction<'static, Postgres>,
    objects: &Objects,
    job: JobId,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, RolloutRecord)>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, job_id, group_id, prompt_index, sample_index, reward, reward_components, reward_error,
            reward_receipt, advantage, repeats_in_group, price, sample_hash, sequence AS "sequence!", created_at,
            minhash_cluster
        FROM rollouts WHERE job_id = $1 AND state = 'selected' AND sequence > $2 ORDER BY sequence LIMIT $3
        "#,
        job.0,
        after,
        limit
    )
    .fetch_all(&mut *tx)
    .await?;
    assemble(tx, objects, rows).await
}

/// What stands before one row of a list, as far as it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch<T> {
    /// The row that the stretch follows; `None`: it begins with the list.
    pub after: Option<T>,
    pub rows: i64,
}

impl<T> Stretch<T> {
    /// Of so many rows that were looked at, one more than is wanted, and the first of them.
    pub(crate) fn of(rows: i64, first: Option<T>, wanted: i64) -> Self {
        if rows > wanted { Self { after: first, rows: wanted } } else { Self { after: None, rows } }
    }
}

/// The last `wanted` delivered rollouts of a job before a sequence. Whose job it is, the caller has checked.
pub async fn before(
    conn: &mut PgConnection,
    job: JobId,
    sequence: i64,
    wanted: i64,
) -> Result<Stretch<i64>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT count(*) AS "rows!", min(sequence) AS first FROM (
            SELECT sequence FROM rollouts WHERE job_id = $1 AND state = 'selected' AND sequence < $2
            ORDER BY sequence DESC LIMIT $3
        ) r
        "#,
        job.0,
        sequence,
        wanted.saturating_add(1)
    )
    .fetch_one(conn)
    .await?;
    Ok(Stretch::of(row.rows, row.first, wanted))
}

struct Row {
    id: Uuid,
    job_id: Uuid,
    group_id: Uuid,
    prompt_index: i32,
    sample_index: i32,
    reward: Option<f64>,
    reward_components: Option<Value>,
    reward_error: Option<String>,
    reward_receipt: Option<Value>,
    advantage: Option<f64>,
    repeats_in_group: bool,
    price: i64,
    sample_hash: Vec<u8>,
    sequence: i64,
    created_at: DateTime<Utc>,
    minhash_cluster: Option<Uuid>,
}

/// What all rollouts of a group share.
struct Shared {
    custom_id: String,
    messages: Option<Vec<Message>>,
    prompt_text: Option<String>,
    reward_inputs: Option<RewardInputs>,
    summary: GroupSummary,
    /// How often each completion is in the group.
    multiplicity: HashMap<Vec<u8>, u32>,
    spec: JobSpec,
    /// Where its weights come from, as the job was created.
    repo: Option<String>,
    revision: Option<String>,
    terms: AdvantageTerms,
    receipt: SignedReceipt,
    /// What of it was recomputed.
    verification: String,
    heads: Vec<Hash>,
    segment: Segment,
    /// The verifier's own log-probs, where they are not the committed ones.
    recomputed: Option<Vec<Vec<f32>>>,
}

/// Reads what the rows lack, one object per group, after the transaction has ended.
async fn assemble(
    mut tx: Transaction<'static, Postgres>,
    objects: &Objects,
    rows: Vec<Row>,
) -> Result<Vec<(i64, RolloutRecord)>, Error> {
    let mut ids: Vec<GroupId> = rows.iter().map(|row| GroupId(row.group_id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let groups = groups(&mut tx, &ids).await?;
    let peers = peers(&mut tx, &ids).await?;
    drop(tx);
    let mut shared = HashMap::new();
    for group in groups {
        let peers = peers.get(&group.id).map_or(&[][..], Vec::as_slice);
        shared.insert(group.id, share(objects, group, peers).await?);
    }
    rows.into_iter()
        .map(|row| {
            let group =
                shared.get(&GroupId(row.group_id)).ok_or(Error::Corrupt("a rollout without its group"))?;
            Ok((row.sequence, record(row, group)?))
        })
        .collect()
}

struct Group {
    id: GroupId,
    custom_id: String,
    messages: Option<Vec<Message>>,
    prompt_text: Option<String>,
    reference: String,
    metadata: String,
    spec: JobSpec,
    repo: Option<String>,
    revision: Option<String>,
    /// Of a filtered group.
    filter_reason: Option<String>,
    hotkey: Hotkey,
    object_key: String,
    receipt: SignedReceipt,
    /// What of it was recomputed.
    verification: String,
    batch: Option<BatchStats>,
    replaces: Vec<GroupId>,
}

async fn groups(conn: &mut PgConnection, ids: &[GroupId]) -> Result<Vec<Group>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT g.id, p.custom_id, p.messages, p.text, p.reference, p.metadata, j.spec, j.purged_at,
            j.checkpoint_repo, j.checkpoint_revision, CASE WHEN g.state = 'filtered' THEN g.reason END AS filter_reason, g.hotkey AS "hotkey!", g.object_key AS "object_key!",
            g.receipt AS "receipt!", COALESCE(g.verification, 'full') AS "verification!",
            b.batch AS "batch?", b.groups AS "groups?", b.n AS "n?", b.mean AS "mean?", b.std AS "std?",
            ARRAY(SELECT r.id FROM groups r WHERE r.replaced_by = g.id ORDER BY r.prompt_index) AS "replaces!"
        FROM groups g
        JOIN jobs j ON j.id = g.job_id
        -- no advantage of a filtered group rests on its batch
        LEFT JOIN advantage_batches b ON b.job_id = g.job_id AND b.batch = g.batch AND g.state = 'accepted'
        JOIN prompts p ON p.job_id = g.job_id AND p.prompt_index = g.prompt_index
        WHERE g.id = ANY($1) AND g.state IN ('accepted', 'filtered')
        "#,
        &uuids(ids)
    )
    .fetch_all(conn)
    .await?;
    if rows.iter().any(|row| row.purged_at.is_some()) {
        return Err(Error::Purged);
    }
    rows.into_iter()
        .map(|row| {
            let batch = match (row.batch, row.groups, row.n, row.mean, row.std) {
                (Some(index), Some(groups), Some(n), Some(mean), Some(std)) => {
                    Some(BatchStats { index: index as u32, groups: groups as u32, n: n as u64, mean, std })
                }
                _ => None,
            };
            Ok(Group {
                id: GroupId(row.id),
                batch,
                replaces: row.replaces.into_iter().map(GroupId).collect(),
                custom_id: row.custom_id,
                messages: prompts::messages(row.messages)?,
                prompt_text: row.text,
                reference: row.reference,
                metadata: row.metadata,
                spec: json(row.spec, "job spec")?,
                repo: row.checkpoint_repo,
                revision: row.checkpoint_revision,
                filter_reason: row.filter_reason,
                hotkey: Hotkey::from_slice(&row.hotkey).map_err(|_| Error::Corrupt("hotkey"))?,
                object_key: row.object_key,
                receipt: json(row.receipt, "receipt")?,
                verification: row.verification,
            })
        })
        .collect()
}

/// What selection left of one rollout of a group.
pub(crate) struct Peer {
    pub(crate) reward: Option<f64>,
    pub(crate) is_selected: bool,
    pub(crate) reason: Option<String>,
    sample_hash: Vec<u8>,
}

/// Per group, its last attempt in sample order.
pub(crate) async fn peers(
    conn: &mut PgConnection,
    ids: &[GroupId],
) -> Result<HashMap<GroupId, Vec<Peer>>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT r.group_id, r.reward, r.state = 'selected' AS "selected!", r.reason, r.sample_hash
        FROM rollouts r JOIN groups g ON g.id = r.group_id AND g.attempt = r.attempt
        WHERE g.id = ANY($1) ORDER BY r.group_id, r.sample_index
        "#,
        &uuids(ids)
    )
    .fetch_all(conn)
    .await?;
    let mut peers: HashMap<GroupId, Vec<Peer>> = HashMap::new();
    for row in rows {
        peers.entry(GroupId(row.group_id)).or_default().push(Peer {
            reward: row.reward,
            is_selected: row.selected,
            reason: row.reason,
            sample_hash: row.sample_hash,
        });
    }
    Ok(peers)
}

async fn share(objects: &Objects, group: Group, peers: &[Peer]) -> Result<Shared, Error> {
    let segment = Segment::decode(&objects.get(&group.object_key).await?, group.hotkey)?;
    let recomputed = match segment.profile.engine_class {
        EngineClass::Calibrated { .. } if group.verification == FULL_VERIFICATION => {
            let bytes = objects.get(&logprobs_key(&group.object_key)).await?;
            Some(recomputed::decode(&bytes).ok_or(Error::Corrupt("recomputed log-probs"))?)
        }
        // every bit agreed, or nothing was recomputed
        _ => None,
    };
    let mut multiplicity = HashMap::new();
    for peer in peers {
        *multiplicity.entry(peer.sample_hash.clone()).or_insert(0) += 1;
    }
    Ok(Shared {
        reward_inputs: reward_inputs(&group.spec, group.reference, &group.metadata),
        custom_id: group.custom_id,
        messages: group.messages,
        prompt_text: group.prompt_text,
        summary: summary(peers, &group.spec, group.filter_reason, group.replaces),
        repo: group.repo,
        revision: group.revision,
        multiplicity,
        terms: terms(&group.spec, group.batch),
        spec: group.spec,
        receipt: group.receipt,
        verification: group.verification,
        heads: segment.group.commitments.iter().map(|commitment| commitment.head).collect(),
        segment,
        recomputed,
    })
}

fn summary(
    peers: &[Peer],
    spec: &JobSpec,
    filter_reason: Option<String>,
    replaces: Vec<GroupId>,
) -> GroupSummary {
    let all: Vec<Option<f64>> = peers.iter().map(|peer| peer.reward).collect();
    let selected = peers.iter().filter(|peer| peer.is_selected);
    let selected: Vec<Option<f64>> = selected.map(|peer| peer.reward).collect();
    let Difficulty { pass_rate, difficulty } = Difficulty::of(&all);
    GroupSummary {
        size: spec.sampling.n,
        // a group stands or falls as a whole
        n_verified: Some(spec.sampling.n),
        stats_all: stats(&all, spec.advantage.std_ddof),
        stats_selected: stats(&selected, spec.advantage.std_ddof),
        n_selected: Some(selected.len() as u32),
        pass_rate,
        difficulty,
        filter_reason,
        replaces,
    }
}

fn terms(spec: &JobSpec, batch: Option<BatchStats>) -> AdvantageTerms {
    AdvantageTerms {
        eps: spec.advantage.eps,
        std_ddof: spec.advantage.std_ddof,
        component_weights: spec.advantage.component_weights.clone(),
        soft_penalty: spec.selection.overlong.soft_penalty(),
        mask_truncated: spec.selection.overlong == Overlong::Mask,
        batch,
    }
}

/// What a call of the job's module is given, beside the rollouts. `None`: the job has no module.
pub(crate) fn reward_inputs(spec: &JobSpec, reference: String, metadata: &str) -> Option<RewardInputs> {
    let Some(RewardTerms::Module(module)) = &spec.reward else { return None };
    let limits = RewardInputLimits {
        fuel_per_sample: module.limits.fuel,
        memory_bytes: module.limits.memory_bytes,
        input_bytes: REWARD_INPUT_BYTES,
    };
    Some(RewardInputs {
        reference,
        metadata: reward_input::metadata(metadata, module.args.as_deref()),
        limits,
    })
}

fn record(row: Row, group: &Shared) -> Result<RolloutRecord, Error> {
    let sample = row.sample_index as usize;
    let missing = Error::Corrupt("a rollout that is not in its segment");
    let (Some(commitment), Some(text), [work]) = (
        group.segment.group.commitments.get(sample),
        group.segment.texts.get(sample),
        group.segment.request.tasks.as_slice(),
    ) else {
        return Err(missing);
    };
    let path = group_path(&group.heads, sample).ok_or(missing)?;
    let logprobs: Vec<f32> = commitment.records.iter().map(|record| record.logprob).collect();
    let own = match &group.recomputed {
        Some(all) => Some(all.get(sample).cloned().ok_or(Error::Corrupt("a rollout without its log-probs"))?),
        None => (group.verification == FULL_VERIFICATION).then(|| logprobs.clone()),
    };
    let overlong = &group.spec.selection.overlong;
    // a reward that failed and is masked teaches nothing
    let is_scored = row.reward.is_some() || row.reward_error.is_none();
    let learn = u8::from(is_scored && !overlong.masks(commitment.finish));
    let (tokens, max_tokens) = (commitment.tokens.len() as u32, group.spec.sampling.max_tokens);
    let shaped_reward = overlong.soft_penalty().and_then(|_| overlong.shaped(row.reward, tokens, max_tokens));
    let request = &group.segment.request;
    let components: Option<BTreeMap<String, f64>> =
        row.reward_components.map(|value| json(value, "reward components")).transpose()?;
    let reward_receipt: Option<RewardReceipt> =
        row.reward_receipt.map(|value| json(value, "reward receipt")).transpose()?;
    Ok(RolloutRecord {
        object: "rollout".to_owned(),
        schema_version: SCHEMA_VERSION,
        livemode: Some(!group.segment.profile.is_test()),
        id: RolloutId(row.id),
        job_id: JobId(row.job_id),
        group_id: GroupId(row.group_id),
        custom_id: group.custom_id.clone(),
        prompt_index: row.prompt_index as u32,
        sample_index: row.sample_index as u32,
        messages: group.messages.clone(),
        prompt_text: group.prompt_text.clone(),
        completion_text: text.clone(),
        prompt_ids: work.tokens.clone(),
        completion_ids: commitment.tokens.clone(),
        loss_mask: vec![learn; commitment.tokens.len()],
        verifier_logprobs: own,
        behavior_logprobs: logprobs,
        logprob_spec: LogprobSpec::of(&group.segment.profile, &request.sampling),
        sampling: request.sampling,
        finish_reason: commitment.finish,
        truncated: Some(commitment.finish == Finish::Length),
        num_prompt_tokens: work.tokens.len() as u32,
        num_completion_tokens: commitment.tokens.len() as u32,
        reward: row.reward,
        reward_valid: Some(row.reward.is_some() && row.reward_error.is_none()),
        reward_components: components.unwrap_or_default(),
        reward_error: row.reward_error,
        shaped_reward,
        advantage: row.advantage,
        advantage_method: Some(group.spec.advantage.method),
        advantage_terms: Some(group.terms.clone()),
        sample_weight: 1.0 + group.summary.replaces.len() as f64,
        group: GroupSummary { size: work.group_size, ..group.summary.clone() },
        dedup: dedup(group, row.sample_hash, row.repeats_in_group, row.minhash_cluster)?,
        policy: Some(Policy::new(request.checkpoint, group.repo.clone(), group.revision.clone())),
        proof: proof(group, commitment, path),
        reward_inputs: reward_receipt.as_ref().and(group.reward_inputs.clone()),
        reward_receipt,
        price_rao: Rao::new(row.price).ok_or(Error::Corrupt("negative price"))?,
        created_at: row.created_at.to_rfc3339_opts(SecondsFormat::Millis, true),
    })
}

fn dedup(
    group: &Shared,
    sample_hash: Vec<u8>,
    is_duplicate: bool,
    cluster: Option<Uuid>,
) -> Result<DedupInfo, Error> {
    Ok(DedupInfo {
        multiplicity: group.multiplicity.get(&sample_hash).copied(),
        sample_hash: crate::rollouts::hash(sample_hash)?,
        is_duplicate,
        minhash_cluster: cluster.map(RolloutId),
    })
}

fn proof(group: &Shared, commitment: &Commitment, path: Vec<Hash>) -> Proof {
    let request = &group.segment.request;
    Proof {
        profile: group.segment.profile.clone(),
        checkpoint_id: request.checkpoint,
        randomness: request.randomness,
        hotkey: group.segment.group.hotkey,
        records: encode_records(&commitment.records),
        head: commitment.head,
        signature: commitment.signature,
        merkle_path: path.into_iter().map(HexHash).collect(),
        receipt: group.receipt,
        verification: group.verification.clone(),
    }
}

fn json<T: serde::de::DeserializeOwned>(value: Value, what: &'static str) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|_| Error::Corrupt(what))
}
