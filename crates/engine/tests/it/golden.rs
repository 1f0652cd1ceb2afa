//! The bits of [`engine::numerics_id`]: the same on every machine, and a change of them is a new revision.

use engine::{Model, Options, audit_group};
use grail::sampler::Sampling;

use crate::seeded;

/// FNV-1a over every state, log-prob and dictated token of a small audit.
fn digest(model: &Model) -> u64 {
    let config = model.config();
    let prompt = seeded::tokens(1, 21, config);
    let completions: Vec<Vec<u32>> = (0..3).map(|i| seeded::tokens(2 + i, 30, config)).collect();
    let completions: Vec<&[u32]> = completions.iter().map(Vec::as_slice).collect();
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut absorb = |word: u32| {
        for byte in word.to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for sampling in [Sampling::default(), Sampling::new(0.8, 0.95, 50).unwrap()] {
        audit_group(model, &prompt, &completions, sampling, &seeded::draw(9), &mut |_, _, audited| {
            audited.hidden.iter().for_each(|x| absorb(x.to_bits()));
            absorb(audited.logprob.to_bits());
            absorb(audited.picked);
        })
        .unwrap();
    }
    hash
}

#[test]
fn revision_1() {
    assert_eq!(engine::numerics_id(), "f32-exact/1");
    let digests =
        seeded::shapes().into_iter().map(|shape| digest(&seeded::model(&shape, 1, Options::default())));
    assert_eq!(
        digests.collect::<Vec<_>>(),
        [0xa7d8_9a47_3781_64ee, 0x8e40_da91_3e2c_025d, 0xb29e_1cca_eb56_b8ea, 0xb8c0_9310_6e51_ca7c]
    );
}
