//! What must hold for every job that ended, whatever happened to the processes meanwhile: SERVICE.md's invariants I1 to
//! I4, judged from the rows, from what the customer received, and from the accounts.

use std::collections::{BTreeMap, BTreeSet};

use protocol::JobId;
use serde_json::Value;
use store::ledger::Audit;
use uuid::Uuid;

use crate::customer::{Customer, Log};
use crate::stack::Stack;

/// A job that completed, as its customer knows it.
pub(crate) struct Ended<'a> {
    pub(crate) log: &'a Log,
    pub(crate) prompts: usize,
    pub(crate) samples: usize,
}

/// Checks everything, for the only job that its account has open.
pub(crate) async fn check(stack: &Stack, customer: &Customer, ended: &Ended<'_>) {
    assert_eq!(ended.log.terminal(), Some("job.completed"));
    let job = customer.get(&format!("/v1/jobs/{}", ended.log.job)).await;
    assert_eq!(job["status"], "completed");
    none_lost(stack, &job, ended).await;
    none_billed_twice(stack, customer, &job, ended).await;
    money_adds_up(stack, customer).await;
    the_log_is_whole(stack, customer, &job, ended).await;
}

/// I1: every prompt and sample is exactly one of delivered and honestly filtered.
async fn none_lost(stack: &Stack, job: &Value, ended: &Ended<'_>) {
    let id = uuid(ended.log);
    let states =
        stack.sql(&format!("SELECT DISTINCT state FROM groups WHERE job_id = '{id}' ORDER BY 1")).await;
    assert!(states.lines().all(|state| matches!(state, "accepted" | "filtered")), "{states}");
    let kept = stack
        .sql(&format!(
            "SELECT prompt_index, sample_index, count(*) FROM rollouts
             WHERE job_id = '{id}' AND state IN ('selected', 'filtered') GROUP BY 1, 2 ORDER BY 1, 2"
        ))
        .await;
    let all =
        (0..ended.prompts).flat_map(|prompt| (0..ended.samples).map(move |n| format!("{prompt}|{n}|1")));
    assert_eq!(kept.lines().map(str::to_owned).collect::<Vec<_>>(), all.collect::<Vec<_>>());

    let counts = &job["counts"];
    let groups: i64 =
        counts["groups"].as_object().unwrap().values().map(|count| count.as_i64().unwrap()).sum();
    assert_eq!(groups, ended.prompts as i64, "{counts}");
    let (selected, filtered) = (&counts["rollouts"]["selected"], &counts["rollouts"]["filtered"]);
    assert_eq!(selected, ended.log.rollouts().len());
    let due = (ended.prompts * ended.samples) as i64;
    assert_eq!(selected.as_i64().unwrap() + filtered.as_i64().unwrap(), due, "{counts}");
}

/// I2: what is delivered is billed once, what is not is not, and the price on each rollout is what was charged.
async fn none_billed_twice(stack: &Stack, customer: &Customer, job: &Value, ended: &Ended<'_>) {
    let rollouts = ended.log.rollouts();
    let mut due = BTreeMap::new();
    for rollout in &rollouts {
        let price: i64 = text(&rollout["price_rao"]).parse().unwrap();
        let again = due.insert((rollout["prompt_index"].as_u64(), rollout["sample_index"].as_u64()), price);
        assert_eq!(
            again, None,
            "delivered twice: {} of {}",
            rollout["sample_index"], rollout["prompt_index"]
        );
        let of = |part: &str| text(&job["price"][part]).parse::<i64>().unwrap();
        let tokens = rollout["num_completion_tokens"].as_i64().unwrap();
        assert_eq!(price, of("rollout_rao") + of("per_1k_tokens_rao") * tokens / 1_000);
    }
    let id: JobId = ended.log.job.parse().unwrap();
    let charges = |code: &str| {
        format!("SELECT id, amount FROM transfers WHERE job_id = '{}' AND code = '{code}' ORDER BY id", id.0)
    };
    let charged = pairs(&stack.sql(&charges("rollout")).await);
    let expected = rollouts.iter().map(|rollout| {
        let place = |field: &str| rollout[field].as_u64().unwrap() as u32;
        let price = text(&rollout["price_rao"]).parse().unwrap();
        (id.charge(place("prompt_index"), place("sample_index")), price)
    });
    assert_eq!(charged, expected.collect::<BTreeMap<Uuid, i64>>());

    let filtered = pairs(&stack.sql(&charges("filtered_rollout")).await);
    assert_eq!(job["counts"]["rollouts"]["filtered"], filtered.len());
    let total: i64 = charged.values().chain(filtered.values()).sum();
    assert_eq!(text(&job["spend"]["charged_rao"]), total.to_string());
    let (held, released) = (text(&job["spend"]["held_rao"]), text(&job["spend"]["released_rao"]));
    assert_eq!(held.parse::<i64>().unwrap(), total + released.parse::<i64>().unwrap());

    let listed = customer.ndjson(&ended.log.job).await;
    let listed: BTreeSet<String> = listed.lines().map(|line| parsed(line).to_string()).collect();
    assert_eq!(
        listed,
        rollouts.iter().map(Value::to_string).collect::<BTreeSet<_>>(),
        "NDJSON is the stream"
    );
}

/// I3: nothing is made or lost, and nothing stays held.
async fn money_adds_up(stack: &Stack, customer: &Customer) {
    let audit = audit(stack).await;
    assert!(audit.is_clean(), "{audit:?}");
    assert_eq!(customer.get("/v1/balance").await["held_rao"], "0");
    let overdrawn =
        "SELECT count(*) FROM accounts WHERE kind <> 'issuance' AND credits_posted < debits_posted + held";
    assert_eq!(stack.count(overdrawn).await, 0);
}

/// I4: 1..N, and every event reads the same however often and in whatever form it is read.
async fn the_log_is_whole(stack: &Stack, customer: &Customer, job: &Value, ended: &Ended<'_>) {
    assert_eq!(job["last_sequence"], ended.log.last());
    assert_eq!(ended.log.events.len() as i64, ended.log.last(), "Log::push lets no gap through");
    let id = uuid(ended.log);
    let rows = format!("SELECT count(*), min(sequence), max(sequence) FROM events WHERE job_id = '{id}'");
    assert_eq!(stack.sql(&rows).await, format!("{0}|1|{0}", ended.log.last()));
    let mut again = Log::of(&ended.log.job);
    customer.follow_to_the_end(&mut again).await;
    assert_eq!(again.events, ended.log.events, "the second reading differs from the first");
    let texts: Vec<&str> = ended.log.events.iter().map(|event| event.text.as_str()).collect();
    assert_eq!(customer.pages(&ended.log.job).await, texts, "the JSON page differs from the stream");
    assert!(customer.stream(&ended.log.job, ended.log.last()).await.unwrap().is_none(), "204 after the end");
}

/// The laws of the ledger, recomputed from the rows.
pub(crate) async fn audit(stack: &Stack) -> Audit {
    let db = store::Db::connect(stack.url(), 1).await.unwrap();
    let audit = store::ledger::audit(&mut db.acquire().await.unwrap()).await.unwrap();
    db.close().await;
    audit
}

/// The job's id as the rows have it.
pub(crate) fn uuid(log: &Log) -> Uuid {
    log.job.parse::<JobId>().unwrap().0
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

fn pairs(rows: &str) -> BTreeMap<Uuid, i64> {
    let pair = |row: &str| {
        let (id, amount) = row.split_once('|').unwrap();
        (id.parse().unwrap(), amount.parse().unwrap())
    };
    rows.lines().map(pair).collect()
}
