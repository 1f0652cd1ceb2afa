//! Answers without a model, for the throughput bench: as fast as hashing and signing go.
//!
//! Lengths, tokens, log-probs and fingerprints come from a mixing function. Ranges, EOS rule, chain, signature and root
//! hold; the check against the model does not.

use grail::chain::{Finish, Task};
use grail::record::{FINGERPRINT_BYTES, Record, State};
use grail::standard::Standard;

use crate::answer::{Drawn, GroupAnswer, Signer};
use crate::dishonest::{Shape, Treatment};
use crate::work::Asked;

/// The frames of each group, made when asked for.
pub(crate) fn groups(asked: Asked, shape: Shape, mut signer: Signer) -> impl Iterator<Item = Vec<u8>> {
    let hotkey = signer.key.hotkey();
    let standard = Standard::exact(engine::numerics_id());
    asked.tasks.into_iter().enumerate().map(move |(index, task)| {
        let mut answer = GroupAnswer::new(index as u16, &task, &hotkey, &standard, Treatment::none());
        let mut out = Vec::new();
        answer.opening().encode(&mut out);
        for sample in 0..task.group_size as usize {
            rollout(&task, sample, &shape, &mut answer, &mut signer, &mut out);
        }
        out
    })
}

fn rollout(
    task: &Task,
    sample: usize,
    shape: &Shape,
    answer: &mut GroupAnswer,
    signer: &mut Signer,
    out: &mut Vec<u8>,
) {
    let start = task.start(sample as u32, &signer.key.hotkey());
    let seed = u64::from_be_bytes(start[..8].try_into().expect("a hash has 32 bytes"));
    let most = u64::from(task.terms.max_tokens);
    let length = 1 + mix(seed) % most;
    for t in 1..=length {
        let word = mix(seed ^ t);
        let mut fingerprint = [0; FINGERPRINT_BYTES];
        fingerprint[..8].copy_from_slice(&word.to_le_bytes());
        fingerprint[8..].copy_from_slice(&mix(word).to_le_bytes());
        let logprob = -4.0 * (((word >> 40) + 1) as f32 / (1_u64 << 24) as f32);
        let record = Record { logprob, state: State::Fingerprint(fingerprint) };
        let finish = match length {
            _ if t < length => None,
            _ if length == most => Some(Finish::Length),
            _ => Some(Finish::Stop),
        };
        let token = match finish {
            Some(Finish::Stop) => shape.eos[0],
            _ => shape.inner_token((word >> 8) as u32),
        };
        answer.push(Drawn { sample, token, record, finish }, false, signer, out);
    }
}

/// The finaliser of splitmix64.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
