//! The foreign engine computes the same models as ours, nearly: within what its rounding explains, and not more
//! exactly than that.

use foreign::{Attention, Numerics, Order, Precision};

use crate::compare::{Distance, Pair, fixture, load, load_ours, ours, theirs, tokens};

/// A prompt of one token, others, and completions longer than any tile or lane count, of uneven lengths.
fn pairs(vocab: usize) -> Vec<Pair> {
    let shapes = [(1, 60), (5, 33), (17, 1), (40, 90)];
    let pair = |(seed, (prompt, completion)): (u64, (usize, usize))| {
        (tokens(seed, prompt, vocab), tokens(100 + seed, completion, vocab))
    };
    (0..).zip(shapes).map(pair).collect()
}

fn check(name: &str) {
    let checkpoint = fixture(name);
    let pairs = pairs(checkpoint.config.vocab_size);
    let expected = ours(&load_ours(&checkpoint), &pairs);
    let run = |numerics| theirs(&load(&checkpoint, numerics, 1), &pairs);
    let f32_only = Numerics { attention: Attention::Tiled(7), ..Numerics::F32_FOREIGN };
    for (numerics, states, logprobs) in [
        (Numerics::F32_FOREIGN, 1e-4, 1e-4),
        (f32_only, 1e-4, 1e-4),
        (Numerics::BF16_EAGER, 6e-2, 0.3),
        (Numerics::BF16_TILED, 6e-2, 0.3),
    ] {
        let answers = run(numerics);
        let distance = Distance::between(&answers, &expected);
        let (median, max, mean) = (distance.median(), distance.max(), distance.mean_logprob);
        println!("{name} {}: states {median:.1e} to {max:.1e}, log-probs {mean:.1e}", numerics.id());
        assert!(max < states && mean < logprobs, "{name} {}: {max} {mean}", numerics.id());
        let least = if numerics.activations == Precision::Bf16 { 1e-3 } else { 1e-8 };
        assert!(median > least, "{name} {} is no foreigner: {median}", numerics.id());
    }
}

#[test]
fn qwen2() {
    check("qwen2");
}

#[test]
fn qwen3() {
    check("qwen3");
}

#[test]
fn llama() {
    check("llama");
}

#[test]
fn llama_with_scaled_rotation() {
    check("llama_scaled_sharded");
}

/// Each of the four settings changes bits by itself, and a summation order or a kind of attention by little.
#[test]
fn every_setting_matters() {
    let checkpoint = fixture("qwen3");
    let pairs = pairs(checkpoint.config.vocab_size);
    let run = |numerics| theirs(&load(&checkpoint, numerics, 1), &pairs);
    for (base, little) in [(Numerics::F32_FOREIGN, 1e-5), (Numerics::BF16_EAGER, 6e-2)] {
        let answers = run(base);
        assert_eq!(run(base), answers, "the same numerics twice");
        for changed in [
            Numerics { attention: Attention::Tiled(16), ..base },
            Numerics { order: Order::Blocked(16), ..base },
            Numerics { order: Order::Lanes(4), ..base },
        ] {
            let distance = Distance::between(&run(changed), &answers);
            let max = distance.max();
            assert!(max > 0.0 && max < little, "{} {max}", changed.id());
        }
    }
    // f32 weights that bf16 cannot hold
    for changed in [
        Numerics { weights: Precision::Bf16, ..Numerics::F32_FOREIGN },
        Numerics { activations: Precision::Bf16, ..Numerics::F32_FOREIGN },
    ] {
        let distance = Distance::between(&run(changed), &run(Numerics::F32_FOREIGN));
        assert!(distance.median() > 1e-4, "{} {}", changed.id(), distance.median());
    }
}

/// Rounded states are bf16 values; logits are not rounded.
#[test]
fn states_are_rounded_and_logits_are_not() {
    let checkpoint = fixture("qwen2");
    let engine = load(&checkpoint, Numerics::BF16_TILED, 1);
    let is_bf16 = |value: &f32| value.to_bits().trailing_zeros() >= 16;
    let mut seen_any = false;
    engine.force(&[(&[3, 4], &[5, 6, 7])], &mut |_, _, seen| {
        assert!(seen.hidden.iter().all(is_bf16));
        assert!(!seen.logits.iter().all(is_bf16));
        seen_any = true;
    });
    assert!(seen_any);
}
