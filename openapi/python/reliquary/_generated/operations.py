"""The operations of the service, by resource. Generated from openapi/openapi.json by ../../generate: do not edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from typing_extensions import Unpack

from .._callers import AsyncCaller, Caller
from .._calls import Call, Id, Timeout, segment
from .._pages import AsyncPages, Pages
from .._uploads import Upload, form
from . import models, params


class ApiKeysOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateApiKey]
    ) -> models.ApiKey:
        """Make an API key.

        The answer holds its text, this once: a repeated request with the same `Idempotency-Key` gets the same key without it.
        It is pinned to the newest version of this interface (`api_version`).
        A key cannot make one that may do, reach or spend more than itself, and what the new key spends counts for both.
        """
        return self._client.request_as(
            Call("POST", "/v1/api_keys", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout), models.ApiKey
        )

    def delete(self, api_key_id: Id, *, timeout: Timeout = None) -> None:
        """Revoke a key for good, within a few seconds. It stays on the list."""
        self._client.request(Call("DELETE", f"/v1/api_keys/{segment(api_key_id)}", timeout=timeout))

    def retrieve(self, api_key_id: Id, *, timeout: Timeout = None) -> models.ApiKey:
        """One key, without its text."""
        return self._client.request_as(Call("GET", f"/v1/api_keys/{segment(api_key_id)}", timeout=timeout), models.ApiKey)

    def retrieve_own(self, *, timeout: Timeout = None) -> models.ApiKey:
        """The key that you use: what it may do, and what is left of its limit."""
        return self._client.request_as(Call("GET", "/v1/api_keys/self", timeout=timeout), models.ApiKey)

    def rotate(
        self, api_key_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.RotateApiKey]
    ) -> models.ApiKey:
        """Give a key another text. Its id, terms and spending stay.

        The answer holds the new text, this once. The one before is taken until `previous_expires_at`; one from before that no
        more.
        """
        return self._client.request_as(
            Call(
                "POST",
                f"/v1/api_keys/{segment(api_key_id)}/rotate",
                body=body,
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.ApiKey,
        )

    def update(self, api_key_id: Id, *, timeout: Timeout = None, **body: Unpack[params.UpdateApiKey]) -> models.ApiKey:
        """Change a key. What you change counts within a few seconds."""
        return self._client.request_as(
            Call("PATCH", f"/v1/api_keys/{segment(api_key_id)}", body=body, timeout=timeout), models.ApiKey
        )

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> Pages[models.ApiKey]:
        """The keys of a project, newest first; the revoked ones, too. A test key sees the test keys."""
        return Pages(
            self._client,
            Call("GET", "/v1/api_keys", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.ApiKey,
        )


class AuditLogOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> Pages[models.AuditLogEntry]:
        """What was done in your organisation, newest first; a key of one project sees what was done in that one.

        Entries are never changed or deleted, and each is bound to the one before by its hash.
        """
        return Pages(
            self._client,
            Call("GET", "/v1/audit_log", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.AuditLogEntry,
        )


class BalanceOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def retrieve(self, *, timeout: Timeout = None) -> models.Balance:
        """Your balance."""
        return self._client.request_as(Call("GET", "/v1/balance", timeout=timeout), models.Balance)


class BudgetsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def retrieve(self, scope: Id, *, timeout: Timeout = None) -> models.Budget:
        """What an organisation, a project or an API key may spend, and what it has.

        The limit of a project or a key is the one that it shows itself.
        """
        return self._client.request_as(Call("GET", f"/v1/budgets/{segment(scope)}", timeout=timeout), models.Budget)

    def update(self, scope: Id, *, timeout: Timeout = None, **body: Unpack[params.UpdateBudget]) -> models.Budget:
        """Set a budget.

        It takes the place of the one before, and counts for jobs from now on: what is held stays held. That of a project takes a
        key that reaches the organisation. A key with limits of its own gives no wider ones.
        """
        return self._client.request_as(Call("PUT", f"/v1/budgets/{segment(scope)}", body=body, timeout=timeout), models.Budget)


class CheckpointsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateCheckpoint]
    ) -> models.Checkpoint:
        """Ask for a checkpoint of your own. It is `pending` until the operator has looked at it; when it is `available`, jobs of
        your project name it in `model`.
        """
        return self._client.request_as(
            Call("POST", "/v1/checkpoints", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout),
            models.Checkpoint,
        )

    def current(self, *, timeout: Timeout = None) -> models.Checkpoint:
        """The current checkpoint."""
        return self._client.request_as(Call("GET", "/v1/checkpoints/current", timeout=timeout), models.Checkpoint)

    def retrieve(self, checkpoint_id: Id, *, timeout: Timeout = None) -> models.Checkpoint:
        """A checkpoint: the service's, or one that your project has registered."""
        return self._client.request_as(Call("GET", f"/v1/checkpoints/{segment(checkpoint_id)}", timeout=timeout), models.Checkpoint)

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> Pages[models.Checkpoint]:
        """The service's checkpoints and your project's own, newest first."""
        return Pages(
            self._client,
            Call("GET", "/v1/checkpoints", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.Checkpoint,
        )


class EventsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def retrieve(self, event_id: Id, *, timeout: Timeout = None) -> models.Event:
        """One event, with the body that its job's log and stream have, byte for byte: also one that no webhook carries."""
        return self._client.request_as(Call("GET", f"/v1/events/{segment(event_id)}", timeout=timeout), models.Event)

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, types: str | None = None, timeout: Timeout = None
    ) -> Pages[models.Event]:
        """The log of your project.

        The events of all its jobs, oldest first, in one order that never changes: those of one job in the order of their
        `sequence`, those of several as they became known. `last_id` is how far the page has read; tell events apart by their `id`.
        Events are kept until seven days after their job's end.
        A key of the organisation names the project by `Reliquary-Project`.
        """
        return Pages(
            self._client,
            Call("GET", "/v1/events", query={"limit": limit, "after": after, "types": types}, timeout=timeout),
            models.Event,
        )


class ExportsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def create(
        self, job_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateExport]
    ) -> models.Export:
        """Export a job's rollouts.

        The file is of everything that is delivered when you ask; what comes later is not in it. It is written in the background:
        follow `Location`, or wait for the event `export.ready`. The same rollouts give the same bytes. The formats are in
        docs/EXPORTS.md.
        """
        return self._client.request_as(
            Call(
                "POST",
                f"/v1/jobs/{segment(job_id)}/exports",
                body=body,
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.Export,
        )

    def retrieve(self, export_id: Id, *, timeout: Timeout = None) -> models.Export:
        """One export."""
        return self._client.request_as(Call("GET", f"/v1/exports/{segment(export_id)}", timeout=timeout), models.Export)

    def list(
        self,
        job_id: Id,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        timeout: Timeout = None,
    ) -> Pages[models.Export]:
        """The exports of a job, newest first."""
        return Pages(
            self._client,
            Call(
                "GET",
                f"/v1/jobs/{segment(job_id)}/exports",
                query={"limit": limit, "after": after, "before": before},
                timeout=timeout,
            ),
            models.Export,
        )


class FilesOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def delete(self, file_id: Id, *, timeout: Timeout = None) -> None:
        """Delete a file.

        It is gone from then on; its bytes follow within moments.
        """
        self._client.request(Call("DELETE", f"/v1/files/{segment(file_id)}", timeout=timeout))

    def retrieve(self, file_id: Id, *, timeout: Timeout = None) -> models.File:
        """One file, without its content."""
        return self._client.request_as(Call("GET", f"/v1/files/{segment(file_id)}", timeout=timeout), models.File)

    def list(
        self,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        purpose: str | None = None,
        timeout: Timeout = None,
    ) -> Pages[models.File]:
        """Your files, newest first."""
        return Pages(
            self._client,
            Call("GET", "/v1/files", query={"limit": limit, "after": after, "before": before, "purpose": purpose}, timeout=timeout),
            models.File,
        )


class GroupsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def post_rewards(self, group_id: Id, body: Sequence[params.GradeInput], *, timeout: Timeout = None) -> models.GroupRewards:
        """Post the rewards of a group.

        For a group that is `awaiting_rewards`: one entry for each of its rollouts. Selection, advantages and settlement
        follow as for any group. The same rewards can be posted again safely and get the same answer; others are refused.
        They are your own word: the delivered rollouts carry no reward receipt.
        """
        return self._client.request_as(
            Call("POST", f"/v1/groups/{segment(group_id)}/rewards", body=body, timeout=timeout), models.GroupRewards
        )

    def retrieve(self, group_id: Id, *, timeout: Timeout = None) -> models.Group:
        """One group: all completions of one prompt.

        With reward mode `client` this is where you read what there is to score; the event `group.awaiting_rewards` says
        when.
        """
        return self._client.request_as(Call("GET", f"/v1/groups/{segment(group_id)}", timeout=timeout), models.Group)


class InvoicesOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def retrieve(self, invoice_id: Id, *, timeout: Timeout = None) -> models.Invoice:
        """One month of your organisation. A key of one project does not see it."""
        return self._client.request_as(Call("GET", f"/v1/invoices/{segment(invoice_id)}", timeout=timeout), models.Invoice)

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> Pages[models.Invoice]:
        """Your organisation's invoices, newest first: one for each calendar month since it began. It takes a key that reaches the
        organisation.
        """
        return Pages(
            self._client,
            Call("GET", "/v1/invoices", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.Invoice,
        )


class JobsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def append(
        self, job_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.AppendPrompts]
    ) -> models.Job:
        """Append prompts.

        To a job that was created with `open: true` and is not closed. Their highest possible price is held in the same
        transaction. With an `Idempotency-Key` the same request can be sent again safely.
        """
        return self._client.request_as(
            Call(
                "POST",
                f"/v1/jobs/{segment(job_id)}/prompts",
                body=body,
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.Job,
        )

    def cancel(self, job_id: Id, *, timeout: Timeout = None, **body: Unpack[params.CancelJob]) -> models.Job:
        """Cancel a job.

        No more prompts go to miners. The rest of the hold is released when the job reaches `cancelled`. Cancelling again is
        fine, and `immediate` after `graceful` hurries it up. With reward mode `client`, groups whose rewards you have not
        posted are dropped either way.
        """
        return self._client.request_as(
            Call("POST", f"/v1/jobs/{segment(job_id)}/cancel", body=body or None, timeout=timeout), models.Job
        )

    def close(self, job_id: Id, *, timeout: Timeout = None) -> models.Job:
        """Close a job.

        It takes no more prompts, and ends with its last group; at once, if all have ended. Closing a job that is closed, or
        was never open, changes nothing.
        """
        return self._client.request_as(Call("POST", f"/v1/jobs/{segment(job_id)}/close", timeout=timeout), models.Job)

    def create(
        self,
        *,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
        **body: Unpack[params.CreateJob],
    ) -> models.Job:
        """Create a job.

        Answers as soon as the job is queued and its highest possible price is held; follow it on
        `GET /v1/jobs/{id}/events`. With `input_file_id` it answers before the file is read: the job is `validating`, holds
        nothing, and is then `queued` with its price held, or `failed` with `errors` that name the lines. With an
        `Idempotency-Key` the same request can be sent again safely: it gets the same answer, with `Idempotency-Replayed: true`.
        """
        return self._client.request_as(
            Call(
                "POST",
                "/v1/jobs",
                query={"dry_run": dry_run},
                body=body,
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.Job,
        )

    def delete(self, job_id: Id, *, timeout: Timeout = None) -> None:
        """Delete a job's data.

        Prompts and completions of a job that has ended are deleted; reading them answers 410 from then on. The job itself,
        its log, what was paid, and the hashes that its proofs commit to are kept. Deleting again is fine.
        """
        self._client.request(Call("DELETE", f"/v1/jobs/{segment(job_id)}", timeout=timeout))

    def events(
        self,
        job_id: Id,
        *,
        starting_after: str | int | None = None,
        limit: int | None = None,
        types: str | None = None,
        include: str | None = None,
        encoding: str | None = None,
        timeout: Timeout = None,
    ) -> Pages[models.Event]:
        """A job's log.

        With `Accept: text/event-stream` a stream that follows the job live and ends after its terminal event; else a page.
        Both give the same events: `id` is the sequence, which has no gaps, and an event reads the same every time. A stream
        may close at any time: reconnect with `Last-Event-ID`, and nothing is lost or repeated. 204 says that the log has
        ended and you have all of it. Events are kept until seven days after the job's end: `stream.reset`, which has no id,
        says that those before `oldest_sequence` are gone, and a page begins with the first that is left. `job.progress`, without one either, says how far the job is, at most once a second while groups move (`JobProgress`).
        After the terminal event only `export.ready` can follow: a stream that was closed does not wait for it.
        """
        return Pages(
            self._client,
            Call(
                "GET",
                f"/v1/jobs/{segment(job_id)}/events",
                query={"starting_after": starting_after, "limit": limit, "types": types, "include": include, "encoding": encoding},
                timeout=timeout,
            ),
            models.Event,
        )

    def groups(
        self,
        job_id: Id,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        status: str | None = None,
        timeout: Timeout = None,
    ) -> Pages[models.GroupSummary]:
        """The groups of a job, in the order of its prompts."""
        return Pages(
            self._client,
            Call(
                "GET",
                f"/v1/jobs/{segment(job_id)}/groups",
                query={"limit": limit, "after": after, "before": before, "status": status},
                timeout=timeout,
            ),
            models.GroupSummary,
        )

    def manifest(self, job_id: Id, *, timeout: Timeout = None) -> models.SignedManifest:
        """What a job was, signed: its terms, model, counts and costs, and a Merkle root over all of its rollouts, those that were
        filtered, refused or dropped included.

                It is signed within moments of the job's end, whether the job completed, failed or was cancelled, and never changes. Until
                then the answer is 409: `job_not_ended`, or `manifest_pending` for those moments.
        """
        return self._client.request_as(Call("GET", f"/v1/jobs/{segment(job_id)}/manifest", timeout=timeout), models.SignedManifest)

    def metrics(self, job_id: Id, *, timeout: Timeout = None) -> models.JobMetrics:
        """Metrics of a job."""
        return self._client.request_as(Call("GET", f"/v1/jobs/{segment(job_id)}/metrics", timeout=timeout), models.JobMetrics)

    def pause(self, job_id: Id, *, timeout: Timeout = None) -> models.Job:
        """Pause a job.

        No more prompts go to miners and no more rewards are computed until the job is resumed; what is under way may finish,
        and is charged. The hold stays. Pausing a paused job is fine.
        """
        return self._client.request_as(Call("POST", f"/v1/jobs/{segment(job_id)}/pause", timeout=timeout), models.Job)

    def resume(self, job_id: Id, *, timeout: Timeout = None) -> models.Job:
        """Resume a job.

        Takes up a job that you have paused, or that has paused itself since too many of its rewards failed
        (`reward.max_error_rate`); those are then counted anew. Resuming a job that is not paused is fine.
        """
        return self._client.request_as(Call("POST", f"/v1/jobs/{segment(job_id)}/resume", timeout=timeout), models.Job)

    def retrieve(self, job_id: Id, *, timeout: Timeout = None) -> models.Job:
        """One job.

        With `If-None-Match` and the `ETag` of an earlier answer it is sent only if it has changed.
        """
        return self._client.request_as(Call("GET", f"/v1/jobs/{segment(job_id)}", timeout=timeout), models.Job)

    def rollouts(
        self,
        job_id: Id,
        *,
        after: str | int | None = None,
        before: str | None = None,
        limit: int | None = None,
        status: str | None = None,
        include: str | None = None,
        timeout: Timeout = None,
    ) -> Pages[models.Rollout | models.UndeliveredRollout]:
        """A job's rollouts.

        The delivered ones come in the order of the job's log: a list, or, as `Accept` asks, in bulk: one a line
        (`application/x-ndjson`), as Arrow's IPC stream (`application/vnd.apache.arrow.stream`) or as a Parquet file
        (`application/vnd.apache.parquet`), both in zstd. Text can be compressed with zstd or gzip, as `Accept-Encoding` asks.
        A whole record holds its proof, its receipts and what its reward function was given, and can be verified without this
        service; a reward function of your own runs again there with `include=reward_module`, and `include=manifest` shows that
        nothing is missing.

        Of what was not delivered a list or lines tell the reasons; a filtered rollout that you have paid for (a group without
        variance) brings its record, too.
        """
        return Pages(
            self._client,
            Call(
                "GET",
                f"/v1/jobs/{segment(job_id)}/rollouts",
                query={"after": after, "before": before, "limit": limit, "status": status, "include": include},
                timeout=timeout,
            ),
            models.Rollout | models.UndeliveredRollout,
        )

    def update(
        self, job_id: Id, *, if_match: str | None = None, timeout: Timeout = None, **body: Unpack[params.UpdateJob]
    ) -> models.Job:
        """Change a job.

        A budget can be raised, which holds more, or lowered to no less than what is spent and in flight; a job that waits for
        its budget goes on by itself. Of a job that has ended only the metadata changes.

        With `If-Match` and the `ETag` of an earlier answer it changes only if nothing else has since. The tag is of the whole
        job, and a running job's counts move: read it, change it at once, and after 409 `version_conflict` read it again.
        """
        return self._client.request_as(
            Call("PATCH", f"/v1/jobs/{segment(job_id)}", headers={"If-Match": if_match}, body=body, timeout=timeout), models.Job
        )

    def list(
        self,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        status: str | None = None,
        created_after: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: Timeout = None,
    ) -> Pages[models.Job]:
        """Your jobs, newest first."""
        return Pages(
            self._client,
            Call(
                "GET",
                "/v1/jobs",
                query={
                    "limit": limit,
                    "after": after,
                    "before": before,
                    "status": status,
                    "created_after": created_after,
                    "metadata": metadata,
                },
                timeout=timeout,
            ),
            models.Job,
        )


class LedgerEntriesOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> Pages[models.LedgerEntry]:
        """Your statement, newest first.

        `first_id` and `last_id` are positions in the statement here. With `Accept: text/csv` a page is a table with the same
        columns, and where more follow the header `Link` names the next page.
        """
        return Pages(
            self._client,
            Call("GET", "/v1/ledger_entries", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.LedgerEntry,
        )


class LimitsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def retrieve(self, *, timeout: Timeout = None) -> models.Limits:
        """Your limits, and what is left of them.

        Every answer says the same of the rates in `RateLimit-Policy` and `RateLimit`.
        """
        return self._client.request_as(Call("GET", "/v1/limits", timeout=timeout), models.Limits)


class OrganizationsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def create_member(
        self,
        organization_id: Id,
        *,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
        **body: Unpack[params.CreateMember],
    ) -> models.Invitation:
        """Add a person to your organisation.

        The answer holds a link that signs them in, this once: hand it to them. A repeated request with the same `Idempotency-Key`
        gets the same member without it.
        """
        return self._client.request_as(
            Call(
                "POST",
                f"/v1/organizations/{segment(organization_id)}/members",
                body=body,
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.Invitation,
        )

    def delete_member(self, organization_id: Id, member_id: Id, *, timeout: Timeout = None) -> None:
        """Remove a member. Their sessions end within a few seconds; keys that they made stay, and are yours to revoke."""
        self._client.request(
            Call("DELETE", f"/v1/organizations/{segment(organization_id)}/members/{segment(member_id)}", timeout=timeout)
        )

    def member_sign_in_link(
        self, organization_id: Id, member_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None
    ) -> models.SignInLink:
        """Make a link that signs a member in: yourself somewhere else, or with `members:write` somebody who has no session left.

        The answer holds its token, this once. The member's link from before opens nothing any more; their sessions stay.
        """
        return self._client.request_as(
            Call(
                "POST",
                f"/v1/organizations/{segment(organization_id)}/members/{segment(member_id)}/sign_in_link",
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.SignInLink,
        )

    def members(
        self,
        organization_id: Id,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        timeout: Timeout = None,
    ) -> Pages[models.Member]:
        """The people of your organisation, newest first; without those who were removed."""
        return Pages(
            self._client,
            Call(
                "GET",
                f"/v1/organizations/{segment(organization_id)}/members",
                query={"limit": limit, "after": after, "before": before},
                timeout=timeout,
            ),
            models.Member,
        )

    def retrieve(self, organization_id: Id, *, timeout: Timeout = None) -> models.Organization:
        """Your organisation: whose money it is. A key of one project does not see it."""
        return self._client.request_as(
            Call("GET", f"/v1/organizations/{segment(organization_id)}", timeout=timeout), models.Organization
        )

    def retrieve_member(self, organization_id: Id, member_id: Id, *, timeout: Timeout = None) -> models.Member:
        """One member; a removed one, too."""
        return self._client.request_as(
            Call("GET", f"/v1/organizations/{segment(organization_id)}/members/{segment(member_id)}", timeout=timeout),
            models.Member,
        )

    def update_member(
        self, organization_id: Id, member_id: Id, *, timeout: Timeout = None, **body: Unpack[params.UpdateMember]
    ) -> models.Member:
        """Give a member another role. Their sessions may do less within a few seconds, and more when they are refreshed."""
        return self._client.request_as(
            Call("PATCH", f"/v1/organizations/{segment(organization_id)}/members/{segment(member_id)}", body=body, timeout=timeout),
            models.Member,
        )


class PricesOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def retrieve(self, *, timeout: Timeout = None) -> models.Prices:
        """What a rollout costs."""
        return self._client.request_as(Call("GET", "/v1/prices", timeout=timeout), models.Prices)


class ProjectsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def archive(self, project_id: Id, *, timeout: Timeout = None) -> models.Project:
        """Archive a project, with nothing of it under way. What it has delivered is kept; nobody reads it any more.

        It takes a key that reaches the organisation, and another project than the key's own. Archiving again is fine.
        """
        return self._client.request_as(Call("POST", f"/v1/projects/{segment(project_id)}/archive", timeout=timeout), models.Project)

    def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateProject]
    ) -> models.Project:
        """Make a project. It takes a key that reaches the organisation."""
        return self._client.request_as(
            Call("POST", "/v1/projects", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout), models.Project
        )

    def retrieve(self, project_id: Id, *, timeout: Timeout = None) -> models.Project:
        """One project."""
        return self._client.request_as(Call("GET", f"/v1/projects/{segment(project_id)}", timeout=timeout), models.Project)

    def update(self, project_id: Id, *, timeout: Timeout = None, **body: Unpack[params.UpdateProject]) -> models.Project:
        """Change a project. It takes a key that reaches the organisation."""
        return self._client.request_as(
            Call("PATCH", f"/v1/projects/{segment(project_id)}", body=body, timeout=timeout), models.Project
        )

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> Pages[models.Project]:
        """The projects of your organisation, newest first; a key of one project sees that one."""
        return Pages(
            self._client,
            Call("GET", "/v1/projects", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.Project,
        )


class ProofSpecOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def retrieve(self, version: Id | int, *, timeout: Timeout = None) -> models.ProofSpec:
        """What a verifier has to know of the proof: `r1`."""
        return self._client.request_as(Call("GET", f"/v1/proof_spec/{segment(version)}", timeout=timeout), models.ProofSpec)


class QuotesOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateJob]
    ) -> models.Quote:
        """Get a quote.

        The body is that of `POST /v1/jobs`, and is checked as it is there. Nothing is held. Name the quote in the job (`quote`)
        to get its prices, whatever they are by then; the job's terms and prompts must be the same, its budget, deadline and
        metadata need not. Prompts of a file are the same if its bytes are; its lines are counted, and looked at when the job
        reads them: at the quoted prices its hold is taken then.
        """
        return self._client.request_as(
            Call("POST", "/v1/quotes", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout), models.Quote
        )

    def retrieve(self, quote_id: Id, *, timeout: Timeout = None) -> models.Quote:
        """One quote, as it was given."""
        return self._client.request_as(Call("GET", f"/v1/quotes/{segment(quote_id)}", timeout=timeout), models.Quote)


class RewardFunctionsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def abi(self, *, timeout: Timeout = None) -> models.RewardAbi:
        """What a reward module must be and may do."""
        return self._client.request_as(Call("GET", "/v1/reward_functions/abi", timeout=timeout), models.RewardAbi)

    def builtins(self, *, timeout: Timeout = None) -> models.RewardBuiltinList:
        """The rewards that come with the service, and their arguments."""
        return self._client.request_as(Call("GET", "/v1/reward_functions/builtins", timeout=timeout), models.RewardBuiltinList)

    def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateRewardFunction]
    ) -> models.RewardFunction:
        """Name a reward function. Its modules follow as versions."""
        return self._client.request_as(
            Call("POST", "/v1/reward_functions", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout),
            models.RewardFunction,
        )

    def retrieve(self, reward_function_id: Id, *, timeout: Timeout = None) -> models.RewardFunction:
        """One reward function."""
        return self._client.request_as(
            Call("GET", f"/v1/reward_functions/{segment(reward_function_id)}", timeout=timeout), models.RewardFunction
        )

    def retrieve_version(
        self, reward_function_id: Id, version: Id | int, *, wait_s: int | None = None, timeout: Timeout = None
    ) -> models.RewardVersion:
        """One version of a reward function, with what its validation found."""
        return self._client.request_as(
            Call(
                "GET",
                f"/v1/reward_functions/{segment(reward_function_id)}/versions/{segment(version)}",
                query={"wait_s": wait_s},
                timeout=timeout,
            ),
            models.RewardVersion,
        )

    def test(
        self, reward_function_id: Id, version: Id | int, *, timeout: Timeout = None, **body: Unpack[params.TestRewardVersion]
    ) -> models.RewardTest:
        """Run a version on samples.

        Nothing is kept. Each sample is run `repeat` times, in two processes by turns; `lint` says what a model would abuse.
        """
        return self._client.request_as(
            Call(
                "POST",
                f"/v1/reward_functions/{segment(reward_function_id)}/versions/{segment(version)}/test",
                body=body,
                timeout=timeout,
            ),
            models.RewardTest,
        )

    def versions(
        self,
        reward_function_id: Id,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        timeout: Timeout = None,
    ) -> Pages[models.RewardVersionSummary]:
        """The versions of a reward function, newest first, without their reports."""
        return Pages(
            self._client,
            Call(
                "GET",
                f"/v1/reward_functions/{segment(reward_function_id)}/versions",
                query={"limit": limit, "after": after, "before": before},
                timeout=timeout,
            ),
            models.RewardVersionSummary,
        )

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> Pages[models.RewardFunction]:
        """Your reward functions, newest first."""
        return Pages(
            self._client,
            Call("GET", "/v1/reward_functions", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.RewardFunction,
        )


class RolloutsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def inclusion(self, rollout_id: Id, *, timeout: Timeout = None) -> models.Inclusion:
        """The place of one rollout in its job's manifest.

        Any rollout that the service took in has one, delivered or not: `leaf.state` and `leaf.reason` say what became of it.
        """
        return self._client.request_as(
            Call("GET", f"/v1/rollouts/{segment(rollout_id)}/inclusion", timeout=timeout), models.Inclusion
        )

    def proof(self, rollout_id: Id, *, timeout: Timeout = None) -> models.RolloutProof:
        """The proof of one rollout by itself."""
        return self._client.request_as(
            Call("GET", f"/v1/rollouts/{segment(rollout_id)}/proof", timeout=timeout), models.RolloutProof
        )

    def receipt(self, rollout_id: Id, *, timeout: Timeout = None) -> models.RolloutReceipt:
        """The receipts of one rollout."""
        return self._client.request_as(
            Call("GET", f"/v1/rollouts/{segment(rollout_id)}/receipt", timeout=timeout), models.RolloutReceipt
        )

    def retrieve(self, rollout_id: Id, *, timeout: Timeout = None) -> models.Rollout:
        """One rollout with its proof and receipts.

        One that was delivered, or that the job's rules filtered at the filtered price: `price_rao` tells them apart.
        """
        return self._client.request_as(Call("GET", f"/v1/rollouts/{segment(rollout_id)}", timeout=timeout), models.Rollout)


class ServiceOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def jwks(self, *, timeout: Timeout = None) -> models.JwkSet:
        """The public keys of access tokens."""
        return self._client.request_as(Call("GET", "/.well-known/jwks.json", timeout=timeout), models.JwkSet)

    def readiness(self, *, timeout: Timeout = None) -> models.Readiness:
        """Whether requests can be served."""
        return self._client.request_as(Call("GET", "/readyz", timeout=timeout), models.Readiness)


class SessionsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def create(self, *, timeout: Timeout = None, **body: Unpack[params.CreateSession]) -> models.SessionGrant:
        """Sign in.

        The token comes from whoever invited you, or from a session of yours (`POST …/sign_in_link`). It is good once. Whatever is
        wrong with one, the answer is the same.
        """
        return self._client.request_as(
            Call("POST", "/v1/sessions", body=body, is_repeatable=False, timeout=timeout), models.SessionGrant
        )

    def delete(self, session_id: Id, *, timeout: Timeout = None) -> None:
        """Sign out: your own session, or with `members:write` another's.

        Its refresh token is good no more, and its access token within a few seconds.
        """
        self._client.request(Call("DELETE", f"/v1/sessions/{segment(session_id)}", timeout=timeout))

    def refresh(self, *, timeout: Timeout = None, **body: Unpack[params.RefreshSession]) -> models.SessionGrant:
        """Exchange a refresh token for the next pair of tokens.

        It is good once: whoever brings one again ends the session, because somebody has a copy of it. Only for ten seconds the
        same token gets the same successor again, so that a lost answer or a second window does no harm.
        """
        return self._client.request_as(
            Call("POST", "/v1/sessions/refresh", body=body, is_repeatable=False, timeout=timeout), models.SessionGrant
        )

    def list(
        self,
        *,
        member_id: str | None = None,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        timeout: Timeout = None,
    ) -> Pages[models.Session]:
        """Sessions that are not over, newest first: your own, or with `members:read` those of others."""
        return Pages(
            self._client,
            Call(
                "GET",
                "/v1/sessions",
                query={"member_id": member_id, "limit": limit, "after": after, "before": before},
                timeout=timeout,
            ),
            models.Session,
        )


class StatusOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def retrieve(self, *, timeout: Timeout = None) -> models.Status:
        """How the service is.

        Each part with the figures behind its status, over all customers. At most five seconds old.
        """
        return self._client.request_as(Call("GET", "/v1/status", timeout=timeout), models.Status)


class StreamTokensOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def create(self, *, timeout: Timeout = None, **body: Unpack[params.CreateStreamToken]) -> models.StreamToken:
        """Make a token for a browser.

        `EventSource` cannot send `Authorization`. Ask for a token where your key is, on your server, and open
        `new EventSource(path + "?stream_token=" + token)` in the page. It reads this one stream, without rollouts inside events,
        for the project that you ask for it; it can be used to connect for a minute, and as long as your key or session may read
        events. A stream that is open goes on. When it closes, `EventSource` reconnects by itself with the same address, and once
        the token has expired gets 401 and gives up (`onerror` with `readyState` 2): then ask for another token, and open
        the stream with `starting_after` set to the last `lastEventId`. Nothing is lost. The token is not kept and cannot be listed.
        """
        return self._client.request_as(
            Call("POST", "/v1/stream_tokens", body=body, is_repeatable=False, timeout=timeout), models.StreamToken
        )


class UploadsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def cancel(self, upload_id: Id, *, timeout: Timeout = None) -> models.Upload:
        """Cancel an upload.

        Its parts are deleted within moments. Cancelling again is fine; what is completed is a file, and deleted as one.
        """
        return self._client.request_as(Call("POST", f"/v1/uploads/{segment(upload_id)}/cancel", timeout=timeout), models.Upload)

    def complete(self, upload_id: Id, *, timeout: Timeout = None, **body: Unpack[params.CompleteUpload]) -> models.Upload:
        """Complete an upload.

        The parts, in your order, become a file: all at once, or not at all. Parts that are not named are dropped. Completing it
        again gives the same file.
        """
        return self._client.request_as(
            Call("POST", f"/v1/uploads/{segment(upload_id)}/complete", body=body, timeout=timeout), models.Upload
        )

    def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateUpload]
    ) -> models.Upload:
        """Begin an upload.

        Send parts of at most 64 MiB, in any order and several at once, then complete it: it becomes a file as any other. It is
        given up after an hour. Smaller files go to `POST /v1/files` at once.
        """
        return self._client.request_as(
            Call("POST", "/v1/uploads", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout), models.Upload
        )

    def create_part(self, upload_id: Id, data: Upload, *, timeout: Timeout = None) -> models.UploadPart:
        """Add a part.

        In any order, and several at once. One that was cut off is sent again; one that was sent twice is two parts, of which you
        name one when you complete the upload.
        """
        return self._client.request_as(
            Call("POST", f"/v1/uploads/{segment(upload_id)}/parts", form=form("data", data, "data", {}), timeout=timeout),
            models.UploadPart,
        )

    def retrieve(self, upload_id: Id, *, timeout: Timeout = None) -> models.Upload:
        """One upload."""
        return self._client.request_as(Call("GET", f"/v1/uploads/{segment(upload_id)}", timeout=timeout), models.Upload)


class UsageOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def list(
        self,
        *,
        bucket: Literal["hour", "day"] | str | None = None,
        group_by: Literal["project", "job", "key", "model"] | str | None = None,
        start: str | None = None,
        end: str | None = None,
        timeout: Timeout = None,
    ) -> models.Usage:
        """Your usage.

        Of all projects for a key that reaches the organisation, and of its own for any other.
        """
        return self._client.request_as(
            Call("GET", "/v1/usage", query={"bucket": bucket, "group_by": group_by, "start": start, "end": end}, timeout=timeout),
            models.Usage,
        )


class VerificationKeysOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def list(self, *, timeout: Timeout = None) -> models.VerificationKeys:
        """The keys that sign receipts and manifests, and those that did before."""
        return self._client.request_as(Call("GET", "/v1/verification_keys", timeout=timeout), models.VerificationKeys)


class VerificationsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateVerification]
    ) -> models.Verification:
        """Have rollouts checked again.

        A whole record is compared with what was delivered to you under its id, and its signatures are checked; what differs is named.
        A filtered one that you have paid for counts as delivered; any other gets the second alone. `reward` and `full` take their time: follow `Location`. It
        costs nothing, changes nothing, and says nothing of the miner to the service.
        """
        return self._client.request_as(
            Call("POST", "/v1/verifications", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout),
            models.Verification,
        )

    def retrieve(self, verification_id: Id, *, timeout: Timeout = None) -> models.Verification:
        """How far a re-check is, and what it found."""
        return self._client.request_as(
            Call("GET", f"/v1/verifications/{segment(verification_id)}", timeout=timeout), models.Verification
        )


class WebhookDeliveriesOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def redeliver(
        self, webhook_deliverie_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None
    ) -> models.WebhookDelivery:
        """Send a delivery again, whatever became of it. It has the same `webhook-id`."""
        return self._client.request_as(
            Call(
                "POST",
                f"/v1/webhook_deliveries/{segment(webhook_deliverie_id)}/redeliver",
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.WebhookDelivery,
        )

    def list(
        self,
        *,
        endpoint: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        timeout: Timeout = None,
    ) -> Pages[models.WebhookDelivery]:
        """Webhook deliveries, newest first."""
        return Pages(
            self._client,
            Call(
                "GET",
                "/v1/webhook_deliveries",
                query={"endpoint": endpoint, "state": state, "limit": limit, "after": after, "before": before},
                timeout=timeout,
            ),
            models.WebhookDelivery,
        )


class WebhookEndpointsOperations:
    def __init__(self, client: Caller) -> None:
        self._client = client

    def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateWebhookEndpoint]
    ) -> models.WebhookEndpoint:
        """Have webhooks sent somewhere. Its secret is at `GET /v1/webhook_endpoints/{id}/secret`."""
        return self._client.request_as(
            Call("POST", "/v1/webhook_endpoints", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout),
            models.WebhookEndpoint,
        )

    def delete(self, webhook_endpoint_id: Id, *, timeout: Timeout = None) -> None:
        """Take a webhook endpoint away. What waits for it is not sent; the log of what was sent stays."""
        self._client.request(Call("DELETE", f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}", timeout=timeout))

    def retrieve(self, webhook_endpoint_id: Id, *, timeout: Timeout = None) -> models.WebhookEndpoint:
        """One webhook endpoint."""
        return self._client.request_as(
            Call("GET", f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}", timeout=timeout), models.WebhookEndpoint
        )

    def retrieve_secret(self, webhook_endpoint_id: Id, *, timeout: Timeout = None) -> models.WebhookSecret:
        """The secret that signs what is sent to an endpoint."""
        return self._client.request_as(
            Call("GET", f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}/secret", timeout=timeout), models.WebhookSecret
        )

    def rotate_secret(
        self, webhook_endpoint_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None
    ) -> models.WebhookEndpoint:
        """Give a webhook endpoint a new secret and a new public key.

        For 24 hours everything is signed with both, so that nothing is lost while you change it. Another rotation within that time
        ends the first of the three. Send an `Idempotency-Key`, so that a repeated request does not rotate twice.
        """
        return self._client.request_as(
            Call(
                "POST",
                f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}/rotate_secret",
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.WebhookEndpoint,
        )

    def test(
        self, webhook_endpoint_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None
    ) -> models.WebhookDelivery:
        """Send an event of type `webhook.test` to an endpoint. It is tried again like any other."""
        return self._client.request_as(
            Call(
                "POST",
                f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}/test",
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.WebhookDelivery,
        )

    def update(
        self, webhook_endpoint_id: Id, *, timeout: Timeout = None, **body: Unpack[params.UpdateWebhookEndpoint]
    ) -> models.WebhookEndpoint:
        """Change a webhook endpoint. What is left away stays."""
        return self._client.request_as(
            Call("PATCH", f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}", body=body, timeout=timeout),
            models.WebhookEndpoint,
        )

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> Pages[models.WebhookEndpoint]:
        """Your webhook endpoints, newest first."""
        return Pages(
            self._client,
            Call("GET", "/v1/webhook_endpoints", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.WebhookEndpoint,
        )


class Resources:
    """All resources, by their names."""

    def __init__(self, client: Caller) -> None:
        self.api_keys = ApiKeysOperations(client)
        self.audit_log = AuditLogOperations(client)
        self.balance = BalanceOperations(client)
        self.budgets = BudgetsOperations(client)
        self.checkpoints = CheckpointsOperations(client)
        self.events = EventsOperations(client)
        self.exports = ExportsOperations(client)
        self.files = FilesOperations(client)
        self.groups = GroupsOperations(client)
        self.invoices = InvoicesOperations(client)
        self.jobs = JobsOperations(client)
        self.ledger_entries = LedgerEntriesOperations(client)
        self.limits = LimitsOperations(client)
        self.organizations = OrganizationsOperations(client)
        self.prices = PricesOperations(client)
        self.projects = ProjectsOperations(client)
        self.proof_spec = ProofSpecOperations(client)
        self.quotes = QuotesOperations(client)
        self.reward_functions = RewardFunctionsOperations(client)
        self.rollouts = RolloutsOperations(client)
        self.service = ServiceOperations(client)
        self.sessions = SessionsOperations(client)
        self.status = StatusOperations(client)
        self.stream_tokens = StreamTokensOperations(client)
        self.uploads = UploadsOperations(client)
        self.usage = UsageOperations(client)
        self.verification_keys = VerificationKeysOperations(client)
        self.verifications = VerificationsOperations(client)
        self.webhook_deliveries = WebhookDeliveriesOperations(client)
        self.webhook_endpoints = WebhookEndpointsOperations(client)


class AsyncApiKeysOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateApiKey]
    ) -> models.ApiKey:
        """Make an API key.

        The answer holds its text, this once: a repeated request with the same `Idempotency-Key` gets the same key without it.
        It is pinned to the newest version of this interface (`api_version`).
        A key cannot make one that may do, reach or spend more than itself, and what the new key spends counts for both.
        """
        return await self._client.request_as(
            Call("POST", "/v1/api_keys", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout), models.ApiKey
        )

    async def delete(self, api_key_id: Id, *, timeout: Timeout = None) -> None:
        """Revoke a key for good, within a few seconds. It stays on the list."""
        await self._client.request(Call("DELETE", f"/v1/api_keys/{segment(api_key_id)}", timeout=timeout))

    async def retrieve(self, api_key_id: Id, *, timeout: Timeout = None) -> models.ApiKey:
        """One key, without its text."""
        return await self._client.request_as(Call("GET", f"/v1/api_keys/{segment(api_key_id)}", timeout=timeout), models.ApiKey)

    async def retrieve_own(self, *, timeout: Timeout = None) -> models.ApiKey:
        """The key that you use: what it may do, and what is left of its limit."""
        return await self._client.request_as(Call("GET", "/v1/api_keys/self", timeout=timeout), models.ApiKey)

    async def rotate(
        self, api_key_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.RotateApiKey]
    ) -> models.ApiKey:
        """Give a key another text. Its id, terms and spending stay.

        The answer holds the new text, this once. The one before is taken until `previous_expires_at`; one from before that no
        more.
        """
        return await self._client.request_as(
            Call(
                "POST",
                f"/v1/api_keys/{segment(api_key_id)}/rotate",
                body=body,
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.ApiKey,
        )

    async def update(self, api_key_id: Id, *, timeout: Timeout = None, **body: Unpack[params.UpdateApiKey]) -> models.ApiKey:
        """Change a key. What you change counts within a few seconds."""
        return await self._client.request_as(
            Call("PATCH", f"/v1/api_keys/{segment(api_key_id)}", body=body, timeout=timeout), models.ApiKey
        )

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> AsyncPages[models.ApiKey]:
        """The keys of a project, newest first; the revoked ones, too. A test key sees the test keys."""
        return AsyncPages(
            self._client,
            Call("GET", "/v1/api_keys", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.ApiKey,
        )


class AsyncAuditLogOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> AsyncPages[models.AuditLogEntry]:
        """What was done in your organisation, newest first; a key of one project sees what was done in that one.

        Entries are never changed or deleted, and each is bound to the one before by its hash.
        """
        return AsyncPages(
            self._client,
            Call("GET", "/v1/audit_log", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.AuditLogEntry,
        )


class AsyncBalanceOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def retrieve(self, *, timeout: Timeout = None) -> models.Balance:
        """Your balance."""
        return await self._client.request_as(Call("GET", "/v1/balance", timeout=timeout), models.Balance)


class AsyncBudgetsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def retrieve(self, scope: Id, *, timeout: Timeout = None) -> models.Budget:
        """What an organisation, a project or an API key may spend, and what it has.

        The limit of a project or a key is the one that it shows itself.
        """
        return await self._client.request_as(Call("GET", f"/v1/budgets/{segment(scope)}", timeout=timeout), models.Budget)

    async def update(self, scope: Id, *, timeout: Timeout = None, **body: Unpack[params.UpdateBudget]) -> models.Budget:
        """Set a budget.

        It takes the place of the one before, and counts for jobs from now on: what is held stays held. That of a project takes a
        key that reaches the organisation. A key with limits of its own gives no wider ones.
        """
        return await self._client.request_as(
            Call("PUT", f"/v1/budgets/{segment(scope)}", body=body, timeout=timeout), models.Budget
        )


class AsyncCheckpointsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateCheckpoint]
    ) -> models.Checkpoint:
        """Ask for a checkpoint of your own. It is `pending` until the operator has looked at it; when it is `available`, jobs of
        your project name it in `model`.
        """
        return await self._client.request_as(
            Call("POST", "/v1/checkpoints", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout),
            models.Checkpoint,
        )

    async def current(self, *, timeout: Timeout = None) -> models.Checkpoint:
        """The current checkpoint."""
        return await self._client.request_as(Call("GET", "/v1/checkpoints/current", timeout=timeout), models.Checkpoint)

    async def retrieve(self, checkpoint_id: Id, *, timeout: Timeout = None) -> models.Checkpoint:
        """A checkpoint: the service's, or one that your project has registered."""
        return await self._client.request_as(
            Call("GET", f"/v1/checkpoints/{segment(checkpoint_id)}", timeout=timeout), models.Checkpoint
        )

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> AsyncPages[models.Checkpoint]:
        """The service's checkpoints and your project's own, newest first."""
        return AsyncPages(
            self._client,
            Call("GET", "/v1/checkpoints", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.Checkpoint,
        )


class AsyncEventsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def retrieve(self, event_id: Id, *, timeout: Timeout = None) -> models.Event:
        """One event, with the body that its job's log and stream have, byte for byte: also one that no webhook carries."""
        return await self._client.request_as(Call("GET", f"/v1/events/{segment(event_id)}", timeout=timeout), models.Event)

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, types: str | None = None, timeout: Timeout = None
    ) -> AsyncPages[models.Event]:
        """The log of your project.

        The events of all its jobs, oldest first, in one order that never changes: those of one job in the order of their
        `sequence`, those of several as they became known. `last_id` is how far the page has read; tell events apart by their `id`.
        Events are kept until seven days after their job's end.
        A key of the organisation names the project by `Reliquary-Project`.
        """
        return AsyncPages(
            self._client,
            Call("GET", "/v1/events", query={"limit": limit, "after": after, "types": types}, timeout=timeout),
            models.Event,
        )


class AsyncExportsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def create(
        self, job_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateExport]
    ) -> models.Export:
        """Export a job's rollouts.

        The file is of everything that is delivered when you ask; what comes later is not in it. It is written in the background:
        follow `Location`, or wait for the event `export.ready`. The same rollouts give the same bytes. The formats are in
        docs/EXPORTS.md.
        """
        return await self._client.request_as(
            Call(
                "POST",
                f"/v1/jobs/{segment(job_id)}/exports",
                body=body,
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.Export,
        )

    async def retrieve(self, export_id: Id, *, timeout: Timeout = None) -> models.Export:
        """One export."""
        return await self._client.request_as(Call("GET", f"/v1/exports/{segment(export_id)}", timeout=timeout), models.Export)

    def list(
        self,
        job_id: Id,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        timeout: Timeout = None,
    ) -> AsyncPages[models.Export]:
        """The exports of a job, newest first."""
        return AsyncPages(
            self._client,
            Call(
                "GET",
                f"/v1/jobs/{segment(job_id)}/exports",
                query={"limit": limit, "after": after, "before": before},
                timeout=timeout,
            ),
            models.Export,
        )


class AsyncFilesOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def delete(self, file_id: Id, *, timeout: Timeout = None) -> None:
        """Delete a file.

        It is gone from then on; its bytes follow within moments.
        """
        await self._client.request(Call("DELETE", f"/v1/files/{segment(file_id)}", timeout=timeout))

    async def retrieve(self, file_id: Id, *, timeout: Timeout = None) -> models.File:
        """One file, without its content."""
        return await self._client.request_as(Call("GET", f"/v1/files/{segment(file_id)}", timeout=timeout), models.File)

    def list(
        self,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        purpose: str | None = None,
        timeout: Timeout = None,
    ) -> AsyncPages[models.File]:
        """Your files, newest first."""
        return AsyncPages(
            self._client,
            Call("GET", "/v1/files", query={"limit": limit, "after": after, "before": before, "purpose": purpose}, timeout=timeout),
            models.File,
        )


class AsyncGroupsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def post_rewards(
        self, group_id: Id, body: Sequence[params.GradeInput], *, timeout: Timeout = None
    ) -> models.GroupRewards:
        """Post the rewards of a group.

        For a group that is `awaiting_rewards`: one entry for each of its rollouts. Selection, advantages and settlement
        follow as for any group. The same rewards can be posted again safely and get the same answer; others are refused.
        They are your own word: the delivered rollouts carry no reward receipt.
        """
        return await self._client.request_as(
            Call("POST", f"/v1/groups/{segment(group_id)}/rewards", body=body, timeout=timeout), models.GroupRewards
        )

    async def retrieve(self, group_id: Id, *, timeout: Timeout = None) -> models.Group:
        """One group: all completions of one prompt.

        With reward mode `client` this is where you read what there is to score; the event `group.awaiting_rewards` says
        when.
        """
        return await self._client.request_as(Call("GET", f"/v1/groups/{segment(group_id)}", timeout=timeout), models.Group)


class AsyncInvoicesOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def retrieve(self, invoice_id: Id, *, timeout: Timeout = None) -> models.Invoice:
        """One month of your organisation. A key of one project does not see it."""
        return await self._client.request_as(Call("GET", f"/v1/invoices/{segment(invoice_id)}", timeout=timeout), models.Invoice)

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> AsyncPages[models.Invoice]:
        """Your organisation's invoices, newest first: one for each calendar month since it began. It takes a key that reaches the
        organisation.
        """
        return AsyncPages(
            self._client,
            Call("GET", "/v1/invoices", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.Invoice,
        )


class AsyncJobsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def append(
        self, job_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.AppendPrompts]
    ) -> models.Job:
        """Append prompts.

        To a job that was created with `open: true` and is not closed. Their highest possible price is held in the same
        transaction. With an `Idempotency-Key` the same request can be sent again safely.
        """
        return await self._client.request_as(
            Call(
                "POST",
                f"/v1/jobs/{segment(job_id)}/prompts",
                body=body,
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.Job,
        )

    async def cancel(self, job_id: Id, *, timeout: Timeout = None, **body: Unpack[params.CancelJob]) -> models.Job:
        """Cancel a job.

        No more prompts go to miners. The rest of the hold is released when the job reaches `cancelled`. Cancelling again is
        fine, and `immediate` after `graceful` hurries it up. With reward mode `client`, groups whose rewards you have not
        posted are dropped either way.
        """
        return await self._client.request_as(
            Call("POST", f"/v1/jobs/{segment(job_id)}/cancel", body=body or None, timeout=timeout), models.Job
        )

    async def close(self, job_id: Id, *, timeout: Timeout = None) -> models.Job:
        """Close a job.

        It takes no more prompts, and ends with its last group; at once, if all have ended. Closing a job that is closed, or
        was never open, changes nothing.
        """
        return await self._client.request_as(Call("POST", f"/v1/jobs/{segment(job_id)}/close", timeout=timeout), models.Job)

    async def create(
        self,
        *,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
        **body: Unpack[params.CreateJob],
    ) -> models.Job:
        """Create a job.

        Answers as soon as the job is queued and its highest possible price is held; follow it on
        `GET /v1/jobs/{id}/events`. With `input_file_id` it answers before the file is read: the job is `validating`, holds
        nothing, and is then `queued` with its price held, or `failed` with `errors` that name the lines. With an
        `Idempotency-Key` the same request can be sent again safely: it gets the same answer, with `Idempotency-Replayed: true`.
        """
        return await self._client.request_as(
            Call(
                "POST",
                "/v1/jobs",
                query={"dry_run": dry_run},
                body=body,
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.Job,
        )

    async def delete(self, job_id: Id, *, timeout: Timeout = None) -> None:
        """Delete a job's data.

        Prompts and completions of a job that has ended are deleted; reading them answers 410 from then on. The job itself,
        its log, what was paid, and the hashes that its proofs commit to are kept. Deleting again is fine.
        """
        await self._client.request(Call("DELETE", f"/v1/jobs/{segment(job_id)}", timeout=timeout))

    def events(
        self,
        job_id: Id,
        *,
        starting_after: str | int | None = None,
        limit: int | None = None,
        types: str | None = None,
        include: str | None = None,
        encoding: str | None = None,
        timeout: Timeout = None,
    ) -> AsyncPages[models.Event]:
        """A job's log.

        With `Accept: text/event-stream` a stream that follows the job live and ends after its terminal event; else a page.
        Both give the same events: `id` is the sequence, which has no gaps, and an event reads the same every time. A stream
        may close at any time: reconnect with `Last-Event-ID`, and nothing is lost or repeated. 204 says that the log has
        ended and you have all of it. Events are kept until seven days after the job's end: `stream.reset`, which has no id,
        says that those before `oldest_sequence` are gone, and a page begins with the first that is left. `job.progress`, without one either, says how far the job is, at most once a second while groups move (`JobProgress`).
        After the terminal event only `export.ready` can follow: a stream that was closed does not wait for it.
        """
        return AsyncPages(
            self._client,
            Call(
                "GET",
                f"/v1/jobs/{segment(job_id)}/events",
                query={"starting_after": starting_after, "limit": limit, "types": types, "include": include, "encoding": encoding},
                timeout=timeout,
            ),
            models.Event,
        )

    def groups(
        self,
        job_id: Id,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        status: str | None = None,
        timeout: Timeout = None,
    ) -> AsyncPages[models.GroupSummary]:
        """The groups of a job, in the order of its prompts."""
        return AsyncPages(
            self._client,
            Call(
                "GET",
                f"/v1/jobs/{segment(job_id)}/groups",
                query={"limit": limit, "after": after, "before": before, "status": status},
                timeout=timeout,
            ),
            models.GroupSummary,
        )

    async def manifest(self, job_id: Id, *, timeout: Timeout = None) -> models.SignedManifest:
        """What a job was, signed: its terms, model, counts and costs, and a Merkle root over all of its rollouts, those that were
        filtered, refused or dropped included.

                It is signed within moments of the job's end, whether the job completed, failed or was cancelled, and never changes. Until
                then the answer is 409: `job_not_ended`, or `manifest_pending` for those moments.
        """
        return await self._client.request_as(
            Call("GET", f"/v1/jobs/{segment(job_id)}/manifest", timeout=timeout), models.SignedManifest
        )

    async def metrics(self, job_id: Id, *, timeout: Timeout = None) -> models.JobMetrics:
        """Metrics of a job."""
        return await self._client.request_as(Call("GET", f"/v1/jobs/{segment(job_id)}/metrics", timeout=timeout), models.JobMetrics)

    async def pause(self, job_id: Id, *, timeout: Timeout = None) -> models.Job:
        """Pause a job.

        No more prompts go to miners and no more rewards are computed until the job is resumed; what is under way may finish,
        and is charged. The hold stays. Pausing a paused job is fine.
        """
        return await self._client.request_as(Call("POST", f"/v1/jobs/{segment(job_id)}/pause", timeout=timeout), models.Job)

    async def resume(self, job_id: Id, *, timeout: Timeout = None) -> models.Job:
        """Resume a job.

        Takes up a job that you have paused, or that has paused itself since too many of its rewards failed
        (`reward.max_error_rate`); those are then counted anew. Resuming a job that is not paused is fine.
        """
        return await self._client.request_as(Call("POST", f"/v1/jobs/{segment(job_id)}/resume", timeout=timeout), models.Job)

    async def retrieve(self, job_id: Id, *, timeout: Timeout = None) -> models.Job:
        """One job.

        With `If-None-Match` and the `ETag` of an earlier answer it is sent only if it has changed.
        """
        return await self._client.request_as(Call("GET", f"/v1/jobs/{segment(job_id)}", timeout=timeout), models.Job)

    def rollouts(
        self,
        job_id: Id,
        *,
        after: str | int | None = None,
        before: str | None = None,
        limit: int | None = None,
        status: str | None = None,
        include: str | None = None,
        timeout: Timeout = None,
    ) -> AsyncPages[models.Rollout | models.UndeliveredRollout]:
        """A job's rollouts.

        The delivered ones come in the order of the job's log: a list, or, as `Accept` asks, in bulk: one a line
        (`application/x-ndjson`), as Arrow's IPC stream (`application/vnd.apache.arrow.stream`) or as a Parquet file
        (`application/vnd.apache.parquet`), both in zstd. Text can be compressed with zstd or gzip, as `Accept-Encoding` asks.
        A whole record holds its proof, its receipts and what its reward function was given, and can be verified without this
        service; a reward function of your own runs again there with `include=reward_module`, and `include=manifest` shows that
        nothing is missing.

        Of what was not delivered a list or lines tell the reasons; a filtered rollout that you have paid for (a group without
        variance) brings its record, too.
        """
        return AsyncPages(
            self._client,
            Call(
                "GET",
                f"/v1/jobs/{segment(job_id)}/rollouts",
                query={"after": after, "before": before, "limit": limit, "status": status, "include": include},
                timeout=timeout,
            ),
            models.Rollout | models.UndeliveredRollout,
        )

    async def update(
        self, job_id: Id, *, if_match: str | None = None, timeout: Timeout = None, **body: Unpack[params.UpdateJob]
    ) -> models.Job:
        """Change a job.

        A budget can be raised, which holds more, or lowered to no less than what is spent and in flight; a job that waits for
        its budget goes on by itself. Of a job that has ended only the metadata changes.

        With `If-Match` and the `ETag` of an earlier answer it changes only if nothing else has since. The tag is of the whole
        job, and a running job's counts move: read it, change it at once, and after 409 `version_conflict` read it again.
        """
        return await self._client.request_as(
            Call("PATCH", f"/v1/jobs/{segment(job_id)}", headers={"If-Match": if_match}, body=body, timeout=timeout), models.Job
        )

    def list(
        self,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        status: str | None = None,
        created_after: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: Timeout = None,
    ) -> AsyncPages[models.Job]:
        """Your jobs, newest first."""
        return AsyncPages(
            self._client,
            Call(
                "GET",
                "/v1/jobs",
                query={
                    "limit": limit,
                    "after": after,
                    "before": before,
                    "status": status,
                    "created_after": created_after,
                    "metadata": metadata,
                },
                timeout=timeout,
            ),
            models.Job,
        )


class AsyncLedgerEntriesOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> AsyncPages[models.LedgerEntry]:
        """Your statement, newest first.

        `first_id` and `last_id` are positions in the statement here. With `Accept: text/csv` a page is a table with the same
        columns, and where more follow the header `Link` names the next page.
        """
        return AsyncPages(
            self._client,
            Call("GET", "/v1/ledger_entries", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.LedgerEntry,
        )


class AsyncLimitsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def retrieve(self, *, timeout: Timeout = None) -> models.Limits:
        """Your limits, and what is left of them.

        Every answer says the same of the rates in `RateLimit-Policy` and `RateLimit`.
        """
        return await self._client.request_as(Call("GET", "/v1/limits", timeout=timeout), models.Limits)


class AsyncOrganizationsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def create_member(
        self,
        organization_id: Id,
        *,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
        **body: Unpack[params.CreateMember],
    ) -> models.Invitation:
        """Add a person to your organisation.

        The answer holds a link that signs them in, this once: hand it to them. A repeated request with the same `Idempotency-Key`
        gets the same member without it.
        """
        return await self._client.request_as(
            Call(
                "POST",
                f"/v1/organizations/{segment(organization_id)}/members",
                body=body,
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.Invitation,
        )

    async def delete_member(self, organization_id: Id, member_id: Id, *, timeout: Timeout = None) -> None:
        """Remove a member. Their sessions end within a few seconds; keys that they made stay, and are yours to revoke."""
        await self._client.request(
            Call("DELETE", f"/v1/organizations/{segment(organization_id)}/members/{segment(member_id)}", timeout=timeout)
        )

    async def member_sign_in_link(
        self, organization_id: Id, member_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None
    ) -> models.SignInLink:
        """Make a link that signs a member in: yourself somewhere else, or with `members:write` somebody who has no session left.

        The answer holds its token, this once. The member's link from before opens nothing any more; their sessions stay.
        """
        return await self._client.request_as(
            Call(
                "POST",
                f"/v1/organizations/{segment(organization_id)}/members/{segment(member_id)}/sign_in_link",
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.SignInLink,
        )

    def members(
        self,
        organization_id: Id,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        timeout: Timeout = None,
    ) -> AsyncPages[models.Member]:
        """The people of your organisation, newest first; without those who were removed."""
        return AsyncPages(
            self._client,
            Call(
                "GET",
                f"/v1/organizations/{segment(organization_id)}/members",
                query={"limit": limit, "after": after, "before": before},
                timeout=timeout,
            ),
            models.Member,
        )

    async def retrieve(self, organization_id: Id, *, timeout: Timeout = None) -> models.Organization:
        """Your organisation: whose money it is. A key of one project does not see it."""
        return await self._client.request_as(
            Call("GET", f"/v1/organizations/{segment(organization_id)}", timeout=timeout), models.Organization
        )

    async def retrieve_member(self, organization_id: Id, member_id: Id, *, timeout: Timeout = None) -> models.Member:
        """One member; a removed one, too."""
        return await self._client.request_as(
            Call("GET", f"/v1/organizations/{segment(organization_id)}/members/{segment(member_id)}", timeout=timeout),
            models.Member,
        )

    async def update_member(
        self, organization_id: Id, member_id: Id, *, timeout: Timeout = None, **body: Unpack[params.UpdateMember]
    ) -> models.Member:
        """Give a member another role. Their sessions may do less within a few seconds, and more when they are refreshed."""
        return await self._client.request_as(
            Call("PATCH", f"/v1/organizations/{segment(organization_id)}/members/{segment(member_id)}", body=body, timeout=timeout),
            models.Member,
        )


class AsyncPricesOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def retrieve(self, *, timeout: Timeout = None) -> models.Prices:
        """What a rollout costs."""
        return await self._client.request_as(Call("GET", "/v1/prices", timeout=timeout), models.Prices)


class AsyncProjectsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def archive(self, project_id: Id, *, timeout: Timeout = None) -> models.Project:
        """Archive a project, with nothing of it under way. What it has delivered is kept; nobody reads it any more.

        It takes a key that reaches the organisation, and another project than the key's own. Archiving again is fine.
        """
        return await self._client.request_as(
            Call("POST", f"/v1/projects/{segment(project_id)}/archive", timeout=timeout), models.Project
        )

    async def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateProject]
    ) -> models.Project:
        """Make a project. It takes a key that reaches the organisation."""
        return await self._client.request_as(
            Call("POST", "/v1/projects", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout), models.Project
        )

    async def retrieve(self, project_id: Id, *, timeout: Timeout = None) -> models.Project:
        """One project."""
        return await self._client.request_as(Call("GET", f"/v1/projects/{segment(project_id)}", timeout=timeout), models.Project)

    async def update(self, project_id: Id, *, timeout: Timeout = None, **body: Unpack[params.UpdateProject]) -> models.Project:
        """Change a project. It takes a key that reaches the organisation."""
        return await self._client.request_as(
            Call("PATCH", f"/v1/projects/{segment(project_id)}", body=body, timeout=timeout), models.Project
        )

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> AsyncPages[models.Project]:
        """The projects of your organisation, newest first; a key of one project sees that one."""
        return AsyncPages(
            self._client,
            Call("GET", "/v1/projects", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.Project,
        )


class AsyncProofSpecOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def retrieve(self, version: Id | int, *, timeout: Timeout = None) -> models.ProofSpec:
        """What a verifier has to know of the proof: `r1`."""
        return await self._client.request_as(Call("GET", f"/v1/proof_spec/{segment(version)}", timeout=timeout), models.ProofSpec)


class AsyncQuotesOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateJob]
    ) -> models.Quote:
        """Get a quote.

        The body is that of `POST /v1/jobs`, and is checked as it is there. Nothing is held. Name the quote in the job (`quote`)
        to get its prices, whatever they are by then; the job's terms and prompts must be the same, its budget, deadline and
        metadata need not. Prompts of a file are the same if its bytes are; its lines are counted, and looked at when the job
        reads them: at the quoted prices its hold is taken then.
        """
        return await self._client.request_as(
            Call("POST", "/v1/quotes", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout), models.Quote
        )

    async def retrieve(self, quote_id: Id, *, timeout: Timeout = None) -> models.Quote:
        """One quote, as it was given."""
        return await self._client.request_as(Call("GET", f"/v1/quotes/{segment(quote_id)}", timeout=timeout), models.Quote)


class AsyncRewardFunctionsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def abi(self, *, timeout: Timeout = None) -> models.RewardAbi:
        """What a reward module must be and may do."""
        return await self._client.request_as(Call("GET", "/v1/reward_functions/abi", timeout=timeout), models.RewardAbi)

    async def builtins(self, *, timeout: Timeout = None) -> models.RewardBuiltinList:
        """The rewards that come with the service, and their arguments."""
        return await self._client.request_as(
            Call("GET", "/v1/reward_functions/builtins", timeout=timeout), models.RewardBuiltinList
        )

    async def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateRewardFunction]
    ) -> models.RewardFunction:
        """Name a reward function. Its modules follow as versions."""
        return await self._client.request_as(
            Call("POST", "/v1/reward_functions", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout),
            models.RewardFunction,
        )

    async def retrieve(self, reward_function_id: Id, *, timeout: Timeout = None) -> models.RewardFunction:
        """One reward function."""
        return await self._client.request_as(
            Call("GET", f"/v1/reward_functions/{segment(reward_function_id)}", timeout=timeout), models.RewardFunction
        )

    async def retrieve_version(
        self, reward_function_id: Id, version: Id | int, *, wait_s: int | None = None, timeout: Timeout = None
    ) -> models.RewardVersion:
        """One version of a reward function, with what its validation found."""
        return await self._client.request_as(
            Call(
                "GET",
                f"/v1/reward_functions/{segment(reward_function_id)}/versions/{segment(version)}",
                query={"wait_s": wait_s},
                timeout=timeout,
            ),
            models.RewardVersion,
        )

    async def test(
        self, reward_function_id: Id, version: Id | int, *, timeout: Timeout = None, **body: Unpack[params.TestRewardVersion]
    ) -> models.RewardTest:
        """Run a version on samples.

        Nothing is kept. Each sample is run `repeat` times, in two processes by turns; `lint` says what a model would abuse.
        """
        return await self._client.request_as(
            Call(
                "POST",
                f"/v1/reward_functions/{segment(reward_function_id)}/versions/{segment(version)}/test",
                body=body,
                timeout=timeout,
            ),
            models.RewardTest,
        )

    def versions(
        self,
        reward_function_id: Id,
        *,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        timeout: Timeout = None,
    ) -> AsyncPages[models.RewardVersionSummary]:
        """The versions of a reward function, newest first, without their reports."""
        return AsyncPages(
            self._client,
            Call(
                "GET",
                f"/v1/reward_functions/{segment(reward_function_id)}/versions",
                query={"limit": limit, "after": after, "before": before},
                timeout=timeout,
            ),
            models.RewardVersionSummary,
        )

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> AsyncPages[models.RewardFunction]:
        """Your reward functions, newest first."""
        return AsyncPages(
            self._client,
            Call("GET", "/v1/reward_functions", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.RewardFunction,
        )


class AsyncRolloutsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def inclusion(self, rollout_id: Id, *, timeout: Timeout = None) -> models.Inclusion:
        """The place of one rollout in its job's manifest.

        Any rollout that the service took in has one, delivered or not: `leaf.state` and `leaf.reason` say what became of it.
        """
        return await self._client.request_as(
            Call("GET", f"/v1/rollouts/{segment(rollout_id)}/inclusion", timeout=timeout), models.Inclusion
        )

    async def proof(self, rollout_id: Id, *, timeout: Timeout = None) -> models.RolloutProof:
        """The proof of one rollout by itself."""
        return await self._client.request_as(
            Call("GET", f"/v1/rollouts/{segment(rollout_id)}/proof", timeout=timeout), models.RolloutProof
        )

    async def receipt(self, rollout_id: Id, *, timeout: Timeout = None) -> models.RolloutReceipt:
        """The receipts of one rollout."""
        return await self._client.request_as(
            Call("GET", f"/v1/rollouts/{segment(rollout_id)}/receipt", timeout=timeout), models.RolloutReceipt
        )

    async def retrieve(self, rollout_id: Id, *, timeout: Timeout = None) -> models.Rollout:
        """One rollout with its proof and receipts.

        One that was delivered, or that the job's rules filtered at the filtered price: `price_rao` tells them apart.
        """
        return await self._client.request_as(Call("GET", f"/v1/rollouts/{segment(rollout_id)}", timeout=timeout), models.Rollout)


class AsyncServiceOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def jwks(self, *, timeout: Timeout = None) -> models.JwkSet:
        """The public keys of access tokens."""
        return await self._client.request_as(Call("GET", "/.well-known/jwks.json", timeout=timeout), models.JwkSet)

    async def readiness(self, *, timeout: Timeout = None) -> models.Readiness:
        """Whether requests can be served."""
        return await self._client.request_as(Call("GET", "/readyz", timeout=timeout), models.Readiness)


class AsyncSessionsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def create(self, *, timeout: Timeout = None, **body: Unpack[params.CreateSession]) -> models.SessionGrant:
        """Sign in.

        The token comes from whoever invited you, or from a session of yours (`POST …/sign_in_link`). It is good once. Whatever is
        wrong with one, the answer is the same.
        """
        return await self._client.request_as(
            Call("POST", "/v1/sessions", body=body, is_repeatable=False, timeout=timeout), models.SessionGrant
        )

    async def delete(self, session_id: Id, *, timeout: Timeout = None) -> None:
        """Sign out: your own session, or with `members:write` another's.

        Its refresh token is good no more, and its access token within a few seconds.
        """
        await self._client.request(Call("DELETE", f"/v1/sessions/{segment(session_id)}", timeout=timeout))

    async def refresh(self, *, timeout: Timeout = None, **body: Unpack[params.RefreshSession]) -> models.SessionGrant:
        """Exchange a refresh token for the next pair of tokens.

        It is good once: whoever brings one again ends the session, because somebody has a copy of it. Only for ten seconds the
        same token gets the same successor again, so that a lost answer or a second window does no harm.
        """
        return await self._client.request_as(
            Call("POST", "/v1/sessions/refresh", body=body, is_repeatable=False, timeout=timeout), models.SessionGrant
        )

    def list(
        self,
        *,
        member_id: str | None = None,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        timeout: Timeout = None,
    ) -> AsyncPages[models.Session]:
        """Sessions that are not over, newest first: your own, or with `members:read` those of others."""
        return AsyncPages(
            self._client,
            Call(
                "GET",
                "/v1/sessions",
                query={"member_id": member_id, "limit": limit, "after": after, "before": before},
                timeout=timeout,
            ),
            models.Session,
        )


class AsyncStatusOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def retrieve(self, *, timeout: Timeout = None) -> models.Status:
        """How the service is.

        Each part with the figures behind its status, over all customers. At most five seconds old.
        """
        return await self._client.request_as(Call("GET", "/v1/status", timeout=timeout), models.Status)


class AsyncStreamTokensOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def create(self, *, timeout: Timeout = None, **body: Unpack[params.CreateStreamToken]) -> models.StreamToken:
        """Make a token for a browser.

        `EventSource` cannot send `Authorization`. Ask for a token where your key is, on your server, and open
        `new EventSource(path + "?stream_token=" + token)` in the page. It reads this one stream, without rollouts inside events,
        for the project that you ask for it; it can be used to connect for a minute, and as long as your key or session may read
        events. A stream that is open goes on. When it closes, `EventSource` reconnects by itself with the same address, and once
        the token has expired gets 401 and gives up (`onerror` with `readyState` 2): then ask for another token, and open
        the stream with `starting_after` set to the last `lastEventId`. Nothing is lost. The token is not kept and cannot be listed.
        """
        return await self._client.request_as(
            Call("POST", "/v1/stream_tokens", body=body, is_repeatable=False, timeout=timeout), models.StreamToken
        )


class AsyncUploadsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def cancel(self, upload_id: Id, *, timeout: Timeout = None) -> models.Upload:
        """Cancel an upload.

        Its parts are deleted within moments. Cancelling again is fine; what is completed is a file, and deleted as one.
        """
        return await self._client.request_as(
            Call("POST", f"/v1/uploads/{segment(upload_id)}/cancel", timeout=timeout), models.Upload
        )

    async def complete(self, upload_id: Id, *, timeout: Timeout = None, **body: Unpack[params.CompleteUpload]) -> models.Upload:
        """Complete an upload.

        The parts, in your order, become a file: all at once, or not at all. Parts that are not named are dropped. Completing it
        again gives the same file.
        """
        return await self._client.request_as(
            Call("POST", f"/v1/uploads/{segment(upload_id)}/complete", body=body, timeout=timeout), models.Upload
        )

    async def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateUpload]
    ) -> models.Upload:
        """Begin an upload.

        Send parts of at most 64 MiB, in any order and several at once, then complete it: it becomes a file as any other. It is
        given up after an hour. Smaller files go to `POST /v1/files` at once.
        """
        return await self._client.request_as(
            Call("POST", "/v1/uploads", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout), models.Upload
        )

    async def create_part(self, upload_id: Id, data: Upload, *, timeout: Timeout = None) -> models.UploadPart:
        """Add a part.

        In any order, and several at once. One that was cut off is sent again; one that was sent twice is two parts, of which you
        name one when you complete the upload.
        """
        return await self._client.request_as(
            Call("POST", f"/v1/uploads/{segment(upload_id)}/parts", form=form("data", data, "data", {}), timeout=timeout),
            models.UploadPart,
        )

    async def retrieve(self, upload_id: Id, *, timeout: Timeout = None) -> models.Upload:
        """One upload."""
        return await self._client.request_as(Call("GET", f"/v1/uploads/{segment(upload_id)}", timeout=timeout), models.Upload)


class AsyncUsageOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def list(
        self,
        *,
        bucket: Literal["hour", "day"] | str | None = None,
        group_by: Literal["project", "job", "key", "model"] | str | None = None,
        start: str | None = None,
        end: str | None = None,
        timeout: Timeout = None,
    ) -> models.Usage:
        """Your usage.

        Of all projects for a key that reaches the organisation, and of its own for any other.
        """
        return await self._client.request_as(
            Call("GET", "/v1/usage", query={"bucket": bucket, "group_by": group_by, "start": start, "end": end}, timeout=timeout),
            models.Usage,
        )


class AsyncVerificationKeysOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def list(self, *, timeout: Timeout = None) -> models.VerificationKeys:
        """The keys that sign receipts and manifests, and those that did before."""
        return await self._client.request_as(Call("GET", "/v1/verification_keys", timeout=timeout), models.VerificationKeys)


class AsyncVerificationsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateVerification]
    ) -> models.Verification:
        """Have rollouts checked again.

        A whole record is compared with what was delivered to you under its id, and its signatures are checked; what differs is named.
        A filtered one that you have paid for counts as delivered; any other gets the second alone. `reward` and `full` take their time: follow `Location`. It
        costs nothing, changes nothing, and says nothing of the miner to the service.
        """
        return await self._client.request_as(
            Call("POST", "/v1/verifications", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout),
            models.Verification,
        )

    async def retrieve(self, verification_id: Id, *, timeout: Timeout = None) -> models.Verification:
        """How far a re-check is, and what it found."""
        return await self._client.request_as(
            Call("GET", f"/v1/verifications/{segment(verification_id)}", timeout=timeout), models.Verification
        )


class AsyncWebhookDeliveriesOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def redeliver(
        self, webhook_deliverie_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None
    ) -> models.WebhookDelivery:
        """Send a delivery again, whatever became of it. It has the same `webhook-id`."""
        return await self._client.request_as(
            Call(
                "POST",
                f"/v1/webhook_deliveries/{segment(webhook_deliverie_id)}/redeliver",
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.WebhookDelivery,
        )

    def list(
        self,
        *,
        endpoint: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        after: str | int | None = None,
        before: str | None = None,
        timeout: Timeout = None,
    ) -> AsyncPages[models.WebhookDelivery]:
        """Webhook deliveries, newest first."""
        return AsyncPages(
            self._client,
            Call(
                "GET",
                "/v1/webhook_deliveries",
                query={"endpoint": endpoint, "state": state, "limit": limit, "after": after, "before": before},
                timeout=timeout,
            ),
            models.WebhookDelivery,
        )


class AsyncWebhookEndpointsOperations:
    def __init__(self, client: AsyncCaller) -> None:
        self._client = client

    async def create(
        self, *, idempotency_key: str | None = None, timeout: Timeout = None, **body: Unpack[params.CreateWebhookEndpoint]
    ) -> models.WebhookEndpoint:
        """Have webhooks sent somewhere. Its secret is at `GET /v1/webhook_endpoints/{id}/secret`."""
        return await self._client.request_as(
            Call("POST", "/v1/webhook_endpoints", body=body, is_keyed=True, idempotency_key=idempotency_key, timeout=timeout),
            models.WebhookEndpoint,
        )

    async def delete(self, webhook_endpoint_id: Id, *, timeout: Timeout = None) -> None:
        """Take a webhook endpoint away. What waits for it is not sent; the log of what was sent stays."""
        await self._client.request(Call("DELETE", f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}", timeout=timeout))

    async def retrieve(self, webhook_endpoint_id: Id, *, timeout: Timeout = None) -> models.WebhookEndpoint:
        """One webhook endpoint."""
        return await self._client.request_as(
            Call("GET", f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}", timeout=timeout), models.WebhookEndpoint
        )

    async def retrieve_secret(self, webhook_endpoint_id: Id, *, timeout: Timeout = None) -> models.WebhookSecret:
        """The secret that signs what is sent to an endpoint."""
        return await self._client.request_as(
            Call("GET", f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}/secret", timeout=timeout), models.WebhookSecret
        )

    async def rotate_secret(
        self, webhook_endpoint_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None
    ) -> models.WebhookEndpoint:
        """Give a webhook endpoint a new secret and a new public key.

        For 24 hours everything is signed with both, so that nothing is lost while you change it. Another rotation within that time
        ends the first of the three. Send an `Idempotency-Key`, so that a repeated request does not rotate twice.
        """
        return await self._client.request_as(
            Call(
                "POST",
                f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}/rotate_secret",
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.WebhookEndpoint,
        )

    async def test(
        self, webhook_endpoint_id: Id, *, idempotency_key: str | None = None, timeout: Timeout = None
    ) -> models.WebhookDelivery:
        """Send an event of type `webhook.test` to an endpoint. It is tried again like any other."""
        return await self._client.request_as(
            Call(
                "POST",
                f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}/test",
                is_keyed=True,
                idempotency_key=idempotency_key,
                timeout=timeout,
            ),
            models.WebhookDelivery,
        )

    async def update(
        self, webhook_endpoint_id: Id, *, timeout: Timeout = None, **body: Unpack[params.UpdateWebhookEndpoint]
    ) -> models.WebhookEndpoint:
        """Change a webhook endpoint. What is left away stays."""
        return await self._client.request_as(
            Call("PATCH", f"/v1/webhook_endpoints/{segment(webhook_endpoint_id)}", body=body, timeout=timeout),
            models.WebhookEndpoint,
        )

    def list(
        self, *, limit: int | None = None, after: str | int | None = None, before: str | None = None, timeout: Timeout = None
    ) -> AsyncPages[models.WebhookEndpoint]:
        """Your webhook endpoints, newest first."""
        return AsyncPages(
            self._client,
            Call("GET", "/v1/webhook_endpoints", query={"limit": limit, "after": after, "before": before}, timeout=timeout),
            models.WebhookEndpoint,
        )


class AsyncResources:
    """All resources, by their names."""

    def __init__(self, client: AsyncCaller) -> None:
        self.api_keys = AsyncApiKeysOperations(client)
        self.audit_log = AsyncAuditLogOperations(client)
        self.balance = AsyncBalanceOperations(client)
        self.budgets = AsyncBudgetsOperations(client)
        self.checkpoints = AsyncCheckpointsOperations(client)
        self.events = AsyncEventsOperations(client)
        self.exports = AsyncExportsOperations(client)
        self.files = AsyncFilesOperations(client)
        self.groups = AsyncGroupsOperations(client)
        self.invoices = AsyncInvoicesOperations(client)
        self.jobs = AsyncJobsOperations(client)
        self.ledger_entries = AsyncLedgerEntriesOperations(client)
        self.limits = AsyncLimitsOperations(client)
        self.organizations = AsyncOrganizationsOperations(client)
        self.prices = AsyncPricesOperations(client)
        self.projects = AsyncProjectsOperations(client)
        self.proof_spec = AsyncProofSpecOperations(client)
        self.quotes = AsyncQuotesOperations(client)
        self.reward_functions = AsyncRewardFunctionsOperations(client)
        self.rollouts = AsyncRolloutsOperations(client)
        self.service = AsyncServiceOperations(client)
        self.sessions = AsyncSessionsOperations(client)
        self.status = AsyncStatusOperations(client)
        self.stream_tokens = AsyncStreamTokensOperations(client)
        self.uploads = AsyncUploadsOperations(client)
        self.usage = AsyncUsageOperations(client)
        self.verification_keys = AsyncVerificationKeysOperations(client)
        self.verifications = AsyncVerificationsOperations(client)
        self.webhook_deliveries = AsyncWebhookDeliveriesOperations(client)
        self.webhook_endpoints = AsyncWebhookEndpointsOperations(client)
