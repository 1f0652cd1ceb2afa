-- Webhooks: where customers want to hear of their jobs, and each event on its way there. And re-checks that they ask for.

CREATE TABLE webhook_endpoints (
    id              uuid PRIMARY KEY,
    project_id      uuid NOT NULL REFERENCES projects,
    url             text NOT NULL CHECK (octet_length(url) <= 2048),
    description     text NOT NULL DEFAULT '' CHECK (octet_length(description) <= 1024),
    -- NULL: every type that webhooks carry
    event_types     text[],
    -- NULL while it is in use; else 'customer', or 'gone': it has answered 410
    disabled_reason text,
    -- the keys that sign are derived from this and the service's webhook key: no secret is stored
    generation      integer NOT NULL DEFAULT 0 CHECK (generation >= 0),
    -- until when the keys of the generation before sign beside it
    overlap_until   timestamptz,
    created_at      timestamptz NOT NULL,
    -- its deliveries stay
    deleted_at      timestamptz
);
CREATE INDEX webhook_endpoints_by_project ON webhook_endpoints (project_id, id) WHERE deleted_at IS NULL;

CREATE TABLE event_names (
    -- protocol::JobId::event
    id       uuid PRIMARY KEY,
    job_id   uuid NOT NULL,
    sequence bigint NOT NULL,
    FOREIGN KEY (job_id, sequence) REFERENCES events
);
COMMENT ON TABLE event_names IS 'Finds an event that webhooks carry by its id. Written with the event.';

CREATE TABLE webhook_deliveries (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- the order in which they came about
    position    bigint GENERATED ALWAYS AS IDENTITY,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoints,
    -- the endpoint's
    project_id  uuid NOT NULL REFERENCES projects,
    -- the event's, which the receiver tells repeats by
    event_id    uuid NOT NULL,
    type        text NOT NULL,
    -- the event; NULL: a test, which is in no log
    job_id      uuid,
    sequence    bigint,
    state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    -- failed tries, and how the last one went
    tries       integer NOT NULL DEFAULT 0,
    status      integer,
    problem     text,
    due_at      timestamptz NOT NULL DEFAULT now(),
    lease_token uuid,
    lease_until timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    CHECK ((state = 'pending') = (ended_at IS NULL)),
    CHECK ((job_id IS NULL) = (sequence IS NULL)),
    FOREIGN KEY (job_id, sequence) REFERENCES events
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_by_project ON webhook_deliveries (project_id, position);
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, position);
COMMENT ON TABLE webhook_deliveries IS 'Written in the transaction that writes the event, so that none is lost; moved by leases.';

CREATE TABLE verifications (
    id          uuid PRIMARY KEY,
    project_id  uuid NOT NULL REFERENCES projects,
    level       text NOT NULL CHECK (level IN ('signatures', 'reward', 'full')),
    state       text NOT NULL CHECK (state IN ('queued', 'completed')),
    -- protocol::recheck::Item of each rollout, as JSON text: what was found at once, later what was found in all
    items       text NOT NULL,
    -- how often the work was begun
    tries       integer NOT NULL DEFAULT 0,
    lease_token uuid,
    lease_until timestamptz,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK ((state = 'completed') = (finished_at IS NOT NULL))
);
CREATE INDEX verifications_queue ON verifications (level, created_at) WHERE state = 'queued';
CREATE INDEX verifications_by_project ON verifications (project_id, id);
COMMENT ON TABLE verifications IS 'Re-checks of delivered rollouts that customers asked for. They say nothing of miners: no audit row follows.';

SELECT behind_wall('webhook_endpoints', 'project', 'SELECT, INSERT, UPDATE');
SELECT behind_wall('event_names', 'job', 'SELECT, INSERT');
SELECT behind_wall('webhook_deliveries', 'project', 'SELECT, INSERT, UPDATE');
SELECT behind_wall('verifications', 'project', 'SELECT, INSERT');
