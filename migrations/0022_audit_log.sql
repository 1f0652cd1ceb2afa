-- The audit log: who did what in an organisation, in a chain that shows every later change.

CREATE TABLE audit_log (
    account_id    uuid NOT NULL REFERENCES accounts,
    -- 1, 2, 3, … without a gap within the organisation
    sequence      bigint NOT NULL CHECK (sequence > 0),
    at            timestamptz NOT NULL,
    project_id    uuid REFERENCES projects,
    -- the key that did it; NULL: an operator
    key_id        uuid REFERENCES api_keys,
    -- such as `job.created`
    action        text NOT NULL,
    -- id of what it was done to, as customers write it
    subject       text NOT NULL,
    -- JSON object with sorted keys, as exact text
    detail        text NOT NULL,
    -- of the row before; zeros in the first
    previous_hash bytea NOT NULL CHECK (octet_length(previous_hash) = 32),
    -- SHA-256 of previous_hash and the row's canonical JSON (store::audit_log)
    hash          bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (account_id, sequence)
);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE audit_log IS 'Who did what in an organisation. Written in the transaction of the deed itself.';

CREATE TABLE audit_heads (
    account_id uuid PRIMARY KEY REFERENCES accounts,
    -- the last row's, so that rows cut off the end are missed; locked while one is written
    sequence   bigint NOT NULL,
    hash       bytea NOT NULL CHECK (octet_length(hash) = 32)
);
COMMENT ON TABLE audit_heads IS 'Where each organisation''s audit log ends.';

SELECT behind_wall('audit_log', 'account', 'SELECT, INSERT');
SELECT behind_wall('audit_heads', 'account', 'SELECT, INSERT, UPDATE');
