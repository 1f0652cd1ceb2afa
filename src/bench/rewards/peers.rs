//! Other ways to grade the same rows: without a sandbox, with an interpreter of WebAssembly, and with the two things that
//! people reach for first, a Python process per call and a context of Node's `vm` per call. Neither of those is a sandbox.

use std::hint::black_box;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use oracle::Program;
use serde::{Deserialize, Serialize};

use super::contest::Contender;
use super::kits::same;
use super::rows::{Call, Group, calls, native};

/// Rows that the Python process is checked on: each takes a process.
const CHECKED: usize = 6;
/// Calls of a Node process before it reads the clock.
const WARM: usize = 32;

pub(super) fn native_rust(groups: &[Group]) -> Contender<'_> {
    let all = calls(groups, 1);
    let mut next = 0;
    Contender::calling("native_rust", 64, move || {
        let (task, samples) = all[next % all.len()];
        next += 1;
        for sample in samples {
            black_box(native(black_box(task), black_box(sample)));
        }
        Ok(samples.len())
    })
}

/// `wasm` is the C kit's module.
pub(super) fn wasmi<'a>(wasm: &[u8], groups: &'a [Group], wanted: &[f64]) -> anyhow::Result<Contender<'a>> {
    let program = Program::new(wasm)?;
    let all = calls(groups, 1);
    let one = move |(task, samples): Call<'_>| -> anyhow::Result<f64> {
        let sample = samples.first().context("a call without a sample")?;
        let reward =
            program.reward(&task.prompt, &sample.text, &sample.token_ids, &task.reference, &task.metadata);
        reward.map_err(|trap| anyhow::anyhow!("wasmi ended as {}", trap.as_str()))
    };
    let rewards: Vec<f64> = all.iter().map(|call| one(*call)).collect::<Result<_, _>>()?;
    same("wasmi", &rewards, wanted)?;
    let mut next = 0;
    Ok(Contender::calling("wasmi", 1, move || {
        let call = all[next % all.len()];
        next += 1;
        black_box(one(call)?);
        Ok(1)
    }))
}

/// The kit's own functions, without its framework.
fn python_script() -> anyhow::Result<String> {
    let kit = include_str!("../../../sandbox/guests/python/gsm8k.py");
    let start = kit.find("DIGITS =").context("the Python kit begins otherwise")?;
    let end = kit.find("class WitWorld").context("the Python kit ends otherwise")?;
    let main = r#"
import sys
reference, tokens, text = sys.stdin.read().split("\0")
correct = 1.0 if answer(text) == answer(reference) else 0.0
format = 1.0 if '####' in text else 0.0
print(correct + 0.1 * format + (0.0 - 0.001 * max(0, int(tokens) - 512)))
"#;
    Ok(format!("{}{main}", kit.get(start..end).context("the Python kit ends before it begins")?))
}

/// A new process for every call.
pub(super) fn python<'a>(groups: &'a [Group], wanted: &[f64]) -> anyhow::Result<Contender<'a>> {
    let script = python_script()?;
    // what `python3` finds may be a script that looks for an interpreter each time
    let found = answer_of(Command::new("python3").args(["-c", "import sys; print(sys.executable)"]), "")?;
    let interpreter = found.trim().to_owned();
    let all = calls(groups, 1);
    let one = move |(task, samples): Call<'_>| -> anyhow::Result<f64> {
        let sample = samples.first().context("a call without a sample")?;
        let input = format!("{}\0{}\0{}", task.reference, sample.token_ids.len(), sample.text);
        let reward = answer_of(Command::new(&interpreter).args(["-c", &script]), &input)?;
        reward.trim().parse().context("Python printed no number")
    };
    let rewards: Vec<f64> = all.iter().take(CHECKED).map(|call| one(*call)).collect::<Result<_, _>>()?;
    same("the Python process", &rewards, &wanted[..rewards.len()])?;
    let mut next = 0;
    Ok(Contender::calling("python_subprocess", 1, move || {
        let call = all[next % all.len()];
        next += 1;
        black_box(one(call)?);
        Ok(1)
    }))
}

#[derive(Serialize)]
struct NodeRow<'a> {
    reference: &'a str,
    text: &'a str,
    tokens: usize,
}

#[derive(Deserialize)]
struct NodeAnswer {
    rewards: Vec<f64>,
    per_s: f64,
}

/// The kit's own file, and a process that runs it for a while, in a new context for every call. The script is compiled
/// once, and the process is warm before it reads the clock.
fn node_script() -> String {
    let kit =
        include_str!("../../../sandbox/guests/javascript/gsm8k.js").replace("export function", "function");
    let kit = serde_json::Value::from(
        kit + "\nscore({ reference }, [{ text, tokenIds: { length: tokens } }])[0].reward;",
    );
    format!(
        r#"const vm = require("node:vm");
const [ms, warm, rows] = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const script = new vm.Script({kit});
const one = (row) => script.runInNewContext({{ ...row }});
const rewards = rows.slice(0, warm).map(one);
const started = process.hrtime.bigint();
let calls = 0, passed = 0;
do {{
  one(rows[calls++ % rows.length]);
  passed = Number(process.hrtime.bigint() - started) / 1e6;
}} while (passed < ms);
console.log(JSON.stringify({{ rewards, per_s: calls / passed * 1000 }}));"#
    )
}

pub(super) fn node<'a>(groups: &'a [Group], wanted: &'a [f64]) -> anyhow::Result<Contender<'a>> {
    let script = node_script();
    let rows: Vec<NodeRow<'_>> = calls(groups, 1)
        .into_iter()
        .flat_map(|(task, samples)| {
            samples.iter().map(|sample| NodeRow {
                reference: &task.reference,
                text: &sample.text,
                tokens: sample.token_ids.len(),
            })
        })
        .collect();
    let turn = move |time: Duration, warm: usize| -> anyhow::Result<f64> {
        let input = serde_json::to_string(&(time.as_secs_f64() * 1e3, warm, &rows))?;
        let said = answer_of(Command::new("node").args(["-e", &script]), &input)?;
        let answer: NodeAnswer = serde_json::from_str(&said).context("Node's answer")?;
        same("Node", &answer.rewards, &wanted[..warm.min(wanted.len())])?;
        Ok(answer.per_s)
    };
    turn(Duration::from_millis(1), wanted.len())?; // whether it is there, and agrees on every row
    Ok(Contender::new("node_vm", move |time| turn(time, WARM)))
}

/// Hands a program its input and reads what it prints.
fn answer_of(command: &mut Command, input: &str) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("start {program}"))?;
    let written = child.stdin.take().context("a pipe that was asked for")?.write_all(input.as_bytes());
    let output = child.wait_with_output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} failed: {}", complaint.trim());
    written.with_context(|| format!("write to {program}"))?;
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kits_still_have_what_the_peers_take_of_them() {
        let script = python_script().unwrap();
        assert!(script.contains("def answer(") && script.contains("def following("));
        assert!(!script.contains("wit_world") && !script.contains("componentize"));
        assert!(node_script().contains("function score(") && !node_script().contains("export "));
    }
}
