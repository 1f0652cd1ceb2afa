//! Slots, threads and ends of completions.

use foreign::Numerics;
use grail::sampler::{Sampling, pick};

use crate::compare::{Pair, fixture, load, theirs, tokens, unit};

/// More completions than slots, of all lengths, none included.
fn many(vocab: usize) -> Vec<Pair> {
    let pair = |i: usize| (tokens(i as u64, 1 + i % 5, vocab), tokens(900 + i as u64, i % 11, vocab));
    (0..150).map(pair).collect()
}

/// Threads and the company in a batch change nothing, and every token is visited once.
#[test]
fn batch_and_threads_change_nothing() {
    let checkpoint = fixture("llama");
    let pairs = many(checkpoint.config.vocab_size);
    let together = theirs(&load(&checkpoint, Numerics::F32_FOREIGN, 1), &pairs);
    for (told, (_, completion)) in together.iter().zip(&pairs) {
        assert_eq!(told.len(), completion.len());
    }
    assert_eq!(theirs(&load(&checkpoint, Numerics::F32_FOREIGN, 3), &pairs), together);
    let engine = load(&checkpoint, Numerics::F32_FOREIGN, 0);
    for (pair, together) in pairs.iter().zip(&together).step_by(7) {
        assert_eq!(&theirs(&engine, std::slice::from_ref(pair))[0], together);
    }
    assert!(theirs(&engine, &[]).is_empty());
}

/// What was generated is seen again, to the bit, when it is forced.
#[test]
fn forcing_a_generated_completion_shows_the_same() {
    let checkpoint = fixture("qwen3");
    let vocab = checkpoint.config.vocab_size;
    let engine = load(&checkpoint, Numerics::BF16_EAGER, 2);
    let prompts: Vec<Vec<u32>> = (0..70).map(|i| tokens(i, 1 + i as usize % 9, vocab)).collect();
    let slices: Vec<&[u32]> = prompts.iter().map(Vec::as_slice).collect();
    let eos = [3, 50, 77, 90];
    let mut states = vec![Vec::new(); prompts.len()];
    let completions = engine.generate(&slices, 40, &eos, &mut |which, t, seen| {
        assert_eq!((seen.logits.len(), states[which].len()), (vocab, t));
        states[which].push(seen.hidden.to_vec());
        pick(seen.logits, Sampling::default(), unit(which as u64, t as u64)).unwrap()
    });
    let mut stopped = 0;
    for completion in &completions {
        let (last, before) = completion.split_last().unwrap();
        assert!(before.iter().all(|token| !eos.contains(token)));
        assert!(eos.contains(last) || completion.len() == 40);
        stopped += usize::from(completion.len() < 40);
    }
    assert!((1..prompts.len()).contains(&stopped), "{stopped} stopped");
    let pairs: Vec<Pair> = prompts.iter().cloned().zip(completions).collect();
    for (told, states) in theirs(&engine, &pairs).iter().zip(&states) {
        assert!(told.iter().map(|told| &told.hidden).eq(states));
    }
    assert_eq!(engine.generate(&slices[..2], 0, &[], &mut |_, _, _| 0), [[0u32; 0]; 2]);
}
