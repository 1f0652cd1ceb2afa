//! Tokens per second on the shipped checkpoint. Nothing about time is asserted.

use foreign::Numerics;

use crate::compare::{arith, load, tokens};

const COMPLETIONS: usize = 64;
const PROMPT: usize = 24;
const TOKENS: usize = 104;

#[test]
fn speed() {
    let checkpoint = arith();
    let vocab = checkpoint.config.vocab_size;
    let pair = |i: u64| (tokens(i, PROMPT, vocab), tokens(i + 1000, TOKENS, vocab));
    let pairs: Vec<_> = (0..COMPLETIONS as u64).map(pair).collect();
    let pairs: Vec<(&[u32], &[u32])> = pairs.iter().map(|(p, c)| (p.as_slice(), c.as_slice())).collect();
    for numerics in Numerics::ALL {
        let engine = load(&checkpoint, *numerics, 1);
        let start = cpu_seconds();
        let mut visited = 0;
        engine.force(&pairs, &mut |_, _, _| visited += 1);
        assert_eq!(visited, COMPLETIONS * TOKENS);
        let taken = COMPLETIONS * (PROMPT + TOKENS - 1);
        let rate = taken as f64 / (cpu_seconds() - start);
        println!("{}: {rate:.0} tokens/s of processor time, prompts included", numerics.id());
    }
}

/// Of this thread, which does all the work: on a shared machine wall time says little. From Linux's `/proc`, in
/// ticks of 10 ms; NaN elsewhere.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}
