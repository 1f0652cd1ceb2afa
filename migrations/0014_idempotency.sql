-- Requests that may be sent again: what an answer had besides its status and body, and when its key ends.

-- the Location header of the answer, where it had one
ALTER TABLE idempotency_keys ADD COLUMN location text;

-- keys are forgotten oldest first
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);

COMMENT ON COLUMN idempotency_keys.operation IS 'Method and path of the request.';
COMMENT ON COLUMN idempotency_keys.fingerprint IS 'SHA-256 of the query and of the body as canonical JSON: sorted keys, no white space; a file in it stands as its own SHA-256.';
COMMENT ON COLUMN idempotency_keys.status IS 'HTTP status of the answer. Only what was done is kept, so never an error.';
COMMENT ON COLUMN idempotency_keys.created_at IS 'The key is free again seven days later, whether or not the row is gone by then.';
