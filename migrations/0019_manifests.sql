-- Manifests: the service's signed word on a job that has ended, and the tree over all of its rollouts. And the keys that sign.

CREATE TABLE manifests (
    job_id       uuid PRIMARY KEY REFERENCES jobs,
    -- protocol::manifest::SignedManifest as the exact JSON text that every reader gets; NULL until it is signed
    document     text,
    merkle_root  bytea CHECK (octet_length(merkle_root) = 32),
    leaf_count   bigint CHECK (leaf_count >= 0),
    -- how often making it has failed, and when it is tried again
    tries        integer NOT NULL DEFAULT 0,
    not_before   timestamptz NOT NULL DEFAULT now(),
    created_at   timestamptz NOT NULL DEFAULT now(),
    CHECK ((document IS NULL) = (merkle_root IS NULL) AND (document IS NULL) = (leaf_count IS NULL))
);
CREATE INDEX manifests_due ON manifests (not_before) WHERE document IS NULL;
COMMENT ON TABLE manifests IS 'One row per job that has ended, made in the transaction that ended it; signed once, by a worker.';

-- what was signed stays: no statement of ours writes a document twice, and no other may
CREATE FUNCTION refuse_another_manifest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.document IS NOT NULL THEN
        RAISE EXCEPTION 'the manifest of job % is signed', OLD.job_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER manifests_signed_once BEFORE UPDATE OR DELETE ON manifests
    FOR EACH ROW EXECUTE FUNCTION refuse_another_manifest();

CREATE TABLE manifest_chunks (
    job_id        uuid NOT NULL REFERENCES manifests,
    -- 0, 1, 2, …: leaves number·1024 and on
    number        integer NOT NULL CHECK (number >= 0),
    -- the first leaf's place: prompt, sample, attempt
    first_prompt  integer NOT NULL,
    first_sample  integer NOT NULL,
    first_attempt integer NOT NULL,
    -- of the subtree over these leaves: the roots of all chunks are a level of the job's tree
    root          bytea NOT NULL CHECK (octet_length(root) = 32),
    -- 32 bytes each
    leaves        bytea NOT NULL CHECK (octet_length(leaves) BETWEEN 32 AND 32768 AND octet_length(leaves) % 32 = 0),
    PRIMARY KEY (job_id, number)
);
ALTER TABLE manifest_chunks ALTER COLUMN leaves SET STORAGE EXTERNAL;
CREATE TRIGGER manifest_chunks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON manifest_chunks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE manifest_chunks IS 'The leaf hashes behind a manifest''s root, in their order.';

-- jobs from before have ended without one
INSERT INTO manifests (job_id) SELECT id FROM jobs WHERE finished_at IS NOT NULL;

CREATE TABLE service_keys (
    -- ed25519
    public_key  bytea PRIMARY KEY CHECK (octet_length(public_key) = 32),
    valid_from  timestamptz NOT NULL,
    -- when another key took its place; what it signed before stays valid
    valid_until timestamptz CHECK (valid_until >= valid_from)
);
CREATE UNIQUE INDEX service_keys_one_current ON service_keys ((true)) WHERE valid_until IS NULL;
COMMENT ON TABLE service_keys IS 'Public keys that have signed receipts and manifests. Rows stay: what an old key signed can still be checked.';

SELECT behind_wall('manifests', 'job', 'SELECT, INSERT');
SELECT behind_wall('manifest_chunks', 'job', 'SELECT');
