-- Reward modules and checkpoints: what a job refers to by content.

CREATE TABLE reward_modules (
    component_sha256 bytea PRIMARY KEY CHECK (octet_length(component_sha256) = 32),
    upload_sha256    bytea NOT NULL CHECK (octet_length(upload_sha256) = 32),
    world            text NOT NULL,
    component        bytea NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE reward_modules ALTER COLUMN component SET STORAGE EXTERNAL;

CREATE TABLE reward_functions (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reward_functions_by_account ON reward_functions (account_id, id);

CREATE TABLE reward_versions (
    function_id      uuid NOT NULL REFERENCES reward_functions,
    version          integer NOT NULL CHECK (version > 0),
    component_sha256 bytea NOT NULL REFERENCES reward_modules,
    upload_sha256    bytea NOT NULL CHECK (octet_length(upload_sha256) = 32),
    upload_bytes     bigint NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (function_id, version)
);

CREATE TABLE builtin_rewards (
    name             text PRIMARY KEY,
    component_sha256 bytea NOT NULL REFERENCES reward_modules
);
COMMENT ON TABLE builtin_rewards IS 'Names of the modules that the service ships; they run like any customer''s.';

CREATE TABLE checkpoints (
    id                  bytea PRIMARY KEY CHECK (octet_length(id) = 32),
    name                text NOT NULL,
    -- the checkpoint that this one replaced: what a stale miner would still serve
    previous            bytea CHECK (octet_length(previous) = 32),
    status              text NOT NULL CHECK (status IN ('current', 'available', 'retired')),
    -- architecture, vocabulary, context length, as shown to customers
    config              jsonb NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX checkpoints_one_current ON checkpoints ((true)) WHERE status = 'current';
