-- Rotations: how often another of the service's own checkpoints has become the current one, and what each job knows of it.

ALTER TABLE checkpoints ADD COLUMN version integer;
UPDATE checkpoints c SET version = o.place
FROM (SELECT id, row_number() OVER (ORDER BY (status = 'current'), created_at, id) AS place FROM checkpoints WHERE is_published) AS o
WHERE c.id = o.id;
COMMENT ON COLUMN checkpoints.version IS
    'The how-manieth rotation made it the current one, the last time that it became so; of published ones only.';

-- jobs from before are told of no rotation that was before
ALTER TABLE jobs ADD COLUMN rotation integer NOT NULL DEFAULT 0, ADD COLUMN rotation_told integer NOT NULL DEFAULT 0;
UPDATE jobs SET rotation = c.version, rotation_told = c.version FROM checkpoints c WHERE c.status = 'current';
COMMENT ON COLUMN jobs.rotation IS 'The version that was the current one when the job began.';
COMMENT ON COLUMN jobs.rotation_told IS 'The last rotation that the job was told of.';

-- nobody who said 0, or nothing, before it had an effect meant it
UPDATE jobs SET spec = jsonb_set(spec, '{selection,policy,max_staleness_versions}', 'null')
WHERE finished_at IS NULL AND spec #> '{selection,policy,max_staleness_versions}' IS NOT NULL;
