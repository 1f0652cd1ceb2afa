//! Every dishonest mode: refused for its own reason, never delivered, not paid, and the job completes with an honest miner.

use crate::customer::{Customer, Log};
use crate::laws::{self, Ended};
use crate::prompts;
use crate::stack::{PREVIOUS, Plan, Stack};

const PROMPTS: usize = 3;
const SAMPLES: usize = 4;

/// One way to cheat, and what it must be called.
struct Cheat {
    mode: String,
    reason: &'static str,
    /// Honest until it has answered once: a replay needs something to replay.
    warm_up: bool,
}

impl Cheat {
    fn new(mode: &str, reason: &'static str) -> Self {
        Self { mode: mode.to_owned(), reason, warm_up: false }
    }

    fn name(&self) -> &str {
        self.mode.split('=').next().unwrap()
    }

    fn helper(&self) -> String {
        format!("honest-beside-{}", self.name())
    }
}

/// What only the model shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cheats_on_the_model_are_named_and_not_paid() {
    refuse_all(&[
        Cheat::new("other-weights", "wrong_weights"),
        Cheat::new(&format!("previous-checkpoint={PREVIOUS}"), "stale_checkpoint"),
        Cheat::new("ignore-seeds", "seed_mismatch"),
        Cheat::new("edit-tokens", "tampered_tokens"),
        Cheat::new("edit-logprobs", "edited_logprobs"),
    ])
    .await;
}

/// What the stream itself shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cheats_on_the_stream_are_named_and_not_paid() {
    refuse_all(&[
        Cheat::new("truncate", "truncated_stream"),
        Cheat { warm_up: true, ..Cheat::new("replay-prompt", "replayed_prompt") },
        Cheat::new("hang", "deadline_exceeded"),
        Cheat::new("garbage", "malformed_frame"),
    ])
    .await;
}

/// One job for each cheat, with fresh miners, on one service.
async fn refuse_all(cheats: &[Cheat]) {
    let miners = cheats
        .iter()
        .flat_map(|cheat| [(cheat.name().to_owned(), Some(cheat.mode.clone())), (cheat.helper(), None)]);
    let mut stack = Stack::prepare(Plan { miners: miners.collect(), ..Plan::default() }).await;
    // whole groups at the start of a cut answer are honest work, and would be delivered
    stack.set("worker", "RELIQUARY__WORKER__MAX_GROUPS_PER_REQUEST", "1");
    for role in ["api", "worker", "verifier"] {
        stack.up(role).await;
    }
    let customer = stack.customer();
    for cheat in cheats {
        eprintln!("cheat: {}", cheat.mode);
        refuse(&mut stack, &customer, cheat).await;
    }
    stack.assert_alive();
}

async fn refuse(stack: &mut Stack, customer: &Customer, cheat: &Cheat) {
    let hotkey = stack.hotkey(cheat.name());
    stack.up(cheat.name()).await;
    if cheat.warm_up {
        let mut first = Log::of(&customer.create(&prompts::body(90, 1, SAMPLES)).await);
        customer.follow_to_the_end(&mut first).await;
        assert_eq!(first.terminal(), Some("job.completed"), "its first answer is honest");
    }
    // alone at first, so that it is sure to be asked; helped once it was refused
    let mut log = Log::of(&customer.create(&prompts::body(0, PROMPTS, SAMPLES)).await);
    let by_cheat = chain::ss58::encode(&hotkey);
    customer.follow(&mut log, |log| !log.refusals("group.rejected", &by_cheat).is_empty()).await;
    assert_eq!(log.terminal(), None, "{}: the job ended before anybody helped", cheat.mode);
    stack.up(&cheat.helper()).await;
    customer.follow_to_the_end(&mut log).await;

    named(stack, &log, cheat, &hotkey).await;
    laws::check(stack, customer, &Ended { log: &log, prompts: PROMPTS, samples: SAMPLES }).await;
    let helper = stack.hotkey(&cheat.helper()).to_string();
    for rollout in log.rollouts() {
        assert_eq!(rollout["proof"]["hotkey"], helper, "{}: delivered from the cheat", cheat.mode);
    }
    let paid = format!(
        "SELECT count(*) FROM transfers t JOIN accounts a ON a.id IN (t.credit_account, t.debit_account)
         WHERE t.job_id = '{}' AND a.hotkey = '\\x{hotkey}'",
        laws::uuid(&log)
    );
    assert_eq!(stack.count(&paid).await, 0, "{}: the cheat was paid", cheat.mode);

    for miner in [cheat.name().to_owned(), cheat.helper()] {
        stack.kill9(&miner);
        let hotkey = stack.hotkey(&miner);
        stack.sql(&format!("UPDATE miners SET state = 'removed' WHERE hotkey = '\\x{hotkey}'")).await;
    }
}

/// Every answer of the cheat was refused for this reason and no other.
async fn named(stack: &Stack, log: &Log, cheat: &Cheat, hotkey: &grail::Hotkey) {
    let Cheat { mode, reason, .. } = cheat;
    let address = chain::ss58::encode(hotkey);
    for refused in log.refusals("group.rejected", &address) {
        assert_eq!(refused, *reason, "{mode}: a group");
    }
    let rollouts = log.refusals("rollout.rejected", &address);
    let expected = |refused: &String| refused == reason || refused == "sibling_rejected";
    assert!(rollouts.iter().all(expected), "{mode}: {rollouts:?}");
    let attempts = format!(
        "SELECT DISTINCT a.reason FROM attempts a JOIN groups g ON g.id = a.group_id
         WHERE g.job_id = '{}' AND a.hotkey = '\\x{hotkey}'",
        laws::uuid(log)
    );
    assert_eq!(stack.sql(&attempts).await, *reason, "{mode}: an attempt");
    let score = format!("SELECT score < 0.5, rejected > 0 FROM miners WHERE hotkey = '\\x{hotkey}'");
    let score = stack.sql(&score).await;
    assert!(cheat.warm_up || score == "t|t", "{mode}: its score did not fall: {score}");
}
