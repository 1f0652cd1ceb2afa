//! Rehearse: test jobs, through the same pipeline as live ones but for its two ends that cost something. No miner is asked: the
//! service answers itself, at once. No model runs, and the rollouts say so, under their profile and `verification: none`.
//!
//! A loop of its own on a queue of its own: nothing of a test job takes the turn of a live one, in any step.

use std::collections::BTreeMap;
use std::sync::Arc;

use grail::chain::{Commitment, Finish, Task, group_root};
use grail::hash::Transcript;
use grail::ids::CheckpointId;
use grail::keys::{HotkeyPair, SIGNATURE_BYTES};
use grail::profile::Profile;
use grail::record::{FINGERPRINT_BYTES, Record, State};
use protocol::collect::CommittedGroup;
use protocol::job::{GroupState, Prompt};
use protocol::rollout::NO_VERIFICATION;
use protocol::{JobId, Mode};
use rand_core::OsRng;
use store::attempts::{self, Dispatch, Offer};
use store::groups::{Lease, Leased, Token};
use store::job_close::Ended;
use store::job_progress::Moved;
use store::{events, groups, job_close, job_progress, job_terms, prompts_read, rollouts};

use crate::announce::Subject;
use crate::collect::{self, Checked, Place};
use crate::dispatch::{self, Order};
use crate::driver::retrying;
use crate::served::Served;
use crate::{Context, Error, Progress, give_up, metrics, reward, settle};

/// Groups answered, or passed, at once.
const BATCH: i64 = 16;
/// The probability that every token of every answer claims.
const LOGPROB: f32 = -1.0;
/// Of a reference, so many characters for each token that an answer may have are looked at.
const CHARS_PER_TOKEN: usize = 8;

/// Moves test jobs on: one bounded batch in each of their steps. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let steps = [
        answer(cx).await?,
        reward::step_in(cx, Mode::Test).await?,
        pass(cx).await?,
        settle::step_in(cx, Mode::Test).await?,
    ];
    Ok(if steps.contains(&Progress::Some) { Progress::Some } else { Progress::None })
}

/// The service's own miner. Its key is no secret: whatever it signs has the test profile.
fn miner() -> HotkeyPair {
    HotkeyPair::from_seed(&Transcript::new("reliquary/test-miner/1").finish())
}

/// Answers groups of one job, in the place of dispatch and a miner.
async fn answer(cx: &Arc<Context>) -> Result<Progress, Error> {
    if !cx.config.test_answers {
        return Ok(Progress::None);
    }
    for checkpoint in cx.all_served().await? {
        if answer_of(cx, checkpoint).await? == Progress::Some {
            return Ok(Progress::Some);
        }
    }
    Ok(Progress::None)
}

async fn answer_of(cx: &Arc<Context>, checkpoint: CheckpointId) -> Result<Progress, Error> {
    let offer = Offer {
        hotkey: miner().hotkey(),
        checkpoint,
        profile: Profile::test().id(),
        max_groups: BATCH,
        hold: cx.config.lease(),
        again: false,
        fresh: cx.config.miner_fresh(),
    };
    let mut tx = cx.db.begin().await?;
    let dispatch = attempts::start_test(&mut tx, &offer).await?;
    tx.commit().await.map_err(store::Error::from)?;
    let Some(dispatch) = dispatch else { return Ok(Progress::None) };
    if let Err(error) = fulfil(cx, &dispatch).await {
        metrics::step_failed("rehearse");
        tracing::error!(job.id = %dispatch.job, error = &error as &dyn std::error::Error, "a test job was not answered");
        dispatch::withdraw(cx, &dispatch, &dispatch.groups).await;
    }
    Ok(Progress::Some)
}

async fn fulfil(cx: &Arc<Context>, dispatch: &Dispatch) -> Result<(), Error> {
    let mut conn = cx.db.acquire().await?;
    let terms = job_terms::read(&mut conn, dispatch.job).await?;
    let indexes: Vec<u32> = dispatch.groups.iter().map(|group| group.prompt_index).collect();
    let prompts = prompts_read::of_job(&mut conn, dispatch.job, &indexes).await?;
    drop(conn);
    let order = dispatch::prepare(cx, miner().hotkey(), dispatch, terms).await?;
    let order = Arc::new(order);
    let asked = Arc::clone(&order);
    let answering = cx.tracker.spawn_blocking(move || answers(&asked, &prompts));
    let checked = answering.await.map_err(|_| Error::TaskEnded("rehearse"))??;
    Ok(collect::take_in(cx, &order, &checked).await?)
}

/// Every group of a request, looked at as a miner's would be. CPU work.
fn answers(order: &Order, prompts: &[Prompt]) -> Result<Vec<Checked>, Error> {
    let (miner, profile) = (miner(), Profile::test());
    let groups = order.dispatch.groups.iter().zip(prompts).enumerate();
    groups
        .map(|(task, (group, prompt))| {
            let asked = order.request.task(task).ok_or(Error::Inconsistent("a group without its task"))?;
            let samples = 0..asked.group_size;
            let commitments: Vec<Commitment> = samples
                .map(|sample| commit(&order.served, &miner, &asked, sample, prompt))
                .collect::<Result<_, _>>()?;
            let heads: Vec<_> = commitments.iter().map(|commitment| commitment.head).collect();
            let root = group_root(&heads);
            let whole = CommittedGroup { task, hotkey: miner.hotkey(), commitments, root };
            let place = Place {
                job: order.dispatch.job,
                group: group.id,
                attempt: group.attempt,
                near: order.terms.spec.selection.near,
            };
            Ok(collect::check_group(&order.served, (&profile, &order.request), whole, place))
        })
        .collect()
}

