-- A project's log: the logs of all its jobs, in one order (docs/adr/0014). And a quicker wall for one job's log.

CREATE TABLE project_log (
    -- the order in which appends were written, which is not the order in which they are committed
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- the job's
    project_id uuid NOT NULL,
    job_id     uuid NOT NULL REFERENCES jobs,
    -- what was appended to the job's log: sequences from `first` to `last`
    first      bigint NOT NULL CHECK (first > 0),
    last       bigint NOT NULL CHECK (last >= first),
    -- the place of `last` in the project's log; NULL until the append is committed and somebody looks. Given once
    place      bigint CHECK (place > last - first)
);
CREATE UNIQUE INDEX project_log_placed ON project_log (project_id, place) WHERE place IS NOT NULL;
CREATE INDEX project_log_waiting ON project_log (project_id, id) WHERE place IS NULL;
COMMENT ON TABLE project_log IS 'Appends to the logs of a project''s jobs, and their places in the project''s own log.';

CREATE TABLE project_log_ends (
    project_id uuid PRIMARY KEY REFERENCES projects,
    -- the last place that was given: 1, 2, 3, … without a gap. Locked by whoever gives places, until they are committed
    place      bigint NOT NULL DEFAULT 0 CHECK (place >= 0)
);
COMMENT ON TABLE project_log_ends IS 'Where a project''s log ends. A row is made when somebody first looks.';

-- what was appended before: one row for each job
INSERT INTO project_log (project_id, job_id, first, last)
SELECT project_id, id, 1, last_sequence FROM jobs WHERE last_sequence > 0 ORDER BY id;

SELECT behind_wall('project_log', 'project', 'SELECT, INSERT, UPDATE');
SELECT behind_wall('project_log_ends', 'project', 'SELECT, INSERT, UPDATE');

-- Asked once by nearly every query of a tenant. A function in SQL that reads a table is planned anew for each query that calls
-- it; plpgsql keeps its plan for the connection: a look-up of one job takes a fifth of the time.
CREATE OR REPLACE FUNCTION tenant_project() RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT id FROM projects
            WHERE id = NULLIF(current_setting('reliquary.project', true), '')::uuid
                AND account_id = tenant_account() AND archived_at IS NULL);
END $$;

-- The job that a transaction was begun for, if it is the tenant's: asked once, and not for every row of its log. NULL, and so no
-- job, when it is not set.
CREATE FUNCTION tenant_job() RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT id FROM jobs
            WHERE id = NULLIF(current_setting('reliquary.job', true), '')::uuid AND project_id = tenant_project());
END $$;
ALTER POLICY tenants ON events
    USING (job_id = (SELECT tenant_job()) OR EXISTS (SELECT 1 FROM jobs its WHERE its.id = events.job_id));
