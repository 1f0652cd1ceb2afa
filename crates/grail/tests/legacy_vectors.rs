//! The legacy reader against inputs and outputs of the deployed implementations, bit for bit.
//!
//! Reads the copy in `tests/data`, or the file that `GRAIL_LEGACY_VECTORS` names. Kinds `v1_*` are the slot market's
//! settlement and no part of this crate: they are counted and printed. A kind that is unknown is a failure.

use std::collections::BTreeMap;
use std::path::Path;

use grail::Hotkey;
use grail::keys::HotkeyPair;
use grail::legacy::challenge::{indices_from_root, indices_from_root_in_range};
use grail::legacy::check::{self, Claim, is_possible};
use grail::legacy::commit::{commit_binding, commitments_json, rollout_hash, token_bytes};
use grail::legacy::forced::{Draw, Sampler};
use grail::legacy::prf::{coefficients, prf};
use grail::legacy::sketch::{log_bucket, sketch};
use grail::legacy::{COEFFICIENT_RANGE, Dialect, Framing, PythonRandom, Q, TOP_K};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    kind: String,
    #[serde(rename = "in")]
    input: Box<RawValue>,
    out: Box<RawValue>,
}

/// Reads the input of an entry and computes our answer; an error is a refusal.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Default)]
struct Tally {
    checked: BTreeMap<String, usize>,
    skipped: BTreeMap<String, usize>,
    failures: Vec<String>,
}

#[test]
fn legacy_vectors() {
    let vectors = load();
    let mut tally = Tally::default();
    for entry in &vectors {
        if entry.kind.starts_with("v1_") {
            *tally.skipped.entry(entry.kind.clone()).or_default() += 1;
            continue;
        }
        *tally.checked.entry(entry.kind.clone()).or_default() += 1;
        if let Err(difference) = compare(entry, entry.out.get()) {
            tally.failures.push(format!("{}: {difference}", entry.id));
        }
    }
    for (kind, count) in &tally.checked {
        println!("checked {count:4} {kind}");
    }
    for (kind, count) in &tally.skipped {
        println!("skipped {count:4} {kind} (slot market, not the legacy reader)");
    }
    let (checked, skipped) = (tally.checked.values().sum::<usize>(), tally.skipped.values().sum::<usize>());
    println!(
        "{checked} checked, {skipped} skipped, {} entries, {} failed",
        vectors.len(),
        tally.failures.len()
    );
    assert!(checked > 0, "nothing was checked");
    assert_eq!(checked + skipped, vectors.len());
    assert!(tally.failures.is_empty(), "{}", tally.failures.join("\n"));
}

/// The comparison notices a wrong answer: each entry is held against the answer of another entry of its kind.
#[test]
fn another_entrys_answer_is_a_failure() {
    let vectors = load();
    let mut exchanged = BTreeMap::new();
    for entry in vectors.iter().filter(|entry| !entry.kind.starts_with("v1_")) {
        let other =
            vectors.iter().find(|other| other.kind == entry.kind && other.out.get() != entry.out.get());
        if let Some(other) = other {
            assert!(
                compare(entry, other.out.get()).is_err(),
                "{} passes with the answer of {}",
                entry.id,
                other.id
            );
            *exchanged.entry(entry.kind.as_str()).or_insert(0) += 1;
        }
    }
    assert!(exchanged.len() >= 10, "{exchanged:?}");
}

fn load() -> Vec<Entry> {
    #[expect(clippy::disallowed_methods, reason = "the acceptance run names another vector file here")]
    let named = std::env::var("GRAIL_LEGACY_VECTORS").ok();
    let copy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/grail-legacy.json");
    let path = named.map_or(copy, Into::into);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str::<Vectors>(&text).expect("a vector file").vectors
}

fn compare(entry: &Entry, out: &str) -> Result<(), String> {
    let input = entry.input.get();
    match entry.kind.as_str() {
        "prf" => same(out, prf_hex(input)),
        "coeff_vec" => same(out, coeff_vec(input)),
        "indices_from_root" => same(out, indices(input)),
        "indices_from_root_in_range" => same(out, indices_in_range(input)),
        "log_magnitude_bucket" => same(out, bucket(input)),
        "create_commitments_batch" => same(out, commitments_batch(input)),
        "adaptive_sketch_tolerance" => same(out, tolerance(input)),
        "verify_commitment" => verify_commitment(input, out),
        "canonical_token_bytes" => same(out, canonical_token_bytes(input)),
        "hash_commitments" => same(out, hash_commitments(input)),
        "commit_binding" => same(out, binding(input)),
        "rollout_hash" => same(out, rollout(input)),
        "forced_u" => forced_u(input, out),
        "forced_pick" => same(out, forced_pick(input)),
        "sr25519_verify" => same(out, sr25519(input)),
        "mt19937_from_bytes" => same(out, mersenne(input)),
        unknown => Err(format!("unknown kind {unknown}")),
    }
}

