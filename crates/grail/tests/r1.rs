//! `grail-r1` on synthetic rollouts: a toy model stands in for the engine, everything else is the real scheme.
//!
//! The toy's states, logits and draws are functions of the tokens before, so a cheat can be played exactly: the cheater
//! always re-chains and re-signs, since a miner that cannot even do that is caught by the chain already.

use grail::chain::{Commitment, Finish, Task, Terms, group_path, group_root};
use grail::check::{self, Rules};
use grail::exact::{Agreement, ExactCheck};
use grail::hash::{self, Hash, Transcript};
use grail::ids::{CheckpointId, GroupRoot, Hotkey, ProfileId, PromptId, Randomness};
use grail::keys::{HotkeyPair, ServiceKey};
use grail::receipt::{Receipt, SignedReceipt};
use grail::recomputed::Recomputed;
use grail::record::{Record, State};
use grail::sampler::{self, BLOCK, Block, Sampling, Summary};
use grail::{RejectReason, RejectReason as R};
use proptest::prelude::*;
use rand_core::OsRng;

const VOCAB: u32 = 48;
const EOS: &[u32] = &[0, 7];
const RULES: Rules<'static> = Rules { vocab_size: VOCAB, eos: EOS };
const PROMPT: &[u32] = &[5, 6, 9];
const WEIGHTS: u64 = 1;

fn task() -> Task {
    Task {
        checkpoint: CheckpointId([1; 32]),
        profile: ProfileId([2; 32]),
        randomness: Randomness([3; 32]),
        prompt: PromptId([4; 32]),
        prompt_tokens: hash::tokens(PROMPT),
        group_size: 5,
        terms: Terms { temperature: 0.8, top_p: 0.95, top_k: 0, max_tokens: 24 },
    }
}

fn fingerprint(record: &mut Record) -> &mut [u8; 16] {
    match &mut record.state {
        State::Fingerprint(fingerprint) => fingerprint,
        State::Projection(_) => panic!("a record of class exact"),
    }
}

fn miner(seed: u8) -> HotkeyPair {
    HotkeyPair::from_seed(&[seed; 32])
}

/// The toy's state after these tokens.
fn state(weights: u64, completion: &[u32]) -> Vec<f32> {
    let digest = Transcript::new("toy state")
        .u64(weights)
        .bytes(&hash::tokens(PROMPT))
        .bytes(&hash::tokens(completion))
        .finish();
    digest.iter().map(|byte| f32::from(*byte) / 32.0 - 4.0).collect()
}

/// The toy's logits for a state. Ends of text are unlikely, so that rollouts get somewhere.
fn logits(state: &[f32]) -> Vec<f32> {
    let logit = |id: u32| {
        let mixed = state.iter().enumerate().map(|(i, x)| x * ((id as f32 + 1.0) * (i as f32 + 0.7)).sin());
        let bias = if EOS.contains(&id) { -2.0 } else { 0.0 };
        mixed.sum::<f32>() / 8.0 + bias
    };
    (0..VOCAB).map(logit).collect()
}

/// What the model says of one position: (state, log-prob of a token, the token that the draw dictates).
fn recompute(task: &Task, weights: u64, sample: u32, before: &[u32], token: u32) -> (Vec<f32>, f32, u32) {
    let hidden = state(weights, before);
    let row = logits(&hidden);
    let blocks: Vec<Block> = row.chunks(BLOCK).map(|block| Block::of(block, 1.0)).collect();
    let logprob = Summary::new(&blocks).expect("finite logits").logprob(row[token as usize % row.len()]);
    let Terms { temperature, top_p, top_k, .. } = task.terms;
    let sampling = Sampling::new(temperature, top_p, top_k).expect("in range");
    let u = task.seeds().draw(sample, before.len() as u32);
    (hidden, logprob, sampler::pick(&row, sampling, u).expect("finite logits"))
}

fn seal(task: &Task, sample: u32, key: &HotkeyPair, mut commitment: Commitment) -> Commitment {
    commitment.head = commitment.computed_head(task, sample, &key.hotkey());
    commitment.signature = key.sign(&commitment.head, OsRng);
    commitment
}

