//! `GET /v1/proof_spec/{version}`: what a verifier has to know of the proof, as numbers. Their meaning is in docs/PROTOCOL.md.
//!
//! Nothing is written down here twice: every number is the constant that verdicts are made with.

use actix_web::{HttpResponse, web};
use grail::calibration::{Band, Calibration, FORGED, Sampler};
use grail::keys::{SIGNATURE_BYTES, SIGNING_CONTEXT};
use grail::profile::{EngineClass, SCHEME};
use grail::projection::{FULL, Width};
use grail::record::RecordKind;
use grail::sampler::BLOCK;
use grail::seed::DRAW_BITS;
use grail::standard::Standard;
use grail::statistics::{self, Statistics, WINDOW};
use grail::tolerance::{FORGED_POSITIONS, SECOND_LOOK};
use grail::{CheckpointId, RejectReason};
use protocol::recheck::Level;
use protocol::{rollout, wire};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// How the one version that there is, is named here.
const R1: &str = "r1";

/// The proof: what is committed to, and how it is checked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProofSpec {
    #[schema(example = "proof_spec")]
    object: &'static str,
    #[schema(example = "r1")]
    version: &'static str,
    /// As proofs name it.
    #[schema(example = "grail-r1")]
    scheme: &'static str,
    record: RecordVersions,
    wire: WireSpec,
    signatures: Vec<SignatureSpec>,
    challenge: ChallengeSpec,
    engine_classes: Vec<EngineClassSpec>,
    checks: Vec<ProofCheck>,
    in_force: StandardInForce,
    links: SpecLinks,
}

/// Versions of a delivered rollout's record that a verifier has to read.
#[derive(Debug, Serialize, ToSchema)]
struct RecordVersions {
    /// What is delivered now.
    #[schema(example = 3)]
    schema_version: u32,
    #[schema(example = 2)]
    oldest_schema_version: u32,
}

/// What a miner's answer is cut into.
#[derive(Debug, Serialize, ToSchema)]
struct WireSpec {
    #[schema(example = 1)]
    version: u8,
    #[schema(example = 4096)]
    max_payload_bytes: usize,
    /// Tokens of one frame at most; after each frame the chain is shown.
    #[schema(example = 64)]
    max_frame_tokens: usize,
}

#[derive(Debug, Serialize, ToSchema)]
struct SignatureSpec {
    /// `miner`: the head of a rollout. `service`: receipts and manifests.
    #[schema(example = "miner")]
    by: &'static str,
    #[schema(example = "sr25519")]
    algorithm: &'static str,
    /// The signing context, where the algorithm has one.
    #[schema(example = "substrate")]
    context: Option<&'static str>,
    #[schema(example = 64)]
    bytes: usize,
}

/// What of a rollout is looked at, and what each token was drawn with.
#[derive(Debug, Serialize, ToSchema)]
struct ChallengeSpec {
    /// `all`: nothing is sampled inside of a rollout.
    #[schema(example = "all")]
    positions: &'static str,
    /// Bits of the draw of one token.
    #[schema(example = 53)]
    draw_bits: u32,
    /// Token ids whose probabilities are summed in one go.
    #[schema(example = 1024)]
    block_ids: usize,
}

