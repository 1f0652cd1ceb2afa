//! Plays the pipeline: puts a group of a job through to its delivery, with a real commitment, receipt and charge.

use std::collections::BTreeMap;

use chrono::SubsecRound as _;
use grail::chain::{Commitment, Finish, group_root};
use grail::hash;
use grail::ids::prompt_id;
use grail::keys::HotkeyPair;
use grail::profile::Profile;
use grail::receipt::{Receipt, SignedReceipt};
use grail::record::{Record, State};
use protocol::collect::CommittedGroup;
use protocol::rollout::{FULL_VERIFICATION, NO_VERIFICATION, Reward, RewardReceipt};
use protocol::segment::Segment;
use protocol::work::{WORK_VERSION, WorkRequest, WorkTask};
use protocol::{JobId, RolloutId};
use rand_core::OsRng;
use serde_json::{Value, json};
use store::events::NewEvent;
use store::job_close::{self, Ended};
use store::job_terms::{self, JobTerms};
use store::ledger::{self, Charge, Share};
use store::objects::{group_key, pack};

use crate::harness::Service;
use crate::made_up;

/// The end-of-sequence token of the fixture.
pub(crate) const EOS: u32 = 1;

/// What was taken in of the group of one prompt, and where it is.
struct Taken {
    terms: JobTerms,
    segment: Segment,
    key: String,
    receipt: SignedReceipt,
    rollouts: Vec<RolloutId>,
}

/// Takes in the group of one prompt, as if an honest miner had sent it.
async fn take_in(service: &Service, job: JobId, index: u32) -> Taken {
    let mut conn = service.db.acquire().await.unwrap();
    let terms = job_terms::read(&mut conn, job).await.unwrap();
    let prompts = store::prompts_read::of_job(&mut conn, job, &[index]).await.unwrap();
    drop(conn);
    let tokens =
        intake::tokens(&service.state.offer.checkpoint.tokenizer, prompts[0].content.clone()).unwrap();
    let segment = commit(&terms, index, tokens);
    let group = job.group(index);
    let key = group_key(job, group, 1);
    service.objects.put(&key, pack(&segment.encode())).await.unwrap();
    let task = segment.request.task(0).unwrap();
    let receipt = Receipt {
        task: task.id(),
        group_root: segment.group.root,
        hotkey: segment.group.hotkey,
        received_at_ms: 1_700_000_000_000,
        audit_round: 0,
    }
    .sign(&service.key);
    let rollouts = (0..terms.spec.sampling.n).map(|sample| group.rollout(1, sample)).collect();
    Taken { terms, segment, key, receipt, rollouts }
}

impl Taken {
    /// Writes the rows of the group, in this state, and of its rollouts, each changed so.
    async fn write(&self, service: &Service, index: u32, state: &str, change: impl Fn(usize, &mut Value)) {
        let (job, group) = (self.terms.id, self.terms.id.group(index));
        let moved = format!(
            "UPDATE groups SET state = '{state}', attempt = 1, hotkey = '\\x{}', object_key = '{}', \
                group_root = '\\x{}', receipt = '{}', rewards_due_at = now() + interval '1 hour', verification = '{}' \
                WHERE id = '{}';\n",
            self.segment.group.hotkey,
            self.key,
            self.segment.group.root,
            serde_json::to_string(&self.receipt).unwrap(),
            if self.segment.profile.is_test() { NO_VERIFICATION } else { FULL_VERIFICATION },
            group.0,
        );
        let rows = self.rollouts.iter().enumerate().map(|(sample, id)| {
            let mut row = row(&self.segment, sample, service);
            row["id"] = json!(id.0);
            row["job_id"] = json!(job.0);
            row["group_id"] = json!(group.0);
            row["prompt_index"] = json!(index);
            row["price"] = json!(0);
            row["created_at"] = json!(service.clock.now().trunc_subsecs(3));
            change(sample, &mut row);
            let text = row.to_string().replace('\'', "''");
            format!("INSERT INTO rollouts SELECT * FROM jsonb_populate_record(NULL::rollouts, '{text}');\n")
        });
        let statements: String = [moved].into_iter().chain(rows).collect();
        service.sql(&statements).await;
    }
}

/// Puts the group of one prompt where it awaits its customer's rewards; its rollouts, in sample order.
pub(crate) async fn await_rewards(service: &Service, job: &str, index: u32) -> Vec<RolloutId> {
    let taken = take_in(service, job.parse().unwrap(), index).await;
    let ungraded = |_: usize, row: &mut Value| {
        row["state"] = json!("verified");
        for column in ["reward", "reward_components", "reward_receipt", "advantage"] {
            row[column] = Value::Null;
        }
    };
    taken.write(service, index, "awaiting_rewards", ungraded).await;
    taken.rollouts
}