/// Generates as an honest miner does, except where `choose(t, drawn)` says another token.
fn generate(
    task: &Task,
    weights: u64,
    sample: u32,
    key: &HotkeyPair,
    choose: &dyn Fn(usize, u32) -> u32,
) -> Commitment {
    let start = task.start(sample, &key.hotkey());
    let (mut tokens, mut records) = (Vec::new(), Vec::new());
    let finish = loop {
        let t = tokens.len();
        let (_, _, drawn) = recompute(task, weights, sample, &tokens, 0);
        let token = choose(t, drawn);
        let (hidden, logprob, _) = recompute(task, weights, sample, &tokens, token);
        tokens.push(token);
        records.push(Record::exact(&start, t as u32, &hidden, logprob));
        if EOS.contains(&token) {
            break Finish::Stop;
        }
        if tokens.len() == task.terms.max_tokens as usize {
            break Finish::Length;
        }
    };
    seal(task, sample, key, Commitment { tokens, records, finish, head: [0; 32], signature: [0; 64] })
}

fn honest(task: &Task, sample: u32, key: &HotkeyPair) -> Commitment {
    generate(task, WEIGHTS, sample, key, &|_, drawn| drawn)
}

/// Level L1x as the verifier runs it.
fn exact(task: &Task, sample: u32, hotkey: &Hotkey, commitment: &Commitment) -> Result<Agreement, R> {
    let mut check = ExactCheck::new(task, sample, hotkey, commitment);
    for (t, token) in commitment.tokens.iter().enumerate() {
        let (hidden, logprob, picked) = recompute(task, WEIGHTS, sample, &commitment.tokens[..t], *token);
        check.visit(t, Recomputed { hidden: &hidden, logprob, picked, miss: 0.0 });
    }
    check.verdict()
}

/// L0, then L1x: what decides whether a rollout is sold.
fn judge(task: &Task, sample: u32, hotkey: &Hotkey, commitment: &Commitment) -> Result<Agreement, R> {
    check::rollout(task, &RULES, sample, hotkey, commitment)?;
    exact(task, sample, hotkey, commitment)
}

/// Changes an honest rollout, seals it again, and judges it.
fn cheat(change: impl FnOnce(&mut Commitment)) -> Result<Agreement, R> {
    let (task, key) = (task(), miner(1));
    let mut commitment = honest(&task, 0, &key);
    assert!(commitment.tokens.len() > 4, "the toy's rollout 0 is long enough to be tampered with");
    change(&mut commitment);
    let commitment = seal(&task, 0, &key, commitment);
    judge(&task, 0, &key.hotkey(), &commitment)
}

#[test]
fn honest_rollouts_pass_whoever_made_them_and_hold_the_same_tokens() {
    let task = task();
    let (a, b) = (miner(1), miner(2));
    let mut finishes = Vec::new();
    for sample in 0..40 {
        let (from_a, from_b) = (honest(&task, sample, &a), honest(&task, sample, &b));
        let positions = from_a.tokens.len();
        assert_eq!(judge(&task, sample, &a.hotkey(), &from_a), Ok(Agreement { positions }));
        assert_eq!(judge(&task, sample, &b.hotkey(), &from_b), Ok(Agreement { positions }));
        assert_eq!(from_a.tokens, from_b.tokens);
        assert_eq!(from_a.sample_hash(&task.prompt_tokens), from_b.sample_hash(&task.prompt_tokens));
        assert_ne!(from_a.head, from_b.head, "the head is the miner's own");
        finishes.push(from_a.finish);
    }
    assert!(finishes.contains(&Finish::Stop) && finishes.contains(&Finish::Length), "{finishes:?}");
}

