//! Tokens per second on a seeded model: `cargo test --release -p engine -- --ignored --nocapture speed`.

use std::time::Instant;

use engine::{Generator, Options, audit_group};
use grail::sampler::Sampling;

use crate::seeded;

const GROUPS: usize = 64;
const SAMPLES: usize = 8;
const PROMPT: usize = 40;
const TOKENS: usize = 48;

#[test]
#[ignore = "measures, asserts nothing about time"]
fn speed() {
    let mut config = seeded::small_shape();
    config.eos_token_ids = vec![];
    for threads in [1, 2] {
        let model = seeded::model(&config, 1, Options { threads, vector: None });
        let prompts: Vec<Vec<u32>> = (0..GROUPS).map(|g| seeded::tokens(g as u64, PROMPT, &config)).collect();
        for rows in [1, 8, 64, 128, 256] {
            let groups = if rows < 64 { 4 } else { GROUPS };
            let start = Instant::now();
            let mut generator = Generator::new(&model, rows, 1 << 16);
            for (g, prompt) in prompts.iter().take(groups).enumerate() {
                let draws = Box::new(seeded::draw(g as u64));
                generator.add_group(prompt, SAMPLES, TOKENS, Sampling::default(), draws).unwrap();
            }
            let mut tokens = 0;
            while generator.step(&mut |_| tokens += 1).unwrap() {}
            let rate = f64::from(tokens) / start.elapsed().as_secs_f64();
            println!("generate: {threads} threads, {rows} rows: {tokens} tokens, {rate:.0} tokens/s");
        }
        let start = Instant::now();
        let mut tokens = 0;
        for (g, prompt) in prompts.iter().enumerate() {
            let completions: Vec<Vec<u32>> =
                (0..SAMPLES).map(|s| seeded::tokens((g * 100 + s) as u64, TOKENS, &config)).collect();
            let completions: Vec<&[u32]> = completions.iter().map(Vec::as_slice).collect();
            let draw = seeded::draw(g as u64);
            audit_group(&model, prompt, &completions, Sampling::default(), &draw, &mut |_, _, _| tokens += 1)
                .unwrap();
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "audit: {threads} threads: {tokens} tokens in {seconds:.2} s, {:.0} tokens/s",
            f64::from(tokens) / seconds
        );
    }
}
