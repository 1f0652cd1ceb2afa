-- What the checkpoint of a job was called when the job was created: its rollouts say it (`policy`), and the service may call its
-- own otherwise later, or a project register the same weights again. NULL: the job is from before this was kept.
ALTER TABLE jobs
    ADD COLUMN checkpoint_repo text,
    ADD COLUMN checkpoint_revision text CHECK (checkpoint_revision ~ '^[0-9a-f]{40}$'),
    ADD CONSTRAINT jobs_revision_of_a_repo CHECK (checkpoint_revision IS NULL OR checkpoint_repo IS NOT NULL);
COMMENT ON COLUMN jobs.checkpoint_repo IS 'Repository of a registered checkpoint, name of one of the service''s own.';
COMMENT ON COLUMN jobs.checkpoint_revision IS 'Commit of a registered checkpoint.';