#[test]
fn other_weights_and_borrowed_records_are_wrong_from_the_first_state_on() {
    let (task, key, other) = (task(), miner(1), miner(2));
    let foreign = generate(&task, WEIGHTS + 1, 0, &key, &|_, drawn| drawn);
    assert_eq!(judge(&task, 0, &key.hotkey(), &foreign), Err(R::WrongWeights));
    assert_eq!(cheat(|c| fingerprint(&mut c.records[0])[15] ^= 1), Err(R::WrongWeights));
    // the records of another miner, of another rollout, of another task: all right but for their c_0
    let copied = seal(&task, 0, &other, honest(&task, 0, &key));
    assert_eq!(judge(&task, 0, &other.hotkey(), &copied), Err(R::WrongWeights));
    let shifted = seal(&task, 1, &key, honest(&task, 0, &key));
    assert_eq!(judge(&task, 1, &key.hotkey(), &shifted), Err(R::WrongWeights));
    let elsewhere = Task { prompt: PromptId([9; 32]), ..task };
    let replayed = seal(&elsewhere, 0, &key, honest(&task, 0, &key));
    assert_eq!(judge(&elsewhere, 0, &key.hotkey(), &replayed), Err(R::WrongWeights));
}

#[test]
fn text_changed_after_sampling_is_tampered() {
    assert_eq!(cheat(|c| fingerprint(&mut c.records[3])[0] ^= 0x80), Err(R::TamperedTokens));
    // a token in the middle, its record kept: the states after it never saw it
    let other = |token: u32| if token == 20 { 21 } else { 20 };
    assert_eq!(cheat(|c| c.tokens[2] = other(c.tokens[2])), Err(R::TamperedTokens));
    // its log-prob made to fit: the next state gives it away
    let refitted = |c: &mut Commitment| {
        c.tokens[2] = other(c.tokens[2]);
        c.records[2].logprob = recompute(&task(), WEIGHTS, 0, &c.tokens[..2], c.tokens[2]).1;
    };
    assert_eq!(cheat(refitted), Err(R::TamperedTokens));
    // the last token has no state after it; the log-prob that was not its own gives it away
    let (key, capped) = (miner(1), Task { terms: Terms { max_tokens: 4, ..task().terms }, ..task() });
    let mut commitment = honest(&capped, 0, &key);
    assert_eq!(commitment.finish, Finish::Length);
    commitment.tokens[3] = other(commitment.tokens[3]);
    let kept = seal(&capped, 0, &key, commitment.clone());
    assert_eq!(judge(&capped, 0, &key.hotkey(), &kept), Err(R::TamperedTokens));
    // with a log-prob of its own it is a text that the model could have drawn, but not from this seed
    commitment.records[3].logprob =
        recompute(&capped, WEIGHTS, 0, &commitment.tokens[..3], commitment.tokens[3]).1;
    let refitted = seal(&capped, 0, &key, commitment);
    assert_eq!(judge(&capped, 0, &key.hotkey(), &refitted), Err(R::SeedMismatch));
}

#[test]
fn picks_that_are_not_the_draws_are_a_seed_mismatch() {
    let (task, key) = (task(), miner(1));
    let forced = |at: usize| {
        move |t: usize, drawn: u32| {
            if t == at { (drawn % 40) + 8 - 7 * u32::from(drawn == 40) } else { drawn }
        }
    };
    for at in [0, 1, 3] {
        let commitment = generate(&task, WEIGHTS, 0, &key, &forced(at));
        assert_eq!(judge(&task, 0, &key.hotkey(), &commitment), Err(R::SeedMismatch), "forced at {at}");
    }
    // best of N: a rollout that is honest in every state, drawn under an index that was not due
    let liked = generate(&task, WEIGHTS, 0, &key, &|t, _| {
        honest(&task, 17, &key).tokens.get(t).copied().unwrap_or(EOS[0])
    });
    assert_eq!(judge(&task, 0, &key.hotkey(), &liked), Err(R::SeedMismatch));
    // an end of text that was not drawn: short answers are cheap
    let cut = generate(&task, WEIGHTS, 0, &key, &|t, drawn| if t == 2 { EOS[1] } else { drawn });
    assert_eq!(cut.tokens.len(), 3);
    assert_eq!(judge(&task, 0, &key.hotkey(), &cut), Err(R::SeedMismatch));
}

