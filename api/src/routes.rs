//! Every route, in one table. What a path does not take is answered by its own 405.

use std::future::ready;

use actix_web::Resource;
use actix_web::web::{self, ServiceConfig, delete, get, patch, post, put};

use crate::error::{ApiError, unknown_route};
use crate::{
    billing, budgets, checkpoints, compat, events, exports, files, groups, invoices, jobs, keys, members,
    meta, organizations, projects, quotes, rewards, rollouts, sessions, uploads, verifications, webhooks,
};

pub(crate) fn routes(app: &mut ServiceConfig) {
    for part in [
        jobs,
        rollouts,
        reward_functions,
        files_and_quotes,
        verification_and_webhooks,
        on_ramps,
        tinker,
        tenancy,
        people,
        meta,
    ] {
        app.configure(part);
    }
    app.default_service(web::to(unknown_route));
}

fn jobs(app: &mut ServiceConfig) {
    app.service(
        at("/v1/jobs", "GET, POST")
            .route(get().to(jobs::list::list_jobs))
            .route(post().to(jobs::create::create_job)),
    )
    .service(
        at("/v1/jobs/{id}", "DELETE, GET, PATCH")
            .route(get().to(jobs::show::show_job))
            .route(patch().to(jobs::patch::patch_job))
            .route(delete().to(jobs::delete::delete_job)),
    )
    .service(at("/v1/jobs/{id}/cancel", "POST").route(post().to(jobs::cancel::cancel_job)))
    .service(at("/v1/jobs/{id}/prompts", "POST").route(post().to(jobs::append::append_prompts)))
    .service(at("/v1/jobs/{id}/close", "POST").route(post().to(jobs::close::close_job)))
    .service(at("/v1/jobs/{id}/groups", "GET").route(get().to(jobs::groups::list_groups)))
    .service(at("/v1/jobs/{id}/metrics", "GET").route(get().to(jobs::metrics::show_metrics)))
    .service(at("/v1/jobs/{id}/pause", "POST").route(post().to(jobs::pause::pause_job)))
    .service(at("/v1/jobs/{id}/resume", "POST").route(post().to(jobs::resume::resume_job)))
    .service(at("/v1/jobs/{id}/events", "GET").route(get().to(jobs::events::list_events)))
    .service(at("/v1/jobs/{id}/rollouts", "GET").route(get().to(jobs::rollouts::list_rollouts)))
    .service(at("/v1/jobs/{id}/manifest", "GET").route(get().to(jobs::manifest::show_manifest)))
    .service(
        at("/v1/jobs/{id}/exports", "GET, POST")
            .route(get().to(exports::list::list_exports))
            .route(post().to(exports::create::create_export)),
    )
    .service(at("/v1/exports/{id}", "GET").route(get().to(exports::show::show_export)))
    .service(at("/v1/exports/{id}/content", "GET").route(get().to(exports::content::show_content)));
}

fn rollouts(app: &mut ServiceConfig) {
    app.service(at("/v1/groups/{id}", "GET").route(get().to(groups::show::show_group)))
        .service(at("/v1/groups/{id}/rewards", "POST").route(post().to(groups::post_rewards::post_rewards)))
        .service(at("/v1/rollouts/{id}", "GET").route(get().to(rollouts::show::show_rollout)))
        .service(at("/v1/rollouts/{id}/proof", "GET").route(get().to(rollouts::proof::show_proof)))
        .service(at("/v1/rollouts/{id}/receipt", "GET").route(get().to(rollouts::receipt::show_receipt)))
        .service(
            at("/v1/rollouts/{id}/inclusion", "GET").route(get().to(rollouts::inclusion::show_inclusion)),
        );
}

