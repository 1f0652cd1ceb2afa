//! Measures one call per reward on a 1.5 KB completion: `cargo run --release -p sandbox --example measure`.

use std::io::Write;
use std::time::Instant;

use sandbox::{BUILTINS, Finish, Limits, Sample, Sandbox, Settings, Task};

const CALLS: usize = 20_000;
const GROUP: usize = 16;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::new(Settings::default())?;
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
        metadata: "{}".to_owned(),
        seed: 7,
    };
    let group = vec![sample; GROUP];
    let fixtures: [(&str, &[u8]); 2] = [
        ("length", include_bytes!("../guests/wat/length.wasm")),
        ("shortest (one call per group)", include_bytes!("../guests/wat/shortest.wasm")),
    ];
    let mut out = std::io::stdout().lock();
    for (name, upload) in BUILTINS.iter().copied().chain(fixtures) {
        let started = Instant::now();
        let reward = sandbox.compile(&sandbox.validate(upload)?)?;
        let compile = started.elapsed();
        let mut per_sample = Vec::new();
        let mut in_call = Vec::new();
        let mut fuel = None;
        for _ in 0..CALLS / GROUP {
            let started = Instant::now();
            let scored = sandbox.score(&reward, &task, &group, &Limits::default())?;
            per_sample.push(started.elapsed().as_secs_f64() * 1e6 / GROUP as f64);
            in_call.push(scored[0].wall.as_secs_f64() * 1e6);
            fuel = scored[0].receipt.fuel;
        }
        writeln!(
            out,
            "{name}: {:.1} us per sample with receipt, {:.1} us in one call, fuel {fuel:?}, upload to ready {compile:.1?}",
            median(&mut per_sample),
            median(&mut in_call),
        )?;
    }
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
