-- Customers' own weights: what they ask for by repository and revision, what the operator decides, and where the files lie
-- (docs/adr/0016).

CREATE TABLE registered_checkpoints (
    id            uuid PRIMARY KEY,
    account_id    uuid NOT NULL,
    project_id    uuid NOT NULL,
    -- the customer's word on where the weights come from: the service fetches nothing
    hf_repo       text NOT NULL CHECK (octet_length(hf_repo) BETWEEN 3 AND 193),
    revision      text NOT NULL CHECK (revision ~ '^[0-9a-f]{40}$'),
    -- the operator decides, and may change its mind; what runs goes on
    status        text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'available', 'unsupported')),
    -- why it is unsupported, for its customer
    reason        text CHECK (octet_length(reason) <= 1024),
    -- the Merkle root over the operator's files, which proofs are bound to; never another one once it is set
    checkpoint_id bytea REFERENCES checkpoints,
    created_at    timestamptz NOT NULL,
    decided_at    timestamptz,
    FOREIGN KEY (project_id, account_id) REFERENCES projects (id, account_id),
    CONSTRAINT registered_checkpoints_once UNIQUE (project_id, hf_repo, revision),
    CHECK (status <> 'available' OR checkpoint_id IS NOT NULL),
    CHECK ((status = 'unsupported') = (reason IS NOT NULL)),
    CHECK ((status = 'pending') = (decided_at IS NULL))
);
CREATE INDEX registered_checkpoints_by_weights ON registered_checkpoints (checkpoint_id) WHERE checkpoint_id IS NOT NULL;
SELECT behind_wall('registered_checkpoints', 'project', 'SELECT, INSERT');
COMMENT ON TABLE registered_checkpoints IS 'Weights that a project asked to run jobs on.';

-- weights are stored once by content: the service's own are everyone's, others are seen by who has them registered
ALTER TABLE checkpoints ADD COLUMN is_published boolean NOT NULL DEFAULT true;
DROP POLICY tenants ON checkpoints;
CREATE POLICY tenants ON checkpoints FOR SELECT TO reliquary_tenant
    USING (is_published OR EXISTS (SELECT 1 FROM registered_checkpoints r WHERE r.checkpoint_id = checkpoints.id));

CREATE TABLE checkpoint_folders (
    checkpoint_id bytea PRIMARY KEY REFERENCES checkpoints,
    -- where gateways, workers and verifiers find the files; no tenant's business
    path          text NOT NULL
);
COMMENT ON TABLE checkpoint_folders IS 'Where the files of registered checkpoints lie, on every machine that serves them.';

-- what waits for a miner of few checkpoints among many jobs
CREATE INDEX jobs_open_by_checkpoint ON jobs (checkpoint_id) WHERE finished_at IS NULL;
