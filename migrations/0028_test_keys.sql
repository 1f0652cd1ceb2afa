-- Test keys: each project has a twin for what costs nothing and proves nothing. The wall between the two is the one that is
-- between any two projects (docs/adr/0013-test-keys.md).

ALTER TABLE projects
    -- the live project whose test rows are this one's; NULL: it is live itself
    ADD COLUMN twin_of uuid UNIQUE,
    ADD COLUMN livemode boolean NOT NULL GENERATED ALWAYS AS (twin_of IS NULL) STORED,
    -- of the same organisation
    ADD CONSTRAINT projects_twins FOREIGN KEY (twin_of, account_id) REFERENCES projects (id, account_id),
    -- what a job refers to: its mode is its project's
    ADD CONSTRAINT projects_modes UNIQUE (id, account_id, livemode),
    -- nothing is spent in it
    ADD CONSTRAINT projects_twin_without_limit CHECK (twin_of IS NULL OR limit_rao IS NULL);
COMMENT ON COLUMN projects.twin_of IS 'Made with its project and archived with it; on no list of projects.';

INSERT INTO projects (id, account_id, name, created_at, archived_at, twin_of)
SELECT gen_random_uuid(), account_id, name, created_at, archived_at, id FROM projects;

ALTER TABLE jobs
    -- false: the service answers itself, and no miner is asked
    ADD COLUMN livemode boolean NOT NULL DEFAULT true,
    ADD CONSTRAINT jobs_mode_of_projects FOREIGN KEY (project_id, account_id, livemode)
        REFERENCES projects (id, account_id, livemode),
    -- grail::Profile::test(): by it dispatch passes test jobs over, and every proof, receipt and manifest of them says so
    ADD CONSTRAINT jobs_test_profile CHECK
        (livemode = (profile_id <> '\x59c37fbb2afd454046a2473621ef9833202046592dbe03a50fdff169b91bffa1')),
    ADD CONSTRAINT jobs_test_price CHECK (livemode OR (price ->> 'rollout')::bigint = 0);
COMMENT ON COLUMN jobs.livemode IS 'That of its project, for ever.';

-- no model ran for it, and none was asked: a test job''s
ALTER TABLE groups
    DROP CONSTRAINT groups_verification_check,
    ADD CONSTRAINT groups_verification_check CHECK (verification IN ('full', 'sampled', 'none'));
COMMENT ON COLUMN groups.vtime IS 'Start-time fair queueing between accounts. Groups of test jobs begin at 2^62, so that every one of them is behind every live one.';
