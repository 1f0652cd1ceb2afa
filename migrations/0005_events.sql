-- The event log of each job: the stream, the JSON page and later the webhooks all read this.

CREATE TABLE events (
    job_id     uuid NOT NULL REFERENCES jobs,
    -- 1, 2, 3, … without a gap: assigned by moving jobs.last_sequence in the writing transaction
    sequence   bigint NOT NULL CHECK (sequence > 0),
    type       text NOT NULL,
    -- the exact JSON text that every reader gets, every time
    body       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, sequence)
);
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
