// The service's types. Generated from openapi/openapi.json by scripts/generate.mjs: do not edit.

/** The dated version that this client speaks. */
export const VERSION = "2026-11-22";

/** The POSTs that take an `Idempotency-Key`. */
export const KEYED: readonly string[] = [
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
    "/v1/webhook_endpoints/{id}/test"
];

/** The POSTs whose body is a form. */
export const FORMS: readonly string[] = [
    "/v1/files",
    "/v1/reward_functions/validate",
    "/v1/reward_functions/{id}/versions",
    "/v1/uploads/{id}/parts"
];

export interface paths {
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public keys of access tokens. */
        get: operations["retrieve_jwks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This reference as a page. */
        get: operations["retrieve_docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process is up. */
        get: operations["check_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures of this process. */
        get: operations["retrieve_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The description of this interface. */
        get: operations["retrieve_openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether requests can be served. */
        get: operations["check_readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tinker/api/v1/asample": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for samples.
         * @description A job of one prompt: rewards and advantages `none`, every token verified. The same `seq_id` of the same session is the
         *     same job.
         */
        post: operations["create_tinker_sample"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tinker/api/v1/client/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What the package asks first. */
        post: operations["retrieve_tinker_config"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tinker/api/v1/client/dynamic_config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What the package asks from time to time. */
        post: operations["retrieve_tinker_dynamic_config"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tinker/api/v1/create_sampling_session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin to sample from a model. */
        post: operations["create_tinker_sampling_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tinker/api/v1/create_session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin a session. */
        post: operations["create_tinker_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tinker/api/v1/get_server_capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What can be sampled from. */
        get: operations["retrieve_tinker_capabilities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tinker/api/v1/retrieve_future": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get samples.
         * @description Waits a while for them. They come as the package's `SampleResponse`, in protocol buffers.
         */
        post: operations["retrieve_tinker_future"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tinker/api/v1/session_heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A sign of life of a session. */
        post: operations["post_tinker_heartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tinker/api/v1/telemetry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Taken and forgotten. */
        post: operations["post_tinker_telemetry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api_keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The keys of a project, newest first; the revoked ones, too. A test key sees the test keys. */
        get: operations["list_api_keys"];
        put?: never;
        /**
         * Make an API key.
         * @description The answer holds its text, this once: a repeated request with the same `Idempotency-Key` gets the same key without it.
         *     It is pinned to the newest version of this interface (`api_version`).
         *     A key cannot make one that may do, reach or spend more than itself, and what the new key spends counts for both.
         */
        post: operations["create_api_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api_keys/self": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The key that you use: what it may do, and what is left of its limit. */
        get: operations["retrieve_own_api_key"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api_keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One key, without its text. */
        get: operations["retrieve_api_key"];
        put?: never;
        post?: never;
        /** Revoke a key for good, within a few seconds. It stays on the list. */
        delete: operations["revoke_api_key"];
        options?: never;
        head?: never;
        /** Change a key. What you change counts within a few seconds. */
        patch: operations["update_api_key"];
        trace?: never;
    };
    "/v1/api_keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a key another text. Its id, terms and spending stay.
         * @description The answer holds the new text, this once. The one before is taken until `previous_expires_at`; one from before that no
         *     more.
         */
        post: operations["rotate_api_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit_log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was done in your organisation, newest first; a key of one project sees what was done in that one.
         * @description Entries are never changed or deleted, and each is bound to the one before by its hash.
         */
        get: operations["list_audit_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/balance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your balance. */
        get: operations["retrieve_balance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/batches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your batches, newest first. */
        get: operations["list_batches"];
        put?: never;
        /**
         * Create a batch.
         * @description It is `validating` while its file is read; then it is `in_progress`, or it has `failed` and `errors` says everything that is
         *     wrong with the file, by line. Requests with the same model, sampling, `stop` and `logprobs` become one job, at most 1000 in
         *     each and 16 jobs in a batch: rewards and advantages `none`, every token verified. Their highest possible price is held when
         *     all of them begin; what the account cannot cover is `insufficient_credits` in `errors`, and nothing begins.
         */
        post: operations["create_batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/batches/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One batch. */
        get: operations["retrieve_batch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/batches/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a batch.
         * @description One whose file is being read has ended with that. No more requests go to miners; what these have answered is still verified, delivered and charged. Cancelling again is
         *     fine.
         */
        post: operations["cancel_batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/budgets/{scope}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What an organisation, a project or an API key may spend, and what it has.
         * @description The limit of a project or a key is the one that it shows itself.
         */
        get: operations["retrieve_budget"];
        /**
         * Set a budget.
         * @description It takes the place of the one before, and counts for jobs from now on: what is held stays held. That of a project takes a
         *     key that reaches the organisation. A key with limits of its own gives no wider ones.
         */
        put: operations["update_budget"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Complete a chat.
         * @description A job of one prompt, waited for: rewards and advantages `none`, every token verified. The answer comes whole, or not at
         *     all: after the service's patience, or when you go away, the job is cancelled, and what it did not deliver costs nothing.
         *     With an `Idempotency-Key` it goes on for up to an hour, and the same request gets its answer.
         */
        post: operations["create_chat_completion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The service's checkpoints and your project's own, newest first. */
        get: operations["list_checkpoints"];
        put?: never;
        /**
         * Ask for a checkpoint of your own. It is `pending` until the operator has looked at it; when it is `available`, jobs of
         *     your project name it in `model`.
         */
        post: operations["create_checkpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/checkpoints/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The current checkpoint. */
        get: operations["retrieve_current_checkpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/checkpoints/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A checkpoint: the service's, or one that your project has registered. */
        get: operations["retrieve_checkpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The log of your project.
         * @description The events of all its jobs, oldest first, in one order that never changes: those of one job in the order of their
         *     `sequence`, those of several as they became known. `last_id` is how far the page has read; tell events apart by their `id`.
         *     Events are kept until seven days after their job's end.
         *     A key of the organisation names the project by `Reliquary-Project`.
         */
        get: operations["list_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow your project.
         * @description The events of all its jobs as they happen, with the bodies that the jobs' own logs have. `id` is the event's place in the
         *     project's log: 1, 2, 3, … without a gap, in an order that never changes; an event's `sequence` is its place in its job's.
         *     The first message has an id and nothing else, so that whoever reconnects with `Last-Event-ID` misses nothing, even if no
         *     event had come. The stream closes after a quarter of an hour, and may close at any time: reconnect, and nothing is lost.
         *     It never ends by itself. Events are kept until seven days after their job's end: where some are gone that you have not seen,
         *     `stream.reset`, which has no id, comes in their place and says where the log goes on (`oldest_sequence`). A key of the organisation names the project by `Reliquary-Project`.
         */
        get: operations["stream_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One event, with the body that its job's log and stream have, byte for byte: also one that no webhook carries. */
        get: operations["retrieve_event"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One export. */
        get: operations["retrieve_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exports/{id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The file of an export.
         * @description Go on where a download stopped with `Range: bytes=N-`. The `ETag` is the file's SHA-256.
         */
        get: operations["retrieve_export_content"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your files, newest first. */
        get: operations["list_files"];
        put?: never;
        /**
         * Upload a file.
         * @description It is streamed to where it stays. With an `Idempotency-Key` the same upload can be sent again safely: the file counts by
         *     its SHA-256.
         */
        post: operations["create_file"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One file, without its content. */
        get: operations["retrieve_file"];
        put?: never;
        post?: never;
        /**
         * Delete a file.
         * @description It is gone from then on; its bytes follow within moments.
         */
        delete: operations["delete_file"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files/{id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The content of a file. */
        get: operations["retrieve_file_content"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/groups/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One group: all completions of one prompt.
         * @description With reward mode `client` this is where you read what there is to score; the event `group.awaiting_rewards` says
         *     when.
         */
        get: operations["retrieve_group"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/groups/{id}/rewards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Post the rewards of a group.
         * @description For a group that is `awaiting_rewards`: one entry for each of its rollouts. Selection, advantages and settlement
         *     follow as for any group. The same rewards can be posted again safely and get the same answer; others are refused.
         *     They are your own word: the delivered rollouts carry no reward receipt.
         */
        post: operations["post_group_rewards"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invoices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Your organisation's invoices, newest first: one for each calendar month since it began. It takes a key that reaches the
         *     organisation.
         */
        get: operations["list_invoices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invoices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One month of your organisation. A key of one project does not see it. */
        get: operations["retrieve_invoice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your jobs, newest first. */
        get: operations["list_jobs"];
        put?: never;
        /**
         * Create a job.
         * @description Answers as soon as the job is queued and its highest possible price is held; follow it on
         *     `GET /v1/jobs/{id}/events`. With `input_file_id` it answers before the file is read: the job is `validating`, holds
         *     nothing, and is then `queued` with its price held, or `failed` with `errors` that name the lines. With an
         *     `Idempotency-Key` the same request can be sent again safely: it gets the same answer, with `Idempotency-Replayed: true`.
         */
        post: operations["create_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One job.
         * @description With `If-None-Match` and the `ETag` of an earlier answer it is sent only if it has changed.
         */
        get: operations["retrieve_job"];
        put?: never;
        post?: never;
        /**
         * Delete a job's data.
         * @description Prompts and completions of a job that has ended are deleted; reading them answers 410 from then on. The job itself,
         *     its log, what was paid, and the hashes that its proofs commit to are kept. Deleting again is fine.
         */
        delete: operations["delete_job"];
        options?: never;
        head?: never;
        /**
         * Change a job.
         * @description A budget can be raised, which holds more, or lowered to no less than what is spent and in flight; a job that waits for
         *     its budget goes on by itself. Of a job that has ended only the metadata changes.
         *
         *     With `If-Match` and the `ETag` of an earlier answer it changes only if nothing else has since. The tag is of the whole
         *     job, and a running job's counts move: read it, change it at once, and after 409 `version_conflict` read it again.
         */
        patch: operations["update_job"];
        trace?: never;
    };
    "/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a job.
         * @description No more prompts go to miners. The rest of the hold is released when the job reaches `cancelled`. Cancelling again is
         *     fine, and `immediate` after `graceful` hurries it up. With reward mode `client`, groups whose rewards you have not
         *     posted are dropped either way.
         */
        post: operations["cancel_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close a job.
         * @description It takes no more prompts, and ends with its last group; at once, if all have ended. Closing a job that is closed, or
         *     was never open, changes nothing.
         */
        post: operations["close_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A job's log.
         * @description With `Accept: text/event-stream` a stream that follows the job live and ends after its terminal event; else a page.
         *     Both give the same events: `id` is the sequence, which has no gaps, and an event reads the same every time. A stream
         *     may close at any time: reconnect with `Last-Event-ID`, and nothing is lost or repeated. 204 says that the log has
         *     ended and you have all of it. Events are kept until seven days after the job's end: `stream.reset`, which has no id,
         *     says that those before `oldest_sequence` are gone, and a page begins with the first that is left. `job.progress`, without one either, says how far the job is, at most once a second while groups move (`JobProgress`).
         *     After the terminal event only `export.ready` can follow: a stream that was closed does not wait for it.
         */
        get: operations["list_job_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The exports of a job, newest first. */
        get: operations["list_exports"];
        put?: never;
        /**
         * Export a job's rollouts.
         * @description The file is of everything that is delivered when you ask; what comes later is not in it. It is written in the background:
         *     follow `Location`, or wait for the event `export.ready`. The same rollouts give the same bytes. The formats are in
         *     docs/EXPORTS.md.
         */
        post: operations["create_export"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The groups of a job, in the order of its prompts. */
        get: operations["list_groups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/manifest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a job was, signed: its terms, model, counts and costs, and a Merkle root over all of its rollouts, those that were
         *     filtered, refused or dropped included.
         * @description It is signed within moments of the job's end, whether the job completed, failed or was cancelled, and never changes. Until
         *     then the answer is 409: `job_not_ended`, or `manifest_pending` for those moments.
         */
        get: operations["retrieve_job_manifest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics of a job. */
        get: operations["retrieve_job_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a job.
         * @description No more prompts go to miners and no more rewards are computed until the job is resumed; what is under way may finish,
         *     and is charged. The hold stays. Pausing a paused job is fine.
         */
        post: operations["pause_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/prompts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Append prompts.
         * @description To a job that was created with `open: true` and is not closed. Their highest possible price is held in the same
         *     transaction. With an `Idempotency-Key` the same request can be sent again safely.
         */
        post: operations["append_prompts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a job.
         * @description Takes up a job that you have paused, or that has paused itself since too many of its rewards failed
         *     (`reward.max_error_rate`); those are then counted anew. Resuming a job that is not paused is fine.
         */
        post: operations["resume_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/rollouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A job's rollouts.
         * @description The delivered ones come in the order of the job's log: a list, or, as `Accept` asks, in bulk: one a line
         *     (`application/x-ndjson`), as Arrow's IPC stream (`application/vnd.apache.arrow.stream`) or as a Parquet file
         *     (`application/vnd.apache.parquet`), both in zstd. Text can be compressed with zstd or gzip, as `Accept-Encoding` asks.
         *     A whole record holds its proof, its receipts and what its reward function was given, and can be verified without this
         *     service; a reward function of your own runs again there with `include=reward_module`, and `include=manifest` shows that
         *     nothing is missing.
         *
         *     Of what was not delivered a list or lines tell the reasons; a filtered rollout that you have paid for (a group without
         *     variance) brings its record, too.
         */
        get: operations["list_rollouts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ledger_entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Your statement, newest first.
         * @description `first_id` and `last_id` are positions in the statement here. With `Accept: text/csv` a page is a table with the same
         *     columns, and where more follow the header `Link` names the next page.
         */
        get: operations["list_ledger_entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Your limits, and what is left of them.
         * @description Every answer says the same of the rates in `RateLimit-Policy` and `RateLimit`.
         */
        get: operations["retrieve_limits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Models, newest first. */
        get: operations["list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One model. */
        get: operations["retrieve_model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your organisation: whose money it is. A key of one project does not see it. */
        get: operations["retrieve_organization"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The people of your organisation, newest first; without those who were removed. */
        get: operations["list_members"];
        put?: never;
        /**
         * Add a person to your organisation.
         * @description The answer holds a link that signs them in, this once: hand it to them. A repeated request with the same `Idempotency-Key`
         *     gets the same member without it.
         */
        post: operations["create_member"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{id}/members/{member_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One member; a removed one, too. */
        get: operations["retrieve_member"];
        put?: never;
        post?: never;
        /** Remove a member. Their sessions end within a few seconds; keys that they made stay, and are yours to revoke. */
        delete: operations["delete_member"];
        options?: never;
        head?: never;
        /** Give a member another role. Their sessions may do less within a few seconds, and more when they are refreshed. */
        patch: operations["update_member"];
        trace?: never;
    };
    "/v1/organizations/{id}/members/{member_id}/sign_in_link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a link that signs a member in: yourself somewhere else, or with `members:write` somebody who has no session left.
         * @description The answer holds its token, this once. The member's link from before opens nothing any more; their sessions stay.
         */
        post: operations["create_sign_in_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a rollout costs. */
        get: operations["retrieve_prices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The projects of your organisation, newest first; a key of one project sees that one. */
        get: operations["list_projects"];
        put?: never;
        /** Make a project. It takes a key that reaches the organisation. */
        post: operations["create_project"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One project. */
        get: operations["retrieve_project"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change a project. It takes a key that reaches the organisation. */
        patch: operations["update_project"];
        trace?: never;
    };
    "/v1/projects/{id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Archive a project, with nothing of it under way. What it has delivered is kept; nobody reads it any more.
         * @description It takes a key that reaches the organisation, and another project than the key's own. Archiving again is fine.
         */
        post: operations["archive_project"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/proof_spec/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a verifier has to know of the proof: `r1`. */
        get: operations["retrieve_proof_spec"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/quotes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a quote.
         * @description The body is that of `POST /v1/jobs`, and is checked as it is there. Nothing is held. Name the quote in the job (`quote`)
         *     to get its prices, whatever they are by then; the job's terms and prompts must be the same, its budget, deadline and
         *     metadata need not. Prompts of a file are the same if its bytes are; its lines are counted, and looked at when the job
         *     reads them: at the quoted prices its hold is taken then.
         */
        post: operations["create_quote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/quotes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One quote, as it was given. */
        get: operations["retrieve_quote"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reward_functions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your reward functions, newest first. */
        get: operations["list_reward_functions"];
        put?: never;
        /** Name a reward function. Its modules follow as versions. */
        post: operations["create_reward_function"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reward_functions/abi": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a reward module must be and may do. */
        get: operations["retrieve_reward_abi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reward_functions/builtins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The rewards that come with the service, and their arguments. */
        get: operations["list_reward_builtins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reward_functions/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Validate a module without keeping it.
         * @description The same form and the same report as of a version.
         */
        post: operations["validate_reward_module"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reward_functions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One reward function. */
        get: operations["retrieve_reward_function"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reward_functions/{id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The versions of a reward function, newest first, without their reports. */
        get: operations["list_reward_versions"];
        put?: never;
        /**
         * Upload a WebAssembly module as the next version.
         * @description It is `validating` at first; follow it at `Location`, with `wait_s`, until it is `ready` or `rejected`. The bytes and
         *     `wasi` of a version that there is give that version again, with 200.
         */
        post: operations["create_reward_version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reward_functions/{id}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One version of a reward function, with what its validation found. */
        get: operations["retrieve_reward_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reward_functions/{id}/versions/{version}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a version on samples.
         * @description Nothing is kept. Each sample is run `repeat` times, in two processes by turns; `lint` says what a model would abuse.
         */
        post: operations["test_reward_version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/rollouts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One rollout with its proof and receipts.
         * @description One that was delivered, or that the job's rules filtered at the filtered price: `price_rao` tells them apart.
         */
        get: operations["retrieve_rollout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/rollouts/{id}/inclusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The place of one rollout in its job's manifest.
         * @description Any rollout that the service took in has one, delivered or not: `leaf.state` and `leaf.reason` say what became of it.
         */
        get: operations["retrieve_rollout_inclusion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/rollouts/{id}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The proof of one rollout by itself. */
        get: operations["retrieve_rollout_proof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/rollouts/{id}/receipt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The receipts of one rollout. */
        get: operations["retrieve_rollout_receipt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sessions that are not over, newest first: your own, or with `members:read` those of others. */
        get: operations["list_sessions"];
        put?: never;
        /**
         * Sign in.
         * @description The token comes from whoever invited you, or from a session of yours (`POST …/sign_in_link`). It is good once. Whatever is
         *     wrong with one, the answer is the same.
         */
        post: operations["create_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange a refresh token for the next pair of tokens.
         * @description It is good once: whoever brings one again ends the session, because somebody has a copy of it. Only for ten seconds the
         *     same token gets the same successor again, so that a lost answer or a second window does no harm.
         */
        post: operations["refresh_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Sign out: your own session, or with `members:write` another's.
         * @description Its refresh token is good no more, and its access token within a few seconds.
         */
        delete: operations["delete_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the service is.
         * @description Each part with the figures behind its status, over all customers. At most five seconds old.
         */
        get: operations["retrieve_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/stream_tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a token for a browser.
         * @description `EventSource` cannot send `Authorization`. Ask for a token where your key is, on your server, and open
         *     `new EventSource(path + "?stream_token=" + token)` in the page. It reads this one stream, without rollouts inside events,
         *     for the project that you ask for it; it can be used to connect for a minute, and as long as your key or session may read
         *     events. A stream that is open goes on. When it closes, `EventSource` reconnects by itself with the same address, and once
         *     the token has expired gets 401 and gives up (`onerror` with `readyState` 2): then ask for another token, and open
         *     the stream with `starting_after` set to the last `lastEventId`. Nothing is lost. The token is not kept and cannot be listed.
         */
        post: operations["create_stream_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin an upload.
         * @description Send parts of at most 64 MiB, in any order and several at once, then complete it: it becomes a file as any other. It is
         *     given up after an hour. Smaller files go to `POST /v1/files` at once.
         */
        post: operations["create_upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One upload. */
        get: operations["retrieve_upload"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel an upload.
         * @description Its parts are deleted within moments. Cancelling again is fine; what is completed is a file, and deleted as one.
         */
        post: operations["cancel_upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads/{id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Complete an upload.
         * @description The parts, in your order, become a file: all at once, or not at all. Parts that are not named are dropped. Completing it
         *     again gives the same file.
         */
        post: operations["complete_upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads/{id}/parts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add a part.
         * @description In any order, and several at once. One that was cut off is sent again; one that was sent twice is two parts, of which you
         *     name one when you complete the upload.
         */
        post: operations["create_upload_part"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Your usage.
         * @description Of all projects for a key that reaches the organisation, and of its own for any other.
         */
        get: operations["retrieve_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/verification_keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The keys that sign receipts and manifests, and those that did before. */
        get: operations["list_verification_keys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/verifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have rollouts checked again.
         * @description A whole record is compared with what was delivered to you under its id, and its signatures are checked; what differs is named.
         *     A filtered one that you have paid for counts as delivered; any other gets the second alone. `reward` and `full` take their time: follow `Location`. It
         *     costs nothing, changes nothing, and says nothing of the miner to the service.
         */
        post: operations["create_verification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/verifications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a re-check is, and what it found. */
        get: operations["retrieve_verification"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook_deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Webhook deliveries, newest first. */
        get: operations["list_webhook_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook_deliveries/{id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a delivery again, whatever became of it. It has the same `webhook-id`. */
        post: operations["redeliver_webhook_delivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook_endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your webhook endpoints, newest first. */
        get: operations["list_webhook_endpoints"];
        put?: never;
        /** Have webhooks sent somewhere. Its secret is at `GET /v1/webhook_endpoints/{id}/secret`. */
        post: operations["create_webhook_endpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook_endpoints/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One webhook endpoint. */
        get: operations["retrieve_webhook_endpoint"];
        put?: never;
        post?: never;
        /** Take a webhook endpoint away. What waits for it is not sent; the log of what was sent stays. */
        delete: operations["delete_webhook_endpoint"];
        options?: never;
        head?: never;
        /** Change a webhook endpoint. What is left away stays. */
        patch: operations["update_webhook_endpoint"];
        trace?: never;
    };
    "/v1/webhook_endpoints/{id}/rotate_secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a webhook endpoint a new secret and a new public key.
         * @description For 24 hours everything is signed with both, so that nothing is lost while you change it. Another rotation within that time
         *     ends the first of the three. Send an `Idempotency-Key`, so that a repeated request does not rotate twice.
         */
        post: operations["rotate_webhook_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook_endpoints/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The secret that signs what is sent to an endpoint. */
        get: operations["retrieve_webhook_secret"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook_endpoints/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send an event of type `webhook.test` to an endpoint. It is tried again like any other. */
        post: operations["test_webhook_endpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    "budget.threshold_reached": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A share of a budget is taken: of the job's own, or of a key, a project or the organisation that the job counts towards. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["BudgetThresholdReachedData"];
                        /** @constant */
                        type?: "budget.threshold_reached";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "checkpoint.rotated": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Another checkpoint became the current one. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["CheckpointRotatedData"];
                        /** @constant */
                        type?: "checkpoint.rotated";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "export.ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A file that was asked for can be fetched. May come after the job's end. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["ExportReadyData"];
                        /** @constant */
                        type?: "export.ready";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.cancelled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The job has ended as you wanted it to, or as its terms said. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobEndedData"];
                        /** @constant */
                        type?: "job.cancelled";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.closed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** An open job gets no more prompts. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobClosedData"];
                        /** @constant */
                        type?: "job.closed";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.completed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The job has ended, and has delivered all that there is of it. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobEndedData"];
                        /** @constant */
                        type?: "job.completed";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.expired": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The job has ended by its deadline. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobEndedData"];
                        /** @constant */
                        type?: "job.expired";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.failed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The job has ended since nothing of it could be delivered, or since a reward failed that must not. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobEndedData"];
                        /** @constant */
                        type?: "job.failed";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.finalizing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The job's deadline has passed; what miners have answered is still verified and delivered. A job that has none of that ends
         *     at once instead.
         */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobFinalizingData"];
                        /** @constant */
                        type?: "job.finalizing";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.paused": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Nothing more of the job goes to miners or is scored. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobPausedData"];
                        /** @constant */
                        type?: "job.paused";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.progress_checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Another twentieth of the job is done. What comes to several at once tells the highest; the end is told by the last event. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobProgressCheckpointData"];
                        /** @constant */
                        type?: "job.progress_checkpoint";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.prompts_added": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Prompts were appended to an open job. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobPromptsAddedData"];
                        /** @constant */
                        type?: "job.prompts_added";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.queued": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The job waits for miners: its log begins. With an input file, once all of it is read. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobQueuedData"];
                        /** @constant */
                        type?: "job.queued";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.resumed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The job goes on. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobResumedData"];
                        /** @constant */
                        type?: "job.resumed";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "job.started": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The first of its groups was sent to a miner. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["JobStartedData"];
                        /** @constant */
                        type?: "job.started";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "reward.error_rate_exceeded": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** More of the job's rewards fail than it allows: it is paused, which the next event says. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookSubject"] & components["schemas"]["RewardErrorRateExceededData"];
                        /** @constant */
                        type?: "reward.error_rate_exceeded";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "webhook.test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What you asked for, to try your endpoint. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same at every try. */
                    "webhook-id": string;
                    /** @description Seconds since 1970 at this try. */
                    "webhook-timestamp": string;
                    /** @description Of `id.timestamp.body`, by all keys that are valid: `v1,` and `v1a,` (docs/WEBHOOKS.md). */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookPayload"] & {
                        data?: components["schemas"]["WebhookTestData"];
                        /** @constant */
                        type?: "webhook.test";
                    };
                };
            };
            responses: {
                /** @description Switches the endpoint off. */
                410: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Taken: it is not sent again. */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Sent again later. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        AdvantageInput: {
            /**
             * Format: int64
             * @description With `batch_std`, `reinforce_pp`, `reinforce_pp_baseline`, `gdpo`, and refill `replace_with_good`: groups that are
             *     settled and delivered together, since their advantages or weights rest on each other. 1 to 256, and at most 4096
             *     rollouts.
             * @default 32
             */
            batch_groups?: number | null;
            /** @description With `gdpo`: weights of components by their names, 1 where none is given. At most 32. */
            component_weights?: {
                [key: string]: number;
            } | null;
            /**
             * Format: double
             * @description 0 to 1. Of `grpo`, `loo_std`, `batch_std`, `max_rl` and `gdpo`.
             * @default 0.000001
             */
            eps?: number | null;
            /** @default grpo */
            method?: components["schemas"]["AdvantageMethod"] | null;
            /**
             * Format: int64
             * @description 0 for the population's standard deviation, 1 for the sample's.
             * @default 1
             */
            std_ddof?: number | null;
        };
        /**
         * @description How rewards become advantages. The last batch of a job may be smaller.
         * @enum {string}
         */
        AdvantageMethod: "grpo" | "dr_grpo" | "rloo" | "loo_std" | "batch_std" | "reinforce_pp" | "reinforce_pp_baseline" | "max_rl" | "opo" | "pass_k" | "gdpo" | "none";
        ApiKey: components["schemas"]["SpendingLimit"] & {
            /**
             * @description The addresses that it may be used from; `null`: any.
             * @example [
             *       "203.0.113.0/24"
             *     ]
             */
            allowed_cidrs?: string[] | null;
            /**
             * @description The dated version that its requests are answered by unless they name one with `Reliquary-Version`; `null`: always the
             *     newest.
             * @example 2026-11-22
             */
            api_version?: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at?: string | null;
            /** @example key_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /**
             * @description The key itself, in the one answer that made it.
             * @example rk_live_aB3dE5fG_…
             */
            key?: string | null;
            /**
             * @description What its text ends with; `null` for keys from before this was kept.
             * @example x9Yz
             */
            last4?: string | null;
            /**
             * Format: date-time
             * @description Not newer than a minute.
             */
            last_used_at?: string | null;
            /** @description False: a test key. What it makes is seen by test keys only, costs nothing and proves nothing. */
            livemode: boolean;
            name: string;
            /** @constant */
            object: "api_key";
            /**
             * @description What its text begins with.
             * @example rk_live_aB3dE5fG
             */
            prefix: string;
            /**
             * Format: date-time
             * @description After a rotation: until when the text from before opens the door, too.
             */
            previous_expires_at?: string | null;
            /** @example proj_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            project_id: string;
            /**
             * @description `project`, or `organization`: any of its projects, named by the header `Reliquary-Project`.
             * @example project
             */
            reach: string;
            /** Format: date-time */
            revoked_at?: string | null;
            /**
             * @example [
             *       "jobs:read",
             *       "jobs:write"
             *     ]
             */
            scopes: string[];
        };
        /** @description A page of a list. */
        ApiKeyList: {
            data: components["schemas"]["ApiKey"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /**
         * @example {
         *       "prompts": [
         *         {
         *           "custom_id": "gsm8k-18",
         *           "reference": "42",
         *           "text": "What is 6 * 7?"
         *         }
         *       ]
         *     }
         */
        AppendPrompts: {
            /** @description 1 to 1000 prompts, in the forms of `POST /v1/jobs`. A `custom_id` is given once in the whole job. */
            prompts: components["schemas"]["PromptInput"][];
        };
        AuditLogEntry: {
            /** @example job.created */
            action: string;
            /** Format: date-time */
            at: string;
            /** @description More about it, by action. */
            detail: Record<string, unknown>;
            /** @description Over `previous_hash` and this entry. */
            hash: string;
            /**
             * @description 1, 2, 3, … within the organisation.
             * @example 12
             */
            id: string;
            /** @description The key that did it, a member's own where it was a person; `null`: the operator of the service. */
            key_id?: string | null;
            /** @description The member who did it; `null`: nobody who was signed in. */
            member_id?: string | null;
            /** @constant */
            object: "audit_log.entry";
            /** @description Hash of the entry before, in hex; zeros in the first. */
            previous_hash: string;
            project_id?: string | null;
            /**
             * @description What it was done to.
             * @example job_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            subject: string;
        };
        /** @description A page of a list. */
        AuditLogEntryList: {
            data: components["schemas"]["AuditLogEntry"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        Balance: {
            /**
             * @description Can be spent on new jobs.
             * @example 1500000000
             */
            available_rao: string;
            /**
             * @description Promised to running jobs.
             * @example 61440000
             */
            held_rao: string;
            /** @constant */
            object: "balance";
        };
        Batch: {
            /** Format: int64 */
            cancelled_at?: number | null;
            /** Format: int64 */
            cancelling_at?: number | null;
            /** Format: int64 */
            completed_at?: number | null;
            /** @example 24h */
            completion_window: string;
            /**
             * Format: int64
             * @description Times are seconds since 1970.
             * @example 1763800000
             */
            created_at: number;
            /** @example /v1/chat/completions */
            endpoint: string;
            /** @description Requests without an answer, and why. */
            error_file_id?: string | null;
            errors?: components["schemas"]["BatchErrors"] | null;
            /** Format: int64 */
            expired_at?: number | null;
            /** Format: int64 */
            expires_at: number;
            /** Format: int64 */
            failed_at?: number | null;
            /** Format: int64 */
            finalizing_at?: number | null;
            /** @example batch_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** Format: int64 */
            in_progress_at?: number | null;
            /** @example file_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            input_file_id: string;
            metadata: {
                [key: string]: string;
            };
            /** @constant */
            object: "batch";
            /** @description Answers, a line each. There once the batch has ended, if there are any. */
            output_file_id?: string | null;
            reliquary: components["schemas"]["BatchExtension"];
            request_counts: components["schemas"]["RequestCounts"];
            status: components["schemas"]["BatchStatus"];
        };
        /** @description Everything that is wrong with a file. */
        BatchErrors: {
            data: components["schemas"]["LineFault"][];
            /** @constant */
            object: "list";
        };
        /** @description What OpenAI's batches do not have. */
        BatchExtension: {
            /** @description The jobs that it is: their rollouts, receipts, manifests and costs are there. */
            job_ids: string[];
        };
        /** @description A page of a list. */
        BatchList: {
            data: components["schemas"]["Batch"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /**
         * @description What a batch is doing.
         * @enum {string}
         */
        BatchStatus: "validating" | "failed" | "in_progress" | "finalizing" | "completed" | "expired" | "cancelling" | "cancelled";
        /** @description The most bytes that a request's body may have. */
        BodyLimits: {
            /** @description Of `POST /v1/jobs`. */
            job: number;
            /** @description Of the part `module` of an upload. */
            module: number;
            /** @description Of any other. */
            other: number;
            /** @description Of a list of samples. */
            samples: number;
        };
        Budget: components["schemas"]["SpendingLimit"] & {
            /**
             * @description The most that its jobs may hold at once; `null`: no limit.
             * @example 1000000000
             */
            in_flight_limit_rao?: string | null;
            /**
             * @description What they hold now.
             * @example 61440000
             */
            in_flight_rao: string;
            /** @constant */
            object: "budget";
            /**
             * @description Whose it is: an organisation, a project or an API key.
             * @example proj_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            scope: string;
        };
        BudgetInput: {
            /**
             * @description The most that the job may cost, in rao, as a string. It is held, if the job can cost as much at all.
             * @example 61440000
             */
            max_amount_rao?: string | null;
            /**
             * Format: int64
             * @description The most rollouts that may be verified and settled, selected or filtered.
             */
            max_rollouts?: number | null;
            /** @default pause */
            on_exhausted?: components["schemas"]["WhenExhausted"] | null;
        };
        /**
         * @description `data` of `budget.threshold_reached`. Of the job's own budget it has `max_amount_rao`, `charged_rao`, `max_rollouts` and
         *     `rollouts`; of a budget that several jobs share it has `limit_rao`, `spent_rao` and `resets_at`.
         */
        BudgetThresholdReachedData: {
            /**
             * @description What it has cost, in rao.
             * @example 49152000
             */
            charged_rao?: string;
            /**
             * @description What jobs may cost there, together and in a period if it has one, in rao.
             * @example 1000000000
             */
            limit_rao?: string;
            /**
             * @description What the job may cost, in rao; null where its budget is of rollouts alone.
             * @example 61440000
             */
            max_amount_rao?: string | null;
            /**
             * Format: int64
             * @description How many rollouts may be settled, selected or filtered; null where its budget is of money alone.
             */
            max_rollouts?: number | null;
            /**
             * Format: int64
             * @description The share, in percent: 50, 80 or 100. At 100 nothing more can be paid from it.
             * @example 80
             */
            percent: number;
            /**
             * Format: date-time
             * @description When the period ends and the next begins; null of a limit without periods.
             */
            resets_at?: string | null;
            /**
             * Format: int64
             * @description How many are.
             */
            rollouts?: number;
            /**
             * @description Whose budget: the id of the job, of an API key, of a project, or of the organisation.
             * @example job_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            scope: string;
            /**
             * @description What is spent of it or held, this job's hold included, in rao.
             * @example 800000000
             */
            spent_rao?: string;
        };
        /** @description The WebAssembly module that gave the rewards of the rollouts that follow. */
        BundledModule: {
            /** @description Of the component that follows, which is what runs; hexadecimal. */
            component_sha256: string;
            /**
             * @description The name the job used.
             * @example rwf_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4@3
             */
            function: string;
            /** @description The component, base64; at most 32 MiB. */
            module_base64: string;
            /** @constant */
            object: "reward_module";
            /** @description Of the file that was uploaded; hexadecimal. */
            upload_sha256: string;
            /**
             * @description What of WASI it may see: `none` or `deterministic`.
             * @example none
             */
            wasi: string;
            /**
             * @description `reward` or `reward-simple`.
             * @example reward-simple
             */
            world: string;
        };
        /**
         * @description May be left out.
         * @example {
         *       "mode": "graceful"
         *     }
         */
        CancelJob: {
            mode?: components["schemas"]["CancelMode"];
        };
        /**
         * @description What becomes of answers that are there already.
         * @enum {string}
         */
        CancelMode: "graceful" | "immediate";
        /** @description What of a rollout is looked at, and what each token was drawn with. */
        ChallengeSpec: {
            /**
             * @description Token ids whose probabilities are summed in one go.
             * @example 1024
             */
            block_ids: number;
            /**
             * Format: int32
             * @description Bits of the draw of one token.
             * @example 53
             */
            draw_bits: number;
            /**
             * @description `all`: nothing is sampled inside of a rollout.
             * @example all
             */
            positions: string;
        };
        ChatChoice: {
            /**
             * @description `stop` or `length`.
             * @example stop
             */
            finish_reason: string;
            /** Format: int32 */
            index: number;
            logprobs?: components["schemas"]["ChatLogprobs"] | null;
            message: components["schemas"]["ChatMessage"];
            reliquary: components["schemas"]["ChatProvenance"];
        };
        /** @description The answers to one request. */
        ChatCompletion: {
            choices: components["schemas"]["ChatChoice"][];
            /**
             * Format: int64
             * @description Seconds since 1970.
             */
            created: number;
            /** @example chatcmpl-grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** @description The id of the checkpoint. */
            model: string;
            /** @constant */
            object: "chat.completion";
            usage: components["schemas"]["ChatUsage"];
        };
        ChatLogprobs: {
            content: components["schemas"]["ChatTokenLogprob"][];
            /** @description Always null. */
            refusal?: string | null;
        };
        ChatMessage: {
            content: string;
            /** @description Always null. */
            refusal?: string | null;
            /** @example assistant */
            role: string;
        };
        ChatMessageInput: {
            content: components["schemas"]["ContentInput"];
            /**
             * @description Whatever the checkpoint's chat template knows.
             * @example user
             */
            role: string;
        };
        /** @description Where it is shown that the answer is the model's. */
        ChatProvenance: {
            proof: string;
            receipt: string;
            rollout_id: string;
            /** @description `full`, or `sampled`. */
            verification: string;
        };
        /**
         * @description A conversation, and how its next message is sampled. Members that OpenAI has beside these are refused.
         * @example {
         *       "max_tokens": 64,
         *       "messages": [
         *         {
         *           "content": "What is 40 + 2?",
         *           "role": "user"
         *         }
         *       ],
         *       "model": "current",
         *       "n": 2
         *     }
         */
        ChatRequest: {
            /**
             * Format: double
             * @description Only 0.
             */
            frequency_penalty?: number | null;
            /** @description With the log-prob of each token, as the sampling policy has it. */
            logprobs?: boolean | null;
            /**
             * Format: int64
             * @description At most so many tokens per answer; half of the model's context if not given.
             */
            max_completion_tokens?: number | null;
            /**
             * Format: int64
             * @description The same by its older name. Give one of the two.
             */
            max_tokens?: number | null;
            messages: components["schemas"]["ChatMessageInput"][];
            /** @description Kept with the job: at most 16 entries, keys and values of at most 512 characters. Not in a batch. */
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * @description `current`, or an id of `GET /v1/models`.
             * @example current
             */
            model: string | null;
            /**
             * Format: int64
             * @description Answers, 1 to 64.
             * @default 1
             */
            n?: number | null;
            /**
             * Format: double
             * @description Only 0.
             */
            presence_penalty?: number | null;
            /**
             * Format: int64
             * @description Only `null`: draws follow the service's randomness, so that nobody chooses them.
             */
            seed?: number | null;
            stop?: components["schemas"]["StopInput"] | null;
            /** @description Only `false`: an answer is verified as a whole. */
            stream?: boolean | null;
            /**
             * Format: double
             * @description 0.01 to 2.
             * @default 1
             */
            temperature?: number | null;
            /**
             * Format: int64
             * @description Only 0: there are no log-probs of other tokens.
             */
            top_logprobs?: number | null;
            /**
             * Format: double
             * @description Above 0 and at most 1.
             * @default 1
             */
            top_p?: number | null;
            /** @description Yours; nothing is done with it. */
            user?: string | null;
        };
        ChatTokenLogprob: {
            /** @description Null where the token is no whole text. */
            bytes?: number[] | null;
            /** Format: float */
            logprob: number;
            /** @description The token's own part of the text; `token_id:<number>` where it has none. */
            token: string;
            /** @description Always empty. */
            top_logprobs: string[];
        };
        ChatUsage: {
            /**
             * Format: int64
             * @description Of all answers, with what was cut off at a `stop`.
             */
            completion_tokens: number;
            /** Format: int64 */
            prompt_tokens: number;
            /** Format: int64 */
            total_tokens: number;
        };
        Checkpoint: {
            /**
             * @description The hash of its files, which proofs are bound to and rollouts name as `checkpoint_id`; null until the operator has
             *     allowed it.
             * @example 5f0c…
             */
            checkpoint_id?: string | null;
            /** @description Architecture, vocabulary, context length; null until it is allowed. */
            config?: Record<string, unknown> | null;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When the operator said so.
             */
            decided_at?: string | null;
            /** @description Of your own: where the weights come from, and the commit. */
            hf_repo?: string | null;
            /**
             * @description Of published weights, the hash of their files: the same id, the same bits. Of your own, `ckpt_…`.
             * @example 5f0c…
             */
            id: string;
            name: string;
            /** @constant */
            object: "checkpoint";
            /** @description The checkpoint that this one replaced. */
            previous_id?: string | null;
            /** @description Why it is unsupported. */
            reason?: string | null;
            revision?: string | null;
            /** @description Of published weights `current`, `available` or `retired`; of your own `pending`, `available` or `unsupported`. */
            status: string;
        };
        /** @description A page of a list. */
        CheckpointList: {
            data: components["schemas"]["Checkpoint"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /** @description `data` of `checkpoint.rotated`. */
        CheckpointRotatedData: {
            /**
             * @description What follows by the job's `policy`: `finish`, it goes on; or `cancel`, it ends.
             * @example finish
             */
            action: string;
            /** @description What the job runs on, and goes on to; hexadecimal. */
            from: string;
            /**
             * @description Why it ends: `checkpoint_rotated`, or `checkpoint_stale` where it would be further behind than it allows. Null where it
             *     goes on.
             */
            reason: string | null;
            /**
             * Format: int32
             * @description How many rotations the job is behind.
             * @example 1
             */
            staleness_versions: number;
            /** @description The current checkpoint; hexadecimal. */
            to: string;
        };
        /**
         * @example {
         *       "part_ids": [
         *         "part_01K9QZ4E8V7X2M3N4P5Q6R7S8T",
         *         "part_01K9QZ4E8V7X2M3N4P5Q6R7S8V"
         *       ]
         *     }
         */
        CompleteUpload: {
            /** @description In the order of the file, whatever order they were sent in. */
            part_ids: string[];
            /** @description Of the whole file, hexadecimal: what is put together is refused if it is another. */
            sha256?: string | null;
        };
        /**
         * @description In the order of how bad it is.
         * @enum {string}
         */
        ComponentStatus: "operational" | "unknown" | "degraded" | "down";
        /** @description A text, or parts of it. */
        ContentInput: string | components["schemas"]["PartInput"][];
        /**
         * @description What is left out, or `null`, is as in your own key.
         * @example {
         *       "name": "trainer",
         *       "scopes": [
         *         "jobs:read",
         *         "jobs:write",
         *         "rollouts:read",
         *         "events:read"
         *       ]
         *     }
         */
        CreateApiKey: {
            /**
             * @description Addresses and ranges that it may be used from.
             * @example [
             *       "203.0.113.0/24"
             *     ]
             */
            allowed_cidrs?: string[] | null;
            /** Format: date-time */
            expires_at?: string | null;
            /**
             * @description What its jobs, and those of keys that it makes, may cost together in one period.
             * @example 5000000000
             */
            limit_rao?: string | null;
            /**
             * @description When the limit begins anew: `daily`, `weekly`, `monthly`.
             * @example monthly
             */
            limit_reset?: string | null;
            /**
             * @description `false`: a test key, `rk_test_…`. Its jobs run on answers that the service makes up, and cost nothing. As in your own key
             *     if not given; a test key makes test keys.
             */
            livemode?: boolean | null;
            /**
             * @description For you to tell it from others; 1 to 128 characters.
             * @example trainer
             */
            name: string;
            /**
             * @description `project` if not given: the project of this request. `organization`: any of them.
             * @example project
             */
            reach?: string | null;
            /**
             * @description What it may do.
             * @example [
             *       "jobs:read",
             *       "jobs:write",
             *       "rollouts:read",
             *       "events:read"
             *     ]
             */
            scopes: string[];
        };
        /**
         * @example {
         *       "completion_window": "24h",
         *       "endpoint": "/v1/chat/completions",
         *       "input_file_id": "file_01K9QZ4E8V7X2M3N4P5Q6R7S8T",
         *       "metadata": {
         *         "run": "eval-7"
         *       }
         *     }
         */
        CreateBatch: {
            /** @example 24h */
            completion_window: string;
            /** @example /v1/chat/completions */
            endpoint: string;
            /** @description A file with purpose `batch`: a JSON object a line, with `custom_id`, `method`, `url` and `body`. */
            input_file_id: string;
            /** @description Yours to keep: at most 16 entries, keys and values of at most 512 characters. */
            metadata?: {
                [key: string]: string;
            } | null;
        };
        /**
         * @example {
         *       "hf_repo": "example/arith-tiny",
         *       "revision": "0123456789abcdef0123456789abcdef01234567"
         *     }
         */
        CreateCheckpoint: {
            /** @description Not offered yet: merge an adapter into its base, and register the result. */
            adapter?: Record<string, unknown> | null;
            /**
             * @description The repository that the weights are in, `owner/name`. The service does not fetch it: its operator does.
             * @example example/arith-tiny
             */
            hf_repo: string;
            /**
             * @description The commit, 40 lower-case hexadecimal digits.
             * @example 0123456789abcdef0123456789abcdef01234567
             */
            revision: string;
        };
        /**
         * @description A file of a job's delivered rollouts.
         * @example {
         *       "compression": "zstd",
         *       "filter": {
         *         "min_reward": 0.5
         *       },
         *       "format": "tinker"
         *     }
         */
        CreateExport: {
            /**
             * @description `none` or `zstd`. What is in columns (`parquet`, `arrow`, `verl-prompts`) has zstd inside and takes no other.
             * @example zstd
             */
            compression?: string | null;
            filter?: components["schemas"]["ExportFilterInput"];
            /**
             * @description `jsonl`, `parquet`, `arrow`, `tinker`, `together-rl`, `trl`, `trl-async`, `verl`, `verl-dump`, `verl-prompts`,
             *     `openrlhf`, `prime-rl`, `prime-rl-traces`, `skyrl`, `nemo-rl`, `nemo-gym`, `slime`, `areal`, `art`, `dpo` or `sft`.
             * @example tinker
             */
            format: string;
        };
        /**
         * @description A batch of prompts, and what is to be done with them.
         * @example {
         *       "budget": {
         *         "max_amount_rao": "61440000"
         *       },
         *       "prompts": [
         *         {
         *           "custom_id": "gsm8k-17",
         *           "reference": "42",
         *           "text": "What is 40 + 2?"
         *         }
         *       ],
         *       "reward": {
         *         "mode": "builtin",
         *         "name": "numeric"
         *       },
         *       "sampling": {
         *         "max_tokens": 64,
         *         "n": 8
         *       },
         *       "selection": {
         *         "group_filter": {
         *           "min_std": 0.24
         *         }
         *       }
         *     }
         */
        CreateJob: {
            advantage?: components["schemas"]["AdvantageInput"] | null;
            budget?: components["schemas"]["BudgetInput"];
            /**
             * Format: date-time
             * @description When the job ends as `expired` if it is not done: nothing more is sent to miners, and what they have answered is
             *     still verified, delivered and charged.
             */
            deadline_at?: string | null;
            dedup?: components["schemas"]["DedupInput"];
            /** @description Files of the job's rollouts that are written at its end: names of formats, or exports. At most 8. */
            exports?: components["schemas"]["ExportInput"][];
            group?: components["schemas"]["JobGroupInput"];
            /**
             * @description `file_…`: an uploaded file of purpose `job_input`, instead of `prompts`. Each of its lines is one prompt as it would
             *     stand in `prompts`; at most 50000. The job is `validating` until all of it is read.
             * @example file_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            input_file_id?: string | null;
            /** @description Yours to keep: at most 16 entries, keys and values of at most 512 characters. */
            metadata?: {
                [key: string]: string;
            };
            model?: components["schemas"]["ModelInput"];
            /** @description `true`: prompts can be appended (`POST /v1/jobs/{id}/prompts`) until you close the job; it may begin without any. */
            open?: boolean;
            overlong?: components["schemas"]["OverlongInput"];
            policy?: components["schemas"]["PolicyInput"];
            /** @default standard */
            priority?: components["schemas"]["JobPriority"] | null;
            privacy?: components["schemas"]["PrivacyInput"];
            /** @description 1 to 1000 prompts. For more, name a file instead. */
            prompts?: components["schemas"]["PromptInput"][];
            /** @description `qte_…`: locks the prices of a quote for the same terms and prompts, or the same bytes of a file. */
            quote?: string | null;
            reward?: components["schemas"]["RewardInput"];
            sampling: components["schemas"]["SamplingInput"];
            selection?: components["schemas"]["SelectionInput"];
            verification?: components["schemas"]["VerificationInput"];
        };
        /**
         * @example {
         *       "email": "ada@example.com",
         *       "role": "developer"
         *     }
         */
        CreateMember: {
            /**
             * @description For people to tell each other by. Nothing is sent there.
             * @example ada@example.com
             */
            email: string;
            /**
             * @description `owner`, `admin`, `developer`, `billing` or `viewer`; none that may do more than you.
             * @example developer
             */
            role: string;
        };
        /**
         * @example {
         *       "limit_rao": "5000000000",
         *       "limit_reset": "monthly",
         *       "name": "maths"
         *     }
         */
        CreateProject: {
            /**
             * @description What its jobs may cost together in one period; no limit if not given.
             * @example 5000000000
             */
            limit_rao?: string | null;
            /**
             * @description When the limit begins anew: `daily`, `weekly`, `monthly`; never if not given.
             * @example monthly
             */
            limit_reset?: string | null;
            /**
             * @description For you to tell it from others; 1 to 128 characters.
             * @example maths
             */
            name: string;
        };
        /**
         * @example {
         *       "name": "gsm8k"
         *     }
         */
        CreateRewardFunction: {
            /**
             * @description For you to tell it from others; 1 to 128 characters.
             * @example gsm8k-exact
             */
            name: string;
        };
        /**
         * @example {
         *       "token": "rk_link_…"
         *     }
         */
        CreateSession: {
            /**
             * @description The token of a sign-in link.
             * @example rk_link_…
             */
            token: string;
        };
        /**
         * @example {
         *       "path": "/v1/events/stream"
         *     }
         */
        CreateStreamToken: {
            /**
             * @description The one stream that it opens: `/v1/jobs/{id}/events` of a job of yours, or `/v1/events/stream`.
             * @example /v1/events/stream
             */
            path: string;
        };
        /**
         * @example {
         *       "bytes": 150000000,
         *       "filename": "gsm8k.jsonl",
         *       "mime_type": "application/jsonl",
         *       "purpose": "job_input"
         *     }
         */
        CreateUpload: {
            /**
             * Format: int64
             * @description Of the whole file: at most 200 MB.
             */
            bytes: number;
            filename: string;
            /** @description Kept, and not looked at. */
            mime_type?: string | null;
            purpose: components["schemas"]["UploadPurpose"];
        };
        /**
         * @example {
         *       "rollouts": [
         *         "rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4"
         *       ]
         *     }
         */
        CreateVerification: {
            /**
             * @description A file of purpose `verification`, with as many of them as NDJSON: what `GET /v1/jobs/{id}/rollouts` writes. At most
             *     8 MiB are looked at.
             * @example file_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            file_id?: string | null;
            /**
             * @description `signatures` (at once), `reward` (the function runs again) or `full` (every token is recomputed).
             * @example full
             */
            level?: string;
            /**
             * @description From 1 to 64: ids of rollouts that were delivered to you or that you have paid for, or whole records as somebody has
             *     them. Or give `file_id`.
             * @example [
             *       "rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4"
             *     ]
             */
            rollouts?: unknown[] | null;
        };
        /**
         * @example {
         *       "event_types": [
         *         "job.completed",
         *         "job.failed"
         *       ],
         *       "url": "https://example.com/hooks/reliquary"
         *     }
         */
        CreateWebhookEndpoint: {
            /** @description For you to tell it from others; at most 256 characters. */
            description?: string;
            /**
             * @description Only these; without it, all that webhooks carry: the events of whole jobs.
             * @example [
             *       "job.completed",
             *       "job.failed"
             *     ]
             */
            event_types?: string[] | null;
            /**
             * @description https, at a public host.
             * @example https://example.com/hooks/reliquary
             */
            url: string;
        };
        DedupInput: {
            /** @default exact_tokens */
            mode?: components["schemas"]["DedupMode"] | null;
            near?: components["schemas"]["NearDedupInput"] | null;
            /** @default job */
            scope?: components["schemas"]["DedupScope"] | null;
        };
        /**
         * @description What counts as a repeat.
         * @enum {string}
         */
        DedupMode: "none" | "exact_tokens";
        /**
         * @description Where repeats are looked for. `group`: inside each group, where they are otherwise only flagged. `job`: in the other
         *     groups of the job. `project`: in all that the project's jobs have delivered.
         * @enum {string}
         */
        DedupScope: "group" | "job" | "project";
        /**
         * @description When rollouts are delivered.
         * @enum {string}
         */
        Deliver: "verified_only";
        /** @description Whether all runs gave the same receipts. */
        DeterminismReport: {
            agreed: boolean;
            /** Format: int32 */
            processes: number;
            /**
             * Format: int32
             * @description Of all samples together.
             */
            runs: number;
        };
        DifficultyInput: {
            /**
             * @description Groups whose mean reward is outside, ends included, are not delivered.
             * @example [
             *       0.2,
             *       0.8
             *     ]
             */
            target_mean: number[] | null;
        };
        EndedCounts: {
            /** @description What has become of its groups. */
            groups: components["schemas"]["EndedGroups"];
            /** @description What has become of the rollouts that miners gave. */
            rollouts: components["schemas"]["ProgressRollouts"];
        };
        /** @description One group for each prompt. */
        EndedGroups: {
            /**
             * Format: int64
             * @description Delivered.
             */
            accepted: number;
            /**
             * Format: int64
             * @description Given up with the job, or not needed any more.
             */
            cancelled: number;
            /**
             * Format: int64
             * @description The job's deadline came before they were delivered.
             */
            expired: number;
            /**
             * Format: int64
             * @description No answer came that holds.
             */
            failed: number;
            /**
             * Format: int64
             * @description Verified, and nothing of them is delivered.
             */
            filtered: number;
        };
        /** @description How miner and verifier relate numerically. */
        EngineClassSpec: {
            /**
             * @description `exact`: every bit agrees. `calibrated`: within measured limits.
             * @example exact
             */
            name: string;
            /** @description What is committed to for each token. */
            records: components["schemas"]["TokenRecordSpec"][];
            tolerance?: components["schemas"]["ToleranceSpec"] | null;
        };
        /** @description The same for clients that expect OpenAI's shape. */
        ErrorMirror: {
            code: string;
            message: string;
            param?: string | null;
            /** @example invalid_request_error */
            type: string;
        };
        EstimatedAmounts: {
            /** @description It cannot cost more. */
            max: string;
            p50?: string | null;
            p90?: string | null;
        };
        /** @description In seconds. */
        EstimatedDurations: {
            /** Format: double */
            p50?: number | null;
            /** Format: double */
            p90?: number | null;
        };
        /** @description One event. Its body never changes. */
        Event: {
            /** Format: date-time */
            created_at: string;
            /**
             * @description What belongs to this type of event:
             *
             *     | `type` | schema of `data` |
             *     |---|---|
             *     | `job.queued` | `JobQueuedData` |
             *     | `job.started` | `JobStartedData` |
             *     | `job.progress_checkpoint` | `JobProgressCheckpointData` |
             *     | `job.prompts_added` | `JobPromptsAddedData` |
             *     | `job.closed` | `JobClosedData` |
             *     | `group.received` | `GroupReceivedData` |
             *     | `group.scored` | `GroupScoredData` |
             *     | `group.awaiting_rewards` | `GroupAwaitingRewardsData` |
             *     | `group.rejected` | `GroupRejectedData` |
             *     | `group.accepted` | `GroupAcceptedData` |
             *     | `group.filtered` | `GroupFilteredData` |
             *     | `group.failed` | `GroupFailedData` |
             *     | `rollout.verified` | `RolloutVerifiedData` |
             *     | `rollout.rejected` | `RolloutRejectedData` |
             *     | `reward.error_rate_exceeded` | `RewardErrorRateExceededData` |
             *     | `budget.threshold_reached` | `BudgetThresholdReachedData` |
             *     | `job.paused` | `JobPausedData` |
             *     | `job.resumed` | `JobResumedData` |
             *     | `job.finalizing` | `JobFinalizingData` |
             *     | `checkpoint.rotated` | `CheckpointRotatedData` |
             *     | `export.ready` | `ExportReadyData` |
             *     | `job.completed` | `JobEndedData` |
             *     | `job.failed` | `JobEndedData` |
             *     | `job.cancelled` | `JobEndedData` |
             *     | `job.expired` | `JobEndedData` |
             */
            data: Record<string, unknown>;
            /** @example evt_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4 */
            id: string;
            /** @example job_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            job_id: string;
            /** @description Its job's: false of a test job. */
            livemode: boolean;
            /** @constant */
            object: "event";
            /**
             * Format: int64
             * @description 1, 2, 3, … without a gap within its job.
             * @example 184
             */
            sequence: number;
            /** @description The trace that the job was created in. */
            trace_id?: string | null;
            type: components["schemas"]["EventType"];
        };
        /**
         * @description The `data` of an event by its `type`, and when such an event is written. This is a list of schemas: nothing that is sent has
         *     this form.
         */
        EventDataByType: {
            /** @description A share of a budget is taken: of the job's own, or of a key, a project or the organisation that the job counts towards. */
            "budget.threshold_reached": components["schemas"]["BudgetThresholdReachedData"];
            /** @description Another checkpoint became the current one. */
            "checkpoint.rotated": components["schemas"]["CheckpointRotatedData"];
            /** @description A file that was asked for can be fetched. May come after the job's end. */
            "export.ready": components["schemas"]["ExportReadyData"];
            /** @description A group is delivered: what of it was selected has come in the events before. */
            "group.accepted": components["schemas"]["GroupAcceptedData"];
            /** @description The proof of a group has passed, and you are to say its rewards. */
            "group.awaiting_rewards": components["schemas"]["GroupAwaitingRewardsData"];
            /** @description A group ends without an answer. It costs nothing. */
            "group.failed": components["schemas"]["GroupFailedData"];
            /** @description A group is verified, and the job's own rules leave nothing of it. */
            "group.filtered": components["schemas"]["GroupFilteredData"];
            /** @description A miner has committed to an answer for a group, and has its receipt. */
            "group.received": components["schemas"]["GroupReceivedData"];
            /** @description The answer of a miner was refused, all of it. It costs nothing. */
            "group.rejected": components["schemas"]["GroupRejectedData"];
            /** @description The rewards of a group are known, or it goes without. */
            "group.scored": components["schemas"]["GroupScoredData"];
            /** @description The job has ended as you wanted it to, or as its terms said. */
            "job.cancelled": components["schemas"]["JobEndedData"];
            /** @description An open job gets no more prompts. */
            "job.closed": components["schemas"]["JobClosedData"];
            /** @description The job has ended, and has delivered all that there is of it. */
            "job.completed": components["schemas"]["JobEndedData"];
            /** @description The job has ended by its deadline. */
            "job.expired": components["schemas"]["JobEndedData"];
            /** @description The job has ended since nothing of it could be delivered, or since a reward failed that must not. */
            "job.failed": components["schemas"]["JobEndedData"];
            /**
             * @description The job's deadline has passed; what miners have answered is still verified and delivered. A job that has none of that ends
             *     at once instead.
             */
            "job.finalizing": components["schemas"]["JobFinalizingData"];
            /** @description Nothing more of the job goes to miners or is scored. */
            "job.paused": components["schemas"]["JobPausedData"];
            /** @description Another twentieth of the job is done. What comes to several at once tells the highest; the end is told by the last event. */
            "job.progress_checkpoint": components["schemas"]["JobProgressCheckpointData"];
            /** @description Prompts were appended to an open job. */
            "job.prompts_added": components["schemas"]["JobPromptsAddedData"];
            /** @description The job waits for miners: its log begins. With an input file, once all of it is read. */
            "job.queued": components["schemas"]["JobQueuedData"];
            /** @description The job goes on. */
            "job.resumed": components["schemas"]["JobResumedData"];
            /** @description The first of its groups was sent to a miner. */
            "job.started": components["schemas"]["JobStartedData"];
            /** @description More of the job's rewards fail than it allows: it is paused, which the next event says. */
            "reward.error_rate_exceeded": components["schemas"]["RewardErrorRateExceededData"];
            /** @description One rollout of a refused answer, where its own proof did not hold. */
            "rollout.rejected": components["schemas"]["RolloutRejectedData"];
            /** @description A rollout is delivered: proven, scored and selected. */
            "rollout.verified": components["schemas"]["RolloutVerifiedData"];
        };
        /** @description A page of a job's log. */
        EventList: {
            data: components["schemas"]["Event"][];
            /**
             * @description The sequence of the first event of the page.
             * @example 1
             */
            first_id?: string | null;
            has_more: boolean;
            /**
             * @description How far the page has read: go on with `starting_after` set to it.
             * @example 100
             */
            last_id: string;
            /** @constant */
            object: "list";
        };
        /**
         * @description What happened. The last four end the log.
         * @enum {string}
         */
        EventType: "job.queued" | "job.started" | "job.progress_checkpoint" | "job.prompts_added" | "job.closed" | "group.received" | "group.scored" | "group.awaiting_rewards" | "group.rejected" | "group.accepted" | "group.filtered" | "group.failed" | "rollout.verified" | "rollout.rejected" | "reward.error_rate_exceeded" | "budget.threshold_reached" | "job.paused" | "job.resumed" | "job.finalizing" | "checkpoint.rotated" | "export.ready" | "job.completed" | "job.failed" | "job.cancelled" | "job.expired";
        /** @description What a module does with samples. */
        ExaminationReport: {
            determinism: components["schemas"]["DeterminismReport"];
            lint: components["schemas"]["Finding"][];
            /** @description One for each sample, in order. */
            samples: components["schemas"]["SampleResult"][];
            suggested_limits?: components["schemas"]["SuggestedLimits"] | null;
        };
        /** @description A file of a job's delivered rollouts, written in the background. */
        Export: {
            /** @example 1048576 */
            bytes?: string | null;
            /** @example zstd */
            compression: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            download_expires_at?: string | null;
            /** @description Where the file is, on this host: good without a key until `download_expires_at`. A new one comes with every look. */
            download_url?: string | null;
            /**
             * @description Why there will be no file.
             * @example not_written
             */
            error?: string | null;
            filter: Record<string, unknown>;
            /** Format: date-time */
            finished_at?: string | null;
            /** @example tinker */
            format: string;
            /** @example exp_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            job_id: string;
            /** @description Delivered rollouts that are not in it, by the reason. */
            left_out?: Record<string, unknown> | null;
            /** @description Its job's: false of a test job. */
            livemode: boolean;
            /** @constant */
            object: "export";
            /**
             * @description Lines, records or rows of the file. Of a group that stands for filtered ones every format but `jsonl`, `parquet` and
             *     `arrow` has each row so often.
             * @example 1024
             */
            rows?: string | null;
            /** @description Of the file; hexadecimal. */
            sha256?: string | null;
            /**
             * @description `pending`, `running`, `ready` or `failed`.
             * @example ready
             */
            state: string;
        };
        /** @description Which of the delivered rollouts: all conditions that are given hold. */
        ExportFilterInput: {
            /**
             * @description `stop` or `length`.
             * @default null
             * @example stop
             */
            finish_reason?: string | null;
            /**
             * @description `false`: none of which every token is masked.
             * @default null
             */
            masked?: boolean | null;
            /**
             * Format: double
             * @default null
             */
            max_reward?: number | null;
            /**
             * Format: double
             * @default null
             */
            min_abs_advantage?: number | null;
            /**
             * Format: double
             * @default null
             */
            min_reward?: number | null;
        };
        /** @description A format, or an export of which more is said. */
        ExportInput: string | components["schemas"]["CreateExport"];
        ExportLimits: {
            /** @description That one job may ask for when it is created. */
            job: number;
            /**
             * Format: int64
             * @description Of a project that are not written yet; those that wait for their job's end do not count.
             */
            open: number;
        };
        /** @description A page of a list. */
        ExportList: {
            data: components["schemas"]["Export"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /** @description `data` of `export.ready`. */
        ExportReadyData: {
            /**
             * @description The size of the file.
             * @example 1048576
             */
            bytes: string;
            /**
             * @description Which one: `GET /v1/exports/{id}` says where the file is.
             * @example exp_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            export_id: string;
            /**
             * @description What it was asked for as.
             * @example tinker
             */
            format: string;
            /**
             * @description Lines, records or rows of the file.
             * @example 1024
             */
            rows: string;
            /** @description Of the file; hexadecimal. */
            sha256: string;
        };
        /**
         * @description `mask`: `reward: null`, no part in the advantages. `zero`: 0. `reject`: filtered. `fail_job`: the first one ends the job
         *     as `failed`; what was delivered stays.
         * @enum {string}
         */
        FailurePolicy: "mask" | "zero" | "reject" | "fail_job";
        /** @description One thing that is wrong with a request. */
        FieldError: {
            /**
             * @description Stable name of what is wrong. There may be more of them with time.
             * @example required
             * @example out_of_range
             * @example prompt_too_long
             */
            code: string;
            /** @example the prompt has 900 tokens and may get 200 more; the context is 1024 */
            detail: string;
            /**
             * @description JSON pointer into the request body; `?name` for a parameter of the query.
             * @example #/prompts/3/text
             */
            pointer: string;
        };
        File: {
            /** Format: int64 */
            bytes: number;
            /** Format: date-time */
            created_at: string;
            /** @example gsm8k.jsonl */
            filename: string;
            /** @example file_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** @constant */
            object: "file";
            purpose: components["schemas"]["FilePurpose"];
            /** @description Of the bytes as they were sent, hexadecimal. */
            sha256: string;
            /**
             * @description Always `processed`: what is listed is whole. For OpenAI's clients.
             * @example processed
             */
            status: string;
        };
        /**
         * @description A file, and what it is for.
         * @example {
         *       "file": "(the bytes of the file)",
         *       "purpose": "job_input"
         *     }
         */
        FileForm: {
            /**
             * Format: binary
             * @description At most 200 MB.
             */
            file: Blob;
            purpose: components["schemas"]["UploadPurpose"];
        };
        FileLimits: {
            /** @description Of one file, in one piece or in parts. */
            file_bytes: number;
            /** @description Of one part of an upload. */
            part_bytes: number;
            /**
             * Format: int64
             * @description Of one upload, those that were sent twice included.
             */
            parts: number;
            /** @description Of all files of a project together. */
            project_bytes: number;
            /**
             * Format: int64
             * @description Uploads in parts of a project that are under way.
             */
            uploads: number;
        };
        /** @description A page of a list. */
        FileList: {
            data: components["schemas"]["File"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /**
         * @description What a file is for.
         * @enum {string}
         */
        FilePurpose: "job_input" | "reward_function" | "batch" | "verification" | "batch_output";
        /** @description Something that the function's author may want to change. */
        Finding: {
            /**
             * @description Stable: `max_on_empty`, `max_on_prompt_echo`, `max_on_junk`, `constant_reward`, `too_few_samples`,
             *     `samples_failed`, `unexpected_reward` or `nondeterministic`.
             * @example max_on_empty
             */
            code: string;
            message: string;
        };
        FuelUsed: {
            /** Format: int64 */
            p50: number;
            /** Format: int64 */
            p99: number;
        };
        /**
         * @description What you say of one rollout.
         * @example {
         *       "components": {
         *         "brief": 0.5,
         *         "correct": 1
         *       },
         *       "reward": 0.75,
         *       "rollout_id": "rol_01K9QZ4E8V7X2M3N4P5Q6R7S8T"
         *     }
         */
        GradeInput: {
            /** @description Named parts of the reward, at most 32; names are 1 to 64 of `[a-z0-9_.-]`. */
            components?: {
                [key: string]: number;
            };
            /**
             * Format: double
             * @description From -1000000 to 1000000; null says that you cannot grade it, and the job's `on_error` applies.
             */
            reward: number | null;
            /** @example rol_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            rollout_id: string;
        };
        GradedRollout: {
            components: {
                [key: string]: number;
            };
            /** Format: double */
            reward?: number | null;
            rollout_id: string;
        };
        Group: {
            /**
             * Format: int32
             * @description How many miners were asked.
             */
            attempts: number;
            custom_id: string;
            /**
             * Format: date-time
             * @description With `group.timeout_s`, once a miner was asked: until when another may be. After that it fails as `timeout`, unless it
             *     was answered. A pause of its job does not count.
             */
            due_at?: string | null;
            /** @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            job_id: string;
            /** @description The prompt as it was sent, where it was sent as messages: `prompt_text` is what they were rendered to. */
            messages?: components["schemas"]["RolloutMessage"][] | null;
            /** @constant */
            object: "group";
            outcome?: components["schemas"]["GroupOutcome"] | null;
            /** @description What miners are asked with; null before one has answered, of a prompt that was sent as text. */
            prompt_ids?: number[] | null;
            /** Format: int32 */
            prompt_index: number;
            prompt_text?: string | null;
            /** @description Why it was filtered, has failed, was cancelled or has expired. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description Until when your rewards must be here; after that the job's `on_error` takes their place.
             */
            rewards_due_at?: string | null;
            /**
             * @description With reward mode `client`, from `awaiting_rewards` on: what there is to score. Else null: what a job delivers is
             *     at `GET /v1/jobs/{id}/rollouts`.
             */
            rollouts?: components["schemas"]["GroupRollout"][] | null;
            state: components["schemas"]["GroupState"];
        };
        /** @description `data` of `group.accepted`. */
        GroupAcceptedData: {
            /**
             * Format: int32
             * @description Which of the miners that were asked for the group, from 1.
             */
            attempt: number;
            /** @description What you call that prompt. */
            custom_id: string;
            /**
             * Format: double
             * @description 1 less the mean reward, within 0 and 1; null where none is scored.
             * @example 0.375
             */
            difficulty: number | null;
            /** @description Rollouts that are not delivered, by their reason. */
            filtered: {
                [key: string]: number;
            };
            /**
             * @description The group.
             * @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            group_id: string;
            /**
             * @description The miner's address (SS58).
             * @example 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
             */
            hotkey: string;
            /**
             * Format: double
             * @description The share of scored rollouts whose reward is at least 1; null where none is scored.
             * @example 0.625
             */
            pass_rate: number | null;
            /**
             * @description What all of its rollouts cost, in rao.
             * @example 960000
             */
            price_rao: string;
            /**
             * Format: int32
             * @description Which prompt of the job, from 0.
             */
            prompt_index: number;
            /** @description Null: of filtered groups alone. */
            reason: string | null;
            /** @description Null: of filtered groups alone. */
            replaced_by: string | null;
            /**
             * Format: int32
             * @description How many rollouts were verified: all of the group.
             * @example 8
             */
            rollouts: number;
            /**
             * Format: int32
             * @description How often a trainer should count what is delivered: more than 1 where the group stands for filtered ones, too.
             * @example 1
             */
            sample_weight: number;
            /**
             * Format: int32
             * @description How many of them are delivered.
             * @example 8
             */
            selected: number;
            /** @description Of the rewards of all. */
            stats_all: components["schemas"]["GroupStats"];
            /** @description Of those that are delivered. */
            stats_selected: components["schemas"]["GroupStats"];
            /** @description Sample indexes of those that have no reward; of a job without rewards none is named. */
            unscored: number[];
        };
        /** @description `data` of `group.awaiting_rewards`. */
        GroupAwaitingRewardsData: {
            /**
             * Format: int32
             * @description Which of the miners that were asked for the group, from 1.
             */
            attempt: number;
            /** @description What you call that prompt. */
            custom_id: string;
            /**
             * @description The group.
             * @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            group_id: string;
            /**
             * @description The miner's address (SS58).
             * @example 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
             */
            hotkey: string;
            /**
             * Format: int32
             * @description Which prompt of the job, from 0.
             */
            prompt_index: number;
            /**
             * Format: date-time
             * @description Until when your rewards must be here; after that the job's `on_error` takes their place.
             */
            rewards_due_at: string;
        };
        /** @description One group for each prompt; they add up to `prompts`. */
        GroupCounts: {
            /** Format: int64 */
            accepted: number;
            /** Format: int64 */
            awaiting_rewards: number;
            /** Format: int64 */
            cancelled: number;
            /** Format: int64 */
            dispatched: number;
            /**
             * Format: int64
             * @description The deadline of the job came before they were delivered.
             */
            expired: number;
            /** Format: int64 */
            failed: number;
            /** Format: int64 */
            filtered: number;
            /** Format: int64 */
            pending: number;
            /** Format: int64 */
            received: number;
            /**
             * Format: int64
             * @description Spare prompts: sent to miners only as other groups are filtered or fail.
             */
            reserve: number;
            /** Format: int64 */
            scored: number;
            /** Format: int64 */
            verified: number;
        };
        /** @description `data` of `group.failed`. */
        GroupFailedData: {
            /**
             * Format: int32
             * @description How many miners were asked.
             */
            attempts: number;
            /** @description What you call that prompt. */
            custom_id: string;
            /**
             * @description The group.
             * @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            group_id: string;
            /**
             * Format: int32
             * @description Which prompt of the job, from 0.
             */
            prompt_index: number;
            /**
             * @description Why the last answer was refused; or `timeout`, `no_miner`; or which part of the service could not do its work:
             *     `dispatch_failed`, `scoring_failed`, `verification_failed`, `settlement_failed`.
             * @example deadline_exceeded
             */
            reason: string;
        };
        /** @description Exactly one of these. Filters look at the rewards as the function gave them. */
        GroupFilterInput: {
            /**
             * Format: double
             * @description Groups none of whose advantages is larger than this in size are not delivered. With a method that needs the group
             *     alone: not with `batch_std`, `reinforce_pp`, `reinforce_pp_baseline`, `gdpo` or `none`.
             * @example 0.05
             */
            abs_advantage_range?: number | null;
            /**
             * @description Groups whose mean reward is not strictly between the two are not delivered.
             * @example [
             *       0,
             *       1
             *     ]
             */
            mean_range?: number[] | null;
            /**
             * Format: double
             * @description Groups whose rewards have a smaller population standard deviation are not delivered.
             * @example 0.24
             */
            min_std?: number | null;
        };
        /** @description `data` of `group.filtered`. */
        GroupFilteredData: {
            /**
             * Format: int32
             * @description Which of the miners that were asked for the group, from 1.
             */
            attempt: number;
            /** @description What you call that prompt. */
            custom_id: string;
            /**
             * Format: double
             * @description 1 less the mean reward, within 0 and 1; null where none is scored.
             * @example 0
             */
            difficulty: number | null;
            /** @description Its rollouts by why they are not delivered. */
            filtered: {
                [key: string]: number;
            };
            /**
             * @description The group.
             * @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            group_id: string;
            /**
             * @description The miner's address (SS58).
             * @example 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
             */
            hotkey: string;
            /**
             * Format: double
             * @description The share of scored rollouts whose reward is at least 1; null where none is scored.
             * @example 1
             */
            pass_rate: number | null;
            /**
             * @description What all of its rollouts cost, in rao.
             * @example 240000
             */
            price_rao: string;
            /**
             * Format: int32
             * @description Which prompt of the job, from 0.
             */
            prompt_index: number;
            /**
             * @description Why nothing of it is delivered, as in `filtered`; `nothing_selected` where that is more than one reason.
             * @example low_variance
             */
            reason: string;
            /** @description The accepted group that stands for it, with refill `replace_with_good`. */
            replaced_by: string | null;
            /**
             * Format: int32
             * @description How many rollouts were verified: all of the group.
             * @example 8
             */
            rollouts: number;
            /**
             * Format: int32
             * @description 1: it stands for itself alone.
             * @example 1
             */
            sample_weight: number;
            /**
             * Format: int32
             * @description How many of them are delivered: none.
             * @example 0
             */
            selected: number;
            /** @description Of the rewards of all. */
            stats_all: components["schemas"]["GroupStats"];
            /** @description Of those that are delivered: none. */
            stats_selected: components["schemas"]["GroupStats"];
            /** @description Sample indexes of those that have no reward; of a job without rewards none is named. */
            unscored: number[];
        };
        /** @description Rewards of a group, and what its job's rules left of it. */
        GroupOutcome: {
            /**
             * Format: int32
             * @description The batch it was settled with, where the job has batches.
             */
            batch?: number | null;
            /**
             * Format: double
             * @description 1 less the mean reward, within 0 and 1.
             */
            difficulty?: number | null;
            /** @description Why none of it is delivered: of a filtered group alone. */
            filter_reason?: string | null;
            /** @description Rollouts that are not delivered, by their reason. */
            filtered: {
                [key: string]: number;
            };
            /** Format: int32 */
            n_selected: number;
            /**
             * Format: int32
             * @description How many were verified: all of them.
             */
            n_verified: number;
            /**
             * Format: double
             * @description The share of scored rollouts whose reward is at least 1.
             */
            pass_rate?: number | null;
            /** @description The accepted group that stands for it, with refill `replace_with_good`. */
            replaced_by?: string | null;
            stats_all: components["schemas"]["GroupStats"];
            stats_selected: components["schemas"]["GroupStats"];
        };
        /** @description The service's signed word that it held a group's commitment at a time. */
        GroupReceipt: {
            /** Format: int64 */
            audit_round: number;
            group_root: string;
            hotkey: string;
            /** Format: int64 */
            received_at_ms: number;
            service_key: string;
            signature: string;
            task: string;
        };
        /** @description `data` of `group.received`. */
        GroupReceivedData: {
            /**
             * Format: int32
             * @description Which of the miners that were asked for the group, from 1.
             */
            attempt: number;
            /**
             * Format: int64
             * @description Their tokens, together.
             * @example 2048
             */
            completion_tokens: number;
            /** @description What you call that prompt. */
            custom_id: string;
            /**
             * @description The group.
             * @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            group_id: string;
            /**
             * @description The miner's address (SS58).
             * @example 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
             */
            hotkey: string;
            /**
             * Format: int32
             * @description Which prompt of the job, from 0.
             */
            prompt_index: number;
            /**
             * Format: int32
             * @description How many completions the answer has.
             * @example 8
             */
            rollouts: number;
        };
        /** @description `data` of `group.rejected`. */
        GroupRejectedData: {
            /**
             * Format: int32
             * @description Which of the miners that were asked for the group, from 1.
             */
            attempt: number;
            /** @description What you call that prompt. */
            custom_id: string;
            /**
             * @description The group.
             * @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            group_id: string;
            /**
             * @description The miner's address (SS58).
             * @example 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
             */
            hotkey: string;
            /**
             * Format: int32
             * @description Which prompt of the job, from 0.
             */
            prompt_index: number;
            /**
             * @description Stable name of what is wrong with the answer (docs/PROTOCOL.md).
             * @example edited_logprobs
             */
            reason: string;
            /** @description Whether another miner is asked; else the group has ended. */
            redispatched: boolean;
            /**
             * @description How many of its rollouts were refused, by reason. The whole answer goes: `sibling_rejected` are those that nothing is wrong
             *     with.
             */
            rollouts: {
                [key: string]: number;
            };
        };
        /** @description What was taken, the same every time that it is posted. */
        GroupRewards: {
            group_id: string;
            job_id: string;
            /** @constant */
            object: "group_rewards";
            /** @description In sample order. */
            rollouts: components["schemas"]["GradedRollout"][];
        };
        GroupRollout: {
            completion_ids: number[];
            completion_text: string;
            /**
             * @description `stop` or `length`.
             * @example stop
             */
            finish_reason: string;
            /** @example rol_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /**
             * Format: double
             * @description Yours, once it is there; 0 with `on_error: zero` where you gave none.
             */
            reward?: number | null;
            reward_components: {
                [key: string]: number;
            };
            /** @description `not_graded`: you posted null. `overdue`: you posted nothing in time. */
            reward_error?: string | null;
            /** @description There is a reward, and it does not stand for one that failed. */
            reward_valid: boolean;
            /** Format: int32 */
            sample_index: number;
            /** @description It reached its largest length. */
            truncated: boolean;
        };
        /** @description `data` of `group.scored`. */
        GroupScoredData: {
            /**
             * Format: int32
             * @description Which of the miners that were asked for the group, from 1.
             */
            attempt: number;
            /** @description What you call that prompt. */
            custom_id: string;
            /**
             * Format: int32
             * @description Rollouts for which there should be a reward and is none of its own: scoring failed, or nothing was said in time.
             */
            failed: number;
            /**
             * @description The group.
             * @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            group_id: string;
            /**
             * @description The miner's address (SS58).
             * @example 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
             */
            hotkey: string;
            /**
             * Format: int32
             * @description Which prompt of the job, from 0.
             */
            prompt_index: number;
            /**
             * Format: double
             * @description Of the rewards that there are; null where there is none.
             * @example 0.625
             */
            reward_mean: number | null;
            /**
             * Format: double
             * @description Their population standard deviation; null where there is none.
             * @example 0.484
             */
            reward_std: number | null;
            /**
             * Format: int32
             * @description How many completions it has.
             * @example 8
             */
            rollouts: number;
        };
        /**
         * @description The states of a group; `accepted`, `filtered`, `failed`, `cancelled` and `expired` are final. `reserve` waits until
         *     another group of its job is filtered or fails; `expired` was not delivered when its job's deadline came.
         * @enum {string}
         */
        GroupState: "pending" | "dispatched" | "received" | "scored" | "awaiting_rewards" | "verified" | "accepted" | "filtered" | "failed" | "cancelled" | "reserve" | "expired";
        /** @description Of the scored rollouts, with the job's `std_ddof`. */
        GroupStats: {
            /**
             * Format: double
             * @description Null where none is scored.
             */
            mean?: number | null;
            /**
             * Format: int32
             * @description How many are scored.
             */
            n: number;
            /**
             * Format: double
             * @description The standard deviation; null where fewer are scored than it needs.
             */
            std?: number | null;
        };
        /** @description Where one prompt is. The prompt itself is at `GET /v1/groups/{id}`. */
        GroupSummary: {
            /**
             * Format: int32
             * @description How many miners were asked.
             */
            attempts: number;
            custom_id: string;
            /** Format: date-time */
            finished_at?: string | null;
            /** @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            job_id: string;
            /** @constant */
            object: "group.summary";
            /** Format: int32 */
            prompt_index: number;
            /** @description Why it was filtered, has failed, was cancelled or has expired. */
            reason?: string | null;
            /** Format: date-time */
            rewards_due_at?: string | null;
            state: components["schemas"]["GroupState"];
        };
        /** @description A page of a list. */
        GroupSummaryList: {
            data: components["schemas"]["GroupSummary"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /** @description Null where there is nothing to count. */
        Histogram: {
            /** @description Counts of equal steps from `min` to `max`, 20 of them; one where all values are equal. */
            bins: number[];
            /** Format: int64 */
            count: number;
            /** Format: double */
            max: number;
            /** Format: double */
            mean: number;
            /** Format: double */
            min: number;
        };
        /** @description A rollout's way to the root of its job's manifest. */
        Inclusion: {
            job_id: string;
            leaf: components["schemas"]["ManifestLeaf"];
            /** Format: int64 */
            leaf_count: number;
            /**
             * Format: int64
             * @description From 0, in the order of prompt, sample and attempt.
             */
            leaf_index: number;
            merkle_root: string;
            /** @constant */
            object: "rollout.inclusion";
            /** @description The siblings from the leaf to the root, bottom up. */
            path: string[];
            rollout_id: string;
        };
        InputError: {
            /**
             * @description Stable name of what is wrong.
             * @example prompt_too_long
             */
            code: string;
            /**
             * Format: int32
             * @description From 1 on; null where it is not one line's.
             * @example 17
             */
            line?: number | null;
            /** @example the prompt has 900 tokens and may get 200 more; the context is 1024 */
            message: string;
            /**
             * @description The member of the line that is at fault, where it is one.
             * @example text
             */
            param?: string | null;
            /**
             * @description The same as a JSON pointer.
             * @example #/text
             */
            pointer: string;
        };
        /** @description The first 100 errors of a file, by line. */
        InputErrors: {
            data: components["schemas"]["InputError"][];
            /** @constant */
            object: "list";
        };
        /** @description A member who was invited a moment ago, and the link for them. */
        Invitation: components["schemas"]["Member"] & {
            /** @description Hand it to them on a way that you trust: nothing is sent by us. */
            sign_in_link: components["schemas"]["SignInLink"];
        };
        /** @description A calendar month in UTC. All amounts are in rao, as strings; opening balance, grants and charges add up to the closing one. */
        Invoice: {
            /** @example 1438560000 */
            closing_balance_rao: string;
            /** @example inv_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** @constant */
            object: "invoice";
            /**
             * @description Available and held together.
             * @example 1500000000
             */
            opening_balance_rao: string;
            /**
             * Format: date-time
             * @description The begin of the next month.
             */
            period_end: string;
            /** Format: date-time */
            period_start: string;
            /** @description The same of the jobs of each project. Grants are no project's. */
            projects: components["schemas"]["InvoiceProject"][];
            status: components["schemas"]["InvoiceStatus"];
            /** @description What the lines of the statement come to, by type. */
            totals: components["schemas"]["InvoiceTotal"][];
        };
        /** @description A page of a list. */
        InvoiceList: {
            data: components["schemas"]["Invoice"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        InvoiceProject: {
            /** @example proj_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            project_id: string;
            totals: components["schemas"]["InvoiceTotal"][];
        };
        /** @enum {string} */
        InvoiceStatus: "open" | "final";
        InvoiceTotal: {
            /**
             * @description Signed, as in the statement.
             * @example -61440000
             */
            amount_rao: string;
            /**
             * Format: int64
             * @description Lines of the statement.
             */
            entry_count: number;
            /**
             * Format: int64
             * @description Rollouts that were charged.
             */
            rollout_count: number;
            /** @description `grant`, `hold`, `charge` or `hold_release`. */
            type: string;
        };
        Job: {
            advantage: components["schemas"]["JobAdvantage"];
            budget: components["schemas"]["JobBudget"];
            /** Format: date-time */
            cancelled_at?: string | null;
            /** Format: date-time */
            cancelling_at?: string | null;
            /** @description That of `model`. */
            checkpoint_id: string;
            /** Format: date-time */
            completed_at?: string | null;
            counts: components["schemas"]["JobCounts"];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            deadline_at?: string | null;
            dedup: components["schemas"]["JobDedup"];
            errors?: components["schemas"]["InputErrors"] | null;
            eta?: components["schemas"]["JobEta"] | null;
            /** Format: date-time */
            expired_at?: string | null;
            /** @description Those that were asked for with it; `GET /v1/jobs/{id}/exports` lists those of later, too. */
            exports: components["schemas"]["JobExport"][];
            /** Format: date-time */
            failed_at?: string | null;
            /** Format: date-time */
            finalizing_at?: string | null;
            /**
             * Format: date-time
             * @description However it ended.
             */
            finished_at?: string | null;
            group: components["schemas"]["JobGroup"];
            /** @example job_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /**
             * @description The file that its prompts come from.
             * @example file_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            input_file_id?: string | null;
            /**
             * Format: int64
             * @description The sequence of the newest event of its log.
             */
            last_sequence: number;
            /** @description False: a test key's. The service makes its answers up, and it costs nothing. */
            livemode: boolean;
            metadata: {
                [key: string]: string;
            };
            mismatch?: components["schemas"]["JobMismatch"] | null;
            model: components["schemas"]["JobModel"];
            /** @constant */
            object: "job";
            /** @description Prompts can still be appended; it does not end before it is closed. */
            open: boolean;
            /** @description How much of an ended job was delivered or honestly filtered: `full`, `partial` or `none`. */
            outcome?: string | null;
            overlong: components["schemas"]["JobOverlong"];
            /**
             * Format: date-time
             * @description When it was paused last.
             */
            paused_at?: string | null;
            policy: components["schemas"]["JobPolicy"];
            price: components["schemas"]["JobPrice"];
            priority: components["schemas"]["JobPriority"];
            privacy: components["schemas"]["JobPrivacy"];
            /** @description The rule by which proofs of this job are judged. */
            profile_id: string;
            /**
             * @description `assigned_miners`: whoever serves a prompt sees it.
             * @example assigned_miners
             */
            prompt_visibility: string;
            /**
             * Format: date-time
             * @description Since when its prompts and completions are gone.
             */
            purged_at?: string | null;
            /**
             * Format: int64
             * @description Groups of others that come before its next one, counted up to 1000; null where none of it waits for a miner.
             */
            queue_position?: number | null;
            /**
             * Format: date-time
             * @description Since when it waits for miners: with an input file, since all of it was read. Null where that has not come to be.
             */
            queued_at?: string | null;
            /** @description The quote that its prices come from. */
            quote?: string | null;
            /** @description Seeds every draw of the job; 32 bytes, hexadecimal. */
            randomness: string;
            reward?: components["schemas"]["JobReward"] | null;
            sampling: components["schemas"]["JobSampling"];
            selection: components["schemas"]["JobSelection"];
            spend: components["schemas"]["JobSpend"];
            /** Format: date-time */
            started_at?: string | null;
            status: components["schemas"]["JobStatus"];
            /** @description Why it is paused, or has ended before its time. */
            status_reason?: string | null;
            trace_id?: string | null;
            verification: components["schemas"]["JobVerification"];
            waiting_on?: components["schemas"]["JobWaitingOn"] | null;
        };
        JobAdvantage: {
            /**
             * Format: int32
             * @description Groups that are settled and delivered together; null where nothing rests on a batch.
             */
            batch_groups?: number | null;
            component_weights?: {
                [key: string]: number;
            };
            /** Format: double */
            eps: number;
            method: components["schemas"]["AdvantageMethod"];
            /** Format: int32 */
            std_ddof: number;
        };
        JobBudget: {
            max_amount_rao?: string | null;
            /** Format: int64 */
            max_rollouts?: number | null;
            on_exhausted: components["schemas"]["WhenExhausted"];
        };
        /** @description `data` of `job.closed`. */
        JobClosedData: {
            /**
             * Format: int32
             * @description How many prompts the job has, for good.
             */
            prompts: number;
        };
        JobCounts: {
            groups: components["schemas"]["GroupCounts"];
            /**
             * Format: int64
             * @description Of an input file, once all of it is read.
             */
            prompts: number;
            rollouts: components["schemas"]["RolloutCounts"];
        };
        JobDedup: {
            mode: components["schemas"]["DedupMode"];
            near?: components["schemas"]["JobNearDedup"] | null;
            scope: components["schemas"]["DedupScope"];
        };
        JobDifficulty: {
            target_mean: number[];
        };
        /** @description `data` of the event that ends a job: `job.completed`, `job.failed`, `job.cancelled` or `job.expired`. */
        JobEndedData: {
            /** @description What there is of it. */
            counts: components["schemas"]["EndedCounts"];
            /**
             * @description How much was delivered or honestly filtered: `full`, `partial` or `none`.
             * @example full
             */
            outcome: string;
            /** @description What it has cost. */
            spend: components["schemas"]["JobSpend"];
            /** @description As the type says it: `completed`, `failed`, `cancelled` or `expired`. */
            status: components["schemas"]["JobStatus"];
            /**
             * @description Why it ended before its time, as the job's `status_reason`; null where it came to its end by itself.
             * @example cancelled_by_customer
             */
            status_reason: string | null;
        };
        /** @description Null is what cannot be told. */
        JobEstimate: {
            /**
             * Format: int64
             * @description Rollouts that are delivered.
             */
            accepted?: number | null;
            amount_rao: components["schemas"]["EstimatedAmounts"];
            /**
             * @description What the figures rest on.
             * @example 640 groups of 12 jobs with the same checkpoint and group filter, in the last 30 days
             */
            basis?: string | null;
            duration_s: components["schemas"]["EstimatedDurations"];
            /**
             * Format: int64
             * @description Rollouts that miners will have to make, with those that are refused.
             */
            generated?: number | null;
        };
        /** @description Half, and nine tenths, of such estimates are not exceeded if the pace stays what it is. */
        JobEta: {
            /** Format: date-time */
            p50: string;
            /** Format: date-time */
            p90: string;
        };
        /** @description An export that was asked for with the job. How far it is: `GET /v1/exports/{id}`. */
        JobExport: {
            /** @example zstd */
            compression: string;
            filter: Record<string, unknown>;
            /** @example tinker */
            format: string;
            /** @example exp_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
        };
        /** @description What a job costs. */
        JobFigures: {
            checkpoint_id: string;
            estimate: components["schemas"]["JobEstimate"];
            /**
             * @description What is held when the job is queued: the maximum, or what the budget leaves of it.
             * @example 61440000
             */
            hold_rao: string;
            /**
             * @description Every rollout at its full price, with all tokens that it may have.
             * @example 61440000
             */
            maximum_rao: string;
            /** @description Tokens of all prompts. Null of a file: what is in its lines is known once a job has read them. */
            prompt_tokens?: number | null;
            /** Format: int32 */
            prompts: number;
            /**
             * Format: int32
             * @description Completions of each prompt.
             */
            samples: number;
            unit_prices: components["schemas"]["UnitPrices"];
            /** @description What you may want to know before you create it. */
            warnings: components["schemas"]["JobWarning"][];
        };
        /** @description `data` of `job.finalizing`. */
        JobFinalizingData: {
            /** @description `finalizing`. */
            status: components["schemas"]["JobStatus"];
            /**
             * @description `deadline_passed`.
             * @example deadline_passed
             */
            status_reason: string;
        };
        /** @description What a job asks of each of its groups; null where it asks nothing. */
        JobGroup: {
            /** Format: int32 */
            min_size?: number | null;
            /** Format: int32 */
            timeout_s?: number | null;
        };
        /** @description One of these. */
        JobGroupFilter: {
            /** Format: double */
            abs_advantage_range?: number | null;
            mean_range?: number[] | null;
            /** Format: double */
            min_std?: number | null;
        };
        /** @description A group always has all of its completions, from one miner: one that a miner answers in part is asked of another. */
        JobGroupInput: {
            /**
             * Format: int64
             * @description How many rollouts of a group must have a reward. With fewer it is filtered as `group_too_small`: those with a reward
             *     at the filtered price, the others for nothing. 1 to `sampling.n`; any number is enough if not given.
             * @example 8
             */
            min_size?: number | null;
            /**
             * Format: int64
             * @description How long after a miner was first asked for a group another may be, in seconds. When it is over and no answer is
             *     there, the group fails as `timeout` and costs nothing; one that was answered goes on. A pause of the job does not
             *     count.
             * @example 900
             */
            timeout_s?: number | null;
        };
        /** @description A page of a list. */
        JobList: {
            data: components["schemas"]["Job"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /** @description Figures of a job at this moment, over its rollouts that have passed their verification. */
        JobMetrics: {
            advantage?: components["schemas"]["Histogram"] | null;
            completion_tokens?: components["schemas"]["Histogram"] | null;
            /** @description Rollouts that were filtered, by reason. */
            filter_reasons: {
                [key: string]: number;
            };
            fuel?: components["schemas"]["FuelUsed"] | null;
            job_id: string;
            /**
             * Format: int64
             * @description Miners whose answers were good.
             */
            miners: number;
            /**
             * Format: double
             * @description An estimate of the divergence of the sampling policy from the recomputed one, in nats; null until something was
             *     audited.
             */
            mismatch_kl?: number | null;
            /** @constant */
            object: "job.metrics";
            /** @description Answers of miners that were refused, by reason; in groups. */
            refusals: {
                [key: string]: number;
            };
            reward?: components["schemas"]["Histogram"] | null;
            /** @description Rewards that failed, by error. */
            reward_errors: {
                [key: string]: number;
            };
        };
        /** @description Over the audited tokens of a job, with d the recomputed log-prob less the committed one. All 0 in engine class `exact`. */
        JobMismatch: {
            /**
             * Format: double
             * @description Mean of exp(d) - 1 - d: an estimate of the divergence of the sampling policy from the recomputed one, in nats.
             */
            kl: number;
            /**
             * Format: double
             * @description Largest |d|, in nats.
             */
            max_abs_logprob: number;
            /**
             * Format: double
             * @description Mean of |d|, in nats.
             */
            mean_abs_logprob: number;
            /** Format: int64 */
            tokens: number;
        };
        /** @description The weights that the job runs on, in the words of its rollouts (`policy`). They are what they were called when it was created. */
        JobModel: {
            /** @description Of the content of their files; hexadecimal. */
            checkpoint_id: string;
            /**
             * @description The repository of a registered checkpoint, or the name of one of the service's own.
             * @example own/model
             */
            repo?: string | null;
            /** @description The commit of a registered checkpoint. */
            revision?: string | null;
        };
        JobNearDedup: {
            /** Format: int32 */
            buckets: number;
            /** Format: int32 */
            hashes: number;
            /** Format: int32 */
            ngram: number;
        };
        JobOverlong: {
            /** Format: int32 */
            buffer?: number | null;
            /** Format: double */
            factor?: number | null;
            mode: components["schemas"]["OverlongMode"];
        };
        /** @description `data` of `job.paused`. */
        JobPausedData: {
            /** @description `paused`. */
            status: components["schemas"]["JobStatus"];
            /**
             * @description `paused_by_customer`, `reward_error_rate` or `budget_exhausted`.
             * @example paused_by_customer
             */
            status_reason: string;
        };
        JobPick: {
            /** Format: int32 */
            m?: number | null;
            strategy: components["schemas"]["PickStrategy"];
        };
        JobPolicy: {
            /**
             * Format: int32
             * @description How often another checkpoint may become the current one before what is not delivered is dropped. `null`: any number.
             */
            max_staleness_versions?: number | null;
            on_rotation: components["schemas"]["RotationPolicy"];
        };
        /** @description What a job would be. Nothing of it was written. */
        JobPreview: components["schemas"]["JobFigures"] & {
            /** @constant */
            object: "job.preview";
        };
        /** @description Fixed when the job was created. Rejected and failed rollouts cost nothing. */
        JobPrice: {
            /**
             * @description One honest rollout that the job's own rules filter: a share of the price, and the same share of that of its tokens.
             * @example 30000
             */
            filtered_rollout_rao: string;
            /**
             * @description A thousand tokens of its completion, on top of that; the sum is rounded down for each rollout.
             * @example 0
             */
            per_1k_tokens_rao: string;
            /**
             * @description One verified and selected rollout, however long its completion is.
             * @example 120000
             */
            rollout_rao: string;
        };
        /**
         * @description `batch` takes one turn where `standard` takes four. A job never waits for another customer's backlog, whatever it is.
         * @enum {string}
         */
        JobPriority: "standard" | "batch";
        JobPrivacy: {
            /**
             * @description Whoever serves a prompt sees it.
             * @example assigned_miners
             */
            prompt_visibility: string;
            /**
             * Format: int32
             * @description Null: until they are deleted.
             */
            retention_days?: number | null;
            training_use: components["schemas"]["MayTrain"];
        };
        /**
         * @description How far a job is: what the stream of a job tells between its events, at most once a second while groups move, as
         *     `event: job.progress`. It has no `id`, is in no log, and may be missed.
         */
        JobProgress: {
            /** Format: date-time */
            created_at: string;
            data: components["schemas"]["Progress"];
            /** @example job_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            job_id: string;
            /** @constant */
            object: "job.progress";
            /**
             * Format: int64
             * @description Of the last event of the log before it.
             * @example 184
             */
            sequence: number;
            /** @example job.progress */
            type: string;
        };
        /** @description `data` of `job.progress_checkpoint`. That of `job.progress`, which streams of a job tell in between, has the same members. */
        JobProgressCheckpointData: {
            /** @description What it comes from, and what of it is worth something. */
            counts: components["schemas"]["ProgressCounts"];
            /**
             * Format: int64
             * @description Percent of the job's groups that have ended, a multiple of 5; of a job with a target, of its groups that are accepted.
             * @example 45
             */
            percent: number;
        };
        /** @description `data` of `job.prompts_added`. */
        JobPromptsAddedData: {
            /**
             * Format: int32
             * @description How many were appended.
             */
            added: number;
            /**
             * @description What of your balance is held for it now, in rao.
             * @example 61440000
             */
            held_rao: string;
            /**
             * Format: int32
             * @description How many the job has now.
             */
            prompts: number;
        };
        /** @description `data` of `job.queued`. */
        JobQueuedData: {
            /** @description What it runs on; hexadecimal. */
            checkpoint_id: string;
            /**
             * @description What of your balance is held for it, in rao.
             * @example 61440000
             */
            held_rao: string;
            /**
             * Format: int32
             * @description How many prompts the job has; an open one may get more.
             * @example 1000
             */
            prompts: number;
            /**
             * Format: int32
             * @description Completions per prompt.
             * @example 8
             */
            samples: number;
            /** @description `queued`. */
            status: components["schemas"]["JobStatus"];
        };
        /** @description `data` of `job.resumed`. */
        JobResumedData: {
            /** @description `in_progress`; `queued` of a job that had not started. */
            status: components["schemas"]["JobStatus"];
        };
        /** @description Who scores; `null` for mode `none`. */
        JobReward: {
            /** @description What the function finds as member `args` of every prompt's metadata. */
            args?: Record<string, unknown> | null;
            component_sha256?: string | null;
            /**
             * Format: int32
             * @description With `client`: how long each group waits.
             */
            deadline_s?: number | null;
            /** @description `builtins` or `rwf_…@3`, as receipts name it. */
            function?: string | null;
            limits?: components["schemas"]["JobRewardLimits"] | null;
            /** Format: double */
            max_error_rate?: number | null;
            /** @description `builtin`, `wasm` or `client`. */
            mode: components["schemas"]["RewardMode"];
            on_error: components["schemas"]["FailurePolicy"];
        };
        JobRewardLimits: {
            /** Format: int64 */
            fuel: number;
            /** Format: int64 */
            memory_bytes: number;
        };
        JobSampling: {
            /** Format: int32 */
            max_tokens: number;
            /** Format: int32 */
            n: number;
            /** Format: float */
            temperature: number;
            /** Format: int32 */
            top_k: number;
            /** Format: float */
            top_p: number;
        };
        JobSelection: {
            difficulty?: components["schemas"]["JobDifficulty"] | null;
            group_filter?: components["schemas"]["JobGroupFilter"] | null;
            /** Format: double */
            max_generation_multiplier?: number | null;
            refill: components["schemas"]["RefillMode"];
            rollouts: components["schemas"]["JobPick"];
            /** Format: int32 */
            target_groups?: number | null;
        };
        /** @description Amounts in rao, as strings. */
        JobSpend: {
            /**
             * @description What its rollouts have cost.
             * @example 0
             */
            charged_rao: string;
            /**
             * @description Held when the job was created.
             * @example 61440000
             */
            held_rao: string;
            /**
             * @description Given back when the job ended.
             * @example 0
             */
            released_rao: string;
        };
        /** @description `data` of `job.started`. */
        JobStartedData: {
            /** @description `in_progress`; `paused` of a job that was paused as its first group was on the way. */
            status: components["schemas"]["JobStatus"];
        };
        /**
         * @description The states of a job; the last four are final.
         * @enum {string}
         */
        JobStatus: "validating" | "queued" | "in_progress" | "paused" | "finalizing" | "cancelling" | "completed" | "failed" | "cancelled" | "expired";
        JobVerification: {
            level: components["schemas"]["VerificationLevel"];
            /**
             * Format: double
             * @description With `sampled`: how likely each group is audited that is not audited for another reason.
             */
            p?: number | null;
        };
        /**
         * @description `capacity`: miners have no room for it, or others come first. `miners`: none is there that serves its checkpoint.
         *     `verification`: answers are being scored, verified or settled. `rewards`: yours. `budget`: a larger one. `paused`: you.
         *     `prompts`: it is open and has none left.
         * @enum {string}
         */
        JobWaitingOn: "capacity" | "miners" | "verification" | "rewards" | "budget" | "paused" | "prompts";
        /** @description Something that is allowed, and may surprise. */
        JobWarning: {
            /** @example no_history */
            code: string;
            detail: string;
        };
        /** @description The same key as a JSON Web Key. */
        Jwk: {
            /** @example EdDSA */
            alg: string;
            /** @example Ed25519 */
            crv: string;
            kid: string;
            /** @example OKP */
            kty: string;
            /** @example sig */
            use: string;
            /** @description The public key, base64url. */
            x: string;
        };
        /** @description A JWK set (RFC 7517). */
        JwkSet: {
            /** @description The one that signs first, then those of which a token may still hold. */
            keys: components["schemas"]["Jwk"][];
        };
        LedgerEntry: {
            /**
             * @description What it changed, signed, in rao: of the available amount for a hold or release, of the balance for the others.
             * @example -61440000
             */
            amount_rao: string;
            /** @description Available and held together, after this entry. */
            balance_after_rao: string;
            /** Format: date-time */
            created_at: string;
            held_after_rao: string;
            /** @example led_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            job_id?: string | null;
            /** @constant */
            object: "ledger_entry";
            /**
             * @description Where it stands in the statement; pass it as `after` or `before`.
             * @example 17
             */
            position: string;
            /** @description The quote that priced the job, where one did. */
            quote_id?: string | null;
            /**
             * Format: int64
             * @description Rollouts that were charged.
             */
            rollout_count: number;
            /** @description `grant`, `hold`, `charge` or `hold_release`. */
            type: string;
        };
        /** @description A page of a list. */
        LedgerEntryList: {
            data: components["schemas"]["LedgerEntry"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        LimitRange: {
            /** Format: int64 */
            default: number;
            /** Format: int64 */
            max: number;
        };
        Limits: {
            body_bytes: components["schemas"]["BodyLimits"];
            /** @description That a project may register. */
            checkpoints: number;
            exports: components["schemas"]["ExportLimits"];
            files: components["schemas"]["FileLimits"];
            metadata: components["schemas"]["MetadataLimits"];
            /** @constant */
            object: "limits";
            prompts: components["schemas"]["PromptLimits"];
            rates: components["schemas"]["RateLimit"][];
            verifications: components["schemas"]["VerificationLimits"];
            /** @description Of a project. */
            webhook_endpoints: number;
        };
        /** @description One thing that is wrong with a batch's file. */
        LineFault: {
            /**
             * @description Stable name of what is wrong.
             * @example out_of_range
             */
            code: string;
            /** @description Counted from 1; null where it is the whole file. */
            line?: number | null;
            message: string;
            /**
             * @description The member of the line.
             * @example body.temperature
             */
            param?: string | null;
        };
        LogDetail: {
            /** @description `debug`, `info`, `warn` or `error`. */
            level: string;
            message: string;
        };
        /** @description What the log-probs of a rollout are. */
        LogprobSpec: {
            /**
             * @description How that engine attends; null as above.
             * @example eager
             */
            attn?: string | null;
            /** @example float32 */
            dtype: string;
            /**
             * @description The arithmetic that gave both lists, bit for bit; null in engine class `calibrated`, where the miner's is its own affair.
             * @example f32-exact/1
             */
            engine?: string | null;
            /**
             * @description `raw`: of the full softmax over the model's logits.
             * @example raw
             */
            kind: string;
            /** @description Whether they are of the distribution that the tokens were drawn from: at temperature 1 without `top_p` and `top_k`. */
            matches_sampling: boolean;
            /** @description False: they are of temperature 1, whatever the tokens were drawn at. */
            temperature_applied: boolean;
            /**
             * @description `none`: no token was left out of that softmax.
             * @example none
             */
            truncation: string;
        };
        /** @description What is signed. Hashes are hexadecimal. */
        Manifest: {
            /** @example 5000 */
            charged_rao: string;
            checkpoint: components["schemas"]["ManifestCheckpoint"];
            counts: components["schemas"]["ManifestCounts"];
            created_at: string;
            finished_at: string;
            job_id: string;
            /** Format: int64 */
            leaf_count: number;
            /** @description False, of a test job; a live one's manifest does not say it. */
            livemode?: boolean | null;
            merkle_root: string;
            /** @description The job's price. */
            price: Record<string, unknown>;
            proof_profile: string;
            randomness: string;
            reward?: components["schemas"]["ManifestReward"] | null;
            /**
             * Format: int32
             * @example 1
             */
            schema_version: number;
            spec_sha256: string;
            /** @example completed */
            status: string;
            status_reason?: string | null;
            /** @description The processes that judged proofs of this job. */
            verifiers: string[];
        };
        ManifestCheckpoint: {
            /** @description Of the content of its files: there is no other revision under this id. */
            id: string;
            name: string;
        };
        ManifestCounts: {
            groups: components["schemas"]["ManifestGroups"];
            /** Format: int64 */
            prompts: number;
            /** @description Leaves by their state. */
            rollouts: {
                [key: string]: number;
            };
        };
        ManifestGroups: {
            /** Format: int64 */
            accepted: number;
            /**
             * Format: int64
             * @description Those that the job's deadline ended included.
             */
            cancelled: number;
            /** Format: int64 */
            failed: number;
            /** Format: int64 */
            filtered: number;
        };
        /** @description What the tree says of one rollout. */
        ManifestLeaf: {
            /** Format: double */
            advantage?: number | null;
            /**
             * Format: int32
             * @description Which miner that was asked for the group, from 1.
             */
            attempt: number;
            head: string;
            price_rao: string;
            /** Format: int32 */
            prompt_index: number;
            /**
             * @description Why it was filtered or refused.
             * @example low_variance
             */
            reason?: string | null;
            /** Format: double */
            reward?: number | null;
            reward_error?: string | null;
            reward_signature?: string | null;
            sample_hash: string;
            /** Format: int32 */
            sample_index: number;
            /**
             * @description `selected` was delivered; else `filtered`, `rejected` or `cancelled`.
             * @example filtered
             */
            state: string;
        };
        ManifestReward: {
            component_sha256?: string | null;
            /** @description The name that the job used, or `client`. */
            function: string;
        };
        /**
         * @description Whether models may be trained on what the job brings to light.
         * @enum {string}
         */
        MayTrain: "deny" | "allow";
        Member: {
            /** @example ada@example.com */
            email: string;
            /** @example mem_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** Format: date-time */
            invited_at: string;
            /** Format: date-time */
            joined_at?: string | null;
            /**
             * Format: date-time
             * @description Not newer than a minute.
             */
            last_used_at?: string | null;
            /** @constant */
            object: "member";
            /** @example org_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            organization_id: string;
            /** Format: date-time */
            removed_at?: string | null;
            /**
             * @description `owner`, `admin`, `developer`, `billing` or `viewer`.
             * @example developer
             */
            role: string;
            /**
             * @description What their sessions may do.
             * @example [
             *       "jobs:read",
             *       "jobs:write"
             *     ]
             */
            scopes: string[];
            /**
             * @description `invited`, `active` from the first sign-in on, `removed`.
             * @example active
             */
            status: string;
        };
        /** @description A page of a list. */
        MemberList: {
            data: components["schemas"]["Member"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        MessageInput: {
            content: string;
            /** @example user */
            role: string;
        };
        /** @description Of `metadata` of a job or a batch. */
        MetadataLimits: {
            /** @description Of a key, and of a value. */
            chars: number;
            entries: number;
        };
        Model: {
            /**
             * Format: int64
             * @description Seconds since 1970.
             */
            created: number;
            /**
             * @description The id of the checkpoint. Requests may say `current`, too.
             * @example 5f0c…
             */
            id: string;
            /** @description The checkpoint's name, for people. */
            name: string;
            /** @constant */
            object: "model";
            /**
             * @description `reliquary`, or `you`: of one that your project has registered.
             * @example reliquary
             */
            owned_by: string;
        };
        ModelInput: {
            /**
             * @description `current`, or the id of a checkpoint: of the service's current one, or `ckpt_…` of one that you have registered.
             * @default current
             * @example current
             */
            checkpoint?: string | null;
            /** @description Instead of `checkpoint`: one that you have registered, `owner/name`, with its `revision`. */
            hf_repo?: string | null;
            /** @description 40 lower-case hexadecimal digits. */
            revision?: string | null;
        };
        /** @description A page of a list. */
        ModelList: {
            data: components["schemas"]["Model"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        ModuleDetail: {
            /** Format: int64 */
            component_bytes: number;
            component_sha256: string;
            /** Format: int64 */
            upload_bytes: number;
            upload_sha256: string;
            /** @description `none` or `deterministic`. */
            wasi: string;
            /** @description `reward` or `reward-simple`. */
            world: string;
        };
        /** @description `MinHash` over n-grams of token ids. Two completions of similarity s meet with probability 1 - (1 - s^hashes)^buckets. */
        NearDedupInput: {
            /**
             * Format: int64
             * @default 14
             */
            buckets?: number | null;
            /**
             * Format: int64
             * @default 8
             */
            hashes?: number | null;
            /**
             * Format: int64
             * @default 5
             */
            ngram?: number | null;
        };
        Organization: {
            /** Format: date-time */
            created_at: string;
            /** @example proj_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            default_project_id: string;
            /** @example org_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            name: string;
            /** @constant */
            object: "organization";
        };
        OverlongInput: {
            /**
             * Format: int64
             * @description With `soft_penalty`: tokens before `max_tokens` over which the penalty grows.
             */
            buffer?: number | null;
            /**
             * Format: double
             * @description With `soft_penalty`: what a completion at the limit loses.
             * @default 1
             */
            factor?: number | null;
            /** @default keep */
            mode?: components["schemas"]["OverlongMode"] | null;
        };
        /**
         * @description Completions that were cut off. `mask`: their `loss_mask` is 0. `soft_penalty`: DAPO's, on what advantages rest on; the
         *     reward itself stays. `drop`: filtered.
         * @enum {string}
         */
        OverlongMode: "keep" | "mask" | "soft_penalty" | "drop";
        /** @description A part that is text. */
        PartInput: {
            text: string;
            type: components["schemas"]["PartKind"];
        };
        /** @enum {string} */
        PartKind: "text";
        /**
         * @description Which rollouts of an accepted group are delivered; the others are charged as filtered. The statistics of the whole group
         *     come with every rollout, and advantages rest on it.
         */
        PickInput: {
            /**
             * Format: int64
             * @description With every strategy but `all`: how many, 1 to `sampling.n`.
             */
            m?: number | null;
            /** @default all */
            strategy?: components["schemas"]["PickStrategy"] | null;
        };
        /**
         * @description `max_variance`: the rewards that vary most (PODS). `top_abs_advantage`: the largest advantages in size. `balanced`: half
         *     positive, half negative advantages. The last two need a method that ranks the rollouts of a group by itself: not
         *     `reinforce_pp`, `reinforce_pp_baseline`, `gdpo` or `none`.
         * @enum {string}
         */
        PickStrategy: "all" | "max_variance" | "top_abs_advantage" | "balanced";
        PolicyInput: {
            /**
             * Format: int64
             * @description How many other checkpoints may become the current one after the job's own was it last. Once more, and what is not delivered
             *     yet is dropped, for nothing, and the job is cancelled. Left out: any number. Only for the service's own checkpoints.
             */
            max_staleness_versions?: number | null;
            /** @default finish */
            on_rotation?: components["schemas"]["RotationPolicy"] | null;
        };
        /** @description The prices of the day. A job keeps those of when it was created, or of its quote. */
        Prices: {
            /** @description With verification `full`. */
            full: components["schemas"]["UnitPrices"];
            /** @constant */
            object: "prices";
            sampled: components["schemas"]["SampledPrices"];
        };
        PrivacyInput: {
            /** @default assigned_miners */
            prompt_visibility?: components["schemas"]["Visibility"] | null;
            /**
             * Format: int64
             * @description How long prompts and completions stay after the job has ended. Proof hashes and the ledger are kept.
             * @default 30
             */
            retention_days?: number | null;
            /** @default deny */
            training_use?: components["schemas"]["MayTrain"] | null;
        };
        /** @description An error, as `application/problem+json` (RFC 9457). */
        Problem: {
            /**
             * @description Stable name of the error. Each operation lists those that it may have (`x-error-codes`), and `x-errors` says of each what
             *     it means and what to do (docs/ERRORS.md). There may be more of them with time.
             * @example validation_failed
             * @example insufficient_credits
             * @example rate_limited
             */
            code: string;
            detail: string;
            error: components["schemas"]["ErrorMirror"];
            /** @description Everything that is wrong with the request, not only the first. */
            errors: components["schemas"]["FieldError"][];
            /**
             * @description The path that was asked.
             * @example /v1/jobs
             */
            instance: string;
            /** @description Figures that belong to the error. */
            meta: Record<string, unknown>;
            /** @description The field that is at fault, where it is one. */
            param?: string | null;
            /** @description Name it when you ask us about this error. */
            request_id: string;
            /** @description Whether the same request may go through later. */
            retryable: boolean;
            /**
             * Format: int32
             * @example 422
             */
            status: number;
            /** @example Validation failed */
            title: string;
            /**
             * @description `urn:reliquary:error:` and the code.
             * @example urn:reliquary:error:validation_failed
             */
            type: string;
        };
        /** @description The `data` of `job.progress_checkpoint` has the same members, with a `percent` that is a multiple of 5. */
        Progress: {
            counts: components["schemas"]["ProgressCounts"];
            /**
             * Format: int64
             * @description Whole percent of the job's groups that have ended; of a job with a target, of its groups that are accepted.
             * @example 42
             */
            percent: number;
        };
        ProgressCounts: {
            /** @description What has become of their groups. */
            groups: components["schemas"]["ProgressGroups"];
            /**
             * Format: int64
             * @description How many prompts the job has as yet.
             */
            prompts: number;
            /** @description What has become of the rollouts that miners gave. */
            rollouts: components["schemas"]["ProgressRollouts"];
        };
        /** @description They add up to the prompts. */
        ProgressGroups: {
            /**
             * Format: int64
             * @description Delivered.
             */
            accepted: number;
            /**
             * Format: int64
             * @description Given up with their job, or not needed any more.
             */
            cancelled: number;
            /**
             * Format: int64
             * @description The job's deadline came before they were delivered.
             */
            expired: number;
            /**
             * Format: int64
             * @description No answer came that holds.
             */
            failed: number;
            /**
             * Format: int64
             * @description Verified, and nothing of them is delivered.
             */
            filtered: number;
            /**
             * Format: int64
             * @description They have not ended.
             */
            open: number;
        };
        ProgressRollouts: {
            /**
             * Format: int64
             * @description Of the filtered ones: repeats, or nearly, of what was delivered.
             */
            duplicate: number;
            /**
             * Format: int64
             * @description Proven, and not delivered by the job's own rules.
             */
            filtered: number;
            /**
             * Format: int64
             * @description Taken in from miners.
             */
            generated: number;
            /**
             * Format: int64
             * @description Of answers that were refused.
             */
            rejected: number;
            /**
             * Format: int64
             * @description Of the selected and filtered ones: those that could not be rewarded.
             */
            reward_error: number;
            /**
             * Format: int64
             * @description Delivered.
             */
            selected: number;
            /**
             * Format: int64
             * @description Proven.
             */
            verified: number;
        };
        Project: components["schemas"]["SpendingLimit"] & {
            /** Format: date-time */
            archived_at?: string | null;
            /** Format: date-time */
            created_at: string;
            /** @example proj_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** @description Every organisation has this one from the start. */
            is_default: boolean;
            name: string;
            /** @constant */
            object: "project";
            /** @example org_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            organization_id: string;
        };
        /** @description A page of a list. */
        ProjectList: {
            data: components["schemas"]["Project"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /** @description One prompt: exactly one of `text`, `messages` and `token_ids`. */
        PromptInput: {
            /** @description Your name for it, once per job; `prompt-<index>` if not given. At most 128 characters. */
            custom_id?: string | null;
            /** @description Rendered with the checkpoint's chat template, and delivered with every rollout. */
            messages?: components["schemas"]["MessageInput"][] | null;
            /** @description A JSON object for the reward function; at most 4096 bytes. */
            metadata?: Record<string, unknown> | null;
            /** @description What the reward function compares with, as plain text. Not beside `reward_input`. */
            reference?: string | null;
            /** @description What the reward function compares with, as any JSON; it gets the text of it. */
            reward_input?: unknown;
            text?: string | null;
            token_ids?: number[] | null;
        };
        PromptLimits: {
            custom_id_chars: number;
            /** @description In the body of one job. */
            inline: number;
            /** @description Of one job, however they come. */
            job: number;
            /** @description Of the metadata of one prompt. */
            metadata_bytes: number;
            /**
             * Format: int32
             * @description Completions of each: the most that `sampling.n` may be.
             */
            n: number;
            /**
             * Format: int32
             * @description Of all jobs of the organisation that have not ended: what would be above it is refused as `queue_full`. `null` of test
             *     jobs, which have no such bound.
             */
            waiting?: number | null;
        };
        /** @description The commitment of a rollout and the service's receipt for its group. Hashes, keys and signatures are hexadecimal. */
        Proof: {
            checkpoint_id: string;
            head: string;
            /** @description The miner's public key. */
            hotkey: string;
            merkle_path: string[];
            profile: components["schemas"]["ProofProfile"];
            randomness: string;
            receipt: components["schemas"]["GroupReceipt"];
            /** @description 20 bytes per token (class `calibrated`: 6 + k), base64. */
            records: string;
            signature: string;
            /**
             * @description `full`: every token was recomputed by the service. `sampled`: the job left it to a draw, and it was not drawn.
             * @example full
             */
            verification: string;
        };
        /** @description One thing that is checked of a rollout. */
        ProofCheck: {
            /**
             * @description What a refusal is worth. `exact`: no honest rollout is ever refused. `cryptographic`: nor is a forged one accepted, unless
             *     a hash or signature is broken. `statistical`: within measured rates.
             * @example cryptographic
             */
            assurance: string;
            /**
             * @description The classes that it is for.
             * @example [
             *       "exact",
             *       "calibrated"
             *     ]
             */
            engine_classes: string[];
            /**
             * @description The level of `POST /v1/verifications` and of `reliquary verify` that repeats it; `null`: only whoever took the answer in
             *     can check it.
             * @example signatures
             */
            level?: string | null;
            /** @example chain */
            name: string;
            /**
             * @description How it says no.
             * @example [
             *       "broken_chain"
             *     ]
             */
            reasons: string[];
        };
        /** @description By which rule the proof is judged. */
        ProofProfile: {
            /** @description Of class `calibrated`: SHA-256 of the calibration document, hexadecimal. */
            calibration?: string | null;
            /**
             * @description `exact` or `calibrated`.
             * @example exact
             */
            engine_class: string;
            /**
             * Format: int32
             * @description Of class `calibrated`: components of a record's projection.
             */
            k?: number | null;
            /** @description The verifier's engine. */
            numerics: string;
            /** @example grail-r1 */
            scheme: string;
        };
        /** @description The proof: what is committed to, and how it is checked. */
        ProofSpec: {
            challenge: components["schemas"]["ChallengeSpec"];
            checks: components["schemas"]["ProofCheck"][];
            engine_classes: components["schemas"]["EngineClassSpec"][];
            in_force: components["schemas"]["StandardInForce"];
            links: components["schemas"]["SpecLinks"];
            /** @constant */
            object: "proof_spec";
            record: components["schemas"]["RecordVersions"];
            /**
             * @description As proofs name it.
             * @example grail-r1
             */
            scheme: string;
            signatures: components["schemas"]["SignatureSpec"][];
            /** @example r1 */
            version: string;
            wire: components["schemas"]["WireSpec"];
        };
        /** @description A price that is promised to jobs with these terms and prompts. */
        Quote: components["schemas"]["JobFigures"] & {
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description Until then a job that names it has its prices.
             */
            expires_at: string;
            /** @example qte_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** @constant */
            object: "quote";
        };
        /** @description A quota that is there at once and comes back evenly. */
        RateLimit: {
            /**
             * Format: int64
             * @example 60
             */
            limit: number;
            /**
             * @description What is counted: `jobs` and `prompts` that are created, and `requests` of any kind.
             * @example jobs
             */
            name: string;
            /**
             * Format: int64
             * @example 59
             */
            remaining: number;
            /**
             * Format: int64
             * @description Until all of it is there again.
             * @example 1
             */
            reset_s: number;
            /**
             * Format: int64
             * @example 60
             */
            window_s: number;
        };
        Readiness: {
            /** @description The checkpoint that new jobs get. */
            checkpoint_id: string;
            /** @example ready */
            status: string;
        };
        /** @description Versions of a delivered rollout's record that a verifier has to read. */
        RecordVersions: {
            /**
             * Format: int32
             * @example 2
             */
            oldest_schema_version: number;
            /**
             * Format: int32
             * @description What is delivered now.
             * @example 3
             */
            schema_version: number;
        };
        /**
         * @description What takes the place of filtered groups. `drop`: nothing. `resample_new_prompts`: prompts of the job's reserve, until
         *     `target_groups` are accepted. `replace_with_good`: an accepted group of the same batch (`advantage.batch_groups`) stands
         *     for each, and its rollouts say so in `sample_weight`; it costs nothing.
         * @enum {string}
         */
        RefillMode: "drop" | "resample_new_prompts" | "replace_with_good";
        /**
         * @example {
         *       "refresh_token": "rk_refresh_…"
         *     }
         */
        RefreshSession: {
            /** @example rk_refresh_… */
            refresh_token: string;
        };
        RejectionDetail: {
            /**
             * @description Stable; all are in `GET /v1/reward_functions/abi`.
             * @example forbidden_import
             */
            code: string;
            /** @description What to do about it. */
            hint: string;
            message: string;
        };
        RequestCounts: {
            /**
             * Format: int64
             * @description With an answer whose every token is verified, as the job asks for it.
             */
            completed: number;
            /** Format: int64 */
            failed: number;
            /**
             * Format: int64
             * @description 0 until the file is read.
             */
            total: number;
        };
        /** @description The contract between a reward function and the service. */
        RewardAbi: {
            engine: components["schemas"]["RewardEngine"];
            limits: components["schemas"]["RewardAbiLimits"];
            /** @constant */
            object: "reward_abi";
            /** @description How a run may end. Only `ok` has rewards. */
            outcomes: components["schemas"]["StableWord"][];
            /** @description Why a module may be rejected, and what to do about it. */
            rejections: components["schemas"]["StableWord"][];
            wasi: components["schemas"]["WasiProfile"][];
            /** @description The WIT package; a module implements one of its worlds. */
            wit: string;
            worlds: components["schemas"]["RewardWorld"][];
        };
        /** @description What one may use. Those with a default can be asked for, up to the most. */
        RewardAbiLimits: {
            component_name_bytes: number;
            components: number;
            /** @description Per sample; about one operation each. */
            fuel: components["schemas"]["LimitRange"];
            /** Format: int64 */
            input_bytes: number;
            log_bytes: number;
            /** Format: int64 */
            log_call_fuel: number;
            log_calls: number;
            /** @description All memories of one call together. */
            memory_bytes: components["schemas"]["LimitRange"];
            result_bytes: number;
            /**
             * Format: double
             * @description A reward, and each part of one, is within ± this.
             */
            reward_max: number;
        };
        RewardBuiltin: {
            /** @description JSON Schema of its arguments. */
            args_schema: Record<string, unknown>;
            /** @description Arguments that it takes. */
            example: Record<string, unknown>;
            /** @example numeric */
            name: string;
            /** @constant */
            object: "reward_function.builtin";
            summary: string;
        };
        /** @description All of them. */
        RewardBuiltinList: {
            data: components["schemas"]["RewardBuiltin"][];
            /** @constant */
            object: "list";
        };
        /** @description What runs it. Receipts name it. */
        RewardEngine: {
            wasmtime: string;
        };
        /** @description `data` of `reward.error_rate_exceeded`. */
        RewardErrorRateExceededData: {
            /**
             * Format: double
             * @description `failed` of `scored`, within 0 and 1.
             * @example 0.25
             */
            error_rate: number;
            /**
             * Format: int64
             * @description Those of them that it failed on.
             */
            failed: number;
            /**
             * Format: double
             * @description What the job allows, within 0 and 1.
             * @example 0.1
             */
            max_error_rate: number;
            /**
             * Format: int64
             * @description Rollouts that the reward function was asked for since the job began, or was resumed.
             */
            scored: number;
        };
        RewardFunction: {
            /** Format: date-time */
            created_at: string;
            /** @example rwf_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /**
             * Format: int32
             * @description `null` until a module was uploaded. It may be one that is not ready.
             */
            latest_version?: number | null;
            name: string;
            /** @constant */
            object: "reward_function";
        };
        /** @description A page of a list. */
        RewardFunctionList: {
            data: components["schemas"]["RewardFunction"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        RewardInput: {
            /**
             * @description With `wasm`, and with `builtin` beside `name`: an object of at most 65536 bytes that the function finds as member
             *     `args` of every prompt's metadata, unless the prompt has one of its own.
             */
            args?: Record<string, unknown> | null;
            /**
             * Format: int64
             * @description With `client`: how long each group waits for your rewards, in seconds.
             * @default 86400
             */
            deadline_s?: number | null;
            /** @description With `wasm`: `rwf_…@3`. */
            function?: string | null;
            limits?: components["schemas"]["RewardLimitsInput"] | null;
            /**
             * Format: double
             * @description With `wasm` and `builtin`: the job pauses itself when more than this share of at least 32 rewards has failed since
             *     it began or was resumed. 0 to 1; 1 never pauses.
             * @default 0.5
             */
            max_error_rate?: number | null;
            /** @default none */
            mode?: components["schemas"]["RewardMode"] | null;
            /**
             * @description With `builtin`, for one built-in reward. Not beside `parts`.
             * @example numeric
             */
            name?: string | null;
            /** @default mask */
            on_error?: components["schemas"]["FailurePolicy"] | null;
            /** @description With `builtin`, for the weighted sum of several: a list of `{"name", "weight", "args", "as"}`. */
            parts?: Record<string, unknown>[] | null;
        };
        /** @description What a call could use. */
        RewardInputLimits: {
            /**
             * Format: int64
             * @example 50000000
             */
            fuel_per_sample: number;
            /**
             * Format: int64
             * @example 4194304
             */
            input_bytes: number;
            /**
             * Format: int64
             * @example 67108864
             */
            memory_bytes: number;
        };
        /** @description What the reward function was given, beside what the rollout says already. */
        RewardInputs: {
            limits: components["schemas"]["RewardInputLimits"];
            /**
             * @description JSON text, exactly as it was handed: the prompt's metadata, with the arguments of the job's reward.
             * @example {}
             */
            metadata: string;
            /** @description Exactly the text that it was handed. */
            reference: string;
        };
        RewardLimitsInput: {
            /**
             * Format: int64
             * @description WebAssembly fuel per completion.
             */
            fuel?: number | null;
            /** Format: int64 */
            memory_bytes?: number | null;
        };
        /**
         * @description Who scores.
         * @enum {string}
         */
        RewardMode: "builtin" | "wasm" | "client" | "none";
        /**
         * @description A module, and what belongs to it.
         * @example {
         *       "description": "exact match",
         *       "module": "(the bytes of the module)",
         *       "wasi": "none"
         *     }
         */
        RewardModuleForm: {
            /** @description For you; at most 4096 bytes. */
            description?: string;
            /**
             * @description Instead of `module`: an uploaded file of purpose `reward_function`. The version keeps the bytes; the file may go.
             * @example file_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            file_id?: string;
            /**
             * Format: binary
             * @description A core module or a component; at most 32 MiB. Or give `file_id`.
             */
            module?: Blob;
            /** @description JSON: at most 64 samples that the report is about. */
            samples?: components["schemas"]["RewardSampleInput"][];
            /** @description Where its source is, for you; http or https. */
            source_url?: string;
            /**
             * @description What of WASI it may see: `none` or `deterministic`.
             * @default none
             */
            wasi?: string;
        };
        /** @description The service's signed word on how a reward came about: run the module again and compare. */
        RewardReceipt: {
            /** @example builtins */
            function: string;
            /**
             * @description The sandbox's receipt: module, limits, input, outcome and output by their hashes, and the fuel used. `null` of a reward
             *     that the customer gave.
             */
            receipt: Record<string, unknown> | null;
            receipt_hash: string;
            service_key: string;
            signature: string;
        };
        /**
         * @description Why a completion ended.
         * @enum {string}
         */
        RewardSampleFinish: "stop" | "length" | "tool" | "other";
        /**
         * @description A completion to try a function on.
         * @example {
         *       "completion_text": "#### 42",
         *       "expect": 1,
         *       "prompt": "What is 40 + 2?",
         *       "reference": "42"
         *     }
         */
        RewardSampleInput: {
            completion_text: string;
            /**
             * Format: double
             * @description The reward that it should get.
             */
            expect?: number | null;
            /** @default stop */
            finish?: components["schemas"]["RewardSampleFinish"] | null;
            /** @description A JSON object for the function; at most 4096 bytes. */
            metadata?: Record<string, unknown> | null;
            prompt: string;
            /** @description What the function compares with, as plain text. Not beside `reward_input`. */
            reference?: string | null;
            /** @description What the function compares with, as any JSON; it gets the text of it. */
            reward_input?: unknown;
            /** @description The completion's tokens; those of its text if not given. */
            token_ids?: number[] | null;
        };
        /** @description Of the scored rollouts, with the job's `std_ddof`. */
        RewardStats: {
            /** Format: double */
            mean?: number | null;
            /** Format: int32 */
            n: number;
            /** Format: double */
            std?: number | null;
        };
        /** @description What a version did. */
        RewardTest: components["schemas"]["ExaminationReport"] & {
            /** @constant */
            object: "reward_function.test";
            /** @example rwf_01K9QZ4E8V7X2M3N4P5Q6R7S8T@3 */
            version_id: string;
        };
        /** @description What a module would be as a version. */
        RewardValidation: {
            /** @constant */
            object: "reward_function.validation";
            /** @description Why it is rejected: a stable code. */
            rejection?: string | null;
            report: components["schemas"]["ValidationReport"];
            /** @description `ready` or `rejected`. */
            state: components["schemas"]["RewardVersionState"];
        };
        /** @description A version and what its validation found. */
        RewardVersion: components["schemas"]["RewardVersionSummary"] & {
            report?: components["schemas"]["ValidationReport"] | null;
        };
        /**
         * @description Where a version is.
         * @enum {string}
         */
        RewardVersionState: "validating" | "ready" | "rejected";
        /** @description A version without its report, as in a list. */
        RewardVersionSummary: {
            /** Format: int64 */
            component_bytes?: number | null;
            /** @description SHA-256 of the component that runs, once it is ready. */
            component_sha256?: string | null;
            /** Format: date-time */
            created_at: string;
            description?: string | null;
            function_id: string;
            /**
             * @description What a job names: `<function>@<version>`.
             * @example rwf_01K9QZ4E8V7X2M3N4P5Q6R7S8T@3
             */
            id: string;
            /** @constant */
            object: "reward_function.version";
            /** @description Why it is rejected: a stable code. */
            rejection?: string | null;
            source_url?: string | null;
            /** @description `validating`, then `ready` or `rejected`; after that it never changes. Jobs take versions that are ready. */
            state: components["schemas"]["RewardVersionState"];
            /** Format: int64 */
            upload_bytes: number;
            /** @description SHA-256 of the bytes that were sent. */
            upload_sha256: string;
            /** Format: date-time */
            validated_at?: string | null;
            /**
             * Format: int32
             * @example 3
             */
            version: number;
            /** @description What of WASI it asked for: `none` or `deterministic`. */
            wasi: string;
            /** @description The contract that it implements, once it is ready: `reward` or `reward-simple`. */
            world?: string | null;
        };
        /** @description A page of a list. */
        RewardVersionSummaryList: {
            data: components["schemas"]["RewardVersionSummary"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        RewardWorld: {
            /**
             * @description The function that it exports.
             * @example reward
             */
            export: string;
            meaning: string;
            /** @example reward-simple */
            name: string;
        };
        /** @description One verified rollout with everything that it takes to verify it again offline. */
        Rollout: {
            /** Format: double */
            advantage?: number | null;
            advantage_method?: components["schemas"]["AdvantageMethod"] | null;
            advantage_terms?: components["schemas"]["RolloutAdvantageTerms"] | null;
            /** @description The sampling policy's raw log-probs, one per completion token. */
            behavior_logprobs?: number[];
            completion_ids?: number[];
            completion_text: string;
            created_at: string;
            custom_id: string;
            dedup: components["schemas"]["RolloutDedup"];
            /** @description `stop` or `length`. */
            finish_reason: string;
            group: components["schemas"]["RolloutGroup"];
            group_id: string;
            /** @example rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4 */
            id: string;
            job_id: string;
            /** @description False: of a test job. No model ran, and `proof` proves nothing of one: its profile is of the class `test`. */
            livemode: boolean;
            logprob_spec?: components["schemas"]["LogprobSpec"] | null;
            /** @description One per completion token; 0 where a trainer must not learn. */
            loss_mask?: number[];
            /** @description The prompt as it was sent, where it was sent as messages: `prompt_text` is what they were rendered to. */
            messages?: components["schemas"]["RolloutMessage"][] | null;
            /** Format: int32 */
            num_completion_tokens: number;
            /** Format: int32 */
            num_prompt_tokens: number;
            /** @constant */
            object: "rollout";
            policy: components["schemas"]["RolloutPolicy"];
            /** @example 120000 */
            price_rao: string;
            /**
             * @description `prompt_ids`, `completion_ids` and `loss_mask`, the log-probs, and the proof are there unless `include` of a list left
             *     them out.
             */
            prompt_ids?: number[];
            /** Format: int32 */
            prompt_index: number;
            prompt_text?: string | null;
            proof?: components["schemas"]["Proof"];
            /**
             * Format: double
             * @description `null`, never 0, when scoring failed.
             */
            reward?: number | null;
            reward_components: {
                [key: string]: number;
            };
            /** @description Why there is no reward. */
            reward_error?: string | null;
            reward_inputs?: components["schemas"]["RewardInputs"] | null;
            reward_receipt?: components["schemas"]["RewardReceipt"] | null;
            /** @description There is a reward, and it does not stand for one that failed (`on_error: zero`). */
            reward_valid: boolean;
            /** Format: int32 */
            sample_index: number;
            /**
             * Format: double
             * @description How often a trainer should count it: more than 1 where its group stands for filtered ones, too. Exports in a trainer's
             *     format have it so often.
             */
            sample_weight: number;
            sampling: components["schemas"]["RolloutSampling"];
            /**
             * Format: int32
             * @description Refuse versions that you do not know.
             * @example 4
             */
            schema_version: number;
            /**
             * Format: double
             * @description What the advantage rests on where that is not `reward`: the reward less an overlong penalty.
             */
            shaped_reward?: number | null;
            /** @description It reached its largest length. */
            truncated: boolean;
            /** @description The same, recomputed by the service; `null` when this rollout was not audited. */
            verifier_logprobs?: number[] | null;
        };
        RolloutAdvantageTerms: {
            batch?: components["schemas"]["RolloutBatch"] | null;
            component_weights: {
                [key: string]: number;
            };
            /** Format: double */
            eps: number;
            /** @description Completions that were cut off have a loss mask of 0. */
            mask_truncated: boolean;
            soft_penalty?: components["schemas"]["RolloutSoftPenalty"] | null;
            /** Format: int32 */
            std_ddof: number;
        };
        RolloutAudit: {
            /** @description What was measured of this rollout, in class `calibrated`. Class `exact` compares bit by bit: there is no distance. */
            checks: components["schemas"]["RolloutCheck"][];
            /**
             * @description `forced`, `drawn` or `not_drawn`.
             * @example forced
             */
            decision?: string | null;
            /**
             * @description `pass`: the model ran on every token of the group, and agreed. `null`: the job left it to a draw, and the group was not
             *     drawn.
             * @example pass
             */
            verdict?: string | null;
            /**
             * Format: date-time
             * @description When it was decided.
             * @example 2026-11-22T08:00:00Z
             */
            verified_at: string;
            verifier: components["schemas"]["RolloutVerifier"];
        };
        /** @description The moments of the batch that the advantage rests on. */
        RolloutBatch: {
            /**
             * Format: int32
             * @description Groups of it that were accepted.
             */
            groups: number;
            /** Format: int32 */
            index: number;
            /** Format: double */
            mean: number;
            /**
             * Format: int64
             * @description How many values the moments are over: rollouts, or tokens in the methods that count these.
             */
            n: number;
            /** Format: double */
            std: number;
        };
        /** @description One statistic over the whole rollout; `GET /v1/proof_specs/r1` says what each is. */
        RolloutCheck: {
            /** @example logprob_error */
            name: string;
            /**
             * Format: double
             * @description The largest that the calibration in force allows at this length; a second look allows more. `null`: another calibration is in
             *     force by now.
             * @example 0.0187
             */
            threshold?: number | null;
            /**
             * Format: double
             * @example 0.0021
             */
            value: number;
        };
        /** @description Every verified rollout of a settled group is selected or filtered. */
        RolloutCounts: {
            /**
             * Format: int64
             * @description Of the filtered ones: repeats, or nearly, of what was delivered. They cost nothing.
             */
            duplicate: number;
            /** Format: int64 */
            filtered: number;
            /** Format: int64 */
            generated: number;
            /**
             * Format: int64
             * @description Of answers that were refused: a proof or its form did not hold.
             */
            rejected: number;
            /**
             * Format: int64
             * @description Of the selected and filtered ones: those that could not be rewarded; the job's `on_error` says what became of them.
             */
            reward_error: number;
            /** Format: int64 */
            scored: number;
            /** Format: int64 */
            selected: number;
            /** Format: int64 */
            verified: number;
        };
        RolloutDedup: {
            /** @description Another rollout of the same group has the same tokens. */
            is_duplicate: boolean;
            /** @description The first delivered rollout that this one is nearly the same as: itself where there is none. */
            minhash_cluster?: string | null;
            /**
             * Format: int32
             * @description How many rollouts of the group have these tokens, this one included.
             */
            multiplicity?: number | null;
            /** @description Of prompt and completion tokens; hexadecimal. */
            sample_hash: string;
        };
        RolloutGroup: {
            /**
             * Format: double
             * @description 1 less the mean reward, within 0 and 1.
             */
            difficulty?: number | null;
            /** @description Why none of it is delivered: of a filtered group alone. */
            filter_reason?: string | null;
            /**
             * Format: int32
             * @description Rollouts of it that are delivered.
             */
            n_selected?: number | null;
            /**
             * Format: int32
             * @description How many were verified: all of them, since a group stands or falls as a whole.
             */
            n_verified: number;
            /**
             * Format: double
             * @description The share of scored rollouts whose reward is at least 1.
             */
            pass_rate?: number | null;
            /** @description Filtered groups that it stands for. */
            replaces: string[];
            /** Format: int32 */
            size: number;
            stats_all: components["schemas"]["RewardStats"];
            stats_selected: components["schemas"]["RewardStats"];
        };
        /** @description One item of the list: a rollout, or with another `status` than `verified` what was not delivered. */
        RolloutItem: components["schemas"]["Rollout"] | components["schemas"]["UndeliveredRollout"];
        /** @description A page of a list. */
        RolloutItemList: {
            data: components["schemas"]["RolloutItem"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /** @description One line of the answer: rollouts, after the module that gave their rewards where that was asked for. */
        RolloutLine: components["schemas"]["BundledModule"] | components["schemas"]["Rollout"] | components["schemas"]["UndeliveredRollout"];
        RolloutMessage: {
            content: string;
            /** @example user */
            role: string;
        };
        /** @description The weights that sampled a rollout, as its job was created. */
        RolloutPolicy: {
            /** @description Of the content of their files; hexadecimal. */
            checkpoint_id: string;
            /**
             * @description The repository of a registered checkpoint, or the name of one of the service's own.
             * @example own/model
             */
            repo?: string | null;
            /** @description The commit of a registered checkpoint. */
            revision?: string | null;
            /**
             * Format: int64
             * @description Of a policy that is trained while it samples: null as yet.
             */
            version?: number | null;
            /**
             * Format: int64
             * @description Of randomness that is given out by windows: null, a job has its own.
             */
            window?: number | null;
        };
        RolloutProof: components["schemas"]["Proof"] & {
            audit?: components["schemas"]["RolloutAudit"] | null;
            /** @constant */
            object: "rollout.proof";
            rollout_id: string;
        };
        RolloutReceipt: {
            /** @description For the whole group, from when its commitment was taken in. */
            group_receipt: components["schemas"]["GroupReceipt"];
            /** @description The end of this rollout's chain, which the group's root covers; hexadecimal. */
            head: string;
            /** @description From the head to the root, bottom up; hexadecimal. */
            merkle_path: string[];
            /** @constant */
            object: "rollout.receipt";
            reward_receipt?: components["schemas"]["RewardReceipt"] | null;
            rollout_id: string;
        };
        /** @description `data` of `rollout.rejected`. */
        RolloutRejectedData: {
            /**
             * Format: int32
             * @description Which of the miners that were asked for the group, from 1.
             */
            attempt: number;
            /** @description What you call that prompt. */
            custom_id: string;
            /**
             * @description The group.
             * @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            group_id: string;
            /**
             * @description The miner's address (SS58).
             * @example 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
             */
            hotkey: string;
            /**
             * Format: int32
             * @description Which prompt of the job, from 0.
             */
            prompt_index: number;
            /**
             * @description Stable name of what is wrong with it (docs/PROTOCOL.md).
             * @example edited_logprobs
             */
            reason: string;
            /**
             * @description Null where the answer was refused before it was stored.
             * @example rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4
             */
            rollout_id: string | null;
            /**
             * Format: int32
             * @description Which of the group, from 0.
             */
            sample_index: number;
        };
        RolloutSampling: {
            /** Format: int32 */
            max_tokens: number;
            /** Format: float */
            temperature: number;
            /** Format: int32 */
            top_k: number;
            /** Format: float */
            top_p: number;
        };
        RolloutSoftPenalty: {
            /** Format: int32 */
            buffer: number;
            /** Format: double */
            factor: number;
        };
        /** @description What was found about one rollout. */
        RolloutVerification: {
            checks: components["schemas"]["VerificationCheck"][];
            /** @description JSON pointers of what is not as it was delivered. */
            differs: string[];
            /** @description The first thing that was wrong, or missing. */
            finding?: string | null;
            rollout_id?: string | null;
            /**
             * @description `pass`, `fail`, `not_checked` or `pending`.
             * @example pass
             */
            verdict: string;
        };
        /** @description `data` of `rollout.verified`. */
        RolloutVerifiedData: {
            /**
             * Format: double
             * @description Null where the rollout has none.
             * @example 0.63
             */
            advantage: number | null;
            /**
             * Format: int32
             * @description Which of the miners that were asked for the group, from 1.
             */
            attempt: number;
            /**
             * Format: int32
             * @description The length of the completion.
             * @example 256
             */
            completion_tokens: number;
            /** @description What you call that prompt. */
            custom_id: string;
            /**
             * @description `stop` or `length`.
             * @example stop
             */
            finish_reason: string;
            /**
             * @description The group.
             * @example grp_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            group_id: string;
            /**
             * @description The miner's address (SS58).
             * @example 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
             */
            hotkey: string;
            /**
             * @description What it costs, in rao.
             * @example 120000
             */
            price_rao: string;
            /**
             * Format: int32
             * @description Which prompt of the job, from 0.
             */
            prompt_index: number;
            /**
             * Format: double
             * @description Null, never 0, where scoring failed, and of a job without rewards.
             * @example 1
             */
            reward: number | null;
            /** @description The rollout itself, where the log of a job was asked for it by `include`. With `encoding=b64` its arrays are text. */
            rollout?: components["schemas"]["Rollout"];
            /**
             * @description The rollout.
             * @example rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4
             */
            rollout_id: string;
            /**
             * Format: int32
             * @description Which of the group, from 0.
             */
            sample_index: number;
        };
        RolloutVerifier: {
            /**
             * @description The process that looked. A manifest names all that looked at its job.
             * @example verifier-00c0ffee00c0ffee
             */
            id: string;
        };
        /**
         * @example {
         *       "overlap_s": 3600
         *     }
         */
        RotateApiKey: {
            /**
             * Format: int32
             * @description How long the text from before is taken, too: at most 604800 (a week); a day if not given; 0 ends it at once.
             * @example 86400
             */
            overlap_s?: number | null;
        };
        /**
         * @description What happens when another checkpoint becomes the current one.
         * @enum {string}
         */
        RotationPolicy: "finish" | "cancel";
        SampleResult: {
            components: {
                [key: string]: number;
            };
            /** @description Why there is no score, for a person. */
            detail?: string | null;
            /** Format: int64 */
            fuel_used: number;
            logs: components["schemas"]["LogDetail"][];
            /**
             * @description All are in `GET /v1/reward_functions/abi`.
             * @example ok
             */
            outcome: string;
            /** Format: int64 */
            peak_memory_bytes: number;
            /**
             * Format: double
             * @description `null` unless the outcome is `ok`.
             */
            score?: number | null;
            /** Format: int64 */
            wall_us: number;
        };
        /** @description With verification `sampled`. */
        SampledPrices: {
            /**
             * Format: double
             * @description How likely a group is audited where a job does not say it. A higher one costs more: a quote says how much.
             * @example 0.1
             */
            p: number;
            unit_prices: components["schemas"]["UnitPrices"];
        };
        SamplingInput: {
            /**
             * @description Tokens that `top_p` or `top_k` leaves out can never be drawn, and the log-probs are those of the whole distribution: an
             *     importance ratio made of them is wrong. Say `true` if that does not matter, as for an evaluation.
             * @default false
             */
            allow_truncated_sampling?: boolean;
            /**
             * Format: int64
             * @description At most so many tokens per completion. With the prompt's own they must fit the context.
             */
            max_tokens: number | null;
            /**
             * Format: int64
             * @description Completions per prompt, 1 to 64; 1 only with advantage `none`.
             */
            n: number | null;
            /**
             * @description None: a completion is proven whole, up to the model's own end or `max_tokens`, and no text cuts it short.
             * @example []
             */
            stop?: string[];
            /**
             * Format: double
             * @description 0.01 to 2.
             * @default 1
             */
            temperature?: number | null;
            /**
             * Format: int64
             * @description 0 is off. Above it only with `allow_truncated_sampling`.
             * @default 0
             */
            top_k?: number | null;
            /**
             * Format: double
             * @description Above 0 and at most 1; 1 is off. Below it only with `allow_truncated_sampling`.
             * @default 1
             */
            top_p?: number | null;
        };
        SelectionInput: {
            difficulty?: components["schemas"]["DifficultyInput"] | null;
            group_filter?: components["schemas"]["GroupFilterInput"] | null;
            /**
             * Format: double
             * @description With `resample_new_prompts`: at most `target_groups` times this many groups are generated. 1 to 30.
             * @default 3
             */
            max_generation_multiplier?: number | null;
            /** @default drop */
            refill?: components["schemas"]["RefillMode"] | null;
            rollouts?: components["schemas"]["PickInput"] | null;
            /**
             * Format: int64
             * @description With `resample_new_prompts`: the job ends when so many groups are accepted; the prompts beyond are a reserve.
             */
            target_groups?: number | null;
        };
        Session: {
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When it ends whatever happens.
             */
            ends_at: string;
            /**
             * Format: date-time
             * @description When it ends unless it is refreshed before.
             */
            expires_at: string;
            /** @example ses_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** @description It is the one that asks. */
            is_current: boolean;
            /** @example mem_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            member_id: string;
            /** @constant */
            object: "session";
            /** Format: date-time */
            refreshed_at: string;
            /** @description What the client said it is. */
            user_agent?: string | null;
        };
        /** @description A session with its tokens, which no other answer shows. */
        SessionGrant: {
            /** @description A JWT: send it as `Authorization: Bearer …`. */
            access_token: string;
            /**
             * Format: date-time
             * @description When it ends whatever happens.
             */
            ends_at: string;
            /**
             * Format: date-time
             * @description When the session ends unless it is refreshed before.
             */
            expires_at: string;
            /**
             * Format: int64
             * @description How long the access token holds, in seconds.
             * @example 900
             */
            expires_in: number;
            /** @example ses_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** @example mem_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            member_id: string;
            /** @constant */
            object: "session";
            /** @example org_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            organization_id: string;
            /**
             * @description Good once, for the next pair of tokens. Keep it where no script reads it.
             * @example rk_refresh_…
             */
            refresh_token: string;
            /** @example developer */
            role: string;
            /**
             * @description What it may do.
             * @example [
             *       "jobs:read",
             *       "jobs:write"
             *     ]
             */
            scopes: string[];
            /** @example Bearer */
            token_type: string;
        };
        /** @description A page of a list. */
        SessionList: {
            data: components["schemas"]["Session"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /** @description What signs a member in, once. */
        SignInLink: {
            /** Format: date-time */
            expires_at: string;
            /** @example mem_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            member_id: string;
            /** @constant */
            object: "sign_in_link";
            /**
             * @description For `POST /v1/sessions`; in the one answer that made it.
             * @example rk_link_…
             */
            token?: string | null;
        };
        SignatureSpec: {
            /** @example sr25519 */
            algorithm: string;
            /**
             * @description `miner`: the head of a rollout. `service`: receipts and manifests.
             * @example miner
             */
            by: string;
            /** @example 64 */
            bytes: number;
            /**
             * @description The signing context, where the algorithm has one.
             * @example substrate
             */
            context?: string | null;
        };
        /** @description A manifest with its signature. What is signed: `H("reliquary/manifest/1" | canonical JSON of "manifest")`, docs/MANIFEST.md. */
        SignedManifest: {
            manifest: components["schemas"]["Manifest"];
            /** @constant */
            object: "job.manifest";
            /** @description ed25519, hexadecimal. */
            service_key: string;
            signature: string;
            /** @description The job's terms without its prompts, as the service keeps them; `spec_sha256` is of their canonical JSON. */
            spec: Record<string, unknown>;
        };
        SpecLinks: {
            inclusion: string;
            manifest: string;
            proof: string;
            receipt: string;
            verification_keys: string;
            verifications: string;
        };
        /** @description How far a limit is used up; all `null` where there is none. */
        SpendingLimit: {
            /**
             * @description What jobs may cost together in one period.
             * @example 5000000000
             */
            limit_rao?: string | null;
            /**
             * @description When the limit begins anew, in UTC: `daily`, `weekly` (Mondays), `monthly`, or never.
             * @example monthly
             */
            limit_reset?: string | null;
            remaining_rao?: string | null;
            /** Format: date-time */
            resets_at?: string | null;
            /** @description What they hold and were charged in this period. */
            spent_rao?: string | null;
        };
        /** @description A stable word and what it means. */
        StableWord: {
            meaning: string;
            name: string;
        };
        /** @description What this service's miners prove by now. A proof names its own. */
        StandardInForce: {
            checkpoint_id: string;
            /** @example exact */
            engine_class: string;
            /** @example f32-exact/1 */
            numerics: string;
            profile_id: string;
            thresholds?: components["schemas"]["Thresholds"] | null;
        };
        /** @description How the service is. */
        Status: {
            checked_at: string;
            components: components["schemas"]["StatusComponent"][];
            miners: components["schemas"]["StatusMiners"];
            /** @constant */
            object: "status";
            /** @description The worst of its parts. */
            status: components["schemas"]["ComponentStatus"];
        };
        /** @description A part of the service. */
        StatusComponent: {
            /** @description When it was last seen at work; `null`: never. */
            last_seen_at?: string | null;
            /**
             * @description `api`, `queue` (asking miners), `rewards`, `verification`, `delivery` (settling and streaming), `webhooks`, `files`
             *     (reading input files), `exports`. There may be more in time.
             * @example verification
             */
            name: string;
            /**
             * Format: int64
             * @description How long the oldest of that waits; `null`: nothing does.
             * @example 3
             */
            oldest_waiting_s?: number | null;
            status: components["schemas"]["ComponentStatus"];
            /**
             * Format: int64
             * @description What waits for it, up to 100000: prompts, groups, deliveries or files. `null`: nothing can wait for it.
             * @example 12
             */
            waiting?: number | null;
        };
        /** @description Miners that were heard of within a minute. */
        StatusMiners: {
            /**
             * Format: int64
             * @description Rollouts that they say they take side by side.
             * @example 896
             */
            capacity: number;
            /**
             * Format: int64
             * @example 14
             */
            seen: number;
        };
        /** @description A text, or up to 4 of them. */
        StopInput: string | string[];
        StreamToken: {
            /** Format: date-time */
            expires_at: string;
            /**
             * Format: int64
             * @description How long it can be used to connect, in seconds.
             * @example 60
             */
            expires_in: number;
            /** @constant */
            object: "stream_token";
            /** @example /v1/events/stream */
            path: string;
            /**
             * @description Put it into the address, as `?stream_token=…`.
             * @example eyJ…
             */
            token: string;
        };
        SuggestedLimits: {
            /**
             * Format: int64
             * @description Per sample.
             */
            fuel: number;
            /** Format: int64 */
            memory_bytes: number;
        };
        /**
         * @description Samples, and under what terms to run them.
         * @example {
         *       "repeat": 3,
         *       "samples": [
         *         {
         *           "completion_text": "#### 42",
         *           "expect": 1,
         *           "prompt": "What is 40 + 2?",
         *           "reference": "42"
         *         }
         *       ]
         *     }
         */
        TestRewardVersion: {
            /** @description A JSON object that goes with every sample, as a job's `reward.args`. */
            args?: Record<string, unknown> | null;
            /** @description As of a job. */
            limits?: components["schemas"]["RewardLimitsInput"];
            /**
             * Format: int64
             * @description How often each is run, in two processes by turns, 1 to 10.
             * @default 3
             */
            repeat?: number | null;
            /** @description 1 to 64. */
            samples: components["schemas"]["RewardSampleInput"][];
        };
        /** @description The limits of a calibration document. Its whitening, which projections are made with, is in the document itself. */
        Thresholds: {
            /** @description By length: those of the last one whose `from` is not above it. */
            bands: Record<string, unknown>[];
            /** @description SHA-256 of the document. */
            calibration_sha256: string;
            /**
             * Format: int32
             * @description Components of a projection.
             * @example 16
             */
            components: number;
            /** Format: double */
            discount_cap: number;
            /** Format: int64 */
            false_reject_rollouts: number;
            /**
             * Format: double
             * @description Rollouts of honest miners that they refuse: what they were fitted for, and what was measured.
             */
            false_reject_target: number;
            /** Format: double */
            false_reject_upper95: number;
            /** Format: int64 */
            false_rejects: number;
            /** Format: double */
            hard_miss: number;
            /**
             * Format: int32
             * @description The longest rollouts that they were measured on.
             */
            longest_tokens: number;
            sampling: Record<string, unknown>;
        };
        TinkerCapabilities: {
            supported_models: components["schemas"]["TinkerModel"][];
        };
        /** @description Tokens. The package's images have no model here. */
        TinkerChunk: {
            tokens: number[];
            type: components["schemas"]["TinkerChunkKind"];
        };
        /** @enum {string} */
        TinkerChunkKind: "encoded_text";
        TinkerConfig: {
            /** @example api_key */
            credential_default_source: string;
            /** @description Keys are used as they are. */
            pjwt_auth_enabled: boolean;
            /** @description A job may wait for its turn for longer than the package thinks. */
            sample_enable_stuck_detection: boolean;
            /**
             * Format: int32
             * @description Requests of a client that may be under way.
             */
            sample_max_concurrent_requests: number;
        };
        /**
         * @example {
         *       "sdk_version": "0.38.0"
         *     }
         */
        TinkerConfigRequest: {
            /** @example 0.38.0 */
            sdk_version: string;
        };
        /**
         * @example {
         *       "base_model": "current",
         *       "sampling_session_seq_id": 0,
         *       "session_id": "ses_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b"
         *     }
         */
        TinkerCreateSamplingSession: {
            /**
             * @description `current`, or the id of a checkpoint.
             * @example current
             */
            base_model?: string | null;
            /** @description Weights that were trained elsewhere: there are none here. */
            model_path?: string | null;
            /** Format: int64 */
            sampling_session_seq_id: number;
            session_id: string;
            type?: string | null;
        };
        /**
         * @description What the package says of itself: taken, and not kept.
         * @example {
         *       "sdk_version": "0.38.0",
         *       "tags": [],
         *       "user_metadata": {}
         *     }
         */
        TinkerCreateSession: {
            display_name?: string | null;
            project_id?: string | null;
            sdk_version: string;
            tags?: string[];
            type?: string | null;
            user_metadata?: Record<string, unknown> | null;
        };
        TinkerDynamicConfig: {
            /**
             * Format: int32
             * @description When the package asks again.
             */
            refresh_interval_sec: number;
            /** @description A future that is let go of is not cancelled: its answer stays, and is paid for. */
            sample_cancel_enabled: boolean;
        };
        /** @description There will be none. */
        TinkerFailed: {
            /** @example server */
            category: string;
            error: string;
        };
        /** @description The package's `UntypedAPIFuture`. */
        TinkerFuture: {
            /**
             * @description The job: its rollouts, receipts and costs are there.
             * @example job_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            request_id: string;
            /** @description A name for each sample. */
            sample_sequence_ids: string[];
        };
        TinkerHeard: {
            /** @example session_heartbeat */
            type: string;
        };
        TinkerModel: {
            max_context_length: number;
            /** @description What `base_model` may be. */
            model_name: string;
            sampleable: boolean;
            trainable: boolean;
        };
        TinkerModelInput: {
            chunks: components["schemas"]["TinkerChunk"][];
        };
        /** @description What there is instead of samples. */
        TinkerNoSamples: components["schemas"]["TinkerTryAgain"] | components["schemas"]["TinkerFailed"];
        /**
         * @example {
         *       "request_id": "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T"
         *     }
         */
        TinkerRetrieveFuture: {
            /** @description The answer is always whole. */
            allow_metadata_only?: boolean | null;
            /** @example job_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            request_id: string;
        };
        /**
         * @description The package's `SampleRequest`.
         * @example {
         *       "num_samples": 2,
         *       "prompt": {
         *         "chunks": [
         *           {
         *             "tokens": [
         *               5,
         *               6,
         *               7
         *             ],
         *             "type": "encoded_text"
         *           }
         *         ]
         *       },
         *       "sampling_params": {
         *         "max_tokens": 64,
         *         "temperature": 1
         *       },
         *       "sampling_session_id": "smp_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b_current",
         *       "seq_id": 0
         *     }
         */
        TinkerSampleRequest: {
            /** @description Nothing is looked up by these: the session names the model. */
            base_model?: string | null;
            model_path?: string | null;
            /**
             * Format: int64
             * @default 1
             */
            num_samples?: number;
            prompt: components["schemas"]["TinkerModelInput"];
            /** Format: int64 */
            prompt_alt_tokens_k?: number;
            /** @description Only `false`, as all that follow: there are no log-probs but those of the sampled tokens. */
            prompt_logprobs?: boolean | null;
            /** Format: int64 */
            prompt_logprobs_last_n?: number | null;
            record_stability_info?: boolean | null;
            sampling_params: components["schemas"]["TinkerSamplingParams"];
            /** @description Of `create_sampling_session`. */
            sampling_session_id: string;
            /**
             * Format: int64
             * @description Once per session: the same number is the same request.
             */
            seq_id: number;
            target_prompt_logprobs?: Record<string, unknown> | null;
            /** Format: int64 */
            topk_prompt_logprobs?: number;
            /** Format: int64 */
            topk_sample_logprobs?: number;
            type?: string | null;
        };
        TinkerSamplingParams: {
            /**
             * Format: int64
             * @description Half of the model's context if not given.
             */
            max_tokens?: number | null;
            /**
             * Format: int64
             * @description Only null: draws follow the service's randomness.
             */
            seed?: number | null;
            /** @description Only null, or the model's own end-of-sequence tokens. */
            stop?: Record<string, unknown> | null;
            /**
             * Format: double
             * @description 0.01 to 2.
             */
            temperature?: number | null;
            /**
             * Format: int64
             * @description -1 and 0 are off.
             */
            top_k?: number | null;
            /** Format: double */
            top_p?: number | null;
        };
        TinkerSamplingSession: {
            sampling_session_id: string;
            /** @example create_sampling_session */
            type: string;
        };
        TinkerSession: {
            info_message: string;
            session_id: string;
            /** @example create_session */
            type: string;
        };
        /**
         * @example {
         *       "session_id": "ses_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b"
         *     }
         */
        TinkerSessionHeartbeat: {
            session_id: string;
            type?: string | null;
        };
        TinkerTelemetryTaken: {
            /** @example accepted */
            status: string;
        };
        /** @description Not yet: ask again. */
        TinkerTryAgain: {
            /** @example active */
            queue_state: string;
            request_id: string;
            /** @example try_again */
            type: string;
        };
        TokenRecordSpec: {
            /** @example 20 */
            bytes: number;
            /**
             * @description Components of the projection; `null`: a fingerprint of the whole state.
             * @example 16
             */
            components?: number | null;
        };
        /** @description What is the same for every calibration. The limits themselves are the calibration's: `in_force.thresholds`. */
        ToleranceSpec: {
            /**
             * Format: double
             * @description A mean distance above this, over so many positions or more, is a proof.
             */
            forged_activation: number;
            forged_positions: number;
            /**
             * Format: int32
             * @description The largest component of a projection.
             * @example 127
             */
            full_scale: number;
            /**
             * Format: double
             * @description The distance of a state at which that of a log-prob counts half.
             */
            half_discount_at: number;
            /** Format: double */
            least_activation: number;
            /**
             * Format: double
             * @description What single positions are capped at: the distance of a state, that of a log-prob or draw, and what the latter add to a
             *     mean.
             */
            most_activation: number;
            /** Format: double */
            most_distance: number;
            /** Format: double */
            most_in_mean: number;
            /** Format: double */
            most_surprise: number;
            /**
             * Format: double
             * @description What a second look multiplies all limits by.
             */
            second_look: number;
            /**
             * @description The statistics that have limits.
             * @example [
             *       "activation",
             *       "logprob_error"
             *     ]
             */
            statistics: string[];
            /**
             * @description They are taken over the rollout, and over so many consecutive positions.
             * @example 32
             */
            window: number;
        };
        /** @description A rollout that was not delivered, and why. */
        UndeliveredRollout: {
            /**
             * Format: int32
             * @description Which of the miners that were asked for the group gave it, from 1.
             */
            attempt: number;
            created_at: string;
            custom_id: string;
            group_id: string;
            /** @example rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4 */
            id: string;
            job_id: string;
            /** @constant */
            object: "undelivered_rollout";
            /** @example 30000 */
            price_rao: string;
            /** Format: int32 */
            prompt_index: number;
            /**
             * @description Stable name of the reason.
             * @example low_variance
             */
            reason?: string | null;
            rollout?: components["schemas"]["Rollout"] | null;
            /** Format: int32 */
            sample_index: number;
            /**
             * @description `filtered`, `rejected` or `failed`.
             * @example filtered
             */
            status: string;
        };
        /** @description For one rollout, in rao. */
        UnitPrices: {
            /**
             * @description Honest, but kept back by the job's own group filter: a share of the price, and the same share of that of its tokens.
             * @example 30000
             */
            filtered_rollout_rao: string;
            /**
             * @description For a thousand tokens of its completion, on top of that; the sum is rounded down for each rollout.
             * @example 0
             */
            per_1k_tokens_rao: string;
            /**
             * @description Refused by the proof, a repeat, or without a reward by the service's fault.
             * @example 0
             */
            rejected_rollout_rao: string;
            /**
             * @description Verified and selected, however long its completion is.
             * @example 120000
             */
            verified_rollout_rao: string;
        };
        /**
         * @description What is left out stays; `null` takes a limit, an end or a list of addresses away.
         * @example {
         *       "allowed_cidrs": [
         *         "203.0.113.0/24"
         *       ],
         *       "name": "trainer-2"
         *     }
         */
        UpdateApiKey: {
            allowed_cidrs?: string[] | null;
            /** @description A newer version of this interface than the one that it is pinned to. */
            api_version?: string | null;
            /** Format: date-time */
            expires_at?: string | null;
            limit_rao?: string | null;
            limit_reset?: string | null;
            name?: string | null;
            reach?: string | null;
            scopes?: string[] | null;
        };
        /**
         * @description What is left out or `null` is no limit.
         * @example {
         *       "in_flight_limit_rao": "1000000000",
         *       "limit_rao": "5000000000",
         *       "limit_reset": "monthly"
         *     }
         */
        UpdateBudget: {
            /** @description The most that its jobs may hold at once. */
            in_flight_limit_rao?: string | null;
            /** @description What its jobs may cost together in one period. */
            limit_rao?: string | null;
            /** @description When that begins anew, in UTC: `daily`, `weekly` (Mondays), `monthly`; never if not given. */
            limit_reset?: string | null;
        };
        /**
         * @description What is left out stays as it is.
         * @example {
         *       "budget": {
         *         "max_amount_rao": "122880000"
         *       },
         *       "metadata": {
         *         "run": "exp-12"
         *       },
         *       "priority": "batch"
         *     }
         */
        UpdateJob: {
            budget?: components["schemas"]["UpdateJobBudget"];
            /**
             * Format: date-time
             * @description A time; `null` takes the deadline away.
             */
            deadline_at?: string | null;
            /** @description Takes the place of all that was there. */
            metadata?: {
                [key: string]: string;
            } | null;
            priority?: components["schemas"]["JobPriority"] | null;
        };
        UpdateJobBudget: {
            /**
             * @description More is held at once; less, down to what is spent and in flight, is given back at once. `null`: no bound.
             * @example 122880000
             */
            max_amount_rao?: string | null;
            /**
             * Format: int64
             * @description `null`: no bound.
             */
            max_rollouts?: number | null;
            on_exhausted?: components["schemas"]["WhenExhausted"] | null;
        };
        /**
         * @example {
         *       "role": "admin"
         *     }
         */
        UpdateMember: {
            /**
             * @description `owner`, `admin`, `developer`, `billing` or `viewer`; none that may do more than you.
             * @example admin
             */
            role: string;
        };
        /**
         * @description What is left out stays; `null` takes the limit away.
         * @example {
         *       "limit_rao": null,
         *       "limit_reset": null,
         *       "name": "mathematics"
         *     }
         */
        UpdateProject: {
            limit_rao?: string | null;
            limit_reset?: string | null;
            name?: string | null;
        };
        /**
         * @example {
         *       "enabled": true,
         *       "event_types": [
         *         "job.completed"
         *       ]
         *     }
         */
        UpdateWebhookEndpoint: {
            description?: string | null;
            /** @description `false` switches it off; `true` on again, also after it was gone. */
            enabled?: boolean | null;
            /** @description `null`: every type that webhooks carry. */
            event_types?: string[] | null;
            url?: string | null;
        };
        Upload: {
            /**
             * Format: int64
             * @description What the parts together must have.
             * @example 150000000
             */
            bytes: number;
            /**
             * Format: int64
             * @description Times are seconds since 1970.
             * @example 1763800000
             */
            created_at: number;
            /**
             * Format: int64
             * @description When it is given up if it is not completed.
             */
            expires_at: number;
            file?: components["schemas"]["File"] | null;
            /** @example gsm8k.jsonl */
            filename: string;
            /** @example upload_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** @example application/jsonl */
            mime_type: string;
            /** @constant */
            object: "upload";
            purpose: components["schemas"]["FilePurpose"];
            status: components["schemas"]["UploadStatus"];
        };
        UploadPart: {
            /**
             * Format: int64
             * @description Seconds since 1970.
             * @example 1763800000
             */
            created_at: number;
            /** @example part_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            id: string;
            /** @constant */
            object: "upload.part";
            /** @example upload_01K9QZ4E8V7X2M3N4P5Q6R7S8T */
            upload_id: string;
        };
        /**
         * @description One part.
         * @example {
         *       "data": "(some bytes of the file)"
         *     }
         */
        UploadPartForm: {
            /**
             * Format: binary
             * @description At most 64 MiB.
             */
            data: Blob;
        };
        /**
         * @description What a file can be uploaded for.
         * @enum {string}
         */
        UploadPurpose: "job_input" | "reward_function" | "batch" | "verification";
        /**
         * @description What became of an upload.
         * @enum {string}
         */
        UploadStatus: "pending" | "completed" | "cancelled" | "expired";
        /**
         * @description What was charged. Amounts add up to the charges of the statement, which has them when a job ends; this has them when a
         *     rollout is delivered.
         */
        Usage: {
            bucket: components["schemas"]["UsageBucket"];
            /** @description Oldest first; a bucket in which nothing was charged has no row. */
            data: components["schemas"]["UsageRow"][];
            /**
             * Format: date-time
             * @description End of the last one.
             */
            end: string;
            group_by?: components["schemas"]["UsageGroupBy"] | null;
            /** @constant */
            object: "usage";
            /**
             * Format: date-time
             * @description Begin of the first bucket.
             */
            start: string;
        };
        /** @enum {string} */
        UsageBucket: "hour" | "day";
        /** @enum {string} */
        UsageGroupBy: "project" | "job" | "key" | "model";
        UsageRow: {
            /** @example 61440000 */
            charged_rao: string;
            checkpoint_id?: string | null;
            /** Format: date-time */
            end: string;
            /**
             * Format: int64
             * @description Charged at the price of rollouts that were filtered.
             */
            filtered_rollouts: number;
            job_id?: string | null;
            key_id?: string | null;
            /** @description With `group_by=project`; `null` otherwise, as are the other three. */
            project_id?: string | null;
            /**
             * Format: int64
             * @description Charged in full.
             */
            rollouts: number;
            /** Format: date-time */
            start: string;
        };
        /** @description What a validation found. */
        ValidationReport: {
            /**
             * Format: int64
             * @description How long checking and compiling took.
             */
            compile_ms: number;
            determinism?: components["schemas"]["DeterminismReport"] | null;
            /** @description With samples. */
            lint?: components["schemas"]["Finding"][] | null;
            module?: components["schemas"]["ModuleDetail"] | null;
            rejection?: components["schemas"]["RejectionDetail"] | null;
            /** @description With samples: one for each, in order. */
            samples?: components["schemas"]["SampleResult"][] | null;
            suggested_limits?: components["schemas"]["SuggestedLimits"] | null;
        };
        /** @description A re-check of rollouts. */
        Verification: {
            created_at: string;
            finished_at?: string | null;
            /** @example ver_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4 */
            id: string;
            /**
             * @description `signatures`, `reward` or `full`.
             * @example full
             */
            level: string;
            /** @constant */
            object: "verification";
            /** @description One for each that was sent, in that order. */
            rollouts: components["schemas"]["RolloutVerification"][];
            /**
             * @description `queued` or `completed`.
             * @example completed
             */
            state: string;
            /**
             * @description Of all rollouts: `fail` if one fails, `pending` while one is, `not_checked` if something was not at hand, else `pass`.
             * @example pass
             */
            verdict: string;
        };
        /** @description One look at a rollout. */
        VerificationCheck: {
            finding?: string | null;
            /**
             * @description `record`: it is what was delivered. `signatures`: chain, signatures and receipts hold. `reward`: its function gave the
             *     same again. `model`: every token was recomputed.
             */
            name: string;
            verdict: string;
        };
        VerificationInput: {
            /** @default verified_only */
            deliver?: components["schemas"]["Deliver"] | null;
            /** @default full */
            level?: components["schemas"]["VerificationLevel"] | null;
            /**
             * Format: double
             * @description With `sampled`: how likely each group is audited; above 0 and at most 1. The service's own rate if not given.
             * @example 0.1
             */
            p?: number | null;
        };
        /** @description One key. */
        VerificationKey: {
            /** @example ed25519 */
            algorithm: string;
            /** @description The thumbprint of the key (RFC 7638), which names it in `keys`. */
            kid: string;
            /** @constant */
            object: "verification_key";
            /** @description 32 bytes, hexadecimal. */
            public_key: string;
            /** @description What it signs. */
            purpose: string;
            valid_from: string;
            /** @description When another key took its place. What it signed before stays valid. `null`: it signs now. */
            valid_until?: string | null;
        };
        /** @description The service's keys, the one that signs now first. */
        VerificationKeys: {
            data: components["schemas"]["VerificationKey"][];
            first_id?: string | null;
            has_more: boolean;
            /** @description The same as a JWK set. */
            keys: components["schemas"]["Jwk"][];
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /**
         * @description `full`: every token of every rollout is recomputed. `sampled`: whole groups are, by a draw that nobody can foretell,
         *     and all groups of new or suspicious miners; a rollout that was not recomputed says so. It costs less, and the more the
         *     higher `p`: a quote or a dry run says how much.
         * @enum {string}
         */
        VerificationLevel: "full" | "sampled";
        VerificationLimits: {
            /** @description Of a project that are under way. */
            open: number;
            /** @description In one request. */
            rollouts: number;
        };
        /**
         * @description Who sees prompts.
         * @enum {string}
         */
        Visibility: "assigned_miners";
        /** @description What of WASI a module may see. */
        WasiProfile: {
            /** @description Stands for the engine's settings under this profile. Receipts name it. */
            config_hash: string;
            meaning: string;
            /** @example none */
            name: string;
        };
        /** @description An event on its way to an endpoint, or there. */
        WebhookDelivery: {
            created_at: string;
            ended_at?: string | null;
            endpoint_id: string;
            /** @description The header `webhook-id`, and the event's name in `GET /v1/events/{id}`. */
            event_id: string;
            /**
             * Format: int32
             * @description Tries that failed.
             */
            failed_tries: number;
            /** @example whd_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4 */
            id: string;
            /** @description `null`: a test. */
            job_id?: string | null;
            /** @description What was wrong at the last try. */
            last_problem?: string | null;
            /**
             * Format: int32
             * @description The status of the last answer.
             */
            last_status?: number | null;
            /** @description When it is tried, while it is pending. */
            next_try_at?: string | null;
            /** @constant */
            object: "webhook_delivery";
            /**
             * @description `pending`, `delivered` or `failed`.
             * @example delivered
             */
            state: string;
            /** @example job.completed */
            type: string;
        };
        /** @description A page of a list. */
        WebhookDeliveryList: {
            data: components["schemas"]["WebhookDelivery"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /** @description Where webhooks are sent to. */
        WebhookEndpoint: {
            created_at: string;
            description: string;
            /** @description `customer`, or `gone`: it has answered 410. */
            disabled_reason?: string | null;
            enabled: boolean;
            /** @description `null`: every type that webhooks carry. */
            event_types?: string[] | null;
            /** @example whe_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4 */
            id: string;
            /** @constant */
            object: "webhook_endpoint";
            /** @description Until when the keys of before the last rotation sign, too. */
            previous_secret_expires_at?: string | null;
            /**
             * @description Checks the `v1a` signatures (ed25519).
             * @example whpk_ovyaU4IHJjzbYhR3IeQ6ImqC0gBNLJYPFPnZYV8lWJM=
             */
            public_key: string;
            url: string;
        };
        /** @description A page of a list. */
        WebhookEndpointList: {
            data: components["schemas"]["WebhookEndpoint"][];
            /** @description Pass it as `before` to get the page before. */
            first_id?: string | null;
            /** @description More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`. */
            has_more: boolean;
            /** @description Pass it as `after` to get the next page. */
            last_id?: string | null;
            /** @constant */
            object: "list";
        };
        /** @description The body of a webhook. */
        WebhookPayload: {
            /** @description What it is of, and what belongs to the type. */
            data: Record<string, unknown>;
            /**
             * @description The header `webhook-id`, and the event's id in the log of its job.
             * @example evt_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4
             */
            id: string;
            /**
             * Format: date-time
             * @description When it happened.
             */
            timestamp: string;
            /**
             * @description Which type of event; or `webhook.test`.
             * @example job.completed
             */
            type: string;
        };
        /** @description The keys of an endpoint, by the Standard Webhooks specification. */
        WebhookSecret: {
            endpoint_id: string;
            /** @constant */
            object: "webhook_secret";
            /**
             * @description Of the `v1a` signatures (ed25519).
             * @example whpk_…
             */
            public_key: string;
            /**
             * @description Of the `v1` signatures (HMAC-SHA256).
             * @example whsec_…
             */
            secret: string;
        };
        /** @description What `data` has of every event, beside the event's own. */
        WebhookSubject: {
            /**
             * @description The job.
             * @example job_01K9QZ4E8V7X2M3N4P5Q6R7S8T
             */
            id: string;
            /**
             * Format: int64
             * @description The event's place in the log of its job. Deliveries come in any order.
             * @example 184
             */
            sequence: number;
        };
        /** @description `data` of `webhook.test`. */
        WebhookTestData: {
            /**
             * @description The endpoint.
             * @example whe_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4
             */
            id: string;
        };
        /**
         * @description What follows when the budget cannot pay another group: the job waits for a larger one, or ends with what there is, as
         *     completed or as cancelled. `status_reason` is `budget_exhausted`.
         * @enum {string}
         */
        WhenExhausted: "pause" | "complete" | "cancel";
        /** @description What a miner's answer is cut into. */
        WireSpec: {
            /**
             * @description Tokens of one frame at most; after each frame the chain is shown.
             * @example 64
             */
            max_frame_tokens: number;
            /** @example 4096 */
            max_payload_bytes: number;
            /**
             * Format: int32
             * @example 1
             */
            version: number;
        };
    };
    responses: never;
    parameters: {
        /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
        "Reliquary-Version": "2026-11-22";
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    retrieve_jwks: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A JWK set. Empty before anyone has signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JwkSet"];
                };
            };
        };
    };
    retrieve_docs: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description HTML that needs nothing else. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    check_health: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process answers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    retrieve_metrics: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus' text format. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    retrieve_openapi: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An OpenAPI 3.1 document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
        };
    };
    check_readiness: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Requests can be served. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    create_tinker_sample: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "num_samples": 2,
                 *       "prompt": {
                 *         "chunks": [
                 *           {
                 *             "tokens": [
                 *               5,
                 *               6,
                 *               7
                 *             ],
                 *             "type": "encoded_text"
                 *           }
                 *         ]
                 *       },
                 *       "sampling_params": {
                 *         "max_tokens": 64,
                 *         "temperature": 1
                 *       },
                 *       "sampling_session_id": "smp_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b_current",
                 *       "seq_id": 0
                 *     }
                 */
                "application/json": components["schemas"]["TinkerSampleRequest"];
            };
        };
        responses: {
            /** @description Queued; ask for it with `retrieve_future`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TinkerFuture"];
                };
            };
        };
    };
    retrieve_tinker_config: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "sdk_version": "0.38.0"
                 *     }
                 */
                "application/json": components["schemas"]["TinkerConfigRequest"];
            };
        };
        responses: {
            /** @description How to behave. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TinkerConfig"];
                };
            };
        };
    };
    retrieve_tinker_dynamic_config: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "sdk_version": "0.38.0"
                 *     }
                 */
                "application/json": components["schemas"]["TinkerConfigRequest"];
            };
        };
        responses: {
            /** @description How to behave for now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TinkerDynamicConfig"];
                };
            };
        };
    };
    create_tinker_sampling_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "base_model": "current",
                 *       "sampling_session_seq_id": 0,
                 *       "session_id": "ses_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b"
                 *     }
                 */
                "application/json": components["schemas"]["TinkerCreateSamplingSession"];
            };
        };
        responses: {
            /** @description Its name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TinkerSamplingSession"];
                };
            };
        };
    };
    create_tinker_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "sdk_version": "0.38.0",
                 *       "tags": [],
                 *       "user_metadata": {}
                 *     }
                 */
                "application/json": components["schemas"]["TinkerCreateSession"];
            };
        };
        responses: {
            /** @description Its name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TinkerSession"];
                };
            };
        };
    };
    retrieve_tinker_capabilities: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The models that take requests. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TinkerCapabilities"];
                };
            };
        };
    };
    retrieve_tinker_future: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "request_id": "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T"
                 *     }
                 */
                "application/json": components["schemas"]["TinkerRetrieveFuture"];
            };
        };
        responses: {
            /** @description The samples; or that there are none, yet or ever. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TinkerNoSamples"];
                    "application/x-protobuf": string;
                };
            };
        };
    };
    post_tinker_heartbeat: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "session_id": "ses_0199d3c1b5a87c3e9f4a2b6d8e0f1a2b"
                 *     }
                 */
                "application/json": components["schemas"]["TinkerSessionHeartbeat"];
            };
        };
        responses: {
            /** @description Heard. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TinkerHeard"];
                };
            };
        };
    };
    post_tinker_telemetry: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "events": []
                 *     }
                 */
                "application/json": Record<string, unknown>;
            };
        };
        responses: {
            /** @description Forgotten. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TinkerTelemetryTaken"];
                };
            };
        };
    };
    list_api_keys: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyList"];
                };
            };
        };
    };
    create_api_key: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each key. */
                "Idempotency-Key"?: string;
                /** @description The project of the key, where yours reaches several. */
                "Reliquary-Project"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "trainer",
                 *       "scopes": [
                 *         "jobs:read",
                 *         "jobs:write",
                 *         "rollouts:read",
                 *         "events:read"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CreateApiKey"];
            };
        };
        responses: {
            /** @description Made. `key` is shown here and nowhere else. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
        };
    };
    retrieve_own_api_key: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Your key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
        };
    };
    retrieve_api_key: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The key. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
        };
    };
    revoke_api_key: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The key. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked, now or before. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    update_api_key: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The key. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "allowed_cidrs": [
                 *         "203.0.113.0/24"
                 *       ],
                 *       "name": "trainer-2"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateApiKey"];
            };
        };
        responses: {
            /** @description The key as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
        };
    };
    rotate_api_key: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each rotation. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The key. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "overlap_s": 3600
                 *     }
                 */
                "application/json": components["schemas"]["RotateApiKey"];
            };
        };
        responses: {
            /** @description Rotated. `key` is shown here and nowhere else. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
        };
    };
    list_audit_log: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditLogEntryList"];
                };
            };
        };
    };
    retrieve_balance: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Amounts in rao, as strings. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Balance"];
                };
            };
        };
    };
    list_batches: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The last id of the page before. */
                after?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchList"];
                };
            };
        };
    };
    create_batch: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each batch. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "completion_window": "24h",
                 *       "endpoint": "/v1/chat/completions",
                 *       "input_file_id": "file_01K9QZ4E8V7X2M3N4P5Q6R7S8T",
                 *       "metadata": {
                 *         "run": "eval-7"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CreateBatch"];
            };
        };
        responses: {
            /** @description Its file is being read. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
        };
    };
    retrieve_batch: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The batch. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The batch. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
        };
    };
    cancel_batch: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The batch. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Cancelling, or cancelled already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
        };
    };
    retrieve_budget: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The id of your organisation, of a project or of an API key. */
                scope: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Amounts in rao, as strings. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
        };
    };
    update_budget: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The id of your organisation, of a project or of an API key. */
                scope: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "in_flight_limit_rao": "1000000000",
                 *       "limit_rao": "5000000000",
                 *       "limit_reset": "monthly"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateBudget"];
            };
        };
        responses: {
            /** @description The budget as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
        };
    };
    create_chat_completion: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each request. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "max_tokens": 64,
                 *       "messages": [
                 *         {
                 *           "content": "What is 40 + 2?",
                 *           "role": "user"
                 *         }
                 *       ],
                 *       "model": "current",
                 *       "n": 2
                 *     }
                 */
                "application/json": components["schemas"]["ChatRequest"];
            };
        };
        responses: {
            /** @description The answers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatCompletion"];
                };
            };
        };
    };
    list_checkpoints: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckpointList"];
                };
            };
        };
    };
    create_checkpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each checkpoint. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "hf_repo": "example/arith-tiny",
                 *       "revision": "0123456789abcdef0123456789abcdef01234567"
                 *     }
                 */
                "application/json": components["schemas"]["CreateCheckpoint"];
            };
        };
        responses: {
            /** @description Your project has asked for it before. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checkpoint"];
                };
            };
            /** @description Asked for. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checkpoint"];
                };
            };
        };
    };
    retrieve_current_checkpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What new jobs run on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checkpoint"];
                };
            };
        };
    };
    retrieve_checkpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description `ckpt_…`, or the hash of published weights. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The checkpoint. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checkpoint"];
                };
            };
        };
    };
    list_events: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 1000; 100 if not given. */
                limit?: number;
                /**
                 * @description The `last_id` of the page before; 0, or nothing, reads from the start.
                 * @example 184
                 */
                after?: string;
                /**
                 * @description Only these types, separated by commas.
                 * @example job.completed,job.failed
                 */
                types?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
        };
    };
    stream_events: {
        parameters: {
            query?: {
                /**
                 * @description Go on after this id; the header `Last-Event-ID` wins over it. 0 reads from the start; without either the stream begins
                 *     with what happens next.
                 * @example 184
                 */
                starting_after?: string;
                /**
                 * @description Only these types, separated by commas.
                 * @example job.completed,job.failed
                 */
                types?: string;
                /** @description In place of the header `Authorization`: what `POST /v1/stream_tokens` gave for this path. */
                stream_token?: string;
            };
            header?: {
                /** @description The last id that was seen. */
                "Last-Event-ID"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events as they happen. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    retrieve_event: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The event: its `id` in a log or stream, the `webhook-id` of a delivery. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
        };
    };
    retrieve_export: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The export. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The export. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Export"];
                };
            };
        };
    };
    retrieve_export_content: {
        parameters: {
            query?: {
                /** @description Of a signed link: when it ends. */
                expires?: number;
                /** @description Of a signed link. */
                signature?: string;
            };
            header?: {
                /** @description One range of bytes. */
                Range?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The export. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": Blob;
                };
            };
            /** @description The range that was asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": Blob;
                };
            };
        };
    };
    list_files: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
                /**
                 * @description Only files for this.
                 * @example job_input
                 */
                purpose?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileList"];
                };
            };
        };
    };
    create_file: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each upload. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "file": "(the bytes of the file)",
                 *       "purpose": "job_input"
                 *     }
                 */
                "multipart/form-data": components["schemas"]["FileForm"];
            };
        };
        responses: {
            /** @description The file. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
        };
    };
    retrieve_file: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The file. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
        };
    };
    delete_file: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The file. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    retrieve_file_content: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The file. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/binary": string;
                    "application/octet-stream": Blob;
                };
            };
        };
    };
    retrieve_group: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The group. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The group as it stands. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"];
                };
            };
        };
    };
    post_group_rewards: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The group. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example [
                 *       {
                 *         "components": {
                 *           "brief": 0.5,
                 *           "correct": 1
                 *         },
                 *         "reward": 0.75,
                 *         "rollout_id": "rol_01K9QZ4E8V7X2M3N4P5Q6R7S8T"
                 *       }
                 *     ]
                 */
                "application/json": components["schemas"]["GradeInput"][];
            };
        };
        responses: {
            /** @description Taken, now or before. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupRewards"];
                };
            };
        };
    };
    list_invoices: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvoiceList"];
                };
            };
        };
    };
    retrieve_invoice: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The invoice. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invoice. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invoice"];
                };
            };
        };
    };
    list_jobs: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
                /**
                 * @description Only jobs in this state.
                 * @example in_progress
                 */
                status?: string;
                /** @description Only jobs that were created after this time. */
                created_after?: string;
                /** @description Only jobs whose metadata has these values: `metadata[key]=value`. */
                metadata?: {
                    [key: string]: string;
                };
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobList"];
                };
            };
        };
    };
    create_job: {
        parameters: {
            query?: {
                /** @description `true`: check everything, and answer what the job would cost, without creating it. */
                dry_run?: boolean;
            };
            header?: {
                /** @description At most 255 characters, new for each job. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "budget": {
                 *         "max_amount_rao": "61440000"
                 *       },
                 *       "prompts": [
                 *         {
                 *           "custom_id": "gsm8k-17",
                 *           "reference": "42",
                 *           "text": "What is 40 + 2?"
                 *         }
                 *       ],
                 *       "reward": {
                 *         "mode": "builtin",
                 *         "name": "numeric"
                 *       },
                 *       "sampling": {
                 *         "max_tokens": 64,
                 *         "n": 8
                 *       },
                 *       "selection": {
                 *         "group_filter": {
                 *           "min_std": 0.24
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CreateJob"];
            };
        };
        responses: {
            /** @description With `dry_run=true`: what it would cost. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPreview"];
                };
            };
            /** @description Queued, or `validating` with an input file. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    retrieve_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an earlier answer. */
                "If-None-Match"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job as it stands. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    delete_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    update_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of the job as you know it. */
                "If-Match"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "budget": {
                 *         "max_amount_rao": "122880000"
                 *       },
                 *       "metadata": {
                 *         "run": "exp-12"
                 *       },
                 *       "priority": "batch"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateJob"];
            };
        };
        responses: {
            /** @description As it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    cancel_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "mode": "graceful"
                 *     }
                 */
                "application/json": components["schemas"]["CancelJob"];
            };
        };
        responses: {
            /** @description Cancelling, or cancelled already. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    close_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Closed. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    list_job_events: {
        parameters: {
            query?: {
                /**
                 * @description Go on after this sequence; the header `Last-Event-ID` wins over it. 0, or nothing, reads from the start.
                 * @example 184
                 */
                starting_after?: string;
                /** @description Events of a page, from 1 to 1000 (to 100 with rollouts); 100 if not given. A stream has no limit. */
                limit?: number;
                /**
                 * @description Only these types, separated by commas. Of a stream `job.progress` is one, too.
                 * @example rollout.verified,job.completed
                 */
                types?: string;
                /**
                 * @description `rollout`: put the whole rollout into `data.rollout` of `rollout.verified` events; or only its `tokens`, `logprobs`
                 *     and `proof` beside what sums it up, separated by commas.
                 * @example tokens,logprobs
                 */
                include?: string;
                /**
                 * @description Arrays of included rollouts as `json`, if not given, or as `b64`: base64 of the numbers, little-endian, `int32` or
                 *     `float32`; the mask in bytes.
                 * @example b64
                 */
                encoding?: string;
                /** @description In place of the header `Authorization`, for a stream without rollouts: what `POST /v1/stream_tokens` gave for this path. */
                stream_token?: string;
            };
            header?: {
                /** @description The last sequence that was seen. */
                "Last-Event-ID"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events in order. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                    "text/event-stream": string;
                };
            };
            /** @description Nothing will follow. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_exports: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportList"];
                };
            };
        };
    };
    create_export: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each export. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "compression": "zstd",
                 *       "filter": {
                 *         "min_reward": 0.5
                 *       },
                 *       "format": "tinker"
                 *     }
                 */
                "application/json": components["schemas"]["CreateExport"];
            };
        };
        responses: {
            /** @description It is being written. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Export"];
                };
            };
        };
    };
    list_groups: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 1000; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
                /**
                 * @description Only groups in this state.
                 * @example failed
                 */
                status?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupSummaryList"];
                };
            };
        };
    };
    retrieve_job_manifest: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed by a key of `GET /v1/verification_keys`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedManifest"];
                };
            };
        };
    };
    retrieve_job_metrics: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As they are now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobMetrics"];
                };
            };
        };
    };
    pause_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Paused. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    append_prompts: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each request. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "prompts": [
                 *         {
                 *           "custom_id": "gsm8k-18",
                 *           "reference": "42",
                 *           "text": "What is 6 * 7?"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["AppendPrompts"];
            };
        };
        responses: {
            /** @description The job with its new prompts queued. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    resume_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Not paused any more. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    list_rollouts: {
        parameters: {
            query?: {
                /** @description Go on after this rollout; of delivered ones also after this sequence of the job's log. */
                after?: string;
                /**
                 * @description End before this rollout, or this sequence: the last `limit` ones that stand before it; in bulk formats without a
                 *     `limit` all of them. Not together with `after`.
                 */
                before?: string;
                /** @description At most so many, from 1 to 1000. A list has 20 if not given, bulk formats have no limit. */
                limit?: number;
                /**
                 * @description `verified`, if not given: the delivered ones. `filtered`, `rejected`, `failed`: what was not delivered and why, by
                 *     prompt and sample; as long as the job runs more may come anywhere between.
                 * @example verified
                 */
                status?: string;
                /**
                 * @description Which heavy parts the records have: `tokens`, `logprobs`, `proof`, separated by commas, or `summary` for none of
                 *     them; all if none is named. Only whole records can be verified. And with bulk formats `reward_module`: the
                 *     WebAssembly module that gave the rewards comes with them, so that they can be computed again from the file alone. With
                 *     lines `manifest`: the signed manifest of a job that has ended comes first, with the hashes of all its leaves.
                 * @example tokens,logprobs
                 */
                include?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The job. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Rollouts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolloutItemList"];
                    "application/vnd.apache.arrow.stream": Blob;
                    "application/vnd.apache.parquet": Blob;
                    "application/x-ndjson": components["schemas"]["RolloutLine"];
                };
            };
        };
    };
    list_ledger_entries: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 1000; 20 if not given. */
                limit?: number;
                /** @description The page that follows this position: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this position: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the statement. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LedgerEntryList"];
                    "text/csv": string;
                };
            };
        };
    };
    retrieve_limits: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Your limits. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Limits"];
                };
            };
        };
    };
    list_models: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelList"];
                };
            };
        };
    };
    retrieve_model: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The id of a checkpoint, or `current`. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The model. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Model"];
                };
            };
        };
    };
    retrieve_organization: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The organisation. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The organisation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organization"];
                };
            };
        };
    };
    list_members: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The organisation. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemberList"];
                };
            };
        };
    };
    create_member: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each member. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The organisation. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com",
                 *       "role": "developer"
                 *     }
                 */
                "application/json": components["schemas"]["CreateMember"];
            };
        };
        responses: {
            /** @description Invited. `sign_in_link.token` is shown here and nowhere else. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
        };
    };
    retrieve_member: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The organisation. */
                id: string;
                /** @description The member. */
                member_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The member. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
        };
    };
    delete_member: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The organisation. */
                id: string;
                /** @description The member. */
                member_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    update_member: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The organisation. */
                id: string;
                /** @description The member. */
                member_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "admin"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateMember"];
            };
        };
        responses: {
            /** @description The member as they are now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
        };
    };
    create_sign_in_link: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each link. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The organisation. */
                id: string;
                /** @description The member. */
                member_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Made. `token` is shown here and nowhere else. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInLink"];
                };
            };
        };
    };
    retrieve_prices: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Amounts in rao, as strings. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Prices"];
                };
            };
        };
    };
    list_projects: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectList"];
                };
            };
        };
    };
    create_project: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each project. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "limit_rao": "5000000000",
                 *       "limit_reset": "monthly",
                 *       "name": "maths"
                 *     }
                 */
                "application/json": components["schemas"]["CreateProject"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
        };
    };
    retrieve_project: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The project. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The project. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
        };
    };
    update_project: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The project. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "limit_rao": null,
                 *       "limit_reset": null,
                 *       "name": "mathematics"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateProject"];
            };
        };
        responses: {
            /** @description The project as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
        };
    };
    archive_project: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The project. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Archived, now or before. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
        };
    };
    retrieve_proof_spec: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /**
                 * @description `r1`, the only one.
                 * @example r1
                 */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The constants of this version, and the standard in force. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProofSpec"];
                };
            };
        };
    };
    create_quote: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each quote. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "budget": {
                 *         "max_amount_rao": "61440000"
                 *       },
                 *       "prompts": [
                 *         {
                 *           "custom_id": "gsm8k-17",
                 *           "reference": "42",
                 *           "text": "What is 40 + 2?"
                 *         }
                 *       ],
                 *       "reward": {
                 *         "mode": "builtin",
                 *         "name": "numeric"
                 *       },
                 *       "sampling": {
                 *         "max_tokens": 64,
                 *         "n": 8
                 *       },
                 *       "selection": {
                 *         "group_filter": {
                 *           "min_std": 0.24
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CreateJob"];
            };
        };
        responses: {
            /** @description What the job would cost. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Quote"];
                };
            };
        };
    };
    retrieve_quote: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The quote. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The quote; `expires_at` says whether it still holds. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Quote"];
                };
            };
        };
    };
    list_reward_functions: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardFunctionList"];
                };
            };
        };
    };
    create_reward_function: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each function. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "gsm8k"
                 *     }
                 */
                "application/json": components["schemas"]["CreateRewardFunction"];
            };
        };
        responses: {
            /** @description Created. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardFunction"];
                };
            };
        };
    };
    retrieve_reward_abi: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The contract. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardAbi"];
                };
            };
        };
    };
    list_reward_builtins: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardBuiltinList"];
                };
            };
        };
    };
    validate_reward_module: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "description": "exact match",
                 *       "module": "(the bytes of the module)",
                 *       "wasi": "none"
                 *     }
                 */
                "multipart/form-data": components["schemas"]["RewardModuleForm"];
            };
        };
        responses: {
            /** @description The verdict and its report. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardValidation"];
                };
            };
        };
    };
    retrieve_reward_function: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The function. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The function. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardFunction"];
                };
            };
        };
    };
    list_reward_versions: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The function. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardVersionSummaryList"];
                };
            };
        };
    };
    create_reward_version: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each upload. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The function. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "description": "exact match",
                 *       "module": "(the bytes of the module)",
                 *       "wasi": "none"
                 *     }
                 */
                "multipart/form-data": components["schemas"]["RewardModuleForm"];
            };
        };
        responses: {
            /** @description These bytes are a version already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardVersion"];
                };
            };
            /** @description A new version. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardVersion"];
                };
            };
        };
    };
    retrieve_reward_version: {
        parameters: {
            query?: {
                /** @description Answer when the version is no longer `validating`, or after so many seconds: 0 to 30. */
                wait_s?: number;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The function. */
                id: string;
                /** @description From 1. */
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardVersion"];
                };
            };
        };
    };
    test_reward_version: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The function. */
                id: string;
                /** @description From 1. */
                version: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "repeat": 3,
                 *       "samples": [
                 *         {
                 *           "completion_text": "#### 42",
                 *           "expect": 1,
                 *           "prompt": "What is 40 + 2?",
                 *           "reference": "42"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["TestRewardVersion"];
            };
        };
        responses: {
            /** @description What it did. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewardTest"];
                };
            };
        };
    };
    retrieve_rollout: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The rollout. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rollout. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rollout"];
                };
            };
        };
    };
    retrieve_rollout_inclusion: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The rollout, delivered or not. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The leaf, and its path to the root. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Inclusion"];
                };
            };
        };
    };
    retrieve_rollout_proof: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The rollout. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The proof. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolloutProof"];
                };
            };
        };
    };
    retrieve_rollout_receipt: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The rollout. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed by a key of `GET /v1/verification_keys`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolloutReceipt"];
                };
            };
        };
    };
    list_sessions: {
        parameters: {
            query?: {
                /** @description Of this member; your own if not given, and everybody's where a key asks. */
                member_id?: string;
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
        };
    };
    create_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "rk_link_…"
                 *     }
                 */
                "application/json": components["schemas"]["CreateSession"];
            };
        };
        responses: {
            /** @description Signed in. The tokens are shown here and nowhere else. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionGrant"];
                };
            };
        };
    };
    refresh_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "refresh_token": "rk_refresh_…"
                 *     }
                 */
                "application/json": components["schemas"]["RefreshSession"];
            };
        };
        responses: {
            /** @description The next tokens. The refresh token before is used up. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionGrant"];
                };
            };
        };
    };
    delete_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The session. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session is over. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    retrieve_status: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How it is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
        };
    };
    create_stream_token: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "path": "/v1/events/stream"
                 *     }
                 */
                "application/json": components["schemas"]["CreateStreamToken"];
            };
        };
        responses: {
            /** @description The token. It is shown here and nowhere else. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamToken"];
                };
            };
        };
    };
    create_upload: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each upload. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "bytes": 150000000,
                 *       "filename": "gsm8k.jsonl",
                 *       "mime_type": "application/jsonl",
                 *       "purpose": "job_input"
                 *     }
                 */
                "application/json": components["schemas"]["CreateUpload"];
            };
        };
        responses: {
            /** @description It waits for its parts. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
        };
    };
    retrieve_upload: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The upload. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The upload. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
        };
    };
    cancel_upload: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The upload. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Cancelled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
        };
    };
    complete_upload: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The upload. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "part_ids": [
                 *         "part_01K9QZ4E8V7X2M3N4P5Q6R7S8T",
                 *         "part_01K9QZ4E8V7X2M3N4P5Q6R7S8V"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CompleteUpload"];
            };
        };
        responses: {
            /** @description Completed; `file` is what it has become. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
        };
    };
    create_upload_part: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The upload. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "data": "(some bytes of the file)"
                 *     }
                 */
                "multipart/form-data": components["schemas"]["UploadPartForm"];
            };
        };
        responses: {
            /** @description It is stored. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadPart"];
                };
            };
        };
    };
    retrieve_usage: {
        parameters: {
            query?: {
                /** @description How long a row's time is; `day` if not given. */
                bucket?: components["schemas"]["UsageBucket"];
                /** @description What the rows of one time are told apart by; nothing if not given. */
                group_by?: components["schemas"]["UsageGroupBy"];
                /** @description The bucket that this time is in is the first one; thirty days before `end` if not given. */
                start?: string;
                /** @description The bucket that this time is in is the last one; now if not given. */
                end?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Amounts in rao, as strings. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
        };
    };
    list_verification_keys: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The service's public keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerificationKeys"];
                };
            };
        };
    };
    create_verification: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each re-check. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "rollouts": [
                 *         "rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CreateVerification"];
            };
        };
        responses: {
            /** @description Done, or on its way. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verification"];
                };
            };
        };
    };
    retrieve_verification: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The verification. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The verification as it stands. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verification"];
                };
            };
        };
    };
    list_webhook_deliveries: {
        parameters: {
            query?: {
                /** @description To this endpoint alone. */
                endpoint?: string;
                /**
                 * @description `pending`, `delivered` or `failed`.
                 * @example failed
                 */
                state?: string;
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryList"];
                };
            };
        };
    };
    redeliver_webhook_delivery: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each time. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The delivery. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is on its way. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
        };
    };
    list_webhook_endpoints: {
        parameters: {
            query?: {
                /** @description At most so many, from 1 to 100; 20 if not given. */
                limit?: number;
                /** @description The page that follows this id: `last_id` of the page before. */
                after?: string;
                /** @description The page that ends before this id: `first_id` of the page after. Not together with `after`. */
                before?: string;
            };
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpointList"];
                };
            };
        };
    };
    create_webhook_endpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each endpoint. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "event_types": [
                 *         "job.completed",
                 *         "job.failed"
                 *       ],
                 *       "url": "https://example.com/hooks/reliquary"
                 *     }
                 */
                "application/json": components["schemas"]["CreateWebhookEndpoint"];
            };
        };
        responses: {
            /** @description Created. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    retrieve_webhook_endpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The endpoint. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The endpoint. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    delete_webhook_endpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The endpoint. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    update_webhook_endpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The endpoint. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "enabled": true,
                 *       "event_types": [
                 *         "job.completed"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["UpdateWebhookEndpoint"];
            };
        };
        responses: {
            /** @description Changed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    rotate_webhook_secret: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each rotation. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The endpoint. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Rotated; the secret is at `GET /v1/webhook_endpoints/{id}/secret`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    retrieve_webhook_secret: {
        parameters: {
            query?: never;
            header?: {
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The endpoint. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The newest secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookSecret"];
                };
            };
        };
    };
    test_webhook_endpoint: {
        parameters: {
            query?: never;
            header?: {
                /** @description At most 255 characters, new for each test. */
                "Idempotency-Key"?: string;
                /** @description The dated version to be answered by; without it the one that the key is pinned to (`api_version`), or the newest where nobody's key asks. */
                "Reliquary-Version"?: components["parameters"]["Reliquary-Version"];
            };
            path: {
                /** @description The endpoint. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is on its way: see `GET /v1/webhook_deliveries`. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
        };
    };
}
