//! Tokens per second on a seeded model: `cargo test --release -p engine -- --ignored --nocapture speed`.

use std::time::Instant;

use engine::{Generator, Options, audit_group};
use grail::sampler::Sampling;

use crate::seeded;

/// Wall clock and, on a shared machine more telling, processor time of all threads.
struct Clock(Instant, f64);

impl Clock {
    fn start() -> Self {
        Self(Instant::now(), cpu_seconds())
    }

    fn rates(&self, tokens: u32) -> String {
        let (wall, cpu) = (self.0.elapsed().as_secs_f64(), cpu_seconds() - self.1);
        let tokens = f64::from(tokens);
        format!(
            "{tokens} tokens, {:.0} tokens/s of wall time, {:.0} of processor time",
            tokens / wall,
            tokens / cpu
        )
    }
}

/// From Linux's `/proc`, in ticks of 10 ms; NaN elsewhere.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let tick = |index: usize| fields.get(index).and_then(|f| f.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (tick(11) + tick(12)) / 100.0
}

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
            let clock = Clock::start();
            let mut generator = Generator::new(&model, rows, 1 << 16);
            for (g, prompt) in prompts.iter().take(groups).enumerate() {
                let draws = Box::new(seeded::draw(g as u64));
                generator.add_group(prompt, SAMPLES, TOKENS, Sampling::default(), draws).unwrap();
            }
            let mut tokens = 0;
            while generator.step(&mut |_| tokens += 1).unwrap() {}
            println!("generate: {threads} threads, {rows} rows: {}", clock.rates(tokens));
        }
        let clock = Clock::start();
        let mut tokens = 0;
        for (g, prompt) in prompts.iter().enumerate() {
            let completions: Vec<Vec<u32>> =
                (0..SAMPLES).map(|s| seeded::tokens((g * 100 + s) as u64, TOKENS, &config)).collect();
            let completions: Vec<&[u32]> = completions.iter().map(Vec::as_slice).collect();
            let draw = seeded::draw(g as u64);
            audit_group(&model, prompt, &completions, Sampling::default(), &draw, &mut |_, _, _| tokens += 1)
                .unwrap();
        }
        println!("audit: {threads} threads: {}", clock.rates(tokens));
    }
}