#[test]
fn log_probs_off_by_one_bit_are_edited() {
    for t in [0, 2] {
        let off_by_one = |c: &mut Commitment| {
            c.records[t].logprob = f32::from_bits(c.records[t].logprob.to_bits() + 1);
        };
        assert_eq!(cheat(off_by_one), Err(R::EditedLogprobs));
    }
    assert_eq!(cheat(|c| c.records.iter_mut().for_each(|r| r.logprob = 0.0)), Err(R::EditedLogprobs));
}

#[test]
fn a_check_that_was_not_fed_every_position_in_order_never_passes() {
    let (task, key) = (task(), miner(1));
    let commitment = honest(&task, 0, &key);
    let count = commitment.tokens.len();
    let fed = |order: &[usize]| {
        let mut check = ExactCheck::new(&task, 0, &key.hotkey(), &commitment);
        for &t in order {
            let before = &commitment.tokens[..t.min(count)];
            let token = commitment.tokens.get(t).copied().unwrap_or(0);
            let (hidden, logprob, picked) = recompute(&task, WEIGHTS, 0, before, token);
            check.visit(t, Recomputed { hidden: &hidden, logprob, picked, miss: 0.0 });
        }
        check.verdict()
    };
    let all: Vec<usize> = (0..count).collect();
    assert_eq!(fed(&all), Ok(Agreement { positions: count }));
    assert_eq!(fed(&[]), Err(R::TruncatedStream));
    assert_eq!(fed(&all[..count - 1]), Err(R::TruncatedStream));
    assert_eq!(fed(&all[1..]), Err(R::TruncatedStream));
    let gap: Vec<usize> = all.iter().copied().filter(|t| *t != 2).collect();
    assert_eq!(fed(&gap), Err(R::TruncatedStream));
    let backwards: Vec<usize> = all.iter().rev().copied().collect();
    assert_eq!(fed(&backwards), Err(R::TruncatedStream));
    // a position twice, or one too many, changes nothing
    let twice: Vec<usize> = all.iter().flat_map(|t| [*t, *t]).chain([count, count + 9]).collect();
    assert_eq!(fed(&twice), Ok(Agreement { positions: count }));
    let empty = Commitment { tokens: Vec::new(), records: Vec::new(), ..commitment.clone() };
    assert_eq!(exact(&task, 0, &key.hotkey(), &empty), Err(R::TruncatedStream));
}

/// L0 alone, on an honest rollout that was changed and sealed again.
fn l0(change: impl FnOnce(&mut Commitment)) -> Result<(), RejectReason> {
    let (task, key) = (task(), miner(1));
    let mut commitment = honest(&task, 0, &key);
    change(&mut commitment);
    let commitment = seal(&task, 0, &key, commitment);
    check::rollout(&task, &RULES, 0, &key.hotkey(), &commitment)
}

fn repeat(c: &mut Commitment, token: u32, count: usize) {
    c.tokens = vec![token; count];
    c.records = vec![c.records[0]; count];
}

#[test]
fn ranges_are_checked_at_their_edges() {
    assert_eq!(l0(|_| {}), Ok(()));
    assert_eq!(l0(|c| c.tokens[0] = VOCAB - 1), Ok(()));
    assert_eq!(l0(|c| c.tokens[0] = VOCAB), Err(R::OutOfRange));
    assert_eq!(l0(|c| c.tokens[0] = u32::MAX), Err(R::OutOfRange));
    for logprob in [0.0, f32::MIN, -f32::MIN_POSITIVE, -1e-45] {
        assert_eq!(l0(|c| c.records[1].logprob = logprob), Ok(()), "{logprob}");
    }
    for logprob in [-0.0, f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-45, 1.0] {
        assert_eq!(l0(|c| c.records[1].logprob = logprob), Err(R::OutOfRange), "{logprob}");
    }
    assert_eq!(l0(|c| c.records.truncate(1)), Err(R::OutOfRange));
    assert_eq!(l0(|c| c.records.push(c.records[0])), Err(R::OutOfRange));
    assert_eq!(l0(|c| repeat(c, 20, 25)), Err(R::Oversized));
}

