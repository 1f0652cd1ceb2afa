-- Who may call, and what was already answered.

CREATE TABLE api_keys (
    id            uuid PRIMARY KEY,
    account_id    uuid NOT NULL REFERENCES accounts,
    name          text NOT NULL,
    -- the public part of the key; the secret part is stored as its SHA-256 only
    lookup        text NOT NULL UNIQUE,
    secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
    created_at    timestamptz NOT NULL DEFAULT now(),
    revoked_at    timestamptz
);

CREATE TABLE idempotency_keys (
    account_id  uuid NOT NULL REFERENCES accounts,
    -- method and path
    operation   text NOT NULL,
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    -- SHA-256 of the request body as it was sent
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    status      smallint NOT NULL,
    body        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, operation, key)
);
COMMENT ON TABLE idempotency_keys IS 'Written in the transaction of the work itself, so that key and work exist together or not at all.';
