-- Events are kept for a while after their job has ended, and go then (docs/adr/0019).

-- How long: after the end of their job, and after they were written. `export.ready` may come long after the end.
CREATE FUNCTION events_kept() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '7 days' $$;

-- The first sequence of the job's log that is kept; NULL: none is. Not the last one: that moves with every append, and what an
-- index speaks of must not.
ALTER TABLE jobs ADD COLUMN oldest_sequence bigint DEFAULT 1 CHECK (oldest_sequence > 0);
CREATE INDEX jobs_with_log ON jobs (finished_at) WHERE finished_at IS NOT NULL AND oldest_sequence IS NOT NULL;

-- Nothing of a log is changed, and nothing goes before its time, whoever asks.
DROP TRIGGER events_append_only ON events;
CREATE TRIGGER events_append_only BEFORE UPDATE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_early_drop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM dropped d WHERE NOT EXISTS (
            SELECT 1 FROM jobs j
            WHERE j.id = d.job_id AND j.finished_at <= now() - events_kept() AND d.created_at <= now() - events_kept()
        )
    ) THEN
        RAISE EXCEPTION 'events is append-only until % after the end of the job', events_kept()
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER events_kept AFTER DELETE ON events REFERENCING OLD TABLE AS dropped
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_early_drop();

-- A delivery outlives its event: then it has no sequence any more. One that is still to be sent keeps it.
ALTER TABLE webhook_deliveries
    DROP CONSTRAINT webhook_deliveries_check1,
    ADD CONSTRAINT webhook_deliveries_of_a_job CHECK (job_id IS NOT NULL OR sequence IS NULL),
    ADD CONSTRAINT webhook_deliveries_keep_events CHECK (state <> 'pending' OR job_id IS NULL OR sequence IS NOT NULL);

-- who asks whether an event is still needed, and finds what goes with it
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (job_id, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX event_names_of_event ON event_names (job_id, sequence);
CREATE INDEX project_log_of_job ON project_log (job_id, last);
