// Generated from openapi/openapi.json by generate/src/main.rs: do not edit.

/// The POSTs that take an `Idempotency-Key`.
pub(crate) const KEYED: &[&str] = &[
    "/v1/api_keys",
    "/v1/api_keys/{id}/rotate",
    "/v1/batches",
    "/v1/chat/completions",
    "/v1/checkpoints",
    "/v1/files",
    "/v1/jobs",
    "/v1/jobs/{id}/exports",
    "/v1/jobs/{id}/prompts",
    "/v1/organizations/{id}/members",
    "/v1/organizations/{id}/members/{member_id}/sign_in_link",
    "/v1/projects",
    "/v1/quotes",
    "/v1/reward_functions",
    "/v1/reward_functions/{id}/versions",
    "/v1/uploads",
    "/v1/verifications",
    "/v1/webhook_deliveries/{id}/redeliver",
    "/v1/webhook_endpoints",
    "/v1/webhook_endpoints/{id}/rotate_secret",
    "/v1/webhook_endpoints/{id}/test",
];
