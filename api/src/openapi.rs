//! The description of the interface, made from the routes themselves. `openapi/openapi.json` is a copy of it.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::{
    billing, budgets, checkpoints, compat, document, events, exports, files, groups, invoices, jobs, keys,
    members, meta, organizations, projects, quotes, rewards, rollouts, sessions, uploads, verifications,
    webhooks,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Reliquary",
        description = "Verified rollouts for reinforcement learning: send prompts and a reward function, get completions \
            whose every token is proven, scored in a sandbox, selected, and streamed.\n\nPrompts are visible to the miners \
            that serve them. Amounts are whole rao (10^-9 TAO), as strings.\n\nKeys that begin with `rk_test_` are for trying out: \
            their jobs run at no cost on answers that the service makes up, and what they make is `livemode: false` and seen by \
            test keys of the same project alone. Sessions choose by the header `Reliquary-Mode: test`."
    ),
    paths(
        jobs::create::create_job,
        jobs::list::list_jobs,
        jobs::show::show_job,
        jobs::patch::patch_job,
        jobs::delete::delete_job,
        jobs::append::append_prompts,
        jobs::close::close_job,
        jobs::groups::list_groups,
        jobs::metrics::show_metrics,
        jobs::cancel::cancel_job,
        jobs::pause::pause_job,
        jobs::resume::resume_job,
        jobs::events::list_events,
        jobs::rollouts::list_rollouts,
        jobs::manifest::show_manifest,
        files::create::create_file,
        files::list::list_files,
        files::show::show_file,
        files::content::file_content,
        files::delete::delete_file,
        uploads::create::create_upload,
        uploads::show::show_upload,
        uploads::add_part::add_upload_part,
        uploads::complete::complete_upload,
        uploads::cancel::cancel_upload,
        quotes::create::create_quote,
        quotes::show::show_quote,
        exports::create::create_export,
        exports::list::list_exports,
        exports::show::show_export,
        exports::content::show_content,
        groups::show::show_group,
        groups::post_rewards::post_rewards,
        rollouts::show::show_rollout,
        rollouts::proof::show_proof,
        rollouts::receipt::show_receipt,
        rollouts::inclusion::show_inclusion,
        rewards::create::create_reward_function,
        rewards::list::list_reward_functions,
        rewards::show::show_reward_function,
        rewards::create_version::create_reward_version,
        rewards::list_versions::list_reward_versions,
        rewards::show_version::show_reward_version,
        rewards::test_version::test_reward_version,
        rewards::validate::validate_reward_module,
        rewards::abi::show_abi,
        rewards::builtins::list_builtins,
        checkpoints::list::list_checkpoints,
        checkpoints::create::create_checkpoint,
        checkpoints::show::show_checkpoint,
        checkpoints::current::current_checkpoint,
        keys::create::create_api_key,
        keys::list::list_api_keys,
        keys::myself::show_own_api_key,
        keys::show::show_api_key,
        keys::update::update_api_key,
        keys::revoke::revoke_api_key,
        keys::rotate::rotate_api_key,
        projects::create::create_project,
        projects::list::list_projects,
        projects::show::show_project,
        projects::update::update_project,
        projects::archive::archive_project,
        organizations::show::show_organization,
        organizations::audit_log::list_audit_log,
        members::list::list_members,
        members::invite::invite_member,
        members::show::show_member,
        members::update::update_member,
        members::remove::remove_member,
        members::link::create_sign_in_link,
        sessions::create::create_session,
        sessions::refresh::refresh_session,
        sessions::list::list_sessions,
        sessions::end::end_session,
        sessions::jwks::show_jwks,
        billing::balance::show_balance,
        billing::ledger_entries::list_ledger_entries,
        billing::prices::retrieve_prices,
        billing::usage::retrieve_usage,
        invoices::list::list_invoices,
        invoices::show::show_invoice,
        budgets::show::show_budget,
        budgets::update::update_budget,
        verifications::create::create_verification,
        verifications::show::show_verification,
        webhooks::create::create_webhook_endpoint,
        webhooks::list::list_webhook_endpoints,
        webhooks::show::show_webhook_endpoint,
        webhooks::update::update_webhook_endpoint,
        webhooks::delete::delete_webhook_endpoint,
        webhooks::show_secret::show_webhook_secret,
        webhooks::rotate_secret::rotate_webhook_secret,
        webhooks::test::test_webhook_endpoint,
        webhooks::list_deliveries::list_webhook_deliveries,
        webhooks::redeliver::redeliver_webhook,
        events::show::show_event,
        events::list::list_project_events,
        events::stream::stream_project_events,
        events::create_token::create_stream_token,
        compat::create_batch::create_batch,
        compat::list_batches::list_batches,
        compat::show_batch::show_batch,
        compat::cancel_batch::cancel_batch,
        compat::create_chat_completion::create_chat_completion,
        compat::list_models::list_models,
        compat::show_model::show_model,
        compat::tinker::client_config::tinker_client_config,
        compat::tinker::client_dynamic_config::tinker_client_dynamic_config,
        compat::tinker::create_session::tinker_create_session,
        compat::tinker::session_heartbeat::tinker_session_heartbeat,
        compat::tinker::create_sampling_session::tinker_create_sampling_session,
        compat::tinker::telemetry::tinker_telemetry,
        compat::tinker::server_capabilities::tinker_server_capabilities,
        compat::tinker::asample::tinker_asample,
        compat::tinker::retrieve_future::tinker_retrieve_future,
        meta::verification_keys::list_verification_keys,
        meta::proof_spec::show_proof_spec,
        meta::limits::show_limits,
        meta::status::show_status,
        meta::healthz::healthz,
        meta::readyz::readyz,
        meta::metrics::metrics,
        meta::openapi_json::openapi_json,
        meta::docs::docs,
    ),
    // of what streams and webhooks say: for the document, streams are one long text, and webhooks are nobody's answer
    components(schemas(
        events::EventDataByType,
        events::JobProgress,
        webhooks::schema::WebhookPayload,
        webhooks::schema::WebhookSubject,
        webhooks::schema::WebhookTestData,
    )),
    tags(
        (name = "jobs", description = "Batches of prompts."),
        (name = "files", description = "What you upload once and name later."),
        (name = "quotes", description = "What jobs would cost."),
        (name = "groups", description = "All completions of one prompt."),
        (name = "rollouts", description = "What jobs deliver."),
        (name = "exports", description = "Files of rollouts in the formats of trainers."),
        (name = "rewards", description = "Your reward functions."),
        (name = "checkpoints", description = "What jobs run on."),
        (name = "keys", description = "Who may call, and what for."),
        (name = "projects", description = "What your organisation keeps apart."),
        (name = "organizations", description = "Who owns projects and money."),
        (name = "members", description = "The people of your organisation."),
        (name = "sessions", description = "How they sign in."),
        (name = "billing", description = "Your money."),
        (name = "verification", description = "What it takes to trust nobody."),
        (name = "webhooks", description = "Hear of your jobs at your own address."),
        (name = "events", description = "All that happens in your project."),
        (name = "compat", description = "What clients of OpenAI know, as a view of jobs (docs/ONRAMPS.md)."),
        (name = "meta", description = "The service itself."),
    ),
    security(("api_key" = [])),
    modifiers(&Security)
)]
struct Document;

/// The document as JSON text, with a line break at its end.
pub fn json() -> String {
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    document::complete(&mut document);
    events::catalogue::complete(&mut document);
    webhooks::schema::complete(&mut document);
    format!("{document:#}\n")
}

/// The key that most operations need.
struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("rk_live_…")
            .description(Some("An API key, `rk_live_<8>_<32>_<6>`, or the access token of a session."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    }
}