#[test]
fn the_eos_rule_is_exact() {
    let with = |tokens: &[u32], finish| {
        l0(|c| {
            repeat(c, 20, tokens.len());
            c.tokens = tokens.to_vec();
            c.finish = finish;
        })
    };
    let mut full = vec![20; 24];
    assert_eq!(with(&full, Finish::Length), Ok(()));
    assert_eq!(with(&full, Finish::Stop), Err(R::EosRule));
    assert_eq!(with(&full[..23], Finish::Length), Err(R::EosRule));
    full[23] = 7;
    assert_eq!(with(&full, Finish::Stop), Ok(()), "EOS as the last token that fits");
    assert_eq!(with(&full, Finish::Length), Err(R::EosRule));
    full[3] = 0;
    assert_eq!(with(&full, Finish::Stop), Err(R::EosRule), "an EOS of the other kind inside");
    assert_eq!(with(&[0], Finish::Stop), Ok(()));
    assert_eq!(with(&[0, 20], Finish::Stop), Err(R::EosRule));
    assert_eq!(with(&[], Finish::Stop), Err(R::EosRule));
    assert_eq!(with(&[], Finish::Length), Err(R::EosRule));
    // a task that allows nothing has no right answer, and an empty set of EOS means that only the cap ends
    let (key, none) = (miner(1), Task { terms: Terms { max_tokens: 0, ..task().terms }, ..task() });
    let commitment = honest(&task(), 0, &key);
    let empty = Commitment { tokens: Vec::new(), records: Vec::new(), ..commitment.clone() };
    let verdict = |rules: &Rules<'_>, c: &Commitment| check::rollout(&none, rules, 0, &key.hotkey(), c);
    assert_eq!(verdict(&RULES, &empty), Err(R::EosRule));
    assert_eq!(verdict(&RULES, &commitment), Err(R::Oversized));
    assert_eq!(verdict(&Rules { eos: &[], ..RULES }, &empty), Err(R::EosRule));
}

#[test]
fn every_field_of_the_task_is_in_the_chain() {
    let (task, key) = (task(), miner(1));
    let commitment = honest(&task, 3, &key);
    let under =
        |task: Task, sample: u32, hotkey: Hotkey| check::rollout(&task, &RULES, sample, &hotkey, &commitment);
    assert_eq!(under(task, 3, key.hotkey()), Ok(()));
    let terms = task.terms;
    let others = [
        Task { checkpoint: CheckpointId([9; 32]), ..task },
        Task { profile: ProfileId([9; 32]), ..task },
        Task { randomness: Randomness([9; 32]), ..task },
        Task { prompt: PromptId([9; 32]), ..task },
        Task { prompt_tokens: [9; 32], ..task },
        Task { group_size: 6, ..task },
        Task {
            terms: Terms { temperature: f32::from_bits(terms.temperature.to_bits() + 1), ..terms },
            ..task
        },
        Task { terms: Terms { top_p: 1.0, ..terms }, ..task },
        Task { terms: Terms { top_k: 1, ..terms }, ..task },
    ];
    for other in others {
        assert_eq!(under(other, 3, key.hotkey()), Err(R::BrokenChain), "{other:?}");
    }
    let longer = Task { terms: Terms { max_tokens: 25, ..terms }, ..task };
    let reason = if commitment.finish == Finish::Stop { R::BrokenChain } else { R::EosRule };
    assert_eq!(under(longer, 3, key.hotkey()), Err(reason));
    assert_eq!(under(task, 2, key.hotkey()), Err(R::BrokenChain));
    assert_eq!(under(task, 3, miner(2).hotkey()), Err(R::BrokenChain));
}