/// Our answer must be the recorded one, or a refusal where the deployed code raised.
fn same<T: DeserializeOwned + PartialEq + std::fmt::Debug>(
    out: &str,
    ours: Outcome<T>,
) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Raised {
        error: String,
    }
    if let Ok(raised) = serde_json::from_str::<Raised>(out) {
        return match ours {
            Ok(value) => Err(format!("the peer raised {}, we say {value:?}", raised.error)),
            Err(_) => Ok(()),
        };
    }
    let expected: T = serde_json::from_str(out).map_err(|error| format!("answer {out}: {error}"))?;
    match ours {
        Ok(value) if value == expected => Ok(()),
        Ok(value) => Err(format!("expected {expected:?}, we say {value:?}")),
        Err(error) => Err(format!("expected {expected:?}, we refuse: {error}")),
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FramingName {
    LengthPrefixed,
    DoublePipe,
}

impl FramingName {
    fn framing(self) -> Framing {
        self.dialect().framing()
    }

    fn dialect(self) -> Dialect {
        match self {
            Self::LengthPrefixed => Dialect::V7,
            Self::DoublePipe => Dialect::V5,
        }
    }
}

/// A double read from its own text: serde_json's default float parser may be one unit off.
struct Exact(f64);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        text.get().trim_matches('"').parse().map(Self).map_err(D::Error::custom)
    }
}

/// Hidden states as written in the vectors: f32 bits, big endian, whatever dtype the peer held them in.
fn f32_values(bits_hex: &str) -> Outcome<Vec<f32>> {
    let bytes = hex::decode(bits_hex)?;
    Ok(bytes
        .chunks_exact(4)
        .map(|word| f32::from_be_bytes(word.try_into().expect("chunks of four")))
        .collect())
}

fn prf_hex(input: &str) -> Outcome<String> {
    #[derive(Deserialize)]
    struct Input {
        framing: FramingName,
        label_hex: String,
        parts_hex: Vec<String>,
        out_bytes: usize,
    }
    let input: Input = serde_json::from_str(input)?;
    let parts: Vec<Vec<u8>> = input.parts_hex.iter().map(hex::decode).collect::<Result<_, _>>()?;
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let output = prf(input.framing.framing(), &hex::decode(&input.label_hex)?, &parts, input.out_bytes)?;
    Ok(hex::encode(output))
}

fn coeff_vec(input: &str) -> Outcome<Vec<i8>> {
    #[derive(Deserialize)]
    struct Input {
        framing: FramingName,
        randomness: String,
        topk: usize,
        range: u8,
    }
    let input: Input = serde_json::from_str(input)?;
    Ok(coefficients(input.framing.framing(), &input.randomness, input.topk, input.range)?)
}

fn indices(input: &str) -> Outcome<Vec<usize>> {
    #[derive(Deserialize)]
    struct Input {
        framing: FramingName,
        tokens: Vec<i64>,
        randomness: String,
        seq_len: usize,
        k: usize,
    }
    let input: Input = serde_json::from_str(input)?;
    Ok(indices_from_root(input.framing.framing(), &input.tokens, &input.randomness, input.seq_len, input.k)?)
}

fn indices_in_range(input: &str) -> Outcome<Vec<usize>> {
    #[derive(Deserialize)]
    struct Input {
        framing: FramingName,
        tokens: Vec<i64>,
        randomness: String,
        start: usize,
        end: usize,
        k: usize,
    }
    let input: Input = serde_json::from_str(input)?;
    Ok(indices_from_root_in_range(
        input.framing.framing(),
        &input.tokens,
        &input.randomness,
        input.start..input.end,
        input.k,
    )?)
}

fn bucket(input: &str) -> Outcome<i32> {
    #[derive(Deserialize)]
    struct Input {
        value_f64_bits: String,
        num_buckets: u32,
    }
    let input: Input = serde_json::from_str(input)?;
    Ok(log_bucket(f64::from_bits(u64::from_str_radix(&input.value_f64_bits, 16)?), input.num_buckets))
}

