-- Selection: batches that advantages rest on, prompts in reserve, and near duplicates.

ALTER TABLE jobs
    -- accepted groups after which the job needs no more; NULL: every prompt is generated
    ADD COLUMN target_groups integer CHECK (target_groups > 0),
    -- groups that may still be taken from the reserve
    ADD COLUMN reserve_left  integer NOT NULL DEFAULT 0 CHECK (reserve_left >= 0),
    -- batches of groups that were closed so far
    ADD COLUMN batches       integer NOT NULL DEFAULT 0 CHECK (batches >= 0);

ALTER TABLE groups
    DROP CONSTRAINT groups_state_check,
    ADD CONSTRAINT groups_state_check CHECK (state IN ('reserve', 'pending', 'dispatched', 'received', 'scored',
        'awaiting_rewards', 'verified', 'accepted', 'filtered', 'failed', 'cancelled')),
    -- the batch it was settled with, where the job's advantages or its refill need one
    ADD COLUMN batch         integer CHECK (batch >= 0),
    -- the accepted group of the same batch that stands for this filtered one
    ADD COLUMN replaced_by   uuid REFERENCES groups;
CREATE INDEX groups_reserve ON groups (job_id, prompt_index) WHERE state = 'reserve';
CREATE INDEX groups_replaced ON groups (replaced_by) WHERE replaced_by IS NOT NULL;

CREATE TABLE advantage_batches (
    job_id uuid NOT NULL REFERENCES jobs,
    batch  integer NOT NULL CHECK (batch >= 0),
    -- groups of it that were accepted
    groups integer NOT NULL CHECK (groups > 0),
    -- how many values mean and std are over: rollouts or tokens, by the job's method
    n      bigint NOT NULL CHECK (n >= 0),
    mean   double precision NOT NULL,
    std    double precision NOT NULL,
    PRIMARY KEY (job_id, batch)
);
COMMENT ON TABLE advantage_batches IS 'The moments that the advantages of one batch rest on, written with the batch and never again.';
CREATE TRIGGER advantage_batches_append_only BEFORE UPDATE ON advantage_batches
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE rollouts
    -- protocol::minhash keys, 8 bytes each, where the job looks for near duplicates
    ADD COLUMN minhash         bytea,
    -- the first delivered rollout that it is nearly the same as: itself where there is none
    ADD COLUMN minhash_cluster uuid;

CREATE TABLE near_samples (
    -- where repeats are looked for: a job or a project
    scope_id   uuid NOT NULL,
    -- protocol::minhash: which of the keys, and the key
    bucket     smallint NOT NULL CHECK (bucket >= 0),
    key        bigint NOT NULL,
    -- what was delivered first with this key, and the cluster that it is in
    group_id   uuid NOT NULL,
    cluster_id uuid NOT NULL,
    job_id     uuid NOT NULL REFERENCES jobs,
    noted_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope_id, bucket, key)
);
CREATE INDEX near_samples_by_age ON near_samples (noted_at);
COMMENT ON TABLE near_samples IS
    'Near dedup: who delivered first with which key. Rows of a job scope go with the job, others after 30 days.';

-- what a project delivered, whatever the job
CREATE INDEX delivered_samples_by_hash ON delivered_samples (sample_hash);

-- a customer who cancels its job ends what the job compared with
SELECT behind_wall('near_samples', 'job', 'SELECT, DELETE');
SELECT behind_wall('advantage_batches', 'job', 'SELECT');
