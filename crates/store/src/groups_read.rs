//! One group as its owner sees it; with its completions where the owner is the one who scores them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use grail::chain::Finish;
use grail::ids::Hotkey;
use protocol::advantage::{Stats, stats};
use protocol::job::{GroupState, JobSpec, PromptContent};
use protocol::segment::Segment;
use protocol::selection::Difficulty;
use protocol::{GroupId, JobId, Message, ProjectId, RolloutId};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::objects::Objects;
use crate::records::{Peer, peers};
use crate::rollouts::components;
use crate::{Error, prompts};

/// A group as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub id: GroupId,
    pub job: JobId,
    pub prompt_index: u32,
    pub custom_id: String,
    /// The prompt as it was sent, where it was sent as messages.
    pub messages: Option<Vec<Message>>,
    pub prompt_text: Option<String>,
    /// What miners are asked with; `None` before one was, of a prompt that was sent as text.
    pub prompt_ids: Option<Vec<u32>>,
    pub state: GroupState,
    pub reason: Option<String>,
    /// How many miners were asked.
    pub attempts: u32,
    /// Until when a miner is asked for it, where its job limits that and one was asked.
    pub due_at: Option<DateTime<Utc>>,
    pub rewards_due_at: Option<DateTime<Utc>>,
    /// What selection made of it, once it is accepted or filtered.
    pub outcome: Option<Outcome>,
    /// Of a job whose customer scores, once the group has passed its verification; else `None`.
    pub rollouts: Option<Vec<Completion>>,
}

/// What selection made of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub stats_all: Stats,
    pub stats_selected: Stats,
    pub difficulty: Difficulty,
    pub verified: u32,
    pub selected: u32,
    /// Why nothing of it is delivered.
    pub filter_reason: Option<String>,
    /// Rollouts that were filtered, by their reason.
    pub filtered: BTreeMap<String, u32>,
    /// The batch it was settled with.
    pub batch: Option<u32>,
    /// The accepted group that stands for it.
    pub replaced_by: Option<GroupId>,
}

impl Outcome {
    fn of(peers: &[Peer], std_ddof: u8, batch: Option<i32>, replaced_by: Option<uuid::Uuid>) -> Self {
        let all: Vec<Option<f64>> = peers.iter().map(|peer| peer.reward).collect();
        let selected: Vec<Option<f64>> =
            peers.iter().filter(|peer| peer.is_selected).map(|peer| peer.reward).collect();
        let mut filtered = BTreeMap::new();
        for reason in peers.iter().filter_map(|peer| peer.reason.clone()) {
            *filtered.entry(reason).or_insert(0) += 1;
        }
        Self {
            stats_all: stats(&all, std_ddof),
            stats_selected: stats(&selected, std_ddof),
            difficulty: Difficulty::of(&all),
            verified: peers.len() as u32,
            selected: selected.len() as u32,
            filter_reason: None,
            filtered,
            batch: batch.map(|batch| batch as u32),
            replaced_by: replaced_by.map(GroupId),
        }
    }
}

/// What there is to grade, and the grade.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    pub id: RolloutId,
    pub sample_index: u32,
    pub text: String,
    pub ids: Vec<u32>,
    pub finish: Finish,
    pub reward: Option<f64>,
    pub components: BTreeMap<String, f64>,
    pub error: Option<String>,
}

