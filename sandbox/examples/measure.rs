//! Measures rewards on a 1.5 KB completion, one sample in a call and sixteen:
//! `cargo run --release -p sandbox --example measure -- [FILE.wasm]...` takes the built-ins, the kits' committed modules
//! and the named files.

use std::io::Write;
use std::time::Instant;

use compiler::InProcess;
use sandbox::{BUILTINS, Finish, Limits, RunnerSettings, Sample, Task};

const SAMPLES: usize = 8_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = InProcess::new(&RunnerSettings { concurrency: 8, ..RunnerSettings::default() })?;
    let mut text = "Natalia sold 48 clips in April, and half as many in May. ".to_owned();
    while text.len() < 1_500 {
        text.push_str("So we compute 48/2 = 24 clips in May, and the total is 48 + 24 = 72. ");
    }
    text.push_str("The answer is \\boxed{72}.");
    let token_ids = (0..text.len() as u32 / 4).collect();
    let sample = Sample { text, token_ids, finish: Finish::Stop };
    let task = Task {
        id: "gsm8k-0".to_owned(),
        prompt: "Natalia sold clips to 48 of her friends in April ...".to_owned(),
        prompt_token_ids: (0..64).collect(),
        reference: "72".to_owned(),
        metadata: r#"{"args": {"parts": [{"name": "numeric"}]}}"#.to_owned(),
        seed: 7,
    };
    let mut modules: Vec<(String, Vec<u8>)> =
        BUILTINS.iter().map(|(name, upload)| ((*name).to_owned(), upload.to_vec())).collect();
    let guests = concat!(env!("CARGO_MANIFEST_DIR"), "/guests");
    let kits = ["c/gsm8k", "assemblyscript/gsm8k", "rust/gsm8k", "wat/length", "wat/shortest"];
    let kits = kits.iter().map(|kit| format!("{guests}/{kit}.wasm"));
    for path in kits.chain(std::env::args().skip(1)) {
        let upload = std::fs::read(&path)?;
        modules.push((path.trim_start_matches(guests).to_owned(), upload));
    }
    let mut out = std::io::stdout().lock();
    for (name, upload) in modules {
        let started = Instant::now();
        let reward = sandbox.compile(&sandbox.validate(&upload)?)?;
        writeln!(out, "{name}: {} KB, upload to ready {:.1?}", upload.len() / 1000, started.elapsed())?;
        for group in [1, 16] {
            let samples = vec![sample.clone(); group];
            let mut per_sample = Vec::new();
            let mut in_call = Vec::new();
            let mut fuel = None;
            for _ in 0..SAMPLES / group {
                let started = Instant::now();
                let scored = sandbox.score(&reward, &task, &samples, &Limits::default())?;
                per_sample.push(started.elapsed().as_secs_f64() * 1e6 / group as f64);
                in_call.push(scored[0].wall.as_secs_f64() * 1e6);
                if let Some(detail) = &scored[0].detail {
                    return Err(format!("{name}: {detail}").into());
                }
                fuel = scored[0].receipt.fuel;
            }
            writeln!(
                out,
                "  group of {group}: {:.1} us per sample with receipt, {:.1} us in one call, fuel {fuel:?}",
                median(&mut per_sample),
                median(&mut in_call),
            )?;
        }
    }
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