#[test]
fn heads_and_signatures_are_checked() {
    let (task, key) = (task(), miner(1));
    let commitment = honest(&task, 0, &key);
    let verdict = |c: &Commitment| check::rollout(&task, &RULES, 0, &key.hotkey(), c);
    let mut forged = commitment.clone();
    forged.head[31] ^= 1;
    forged.signature = key.sign(&forged.head, OsRng);
    assert_eq!(verdict(&forged), Err(R::BrokenChain));
    for bit in 0..512 {
        let mut forged = commitment.clone();
        forged.signature[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verdict(&forged), Err(R::BadSignature), "bit {bit}");
    }
    let mut forged = commitment.clone();
    forged.signature = miner(2).sign(&forged.head, OsRng);
    assert_eq!(verdict(&forged), Err(R::BadSignature));
    // a hotkey that is no point of the curve signs nothing, even over a right chain
    let nobody = Hotkey([0xff; 32]);
    forged.head = forged.computed_head(&task, 0, &nobody);
    assert_eq!(check::rollout(&task, &RULES, 0, &nobody, &forged), Err(R::BadSignature));
}

#[test]
fn a_group_has_a_verdict_for_all_that_is_due_and_all_that_is_there() {
    let (task, key) = (task(), miner(1));
    let all: Vec<Commitment> = (0..6).map(|sample| honest(&task, sample, &key)).collect();
    let group =
        |task: &Task, commitments: &[Commitment]| check::group(task, &RULES, &key.hotkey(), commitments);
    assert_eq!(group(&task, &all[..5]), [Ok(()); 5]);
    let short = [Ok(()), Ok(()), Ok(()), Ok(()), Err(R::TruncatedStream)];
    assert_eq!(group(&task, &all[..4]), short);
    assert_eq!(group(&task, &all)[5], Err(R::Oversized));
    assert_eq!(group(&task, &[]), [Err(R::TruncatedStream); 5]);
    let nothing = Task { group_size: 0, ..task };
    assert_eq!(group(&nothing, &[]), [Err(R::TruncatedStream)], "no group passes for want of rollouts");
    let swapped = [&all[1], &all[0]].map(Clone::clone);
    assert_eq!(group(&Task { group_size: 2, ..task }, &swapped), [Err(R::BrokenChain); 2]);
    let heads: Vec<Hash> = all.iter().map(|commitment| commitment.head).collect();
    assert_eq!(check::root(&all, &group_root(&heads)), Ok(()));
    assert_eq!(check::root(&all[..5], &group_root(&heads)), Err(R::BadGroupRoot));
    assert_eq!(check::root(&swapped, &group_root(&heads[..2])), Err(R::BadGroupRoot));
}

fn receipted() -> (Task, Hotkey, Vec<Hash>, SignedReceipt) {
    let (task, hotkey) = (task(), miner(1).hotkey());
    let heads: Vec<Hash> = (0..5).map(|sample| [sample; 32]).collect();
    let receipt = Receipt {
        task: task.id(),
        group_root: group_root(&heads),
        hotkey,
        received_at_ms: 1_700_000_000_000,
        audit_round: 0,
    };
    (task, hotkey, heads, receipt.sign(&ServiceKey::from_seed(&[6; 32])))
}