/// One completion, committed to as a miner commits to its own. What it says of the model is a constant, and a state of zeros.
fn commit(
    served: &Served,
    miner: &HotkeyPair,
    asked: &Task,
    sample: u32,
    prompt: &Prompt,
) -> Result<Commitment, Error> {
    let (eos, most) = (&served.checkpoint.config.eos_token_ids, asked.terms.max_tokens as usize);
    let text = text(asked, sample, &prompt.reference, most);
    let mut tokens = served.checkpoint.tokenizer.encode_rendered(&text)?;
    tokens.retain(|token| !eos.contains(token));
    let finish = match eos.first() {
        Some(end) if tokens.len() < most => {
            tokens.push(*end);
            Finish::Stop
        }
        // cut off, or where nothing ends a text, said over and over
        _ => {
            tokens = tokens.iter().copied().cycle().take(most).collect();
            Finish::Length
        }
    };
    let record = Record { logprob: LOGPROB, state: State::Fingerprint([0; FINGERPRINT_BYTES]) };
    let records = vec![record; tokens.len()];
    let mut commitment =
        Commitment { tokens, records, finish, head: [0; 32], signature: [0; SIGNATURE_BYTES] };
    commitment.head = commitment.computed_head(asked, sample, &miner.hotkey());
    commitment.signature = miner.sign(&commitment.head, OsRng);
    Ok(commitment)
}

/// What the answer says: of every two, the first ends with the prompt's reference and the second with a number, so that rewards
/// that look for the one or the other differ within a group. A function of prompt and sample alone.
fn text(asked: &Task, sample: u32, reference: &str, most: usize) -> String {
    // a reference may be JSON text; what a model would say is the string in it
    let reference = serde_json::from_str::<String>(reference).unwrap_or_else(|_| reference.to_owned());
    let hash = Transcript::new("reliquary/test-answer/1").bytes(&asked.prompt_tokens).u32(sample).finish();
    let number = u16::from_be_bytes([hash[0], hash[1]]);
    let said: String = match (sample % 2, reference.is_empty()) {
        (0, false) => reference.chars().take(most.saturating_mul(CHARS_PER_TOKEN)).collect(),
        _ => number.to_string(),
    };
    format!("Test {}: {said}", sample + 1)
}

/// Passes what is scored, in the place of the verifier: nothing is recomputed, and that is what is written down.
async fn pass(cx: &Arc<Context>) -> Result<Progress, Error> {
    let waiting = (GroupState::Scored, Mode::Test);
    let Lease { token, groups } = groups::lease(&cx.db, waiting, None, BATCH, cx.config.lease()).await?;
    let mut by_job: BTreeMap<JobId, Vec<&Leased>> = BTreeMap::new();
    for group in &groups {
        by_job.entry(group.job).or_default().push(group);
    }
    for (job, groups) in by_job {
        if let Err(error) = pass_of_job(cx, token, job, &groups).await {
            let error = Error::from(error);
            for group in groups {
                give_up::give_back(cx, token, group, "rehearse", &error).await;
            }
        }
    }
    Ok(Progress::of(groups.len()))
}

async fn pass_of_job(cx: &Context, token: Token, job: JobId, leased: &[&Leased]) -> Result<(), store::Error> {
    let ids: Vec<_> = leased.iter().map(|group| group.id).collect();
    let passed = retrying(cx, || async {
        let now = cx.clock.now();
        let mut tx = cx.db.begin().await?;
        job_progress::lock(&mut tx, job).await?;
        let held = groups::held(&mut tx, token, &ids).await?;
        let ours: Vec<&&Leased> = leased.iter().filter(|group| held.contains(&group.id)).collect();
        let attempts: Vec<_> = ours.iter().map(|group| (group.id, group.attempt)).collect();
        let verified = rollouts::advance(&mut tx, &attempts, "verified").await?;
        let passed: Vec<_> = ours.iter().map(|group| (group.id, NO_VERIFICATION)).collect();
        let awaiting = groups::verify(&mut tx, token, &passed, now).await?;
        if !awaiting.is_empty() {
            let due = ours.iter().filter_map(|group| Some((group, awaiting.get(&group.id)?)));
            let said: Vec<_> = due.map(|(group, due)| Subject::of(group).awaiting_rewards(*due)).collect();
            events::append(&mut tx, job, now, &said).await?;
        }
        job_progress::count(&mut tx, job, Moved { verified, ..Moved::default() }).await?;
        job_close::groups_ended(&mut tx, job, Ended::default(), now).await?;
        tx.commit().await?;
        Ok(passed.len())
    })
    .await?;
    metrics::groups_moved(GroupState::Verified, passed);
    cx.wake.events(job);
    Ok(())
}
