//! Which scope a key needs for which route: one table for all of them. A route that is not in it admits no key.

use actix_web::HttpRequest;
use protocol::Scope;
use protocol::Scope::{
    AuditRead, BillingRead, BillingWrite, CheckpointsRead, CheckpointsWrite, EventsRead, ExportsWrite,
    FilesRead, FilesWrite, JobsRead, JobsWrite, KeysWrite, MembersRead, MembersWrite, RewardFunctionsRead,
    RewardFunctionsWrite, RolloutsRead, VerificationsWrite, WebhooksWrite,
};

use crate::error::ApiError;

/// Method, route, and the scope that it takes; `None` where any key will do.
pub(crate) const TABLE: &[(&str, &str, Option<Scope>)] = &[
    ("GET", "/v1/jobs", Some(JobsRead)),
    ("POST", "/v1/jobs", Some(JobsWrite)),
    ("GET", "/v1/jobs/{id}", Some(JobsRead)),
    ("PATCH", "/v1/jobs/{id}", Some(JobsWrite)),
    ("DELETE", "/v1/jobs/{id}", Some(JobsWrite)),
    ("POST", "/v1/jobs/{id}/prompts", Some(JobsWrite)),
    ("POST", "/v1/jobs/{id}/close", Some(JobsWrite)),
    ("GET", "/v1/jobs/{id}/groups", Some(JobsRead)),
    ("GET", "/v1/jobs/{id}/metrics", Some(JobsRead)),
    ("GET", "/v1/files", Some(FilesRead)),
    ("POST", "/v1/files", Some(FilesWrite)),
    ("GET", "/v1/files/{id}", Some(FilesRead)),
    ("DELETE", "/v1/files/{id}", Some(FilesWrite)),
    ("GET", "/v1/files/{id}/content", Some(FilesRead)),
    ("POST", "/v1/uploads", Some(FilesWrite)),
    ("GET", "/v1/uploads/{id}", Some(FilesRead)),
    ("POST", "/v1/uploads/{id}/parts", Some(FilesWrite)),
    ("POST", "/v1/uploads/{id}/complete", Some(FilesWrite)),
    ("POST", "/v1/uploads/{id}/cancel", Some(FilesWrite)),
    ("POST", "/v1/quotes", Some(JobsWrite)),
    ("GET", "/v1/quotes/{id}", Some(JobsRead)),
    ("POST", "/v1/jobs/{id}/cancel", Some(JobsWrite)),
    ("POST", "/v1/jobs/{id}/pause", Some(JobsWrite)),
    ("POST", "/v1/jobs/{id}/resume", Some(JobsWrite)),
    ("GET", "/v1/jobs/{id}/events", Some(EventsRead)),
    ("GET", "/v1/jobs/{id}/rollouts", Some(RolloutsRead)),
    ("GET", "/v1/jobs/{id}/manifest", Some(JobsRead)),
    ("GET", "/v1/jobs/{id}/exports", Some(RolloutsRead)),
    ("POST", "/v1/jobs/{id}/exports", Some(ExportsWrite)),
    ("GET", "/v1/exports/{id}", Some(RolloutsRead)),
    ("GET", "/v1/exports/{id}/content", Some(RolloutsRead)),
    ("GET", "/v1/rollouts/{id}/inclusion", Some(RolloutsRead)),
    // a group shows completions where its customer scores them
    ("GET", "/v1/groups/{id}", Some(RolloutsRead)),
    ("POST", "/v1/groups/{id}/rewards", Some(JobsWrite)),
    ("GET", "/v1/rollouts/{id}", Some(RolloutsRead)),
    ("GET", "/v1/rollouts/{id}/proof", Some(RolloutsRead)),
    ("GET", "/v1/rollouts/{id}/receipt", Some(RolloutsRead)),
    ("GET", "/v1/reward_functions", Some(RewardFunctionsRead)),
    ("POST", "/v1/reward_functions", Some(RewardFunctionsWrite)),
    // keeps nothing, but runs what it is sent
    ("POST", "/v1/reward_functions/validate", Some(RewardFunctionsWrite)),
    ("GET", "/v1/reward_functions/{id}", Some(RewardFunctionsRead)),
    ("GET", "/v1/reward_functions/{id}/versions", Some(RewardFunctionsRead)),
    ("POST", "/v1/reward_functions/{id}/versions", Some(RewardFunctionsWrite)),
    ("GET", "/v1/reward_functions/{id}/versions/{version}", Some(RewardFunctionsRead)),
    ("POST", "/v1/reward_functions/{id}/versions/{version}/test", Some(RewardFunctionsWrite)),
    ("GET", "/v1/checkpoints", Some(CheckpointsRead)),
    ("POST", "/v1/checkpoints", Some(CheckpointsWrite)),
    ("GET", "/v1/checkpoints/{id}", Some(CheckpointsRead)),
    ("GET", "/v1/checkpoints/current", Some(CheckpointsRead)),
    // creating reads a file, too, and completing reads rollouts: the handlers ask for these scopes
    ("GET", "/v1/batches", Some(JobsRead)),
    ("POST", "/v1/batches", Some(JobsWrite)),
    ("GET", "/v1/batches/{id}", Some(JobsRead)),
    ("POST", "/v1/batches/{id}/cancel", Some(JobsWrite)),
    ("POST", "/v1/chat/completions", Some(JobsWrite)),
    ("POST", "/tinker/api/v1/client/config", Some(JobsWrite)),
    ("POST", "/tinker/api/v1/client/dynamic_config", Some(JobsWrite)),
    ("POST", "/tinker/api/v1/create_session", Some(JobsWrite)),
    ("POST", "/tinker/api/v1/session_heartbeat", Some(JobsWrite)),
    ("POST", "/tinker/api/v1/create_sampling_session", Some(JobsWrite)),
    ("POST", "/tinker/api/v1/telemetry", Some(JobsWrite)),
    ("GET", "/tinker/api/v1/get_server_capabilities", Some(JobsWrite)),
    ("POST", "/tinker/api/v1/asample", Some(JobsWrite)),
    ("POST", "/tinker/api/v1/retrieve_future", Some(RolloutsRead)),
    ("GET", "/v1/models", Some(CheckpointsRead)),
    ("GET", "/v1/models/{id}", Some(CheckpointsRead)),
    ("GET", "/v1/balance", Some(BillingRead)),
    ("GET", "/v1/ledger_entries", Some(BillingRead)),
    ("GET", "/v1/usage", Some(BillingRead)),
    ("GET", "/v1/invoices", Some(BillingRead)),
    ("GET", "/v1/invoices/{id}", Some(BillingRead)),
    ("GET", "/v1/budgets/{scope}", Some(BillingRead)),
    ("PUT", "/v1/budgets/{scope}", Some(BillingWrite)),
    ("POST", "/v1/verifications", Some(VerificationsWrite)),
    ("GET", "/v1/verifications/{id}", Some(VerificationsWrite)),
    ("GET", "/v1/webhook_endpoints", Some(WebhooksWrite)),
    ("POST", "/v1/webhook_endpoints", Some(WebhooksWrite)),
    ("GET", "/v1/webhook_endpoints/{id}", Some(WebhooksWrite)),
    ("PATCH", "/v1/webhook_endpoints/{id}", Some(WebhooksWrite)),
    ("DELETE", "/v1/webhook_endpoints/{id}", Some(WebhooksWrite)),
    ("GET", "/v1/webhook_endpoints/{id}/secret", Some(WebhooksWrite)),
    ("POST", "/v1/webhook_endpoints/{id}/rotate_secret", Some(WebhooksWrite)),
    ("POST", "/v1/webhook_endpoints/{id}/test", Some(WebhooksWrite)),
    ("GET", "/v1/webhook_deliveries", Some(WebhooksWrite)),
    ("POST", "/v1/webhook_deliveries/{id}/redeliver", Some(WebhooksWrite)),
    ("GET", "/v1/events", Some(EventsRead)),
    ("GET", "/v1/events/stream", Some(EventsRead)),
    ("GET", "/v1/events/{id}", Some(EventsRead)),
    ("POST", "/v1/stream_tokens", Some(EventsRead)),
    // every answer says it anyway
    ("GET", "/v1/limits", None),
    // whoever may ask may know what it costs
    ("GET", "/v1/prices", None),
    // a key may always look at itself
    ("GET", "/v1/api_keys/self", None),
    ("GET", "/v1/api_keys", Some(KeysWrite)),
    ("POST", "/v1/api_keys", Some(KeysWrite)),
    ("GET", "/v1/api_keys/{id}", Some(KeysWrite)),
    ("PATCH", "/v1/api_keys/{id}", Some(KeysWrite)),
    ("DELETE", "/v1/api_keys/{id}", Some(KeysWrite)),
    ("POST", "/v1/api_keys/{id}/rotate", Some(KeysWrite)),
    ("GET", "/v1/projects", Some(KeysWrite)),
    ("POST", "/v1/projects", Some(KeysWrite)),
    ("GET", "/v1/projects/{id}", Some(KeysWrite)),
    ("PATCH", "/v1/projects/{id}", Some(KeysWrite)),
    ("POST", "/v1/projects/{id}/archive", Some(KeysWrite)),
    ("GET", "/v1/organizations/{id}", Some(KeysWrite)),
    ("GET", "/v1/organizations/{id}/members", Some(MembersRead)),
    ("POST", "/v1/organizations/{id}/members", Some(MembersWrite)),
    ("GET", "/v1/organizations/{id}/members/{member_id}", Some(MembersRead)),
    ("PATCH", "/v1/organizations/{id}/members/{member_id}", Some(MembersWrite)),
    ("DELETE", "/v1/organizations/{id}/members/{member_id}", Some(MembersWrite)),
    // of oneself none is needed; of others the handlers ask for theirs
    ("POST", "/v1/organizations/{id}/members/{member_id}/sign_in_link", None),
    ("GET", "/v1/sessions", None),
    ("DELETE", "/v1/sessions/{id}", None),
    ("GET", "/v1/audit_log", Some(AuditRead)),
];

/// The scope that this request takes.
pub(crate) fn required(request: &HttpRequest) -> Result<Option<Scope>, ApiError> {
    let route = request.match_pattern();
    // HEAD is answered as the GET that it is
    let method = if request.method() == "HEAD" { "GET" } else { request.method().as_str() };
    let row = TABLE.iter().find(|(at, path, _)| *at == method && Some(*path) == route.as_deref());
    let Some((.., scope)) = row else {
        let text = format!("{method} {} is not in the table of scopes", route.unwrap_or_default());
        return Err(ApiError::Internal(text.into()));
    };
    Ok(*scope)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_table_and_the_document_name_the_same_routes() {
        let document: Value = serde_json::from_str(&crate::openapi::json()).unwrap();
        let mut documented = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if operation["security"] != json!([{}]) {
                    documented.insert((method.to_uppercase(), path.clone()));
                }
            }
        }
        let rows = TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()));
        let listed: BTreeSet<_> = rows.collect();
        assert_eq!(listed.len(), TABLE.len(), "no route twice");
        assert_eq!(listed, documented);
    }
}
