//! Tokens per second on the shipped checkpoint. Nothing about time is asserted.

use std::time::Instant;

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
        let start = Instant::now();
        let mut visited = 0;
        engine.force(&pairs, &mut |_, _, _| visited += 1);
        assert_eq!(visited, COMPLETIONS * TOKENS);
        let taken = COMPLETIONS * (PROMPT + TOKENS - 1);
        let rate = taken as f64 / start.elapsed().as_secs_f64();
        println!("{}: {rate:.0} tokens/s on one thread, prompts included", numerics.id());
    }
}
