//! The nightly re-run on a real database: what was scored honestly agrees; what was changed afterwards is found, whoever
//! changed it and however well it is hidden.

use std::process::Output;

use serde_json::{Value, json};

use crate::customer::{Customer, Log};
use crate::stack::{Plan, Stack};
use crate::{prompts, uploaded};

const PROMPTS: usize = 4;
const SAMPLES: usize = 4;

/// Exit code and report.
fn rerun(stack: &Stack, more: &[&str]) -> (i32, Value) {
    let arguments = ["rewards", "rerun", "--since", "1h", "--json"];
    let output: Output = stack.output(&[&arguments[..], more].concat());
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code().unwrap(), report)
}

async fn builtin_job(customer: &Customer) -> String {
    let mut log = Log::of(&customer.create(&prompts::body(0, PROMPTS, SAMPLES)).await);
    customer.follow_to_the_end(&mut log).await;
    log.job
}

fn all() -> [&'static str; 2] {
    ["--share", "1"]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rewards_that_were_changed_afterwards_are_found() {
    let stack = Stack::start_all(Plan::honest(1)).await;
    let customer = stack.customer();
    assert_eq!(rerun(&stack, &[]).1["groups"], 0, "nothing was scored yet");
    builtin_job(&customer).await;
    uploaded::job(&customer, uploaded::SHORTEST).await;
    let groups = 2 * PROMPTS;

    let (code, report) = rerun(&stack, &all());
    assert_eq!((code, &report["results"]), (0, &json!({ "agreed": groups })), "{report}");
    assert_eq!((&report["groups"], &report["functions"]["builtins"]), (&groups.into(), &json!([PROMPTS, 0])));
    let rows = "SELECT count(*) FILTER (WHERE agreed), count(*), count(DISTINCT engine) FROM reward_reruns";
    assert_eq!(stack.sql(rows).await, format!("{groups}|{groups}|1"));

    // the same seed draws the same groups, and a share of them
    for _ in 0..2 {
        let (code, report) = rerun(&stack, &["--share", "0.2", "--seed", "7"]);
        assert_eq!((code, &report["seed"], &report["results"]), (0, &7.into(), &json!({ "agreed": 2 })));
    }
    let ids = stack.sql("SELECT count(DISTINCT group_id), count(*) FROM reward_reruns WHERE seed = 7").await;
    assert_eq!(ids, "2|4");

    let changes = [
        // a reward that nobody signed
        "reward = 1 - reward",
        "reward_components = '{\"x\": 1}'",
        "reward_error = 'fault', reward = NULL",
        // a receipt that says something else
        "reward_receipt = jsonb_set(reward_receipt, '{receipt_hash}', to_jsonb(repeat('0', 64)))",
        "reward_receipt = jsonb_set(reward_receipt, '{receipt,fuel}', '7')",
        "reward_receipt = NULL",
        // one that pretends to be of another engine, to be passed over
        "reward_receipt = jsonb_set(reward_receipt, '{receipt,engine,wasmtime}', '\"1.0.0\"')",
        "reward_receipt = jsonb_set(reward_receipt, '{signature}', to_jsonb(repeat('0', 128)))",
    ];
    let victim = "FROM groups g WHERE r.group_id = g.id AND r.sample_index = 2 \
        AND g.id = (SELECT min(id::text)::uuid FROM groups)";
    for change in changes {
        stack.sql("CREATE TABLE kept AS SELECT * FROM rollouts").await;
        stack.sql(&format!("UPDATE rollouts r SET {change} {victim}")).await;
        let before = stack.count("SELECT count(*) FROM reward_reruns WHERE NOT agreed").await;
        let (code, report) = rerun(&stack, &all());
        assert_eq!((code, &report["holds"]), (1, &false.into()), "{change}: {report}");
        assert_eq!(report["results"], json!({ "agreed": groups - 1, "differs": 1 }), "{change}");
        assert_eq!(report["wrong"][0]["differing"], json!([2]), "{change}: {report}");
        let after = "SELECT count(*) FROM reward_reruns WHERE NOT agreed AND differing = '{2}'";
        assert_eq!(stack.count(after).await, before + 1, "{change}");
        let undo = "UPDATE rollouts r SET reward = k.reward, reward_components = k.reward_components, \
            reward_error = k.reward_error, reward_receipt = k.reward_receipt FROM kept k WHERE k.id = r.id";
        stack.sql(undo).await;
        stack.sql("DROP TABLE kept").await;
    }
    assert_eq!(rerun(&stack, &all()).0, 0, "all is as it was");
    what_cannot_be_read_is_told_from_what_differs(&stack, groups).await;
}

/// A prompt that was changed is another input, so another receipt; a segment that is gone is no difference.
async fn what_cannot_be_read_is_told_from_what_differs(stack: &Stack, groups: usize) {
    let first = "(SELECT min(id::text)::uuid FROM groups)";
    let prompt = format!(
        "UPDATE prompts p SET reference = reference || '1' FROM groups g WHERE g.id = {first} \
            AND p.job_id = g.job_id AND p.prompt_index = g.prompt_index"
    );
    stack.sql(&prompt).await;
    let (code, report) = rerun(stack, &all());
    assert_eq!((code, &report["results"]["differs"]), (1, &1.into()), "{report}");
    assert_eq!(report["wrong"][0]["differing"], json!([0, 1, 2, 3]));
    stack.sql(&prompt.replace("reference || '1'", "left(reference, -1)")).await;

    stack.sql(&format!("UPDATE groups SET object_key = object_key || 'x' WHERE id = {first}")).await;
    let (code, report) = rerun(stack, &all());
    assert_eq!((code, &report["results"]), (2, &json!({ "agreed": groups - 1, "failed": 1 })), "{report}");
}
