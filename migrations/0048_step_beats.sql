-- When each background step was last at work in any process: what GET /v1/status tells an idle step from a dead one by.

CREATE TABLE step_beats (
    step    text PRIMARY KEY,
    -- the clock of whoever wrote it
    beat_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE step_beats IS 'One row for each step that ever ran, written every few seconds by each process that runs it. No row: it never did.';
