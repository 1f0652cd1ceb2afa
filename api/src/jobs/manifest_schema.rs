//! How a manifest and an inclusion proof look, for the OpenAPI document only: `protocol::manifest` owns the shape.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// A manifest with its signature. What is signed: `H("reliquary/manifest/1" | canonical JSON of "manifest")`, docs/MANIFEST.md.
#[derive(ToSchema)]
#[schema(as = SignedManifest)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct ManifestSchema {
    #[schema(example = "job.manifest")]
    object: String,
    manifest: ManifestBody,
    /// The job's terms without its prompts, as the service keeps them; `spec_sha256` is of their canonical JSON.
    #[schema(value_type = Object)]
    spec: Value,
    /// ed25519, hexadecimal.
    service_key: String,
    signature: String,
}

/// What is signed. Hashes are hexadecimal.
#[derive(ToSchema)]
#[schema(as = Manifest)]
#[expect(dead_code, reason = "a schema")]
struct ManifestBody {
    #[schema(example = 1)]
    schema_version: u32,
    /// False, of a test job; a live one's manifest does not say it.
    livemode: Option<bool>,
    job_id: String,
    #[schema(example = "completed")]
    status: String,
    status_reason: Option<String>,
    created_at: String,
    finished_at: String,
    spec_sha256: String,
    checkpoint: ManifestCheckpoint,
    proof_profile: String,
    randomness: String,
    reward: Option<ManifestReward>,
    counts: ManifestCounts,
    /// The job's price.
    #[schema(value_type = Object)]
    price: Value,
    #[schema(example = "5000")]
    charged_rao: String,
    /// The processes that judged proofs of this job.
    verifiers: Vec<String>,
    leaf_count: u64,
    merkle_root: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct ManifestCheckpoint {
    /// Of the content of its files: there is no other revision under this id.
    id: String,
    name: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct ManifestReward {
    /// The name that the job used, or `client`.
    function: String,
    component_sha256: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct ManifestCounts {
    prompts: u64,
    groups: ManifestGroups,
    /// Leaves by their state.
    rollouts: BTreeMap<String, u64>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct ManifestGroups {
    accepted: u64,
    filtered: u64,
    failed: u64,
    /// Those that the job's deadline ended included.
    cancelled: u64,
}

/// A rollout's way to the root of its job's manifest.
#[derive(ToSchema)]
#[schema(as = Inclusion)]
#[expect(dead_code, reason = "a schema")]
pub(crate) struct InclusionSchema {
    #[schema(example = "rollout.inclusion")]
    object: String,
    rollout_id: String,
    job_id: String,
    leaf: ManifestLeaf,
    /// From 0, in the order of prompt, sample and attempt.
    leaf_index: u64,
    leaf_count: u64,
    /// The siblings from the leaf to the root, bottom up.
    path: Vec<String>,
    merkle_root: String,
}

/// What the tree says of one rollout.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct ManifestLeaf {
    prompt_index: u32,
    sample_index: u32,
    /// Which miner that was asked for the group, from 1.
    attempt: u32,
    head: String,
    sample_hash: String,
    /// `selected` was delivered; else `filtered`, `rejected` or `cancelled`.
    #[schema(example = "filtered")]
    state: String,
    /// Why it was filtered or refused.
    #[schema(example = "low_variance")]
    reason: Option<String>,
    reward: Option<f64>,
    reward_error: Option<String>,
    reward_signature: Option<String>,
    advantage: Option<f64>,
    price_rao: String,
}
