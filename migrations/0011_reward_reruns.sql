-- Re-runs: a random share of scored groups is scored again by another process, and the receipts are compared.

CREATE TABLE reward_reruns (
    group_id    uuid NOT NULL REFERENCES groups,
    attempt     integer NOT NULL,
    -- the name the job used
    function    text NOT NULL,
    -- over the signed reward digests of all samples in order: what was delivered, and what came out again
    stored_hash bytea NOT NULL CHECK (octet_length(stored_hash) = 32),
    new_hash    bytea NOT NULL CHECK (octet_length(new_hash) = 32),
    agreed      boolean NOT NULL CHECK (agreed = (stored_hash = new_hash AND cardinality(differing) = 0)),
    -- the samples that came out otherwise, or whose receipt does not hold by itself
    differing   integer[] NOT NULL,
    -- version of the engine that ran it again
    engine      text NOT NULL,
    -- the seed of the run that drew the group
    seed        bigint NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (group_id, attempt, at)
);
CREATE INDEX reward_reruns_disagreed ON reward_reruns (at) WHERE NOT agreed;
CREATE TRIGGER reward_reruns_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reward_reruns
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE reward_reruns IS 'Groups whose rewards were computed again, and whether the same came out.';

-- one entry per scored group, to draw from
CREATE INDEX rollouts_scored_since ON rollouts (created_at) WHERE sample_index = 0 AND reward_receipt IS NOT NULL;