/// Delivers the group of one prompt; its rollouts, in the order of the log.
pub(crate) async fn deliver(service: &Service, job: &str, index: u32) -> Vec<RolloutId> {
    let job: JobId = job.parse().unwrap();
    let taken = take_in(service, job, index).await;
    let terms = &taken.terms;
    let now = service.clock.now().trunc_subsecs(3);
    let mut tx = service.db.begin().await.unwrap();
    let events: Vec<NewEvent> = (0..)
        .zip(&taken.rollouts)
        .map(|(sample, id)| made_up::verified(job, index, sample, *id, terms.price.rollout))
        .chain([made_up::accepted(job, index, terms.spec.sampling.n)])
        .collect();
    let first = store::events::append(&mut tx, job, now, &events).await.unwrap();
    let charges: Vec<Charge> = (0..terms.spec.sampling.n)
        .map(|sample| Charge { id: job.charge(index, sample), amount: terms.price.rollout, filtered: false })
        .collect();
    let hotkey = taken.segment.group.hotkey;
    let share = Share { hotkey, bps: terms.price.miner_share_bps, escrow: None };
    ledger::capture(&mut tx, job, &share, &charges, now).await.unwrap();
    tx.commit().await.unwrap();

    let charged = |sample: usize, row: &mut Value| {
        row["price"] = json!(terms.price.rollout.get());
        row["sequence"] = json!(first + sample as i64);
    };
    taken.write(service, index, "accepted", charged).await;

    let mut tx = service.db.begin().await.unwrap();
    let ended = Ended { accepted: 1, ..Ended::default() };
    job_close::groups_ended(&mut tx, job, ended, now).await.unwrap();
    tx.commit().await.unwrap();
    service.wake.events(job);
    taken.rollouts
}

/// The columns that come from the commitment and its reward.
fn row(segment: &Segment, sample: usize, service: &Service) -> Value {
    let commitment = &segment.group.commitments[sample];
    let reward = sample as f64 / 2.0;
    let components = BTreeMap::from([("exact".to_owned(), 0.5)]);
    let receipt = RewardReceipt::sign(
        "builtins".to_owned(),
        json!({ "outcome": "ok" }),
        [5; 32],
        &commitment.head,
        &Reward { value: Some(reward), components: &components, error: None },
        &service.key,
    );
    let prompt = hash::tokens(&segment.request.tasks[0].tokens);
    json!({
        "attempt": 1, "sample_index": sample, "state": "selected", "finish": "stop", "advantage": 0.1,
        "completion_tokens": commitment.tokens.len(), "repeats_in_group": false,
        "head": format!("\\x{}", hex::encode(commitment.head)),
        "sample_hash": format!("\\x{}", hex::encode(commitment.sample_hash(&prompt))),
        "reward": reward, "reward_components": components, "reward_receipt": receipt,
    })
}

/// What an honest miner would have sent, but for the numbers.
fn commit(terms: &JobTerms, index: u32, tokens: Vec<u32>) -> Segment {
    let pair = HotkeyPair::from_seed(&[3; 32]);
    let own = [Profile::exact("test/1"), Profile::test()];
    let profile = own.into_iter().find(|profile| profile.id() == terms.profile).unwrap();
    let group_size = terms.spec.sampling.n;
    let request = WorkRequest {
        version: WORK_VERSION,
        checkpoint: terms.checkpoint,
        profile: terms.profile,
        randomness: terms.randomness,
        sampling: terms.sampling(),
        tasks: vec![WorkTask { prompt: prompt_id(terms.id.as_bytes(), index), group_size, tokens }],
        traceparent: None,
    };
    let task = request.task(0).unwrap();
    let commitments: Vec<Commitment> = (0..group_size)
        .map(|sample| {
            let mut commitment = Commitment {
                tokens: vec![10 + sample, 20 + index, EOS],
                records: vec![Record { logprob: -0.1, state: State::Fingerprint([7; 16]) }; 3],
                finish: Finish::Stop,
                head: [0; 32],
                signature: [0; 64],
            };
            commitment.head = commitment.computed_head(&task, sample, &pair.hotkey());
            commitment.signature = pair.sign(&commitment.head, OsRng);
            commitment
        })
        .collect();
    let heads: Vec<_> = commitments.iter().map(|commitment| commitment.head).collect();
    let group = CommittedGroup { task: 0, hotkey: pair.hotkey(), commitments, root: group_root(&heads) };
    let texts = (0..group_size).map(|sample| format!("answer \"{sample}\"\n")).collect();
    Segment::of(&profile, &request, group, texts).unwrap()
}