fn commitments_batch(input: &str) -> Outcome<Vec<u32>> {
    #[derive(Deserialize)]
    struct Input {
        framing: FramingName,
        rows: usize,
        dim: usize,
        hidden_f32_bits_be: String,
        randomness: String,
    }
    let input: Input = serde_json::from_str(input)?;
    let hidden = f32_values(&input.hidden_f32_bits_be)?;
    if hidden.len() != input.rows * input.dim {
        return Err("the hidden states are not rows × dim".into());
    }
    let coefficients = coefficients(input.framing.framing(), &input.randomness, TOP_K, COEFFICIENT_RANGE)?;
    let row = |row| sketch(&hidden[row * input.dim..(row + 1) * input.dim], &coefficients);
    Ok((0..input.rows).map(row).collect::<Result<_, _>>()?)
}

fn tolerance(input: &str) -> Outcome<i64> {
    #[derive(Deserialize)]
    struct Input {
        position: u64,
        base: Exact,
        growth: Exact,
    }
    let input: Input = serde_json::from_str(input)?;
    Ok(check::tolerance(input.position, input.base.0, input.growth.0))
}

/// The deployed verdict as `legacy_rule`; and ours, which refuses what no hidden state can have.
fn verify_commitment(input: &str, out: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Input {
        framing: FramingName,
        hidden_f32_bits_be: String,
        randomness: String,
        miner_sketch: i128,
        position: u64,
        base: Exact,
    }
    #[derive(Deserialize)]
    struct Out {
        ok: bool,
        diff: i128,
        tolerance: i64,
    }
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let input: Input = serde_json::from_str(input).map_err(|error| text(&error))?;
    let out: Out = serde_json::from_str(out).map_err(|error| text(&error))?;
    let hidden = f32_values(&input.hidden_f32_bits_be).map_err(|error| text(&error))?;
    let dialect = input.framing.dialect();

    let coefficients = coefficients(dialect.framing(), &input.randomness, TOP_K, COEFFICIENT_RANGE)
        .map_err(|error| text(&error))?;
    let ours = sketch(&hidden, &coefficients).map_err(|error| text(&error))?;
    let allowed = check::tolerance(input.position, input.base.0, check::TOLERANCE_GROWTH);
    let rule = check::legacy_rule(ours, input.miner_sketch, allowed);
    if (rule.ok, rule.distance, rule.tolerance) != (out.ok, out.diff, out.tolerance) {
        return Err(format!("deployed rule: {rule:?}"));
    }

    let claim = Claim { position: input.position, sketch: input.miner_sketch, hidden: &hidden };
    let report = check::check(dialect, &input.randomness, &[claim]).map_err(|error| text(&error))?;
    let in_range = (0..i128::from(Q)).contains(&input.miner_sketch);
    if !in_range && (report.accepted || report.in_range != 0 || is_possible(input.miner_sketch)) {
        return Err(format!("an impossible sketch is not refused: {report:?}"));
    }
    if report.accepted != (input.miner_sketch == i128::from(ours)) {
        return Err(format!("accepted by something other than an exact match: {report:?}"));
    }
    if allowed == dialect.tolerance(input.position) && report.legacy_rule != out.ok {
        return Err(format!("check reports another deployed verdict: {report:?}"));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Tokens {
    /// Python integers have no end; the deployed encoder looks at the low 32 bits only.
    tokens: Vec<i128>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct TokenBytes {
    bytes_hex: String,
    sha256: String,
}

fn canonical_token_bytes(input: &str) -> Outcome<TokenBytes> {
    let tokens: Vec<i64> =
        serde_json::from_str::<Tokens>(input)?.tokens.into_iter().map(|token| token as i64).collect();
    let bytes = token_bytes(&tokens);
    Ok(TokenBytes { bytes_hex: hex::encode(&bytes), sha256: hex::encode(Sha256::digest(&bytes)) })
}

fn rollout(input: &str) -> Outcome<String> {
    let tokens = serde_json::from_str::<Tokens>(input)?.tokens;
    let tokens: Vec<i64> = tokens.into_iter().map(i64::try_from).collect::<Result<_, _>>()?;
    Ok(hex::encode(rollout_hash(&tokens)?))
}

#[derive(Debug, Deserialize, PartialEq)]
struct CommitmentsText {
    json: String,
    sha256: String,
}

fn hash_commitments(input: &str) -> Outcome<CommitmentsText> {
    #[derive(Deserialize)]
    struct Input {
        commitments: Vec<Value>,
    }
    let input: Input = serde_json::from_str(input)?;
    let json = commitments_json(&input.commitments)?;
    let sha256 = hex::encode(Sha256::digest(&json));
    Ok(CommitmentsText { json, sha256 })
}

fn binding(input: &str) -> Outcome<String> {
    #[derive(Deserialize)]
    struct Input {
        tokens: Vec<i128>,
        randomness_hex: String,
        model_name: Option<String>,
        layer_index: i32,
        commitments: Vec<Value>,
    }
    let input: Input = serde_json::from_str(input)?;
    let tokens: Vec<i64> = input.tokens.into_iter().map(|token| token as i64).collect();
    let model = input.model_name.unwrap_or_default();
    let digest =
        commit_binding(&tokens, &input.randomness_hex, &model, input.layer_index, &input.commitments)?;
    Ok(hex::encode(digest))
}

fn forced_u(input: &str, out: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Input {
        domain: String,
        randomness: String,
        prompt_idx: u64,
        checkpoint_hash: String,
        rollout_index: u32,
        t: u32,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Out {
        f64_bits: String,
    }
    let ours = || -> Outcome<Out> {
        let input: Input = serde_json::from_str(input)?;
        let draw = Draw {
            domain: &input.domain,
            randomness: &input.randomness,
            prompt: input.prompt_idx,
            checkpoint: &input.checkpoint_hash,
            rollout: input.rollout_index,
            position: input.t,
        };
        Ok(Out { f64_bits: format!("{:016x}", draw.uniform()?.to_bits()) })
    };
    same(out, ours())
}

#[derive(Debug, Deserialize, PartialEq)]
struct PickOut {
    token: usize,
    /// Rounded to five digits by the peer.
    max_prob: f64,
}

fn forced_pick(input: &str) -> Outcome<PickOut> {
    #[derive(Deserialize)]
    struct Input {
        logits: Vec<Exact>,
        temperature: Exact,
        top_k: Option<usize>,
        top_p: Option<Exact>,
        u: Exact,
    }
    let input: Input = serde_json::from_str(input)?;
    let logits: Vec<f32> = input.logits.iter().map(|logit| logit.0 as f32).collect();
    let sampler = Sampler {
        temperature: input.temperature.0,
        top_k: input.top_k.unwrap_or(0),
        top_p: input.top_p.map_or(1.0, |top_p| top_p.0),
    };
    let pick = sampler.pick(&logits, input.u.0)?;
    Ok(PickOut { token: pick.token, max_prob: format!("{:.5}", pick.max_probability).parse()? })
}

fn sr25519(input: &str) -> Outcome<bool> {
    #[derive(Deserialize)]
    struct Input {
        context: String,
        seed_hex: Option<String>,
        public_hex: String,
        message_hex: String,
        signature_hex: String,
    }
    let input: Input = serde_json::from_str(input)?;
    if input.context != "substrate" {
        return Err("only the substrate context is deployed".into());
    }
    let (public, signature) = (hex::decode(&input.public_hex)?, hex::decode(&input.signature_hex)?);
    let (Ok(public), Ok(signature)) = (<[u8; 32]>::try_from(public), <[u8; 64]>::try_from(signature)) else {
        return Ok(false);
    };
    let verified = Hotkey(public).verify(&hex::decode(&input.message_hex)?, &signature);
    if let (true, Some(seed)) = (verified, input.seed_hex) {
        let seed: [u8; 32] = hex::decode(seed)?.try_into().map_err(|_| "the seed is not 32 bytes")?;
        assert_eq!(HotkeyPair::from_seed(&seed).hotkey(), Hotkey(public), "seed and public key");
    }
    Ok(verified)
}

#[derive(Debug, Deserialize, PartialEq)]
struct Draws {
    u32: Vec<u32>,
    shuffle12: Vec<u32>,
    sample_range100_5: Vec<u32>,
    sample_range20_5: Vec<u32>,
}

fn mersenne(input: &str) -> Outcome<Draws> {
    #[derive(Deserialize)]
    struct Input {
        seed_hex: String,
    }
    let input: Input = serde_json::from_str(input)?;
    let random = PythonRandom::from_bytes(&hex::decode(&input.seed_hex)?);
    let mut words = random.clone();
    Ok(Draws {
        u32: (0..6).map(|_| words.next_u32()).collect(),
        shuffle12: random.clone().shuffled(12),
        sample_range100_5: random.clone().sample(100, 5),
        sample_range20_5: random.clone().sample(20, 5),
    })
}