fn reward_functions(app: &mut ServiceConfig) {
    app.service(
        at("/v1/reward_functions", "GET, POST")
            .route(get().to(rewards::list::list_reward_functions))
            .route(post().to(rewards::create::create_reward_function)),
    )
    // before the routes with ids: these words are none
    .service(at("/v1/reward_functions/abi", "GET").route(get().to(rewards::abi::show_abi)))
    .service(at("/v1/reward_functions/builtins", "GET").route(get().to(rewards::builtins::list_builtins)))
    .service(
        at("/v1/reward_functions/validate", "POST")
            .route(post().to(rewards::validate::validate_reward_module)),
    )
    .service(at("/v1/reward_functions/{id}", "GET").route(get().to(rewards::show::show_reward_function)))
    .service(
        at("/v1/reward_functions/{id}/versions", "GET, POST")
            .route(get().to(rewards::list_versions::list_reward_versions))
            .route(post().to(rewards::create_version::create_reward_version)),
    )
    .service(
        at("/v1/reward_functions/{id}/versions/{version}", "GET")
            .route(get().to(rewards::show_version::show_reward_version)),
    )
    .service(
        at("/v1/reward_functions/{id}/versions/{version}/test", "POST")
            .route(post().to(rewards::test_version::test_reward_version)),
    );
}

fn meta(app: &mut ServiceConfig) {
    app.service(
        at("/v1/checkpoints", "GET, POST")
            .route(get().to(checkpoints::list::list_checkpoints))
            .route(post().to(checkpoints::create::create_checkpoint)),
    )
    .service(at("/v1/checkpoints/current", "GET").route(get().to(checkpoints::current::current_checkpoint)))
    .service(at("/v1/checkpoints/{id}", "GET").route(get().to(checkpoints::show::show_checkpoint)))
    .service(
        at("/v1/verification_keys", "GET").route(get().to(meta::verification_keys::list_verification_keys)),
    )
    .service(at("/v1/proof_spec/{version}", "GET").route(get().to(meta::proof_spec::show_proof_spec)))
    .service(at("/v1/limits", "GET").route(get().to(meta::limits::show_limits)))
    .service(at("/v1/status", "GET").route(get().to(meta::status::show_status)))
    .service(at("/healthz", "GET").route(get().to(meta::healthz::healthz)))
    .service(at("/readyz", "GET").route(get().to(meta::readyz::readyz)))
    .service(at("/metrics", "GET").route(get().to(meta::metrics::metrics)))
    .service(at("/openapi.json", "GET").route(get().to(meta::openapi_json::openapi_json)))
    .service(at("/docs", "GET").route(get().to(meta::docs::docs)));
}

fn files_and_quotes(app: &mut ServiceConfig) {
    app.service(
        at("/v1/files", "GET, POST")
            .route(get().to(files::list::list_files))
            .route(post().to(files::create::create_file)),
    )
    .service(
        at("/v1/files/{id}", "GET, DELETE")
            .route(get().to(files::show::show_file))
            .route(delete().to(files::delete::delete_file)),
    )
    .service(at("/v1/files/{id}/content", "GET").route(get().to(files::content::file_content)))
    .service(at("/v1/uploads", "POST").route(post().to(uploads::create::create_upload)))
    .service(at("/v1/uploads/{id}", "GET").route(get().to(uploads::show::show_upload)))
    .service(at("/v1/uploads/{id}/parts", "POST").route(post().to(uploads::add_part::add_upload_part)))
    .service(at("/v1/uploads/{id}/complete", "POST").route(post().to(uploads::complete::complete_upload)))
    .service(at("/v1/uploads/{id}/cancel", "POST").route(post().to(uploads::cancel::cancel_upload)))
    .service(at("/v1/quotes", "POST").route(post().to(quotes::create::create_quote)))
    .service(at("/v1/quotes/{id}", "GET").route(get().to(quotes::show::show_quote)));
}