#[test]
fn receipts_are_for_one_place_in_one_group() {
    let (task, hotkey, heads, receipt) = receipted();
    for sample in 0..5_u32 {
        let path = group_path(&heads, sample as usize).unwrap();
        let check = |at: u32, head: &Hash| check::receipt(&task, &hotkey, at, head, &path, &receipt);
        assert_eq!(check(sample, &heads[sample as usize]), Ok(()));
        assert_eq!(check(sample, &[9; 32]), Err(R::BadGroupRoot));
        for other in (0..9).chain([u32::MAX]).filter(|other| *other != sample) {
            assert_eq!(check(other, &heads[sample as usize]), Err(R::BadGroupRoot), "{sample} as {other}");
        }
    }
    let path = group_path(&heads, 0).unwrap();
    let with = |task: &Task, hotkey: &Hotkey, receipt: &SignedReceipt, path: &[Hash]| {
        check::receipt(task, hotkey, 0, &heads[0], path, receipt)
    };
    assert_eq!(with(&task, &hotkey, &receipt, &path[1..]), Err(R::BadGroupRoot));
    assert_eq!(with(&task, &hotkey, &receipt, &[path.as_slice(), &path[..1]].concat()), Err(R::BadGroupRoot));
    assert_eq!(with(&task, &miner(2).hotkey(), &receipt, &path), Err(R::BadReceipt));
    assert_eq!(with(&Task { group_size: 4, ..task }, &hotkey, &receipt, &path), Err(R::BadReceipt));
    let mut empty = receipt;
    (empty.receipt.task, empty.receipt.group_root) = (Task { group_size: 0, ..task }.id(), group_root(&[]));
    let empty = empty.receipt.sign(&ServiceKey::from_seed(&[6; 32]));
    assert_eq!(with(&Task { group_size: 0, ..task }, &hotkey, &empty, &[]), Err(R::BadGroupRoot));
    let mut late = receipt;
    late.receipt.received_at_ms += 1;
    assert_eq!(with(&task, &hotkey, &late, &path), Err(R::BadReceipt));
    let mut round = receipt;
    round.receipt.audit_round = 1;
    assert_eq!(with(&task, &hotkey, &round, &path), Err(R::BadReceipt));
    let mut root = receipt;
    root.receipt.group_root = GroupRoot([9; 32]);
    assert_eq!(with(&task, &hotkey, &root, &path), Err(R::BadReceipt));
    let other = SignedReceipt { service_key: ServiceKey::from_seed(&[7; 32]).public(), ..receipt };
    assert_eq!(with(&task, &hotkey, &other, &path), Err(R::BadReceipt));
}

#[test]
fn receipts_have_one_spelling() {
    let (_, _, _, receipt) = receipted();
    let text = serde_json::to_string(&receipt).unwrap();
    assert_eq!(serde_json::from_str::<SignedReceipt>(&text).unwrap(), receipt);
    let unknown = text.replace("\"audit_round\"", "\"more\":1,\"audit_round\"");
    assert!(serde_json::from_str::<SignedReceipt>(&unknown).is_err(), "unknown fields are refused");
    let twice = text.replace("\"audit_round\":0", "\"audit_round\":0,\"audit_round\":0");
    assert!(serde_json::from_str::<SignedReceipt>(&twice).is_err());
    for (at, byte) in text.bytes().enumerate() {
        let mut changed = text.clone().into_bytes();
        changed[at] ^= 0x20; // the other case, where it is a letter
        let read = serde_json::from_slice::<SignedReceipt>(&changed);
        let unseen = read.is_ok_and(|read| read == receipt || read.is_signed());
        assert!(!unseen, "byte {at}, {:?}", char::from(byte));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    /// Whatever a miner changes in an honest rollout, chained and signed again by itself: it does not pass.
    #[test]
    fn no_other_rollout_passes(sample in 0_u32..5, at: prop::sample::Index, what in 0_u8..5, bit in 0_u32..32, token in 0..VOCAB) {
        let (task, key) = (task(), miner(1));
        let honest = honest(&task, sample, &key);
        let mut changed = honest.clone();
        let t = at.index(changed.tokens.len());
        match what {
            0 => changed.tokens[t] = token,
            1 => changed.records[t].logprob = f32::from_bits(changed.records[t].logprob.to_bits() ^ (1 << bit)),
            2 => fingerprint(&mut changed.records[t])[bit as usize % 16] ^= 1 << (bit / 16),
            3 => {
                changed.tokens.truncate(t);
                changed.records.truncate(t);
            }
            _ => changed.finish = if changed.finish == Finish::Stop { Finish::Length } else { Finish::Stop },
        }
        let changed = seal(&task, sample, &key, changed);
        let same = changed.tokens == honest.tokens && changed.head == honest.head;
        prop_assert_eq!(judge(&task, sample, &key.hotkey(), &changed).is_ok(), same);
    }
}
