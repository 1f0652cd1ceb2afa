-- Versions of reward functions are validated after they were taken in: until then their bytes wait here.

ALTER TABLE reward_modules
    -- what of WASI the component may see
    ADD COLUMN wasi text NOT NULL DEFAULT 'none' CHECK (wasi IN ('none', 'deterministic'));
ALTER TABLE reward_modules ALTER COLUMN wasi DROP DEFAULT;

ALTER TABLE reward_versions
    -- those from before were all validated when they were taken in
    ADD COLUMN state text NOT NULL DEFAULT 'ready' CHECK (state IN ('validating', 'ready', 'rejected')),
    -- what of WASI the customer asked for
    ADD COLUMN wasi text NOT NULL DEFAULT 'none' CHECK (wasi IN ('none', 'deterministic')),
    -- the customer's own words
    ADD COLUMN source_url text CHECK (octet_length(source_url) <= 2048),
    ADD COLUMN description text CHECK (octet_length(description) <= 4096),
    -- stable code of why it was rejected
    ADD COLUMN rejection text,
    -- what the validation found, as the exact JSON text that the customer gets
    ADD COLUMN report text CHECK (octet_length(report) <= 4194304),
    ADD COLUMN validated_at timestamptz,
    ALTER COLUMN component_sha256 DROP NOT NULL,
    ADD CHECK ((state = 'ready') = (component_sha256 IS NOT NULL)),
    ADD CHECK ((state = 'rejected') = (rejection IS NOT NULL)),
    ADD CHECK (CASE state
        WHEN 'validating' THEN report IS NULL AND validated_at IS NULL
        WHEN 'rejected' THEN report IS NOT NULL AND validated_at IS NOT NULL
        ELSE TRUE END);
ALTER TABLE reward_versions ALTER COLUMN state DROP DEFAULT, ALTER COLUMN wasi DROP DEFAULT;
-- finds the version that has the same bytes
CREATE INDEX reward_versions_by_upload ON reward_versions (function_id, upload_sha256);

CREATE TABLE reward_uploads (
    function_id uuid NOT NULL,
    version     integer NOT NULL,
    -- the function's
    account_id  uuid NOT NULL REFERENCES accounts,
    module      bytea NOT NULL CHECK (octet_length(module) <= 33554432),
    -- JSON: what to run it on for the report
    samples     text NOT NULL,
    -- how often the validation was begun
    tries       integer NOT NULL DEFAULT 0,
    lease_token uuid,
    lease_until timestamptz,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (function_id, version),
    FOREIGN KEY (function_id, version) REFERENCES reward_versions
);
ALTER TABLE reward_uploads ALTER COLUMN module SET STORAGE EXTERNAL;
CREATE INDEX reward_uploads_by_account ON reward_uploads (account_id);
COMMENT ON TABLE reward_uploads IS 'What the versions in state validating were sent as; gone once they are ready or rejected.';