/// Who may call, what an organisation keeps apart, and its money.
fn tenancy(app: &mut ServiceConfig) {
    // before the route with ids: this word is none
    app.service(at("/v1/api_keys/self", "GET").route(get().to(keys::myself::show_own_api_key)))
        .service(
            at("/v1/api_keys", "GET, POST")
                .route(get().to(keys::list::list_api_keys))
                .route(post().to(keys::create::create_api_key)),
        )
        .service(
            at("/v1/api_keys/{id}", "DELETE, GET, PATCH")
                .route(get().to(keys::show::show_api_key))
                .route(patch().to(keys::update::update_api_key))
                .route(delete().to(keys::revoke::revoke_api_key)),
        )
        .service(at("/v1/api_keys/{id}/rotate", "POST").route(post().to(keys::rotate::rotate_api_key)))
        .service(
            at("/v1/projects", "GET, POST")
                .route(get().to(projects::list::list_projects))
                .route(post().to(projects::create::create_project)),
        )
        .service(
            at("/v1/projects/{id}", "GET, PATCH")
                .route(get().to(projects::show::show_project))
                .route(patch().to(projects::update::update_project)),
        )
        .service(at("/v1/projects/{id}/archive", "POST").route(post().to(projects::archive::archive_project)))
        .service(at("/v1/organizations/{id}", "GET").route(get().to(organizations::show::show_organization)))
        .service(at("/v1/audit_log", "GET").route(get().to(organizations::audit_log::list_audit_log)))
        .service(at("/v1/balance", "GET").route(get().to(billing::balance::show_balance)))
        .service(
            at("/v1/ledger_entries", "GET").route(get().to(billing::ledger_entries::list_ledger_entries)),
        )
        .service(
            at("/v1/budgets/{scope}", "GET, PUT")
                .route(get().to(budgets::show::show_budget))
                .route(put().to(budgets::update::update_budget)),
        )
        .service(at("/v1/invoices", "GET").route(get().to(invoices::list::list_invoices)))
        .service(at("/v1/invoices/{id}", "GET").route(get().to(invoices::show::show_invoice)))
        .service(at("/v1/prices", "GET").route(get().to(billing::prices::retrieve_prices)))
        .service(at("/v1/usage", "GET").route(get().to(billing::usage::retrieve_usage)));
}

/// Members, and how they sign in.
fn people(app: &mut ServiceConfig) {
    app.service(
        at("/v1/organizations/{id}/members", "GET, POST")
            .route(get().to(members::list::list_members))
            .route(post().to(members::invite::invite_member)),
    )
    .service(
        at("/v1/organizations/{id}/members/{member_id}", "DELETE, GET, PATCH")
            .route(get().to(members::show::show_member))
            .route(patch().to(members::update::update_member))
            .route(delete().to(members::remove::remove_member)),
    )
    .service(
        at("/v1/organizations/{id}/members/{member_id}/sign_in_link", "POST")
            .route(post().to(members::link::create_sign_in_link)),
    )
    .service(
        at("/v1/sessions", "GET, POST")
            .route(get().to(sessions::list::list_sessions))
            .route(post().to(sessions::create::create_session)),
    )
    // before the route with ids: this word is none
    .service(at("/v1/sessions/refresh", "POST").route(post().to(sessions::refresh::refresh_session)))
    .service(at("/v1/sessions/{id}", "DELETE").route(delete().to(sessions::end::end_session)))
    .service(at("/.well-known/jwks.json", "GET").route(get().to(sessions::jwks::show_jwks)));
}

