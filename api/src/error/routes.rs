//! Which codes an operation has beside those of every operation of its kind: what a job costs, what a state does not allow,
//! what there is too much of. By the operation's name in the document.
//!
//! By hand, as the scopes of the routes are: what a handler calls may refuse, too. That no answer has a code which is not
//! here, every test of the gateway looks at (`api/tests/it/harness.rs`).

/// A status with its codes.
pub(super) type Codes = (&'static str, &'static [&'static str]);

/// Of work that money is held for.
const MONEY: Codes = ("402", &["inflight_budget_exhausted", "insufficient_credits"]);
/// The same, of work on a model that is named.
const MAY_NOT: Codes = ("403", &["model_not_allowed", "spend_cap_exceeded"]);
const QUEUE: Codes = ("429", &["queue_full"]);
const CAPACITY: Codes = ("503", &["no_miner_capacity", "verification_backlog"]);
const AT_ONCE: Codes = ("429", &["too_many_at_once"]);
const BUSY: Codes = ("503", &["busy"]);
const ORGANIZATION: Codes = ("403", &["organization_key_required"]);
const BEYOND: Codes = ("403", &["exceeds_your_key"]);
const SCOPE_AND_BEYOND: Codes = ("403", &["exceeds_your_key", "missing_scope"]);
const REVOKED: Codes = ("409", &["key_revoked"]);
const UNSIGNED: Codes = ("409", &["job_not_ended", "manifest_pending"]);
const ENDED: Codes = ("409", &["job_ended"]);
const GONE: Codes = ("410", &["expired_resource"]);
const CURSOR: Codes = ("400", &["invalid_cursor"]);
const STREAM_TOKEN: Codes = ("401", &["invalid_stream_token"]);
const STREAMS: Codes = ("503", &["too_many_streams"]);
const SIGN_IN: [Codes; 2] = [("401", &["invalid_sign_in"]), ("429", &["rate_limited"])];
const PENDING: Codes = ("409", &["upload_not_pending"]);
const FILE: Codes = ("422", &["unknown_file"]);
/// Of a form with a part that is JSON.
const JSON_INSIDE: Codes = ("400", &["invalid_json"]);
/// What can be wrong with one prompt on one model.
const PROMPT: Codes =
    ("422", &["prompt_too_long", "sampling_not_provable", "unknown_checkpoint", "unprovable_length"]);
/// The same with all that a job may say.
const TERMS: Codes = (
    "422",
    &[
        "budget_too_small",
        "prompt_too_long",
        "reward_function_invalid",
        "reward_function_not_ready",
        "sampling_not_provable",
        "truncated_sampling",
        "unknown_checkpoint",
        "unknown_file",
        "unknown_reward_function",
        "unprovable_length",
    ],
);
const QUOTE: Codes = ("422", &["quote_expired", "quote_mismatch", "unknown_quote"]);

const ROUTES: &[(&str, &[Codes])] = &[
    ("create_job", &[MONEY, MAY_NOT, TERMS, QUOTE, QUEUE, AT_ONCE, CAPACITY]),
    (
        "update_job",
        &[
            MONEY,
            ("403", &["spend_cap_exceeded"]),
            ENDED,
            ("409", &["version_conflict"]),
            ("422", &["below_spent"]),
        ],
    ),
    ("delete_job", &[("409", &["job_not_ended"])]),
    (
        "append_prompts",
        &[
            MONEY,
            ("403", &["spend_cap_exceeded"]),
            ("409", &["job_not_open"]),
            ("422", &["prompt_too_long"]),
            QUEUE,
            CAPACITY,
        ],
    ),
    ("cancel_job", &[("409", &["job_not_cancellable"])]),
    ("pause_job", &[ENDED, ("409", &["job_validating"])]),
    ("resume_job", &[ENDED]),
    ("list_job_events", &[CURSOR, STREAM_TOKEN, GONE, STREAMS]),
    ("list_rollouts", &[UNSIGNED, GONE]),
    ("retrieve_job_manifest", &[UNSIGNED]),
    ("create_file", &[AT_ONCE, BUSY]),
    ("delete_file", &[("409", &["file_in_use"])]),
    ("create_upload", &[AT_ONCE]),
    ("create_upload_part", &[PENDING, AT_ONCE, BUSY]),
    ("complete_upload", &[PENDING, ("409", &["upload_in_progress"])]),
    ("cancel_upload", &[PENDING]),
    ("create_quote", &[("403", &["model_not_allowed"]), TERMS]),
    ("create_export", &[AT_ONCE]),
    (
        "retrieve_export_content",
        &[("403", &["invalid_link"]), ("409", &["export_not_ready"]), ("416", &["no_such_range"])],
    ),
    ("retrieve_group", &[GONE]),
    ("post_group_rewards", &[("409", &["rewards_already_posted", "rewards_not_awaited", "rewards_overdue"])]),
    ("retrieve_rollout", &[GONE]),
    ("retrieve_rollout_proof", &[GONE]),
    ("retrieve_rollout_receipt", &[GONE]),
    ("retrieve_rollout_inclusion", &[UNSIGNED]),
    (
        "create_reward_version",
        &[JSON_INSIDE, ("409", &["too_many_versions"]), FILE, AT_ONCE, ("429", &["too_many_waiting"]), BUSY],
    ),
    (
        "test_reward_version",
        &[("409", &["reward_function_invalid", "reward_function_not_ready"]), AT_ONCE, BUSY],
    ),
    ("validate_reward_module", &[JSON_INSIDE, FILE, AT_ONCE, BUSY]),
    ("create_checkpoint", &[AT_ONCE]),
    ("retrieve_own_api_key", &[("403", &["api_key_required"])]),
    ("update_api_key", &[BEYOND, REVOKED]),
    ("revoke_api_key", &[BEYOND]),
    ("rotate_api_key", &[BEYOND, REVOKED]),
    ("create_project", &[ORGANIZATION]),
    ("update_project", &[BEYOND, ORGANIZATION]),
    ("archive_project", &[ORGANIZATION, ("409", &["project_in_use"])]),
    ("update_member", &[BEYOND, ("409", &["last_owner"])]),
    ("delete_member", &[BEYOND, ("409", &["last_owner"])]),
    // whose scope depends on whom they are about
    ("create_sign_in_link", &[SCOPE_AND_BEYOND]),
    ("list_sessions", &[ORGANIZATION, ("403", &["missing_scope"])]),
    ("delete_session", &[SCOPE_AND_BEYOND]),
    ("create_session", &SIGN_IN),
    ("refresh_session", &SIGN_IN),
    ("list_invoices", &[ORGANIZATION]),
    ("update_budget", &[BEYOND, ORGANIZATION, REVOKED]),
    ("create_verification", &[GONE, FILE, AT_ONCE]),
    ("create_webhook_endpoint", &[AT_ONCE]),
    ("redeliver_webhook_delivery", &[GONE]),
    ("list_events", &[CURSOR]),
    ("stream_events", &[CURSOR, STREAM_TOKEN, STREAMS]),
    ("create_batch", &[FILE, QUEUE, AT_ONCE, CAPACITY]),
    ("cancel_batch", &[("409", &["batch_not_cancellable"])]),
    (
        "create_chat_completion",
        &[MONEY, MAY_NOT, GONE, PROMPT, QUEUE, CAPACITY, ("504", &["answer_pending", "no_answer"])],
    ),
    ("create_tinker_sampling_session", &[("422", &["unknown_checkpoint"])]),
    // `seq_id` is its idempotency key
    (
        "create_tinker_sample",
        &[
            MONEY,
            MAY_NOT,
            ("409", &["idempotency_in_progress"]),
            PROMPT,
            ("422", &["idempotency_key_reused"]),
            QUEUE,
            CAPACITY,
        ],
    ),
    ("retrieve_tinker_future", &[GONE]),
];

/// The codes that this operation alone, or few others, can end in.
pub(super) fn of(operation: &str) -> &'static [Codes] {
    ROUTES.iter().find(|(name, _)| *name == operation).map(|(_, codes)| *codes).unwrap_or_default()
}

/// The operations that have such.
#[cfg(test)]
pub(super) fn named() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|(name, _)| *name)
}