/// How miner and verifier relate numerically.
#[derive(Debug, Serialize, ToSchema)]
struct EngineClassSpec {
    /// `exact`: every bit agrees. `calibrated`: within measured limits.
    #[schema(example = "exact")]
    name: &'static str,
    /// What is committed to for each token.
    records: Vec<TokenRecordSpec>,
    /// `null`: none.
    tolerance: Option<ToleranceSpec>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TokenRecordSpec {
    /// Components of the projection; `null`: a fingerprint of the whole state.
    #[schema(example = 16)]
    components: Option<usize>,
    #[schema(example = 20)]
    bytes: usize,
}

/// What is the same for every calibration. The limits themselves are the calibration's: `in_force.thresholds`.
#[derive(Debug, Serialize, ToSchema)]
struct ToleranceSpec {
    /// The statistics that have limits.
    #[schema(example = json!(["activation", "logprob_error"]))]
    statistics: [&'static str; statistics::COUNT],
    /// They are taken over the rollout, and over so many consecutive positions.
    #[schema(example = 32)]
    window: usize,
    /// The largest component of a projection.
    #[schema(example = 127)]
    full_scale: i8,
    /// What single positions are capped at: the distance of a state, that of a log-prob or draw, and what the latter add to a
    /// mean.
    most_activation: f64,
    most_distance: f64,
    most_in_mean: f64,
    most_surprise: f64,
    least_activation: f64,
    /// The distance of a state at which that of a log-prob counts half.
    half_discount_at: f64,
    /// A mean distance above this, over so many positions or more, is a proof.
    forged_activation: f64,
    forged_positions: usize,
    /// What a second look multiplies all limits by.
    second_look: f64,
}

/// One thing that is checked of a rollout.
#[derive(Debug, Serialize, ToSchema)]
struct ProofCheck {
    #[schema(example = "chain")]
    name: &'static str,
    /// The level of `POST /v1/verifications` and of `reliquary verify` that repeats it; `null`: only whoever took the answer in
    /// can check it.
    #[schema(example = "signatures")]
    level: Option<&'static str>,
    /// The classes that it is for.
    #[schema(example = json!(["exact", "calibrated"]))]
    engine_classes: Vec<&'static str>,
    /// What a refusal is worth. `exact`: no honest rollout is ever refused. `cryptographic`: nor is a forged one accepted, unless
    /// a hash or signature is broken. `statistical`: within measured rates.
    #[schema(example = "cryptographic")]
    assurance: &'static str,
    /// How it says no.
    #[schema(example = json!(["broken_chain"]))]
    reasons: Vec<&'static str>,
}

/// What this service's miners prove by now. A proof names its own.
#[derive(Debug, Serialize, ToSchema)]
struct StandardInForce {
    checkpoint_id: String,
    profile_id: String,
    #[schema(example = "exact")]
    engine_class: &'static str,
    #[schema(example = "f32-exact/1")]
    numerics: String,
    /// Class `calibrated` alone.
    thresholds: Option<Thresholds>,
}

/// The limits of a calibration document. Its whitening, which projections are made with, is in the document itself.
#[derive(Debug, Serialize, ToSchema)]
struct Thresholds {
    /// SHA-256 of the document.
    calibration_sha256: String,
    /// Components of a projection.
    #[schema(example = 16)]
    components: u32,
    /// The longest rollouts that they were measured on.
    longest_tokens: u32,
    #[schema(value_type = Object)]
    sampling: Sampler,
    discount_cap: f64,
    hard_miss: f64,
    /// By length: those of the last one whose `from` is not above it.
    #[schema(value_type = Vec<Object>)]
    bands: Vec<Band>,
    /// Rollouts of honest miners that they refuse: what they were fitted for, and what was measured.
    false_reject_target: f64,
    false_rejects: u64,
    false_reject_rollouts: u64,
    false_reject_upper95: f64,
}

#[derive(Debug, Serialize, ToSchema)]
struct SpecLinks {
    verification_keys: &'static str,
    proof: &'static str,
    receipt: &'static str,
    inclusion: &'static str,
    manifest: &'static str,
    verifications: &'static str,
}

/// What a verifier has to know of the proof: `r1`.
#[utoipa::path(get, path = "/v1/proof_spec/{version}", tag = "verification", operation_id = "retrieve_proof_spec", security(()),
    params(("version" = String, Path, description = "`r1`, the only one.", example = "r1")), responses(
    (status = 200, description = "The constants of this version, and the standard in force.", body = ProofSpec),
    (status = 404, description = "There is no such version.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn show_proof_spec(
    path: web::Path<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    if *path != R1 {
        return Err(ApiError::NotFound("version of the proof; there is `r1`"));
    }
    Ok(HttpResponse::Ok().json(r1(&state.offer.standard, &state.offer.checkpoint.id)))
}

fn r1(standard: &Standard, checkpoint: &CheckpointId) -> ProofSpec {
    ProofSpec {
        object: "proof_spec",
        version: R1,
        scheme: SCHEME,
        record: RecordVersions {
            schema_version: rollout::SCHEMA_VERSION,
            oldest_schema_version: rollout::OLDEST_SCHEMA,
        },
        wire: WireSpec {
            version: wire::WIRE_VERSION,
            max_payload_bytes: wire::MAX_PAYLOAD_BYTES,
            max_frame_tokens: grail::chain::LINK_EVERY,
        },
        signatures: vec![
            SignatureSpec {
                by: "miner",
                algorithm: "sr25519",
                context: Some(SIGNING_CONTEXT),
                bytes: SIGNATURE_BYTES,
            },
            SignatureSpec { by: "service", algorithm: "ed25519", context: None, bytes: SIGNATURE_BYTES },
        ],
        challenge: ChallengeSpec { positions: "all", draw_bits: DRAW_BITS, block_ids: BLOCK },
        engine_classes: engine_classes(),
        checks: checks(),
        in_force: in_force(standard, checkpoint),
        links: SpecLinks {
            verification_keys: "/v1/verification_keys",
            proof: "/v1/rollouts/{id}/proof",
            receipt: "/v1/rollouts/{id}/receipt",
            inclusion: "/v1/rollouts/{id}/inclusion",
            manifest: "/v1/jobs/{id}/manifest",
            verifications: "/v1/verifications",
        },
    }
}

const EXACT: &str = EngineClass::Exact.as_str();
const CALIBRATED: &str = EngineClass::Calibrated { calibration: [0; 32], width: Width::K16 }.as_str();

fn engine_classes() -> Vec<EngineClassSpec> {
    let projections = Width::ALL.iter().map(|width| TokenRecordSpec {
        components: Some(width.k()),
        bytes: RecordKind::Projection(*width).bytes(),
    });
    let fingerprint = TokenRecordSpec { components: None, bytes: RecordKind::Fingerprint.bytes() };
    let tolerance = ToleranceSpec {
        statistics: Statistics::NAMES,
        window: WINDOW,
        full_scale: FULL,
        most_activation: statistics::MOST_ACTIVATION,
        most_distance: statistics::MOST,
        most_in_mean: statistics::MOST_IN_MEAN,
        most_surprise: statistics::MOST_SURPRISE,
        least_activation: statistics::LEAST_ACTIVATION,
        half_discount_at: statistics::HALF,
        forged_activation: FORGED,
        forged_positions: FORGED_POSITIONS,
        second_look: SECOND_LOOK,
    };
    vec![
        EngineClassSpec { name: EXACT, records: vec![fingerprint], tolerance: None },
        EngineClassSpec { name: CALIBRATED, records: projections.collect(), tolerance: Some(tolerance) },
    ]
}

/// What is checked, in the order in which it is: every reason that a rollout can be refused for has its place.
fn checks() -> Vec<ProofCheck> {
    use RejectReason as R;
    let answer = [
        R::DeadlineExceeded,
        R::MinerUnavailable,
        R::TruncatedStream,
        R::MalformedFrame,
        R::Oversized,
        R::WrongCheckpoint,
        R::WrongProfile,
        R::ReplayedPrompt,
        R::WrongHotkey,
    ];
    let exact = [R::WrongWeights, R::StaleCheckpoint, R::TamperedTokens, R::SeedMismatch, R::EditedLogprobs];
    let calibrated = [&exact[..], &[R::QuantisedWeights]].concat();
    let check = |name, level: Option<Level>, classes: &[&'static str], assurance, reasons: &[R]| ProofCheck {
        name,
        level: level.map(Level::as_str),
        engine_classes: classes.to_vec(),
        assurance,
        reasons: reasons.iter().map(|reason| reason.as_str()).collect(),
    };
    let (both, offline) = ([EXACT, CALIBRATED], Some(Level::Signatures));
    vec![
        check("answer", None, &both, "exact", &answer),
        check("form", offline, &both, "exact", &[R::OutOfRange, R::EosRule]),
        check("chain", offline, &both, "cryptographic", &[R::BrokenChain]),
        check("miner_signature", offline, &both, "cryptographic", &[R::BadSignature]),
        check("group_root", offline, &both, "cryptographic", &[R::BadGroupRoot]),
        check("receipt", offline, &both, "cryptographic", &[R::BadReceipt]),
        check("reward", Some(Level::Reward), &both, "exact", &[]),
        check("model", Some(Level::Full), &[EXACT], "exact", &exact),
        check("model", Some(Level::Full), &[CALIBRATED], "statistical", &calibrated),
        check("siblings", None, &both, "exact", &[R::SiblingRejected]),
    ]
}

fn in_force(standard: &Standard, checkpoint: &CheckpointId) -> StandardInForce {
    let profile = standard.profile();
    let thresholds = match (profile.engine_class, standard.calibration()) {
        (EngineClass::Calibrated { calibration: hash, .. }, Some(calibration)) => {
            Some(thresholds(hex::encode(hash), calibration))
        }
        _ => None,
    };
    StandardInForce {
        checkpoint_id: checkpoint.to_string(),
        profile_id: profile.id().to_string(),
        engine_class: profile.engine_class.as_str(),
        numerics: profile.numerics.clone(),
        thresholds,
    }
}

fn thresholds(calibration_sha256: String, calibration: &Calibration) -> Thresholds {
    let measured = calibration.false_rejects;
    Thresholds {
        calibration_sha256,
        components: calibration.k,
        longest_tokens: calibration.longest,
        sampling: calibration.sampling,
        discount_cap: calibration.discount_cap,
        hard_miss: calibration.hard_miss,
        bands: calibration.bands.clone(),
        false_reject_target: measured.target,
        false_rejects: measured.rejected,
        false_reject_rollouts: measured.n,
        false_reject_upper95: measured.upper95,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_reason_has_its_place_and_no_check_has_one_that_there_is_not() {
        let all: BTreeSet<&str> = RejectReason::ALL.iter().map(|reason| reason.as_str()).collect();
        let told: Vec<&str> = checks().iter().flat_map(|check| check.reasons.clone()).collect();
        assert_eq!(told.iter().copied().collect::<BTreeSet<_>>(), all);
        // only the model check, which both classes have, says the same twice
        assert_eq!(told.len(), all.len() + 5);
    }

    #[test]
    fn a_calibrated_standard_shows_its_limits() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/arith-tiny/calibration-bf16.json");
        let document = std::fs::read(path).unwrap();
        let standard = Standard::calibrated(&document).unwrap();
        let calibration = standard.calibration().unwrap();
        let spec = serde_json::to_value(r1(&standard, &calibration.checkpoint)).unwrap();
        let (found, written) =
            (&spec["in_force"], serde_json::from_slice::<serde_json::Value>(&document).unwrap());
        assert_eq!(found["engine_class"], "calibrated");
        assert_eq!(found["profile_id"], standard.profile().id().to_string());
        assert_eq!(found["thresholds"]["bands"], written["bands"]);
        assert_eq!(found["thresholds"]["hard_miss"], written["hard_miss"]);
        assert_eq!(found["thresholds"]["components"], written["k"]);
        assert_eq!(found["thresholds"]["false_reject_upper95"], written["false_rejects"]["upper95"]);
        let exact = serde_json::to_value(r1(&Standard::exact("x/1"), &calibration.checkpoint)).unwrap();
        assert_eq!(exact["in_force"]["thresholds"], json!(null));
    }
}