fn verification_and_webhooks(app: &mut ServiceConfig) {
    app.service(
        at("/v1/webhook_endpoints", "GET, POST")
            .route(get().to(webhooks::list::list_webhook_endpoints))
            .route(post().to(webhooks::create::create_webhook_endpoint)),
    )
    .service(
        at("/v1/webhook_endpoints/{id}", "DELETE, GET, PATCH")
            .route(get().to(webhooks::show::show_webhook_endpoint))
            .route(patch().to(webhooks::update::update_webhook_endpoint))
            .route(delete().to(webhooks::delete::delete_webhook_endpoint)),
    )
    .service(
        at("/v1/webhook_endpoints/{id}/secret", "GET")
            .route(get().to(webhooks::show_secret::show_webhook_secret)),
    )
    .service(
        at("/v1/webhook_endpoints/{id}/rotate_secret", "POST")
            .route(post().to(webhooks::rotate_secret::rotate_webhook_secret)),
    )
    .service(
        at("/v1/webhook_endpoints/{id}/test", "POST").route(post().to(webhooks::test::test_webhook_endpoint)),
    )
    .service(
        at("/v1/webhook_deliveries", "GET")
            .route(get().to(webhooks::list_deliveries::list_webhook_deliveries)),
    )
    .service(
        at("/v1/webhook_deliveries/{id}/redeliver", "POST")
            .route(post().to(webhooks::redeliver::redeliver_webhook)),
    )
    .service(at("/v1/verifications", "POST").route(post().to(verifications::create::create_verification)))
    .service(at("/v1/verifications/{id}", "GET").route(get().to(verifications::show::show_verification)))
    .service(at("/v1/events", "GET").route(get().to(events::list::list_project_events)))
    // before the one that takes any id
    .service(at("/v1/events/stream", "GET").route(get().to(events::stream::stream_project_events)))
    .service(at("/v1/events/{id}", "GET").route(get().to(events::show::show_event)))
    .service(at("/v1/stream_tokens", "POST").route(post().to(events::create_token::create_stream_token)));
}

/// What the `tinker` package asks for to sample; the rest of it trains, and is refused by that name.
fn tinker(app: &mut ServiceConfig) {
    use compat::tinker;
    app.service(
        at("/tinker/api/v1/client/config", "POST")
            .route(post().to(tinker::client_config::tinker_client_config)),
    )
    .service(
        at("/tinker/api/v1/client/dynamic_config", "POST")
            .route(post().to(tinker::client_dynamic_config::tinker_client_dynamic_config)),
    )
    .service(
        at("/tinker/api/v1/create_session", "POST")
            .route(post().to(tinker::create_session::tinker_create_session)),
    )
    .service(
        at("/tinker/api/v1/session_heartbeat", "POST")
            .route(post().to(tinker::session_heartbeat::tinker_session_heartbeat)),
    )
    .service(
        at("/tinker/api/v1/create_sampling_session", "POST")
            .route(post().to(tinker::create_sampling_session::tinker_create_sampling_session)),
    )
    .service(at("/tinker/api/v1/telemetry", "POST").route(post().to(tinker::telemetry::tinker_telemetry)))
    .service(
        at("/tinker/api/v1/get_server_capabilities", "GET")
            .route(get().to(tinker::server_capabilities::tinker_server_capabilities)),
    )
    .service(at("/tinker/api/v1/asample", "POST").route(post().to(tinker::asample::tinker_asample)))
    .service(
        at("/tinker/api/v1/retrieve_future", "POST")
            .route(post().to(tinker::retrieve_future::tinker_retrieve_future)),
    )
    .service(
        web::resource("/tinker/api/v1/{rest:.*}")
            .default_service(web::to(|| ready(Err::<&str, _>(ApiError::SamplingOnly)))),
    );
}

/// What clients of other services know.
fn on_ramps(app: &mut ServiceConfig) {
    app.service(
        at("/v1/batches", "GET, POST")
            .route(get().to(compat::list_batches::list_batches))
            .route(post().to(compat::create_batch::create_batch)),
    )
    .service(at("/v1/batches/{id}", "GET").route(get().to(compat::show_batch::show_batch)))
    .service(at("/v1/batches/{id}/cancel", "POST").route(post().to(compat::cancel_batch::cancel_batch)))
    .service(
        at("/v1/chat/completions", "POST")
            .route(post().to(compat::create_chat_completion::create_chat_completion)),
    )
    .service(at("/v1/models", "GET").route(get().to(compat::list_models::list_models)))
    .service(at("/v1/models/{id}", "GET").route(get().to(compat::show_model::show_model)));
}

fn at(path: &str, allow: &'static str) -> Resource {
    let wrong_method = move || ready(Err::<&str, _>(ApiError::MethodNotAllowed { allow }));
    web::resource(path).default_service(web::to(wrong_method))
}