/// A group of this project. Reads in this transaction, and ends it before any object is read.
pub async fn find(
    mut tx: Transaction<'static, Postgres>,
    objects: &Objects,
    project: ProjectId,
    id: GroupId,
) -> Result<Option<Group>, Error> {
    let row = sqlx::query!(
        r#"
        SELECT g.job_id, g.prompt_index, g.state, g.reason, g.attempt, g.hotkey, g.object_key, g.due_at, g.rewards_due_at,
            g.batch, g.replaced_by, p.custom_id, p.messages, p.text, p.encoding, p.tokens, j.spec, j.purged_at
        FROM groups g JOIN jobs j ON j.id = g.job_id
        JOIN prompts p ON p.job_id = g.job_id AND p.prompt_index = g.prompt_index
        WHERE g.id = $1 AND j.project_id = $2
        "#,
        id.0,
        project.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.purged_at.is_some() {
        return Err(Error::Purged);
    }
    let state = GroupState::parse(&row.state).ok_or(Error::Corrupt("group state"))?;
    let outcome = if matches!(state, GroupState::Accepted | GroupState::Filtered) {
        let spec: JobSpec = serde_json::from_value(row.spec).map_err(|_| Error::Corrupt("job spec"))?;
        let peers = peers(&mut tx, &[id]).await?.remove(&id).unwrap_or_default();
        let filter_reason = row.reason.clone().filter(|_| state == GroupState::Filtered);
        let outcome = Outcome::of(&peers, spec.advantage.std_ddof, row.batch, row.replaced_by);
        Some(Outcome { filter_reason, ..outcome })
    } else {
        None
    };
    let is_shown = row.rewards_due_at.is_some()
        && !matches!(state, GroupState::Failed | GroupState::Cancelled | GroupState::Expired);
    let content = prompts::content(row.text, row.encoding.as_deref(), row.tokens.as_deref())?;
    let rows = if is_shown { Some(rows(&mut tx, id, row.attempt).await?) } else { None };
    drop(tx);
    let needed = is_shown || (is_answered(state) && matches!(content, PromptContent::Text { .. }));
    let segment = match (row.hotkey, row.object_key) {
        (Some(hotkey), Some(key)) if needed => {
            let hotkey = Hotkey::from_slice(&hotkey).map_err(|_| Error::Corrupt("hotkey"))?;
            Some(Segment::decode(&objects.get(&key).await?, hotkey)?)
        }
        _ => None,
    };
    let prompt_text = content.text().map(str::to_owned);
    let prompt_ids = prompt_ids(content, segment.as_ref());
    let rollouts = segment.zip(rows).map(|(segment, rows)| completions(segment, rows)).transpose()?;
    Ok(Some(Group {
        id,
        job: JobId(row.job_id),
        prompt_index: row.prompt_index as u32,
        custom_id: row.custom_id,
        messages: prompts::messages(row.messages)?,
        prompt_text,
        prompt_ids,
        state,
        reason: row.reason,
        attempts: row.attempt as u32,
        due_at: row.due_at,
        rewards_due_at: row.rewards_due_at,
        outcome,
        rollouts,
    }))
}

/// Its answer was taken in, and is there: a group before that, or after it in vain, may have none.
fn is_answered(state: GroupState) -> bool {
    use GroupState as S;
    !matches!(state, S::Reserve | S::Pending | S::Dispatched | S::Failed | S::Cancelled | S::Expired)
}

fn prompt_ids(content: PromptContent, segment: Option<&Segment>) -> Option<Vec<u32>> {
    match content {
        PromptContent::Tokens { ids, .. } => Some(ids),
        PromptContent::Text { .. } => Some(segment?.request.tasks.first()?.tokens.clone()),
    }
}

struct Row {
    id: uuid::Uuid,
    sample_index: i32,
    reward: Option<f64>,
    reward_components: Option<serde_json::Value>,
    reward_error: Option<String>,
}

async fn rows(conn: &mut PgConnection, group: GroupId, attempt: i32) -> Result<Vec<Row>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, sample_index, reward, reward_components, reward_error FROM rollouts
        WHERE group_id = $1 AND attempt = $2 ORDER BY sample_index
        "#,
        group.0,
        attempt
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

fn completions(segment: Segment, rows: Vec<Row>) -> Result<Vec<Completion>, Error> {
    let answers = segment.group.commitments.into_iter().zip(segment.texts);
    let read = |(row, (commitment, text)): (Row, (grail::chain::Commitment, String))| {
        Ok(Completion {
            id: RolloutId(row.id),
            sample_index: row.sample_index as u32,
            text,
            ids: commitment.tokens,
            finish: commitment.finish,
            reward: row.reward,
            components: components(row.reward_components)?,
            error: row.reward_error,
        })
    };
    rows.into_iter().zip(answers).map(read).collect()
}
