-- Sessions: members who are signed in. The access token is a JWT that is not kept; of refresh tokens there are hashes.

CREATE TABLE session_keys (
    -- what the private key is derived with, from the seed in the data directory; the private key is kept nowhere
    id         uuid PRIMARY KEY,
    -- ed25519; its thumbprint (RFC 7638) is the `kid`
    public_key bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
    created_at timestamptz NOT NULL,
    -- another one signs since then; what this one signed holds until it expires
    retired_at timestamptz CHECK (retired_at >= created_at)
);
CREATE UNIQUE INDEX session_keys_signing ON session_keys ((true)) WHERE retired_at IS NULL;
COMMENT ON TABLE session_keys IS 'Public keys that sign access tokens; one signs at a time. Not the keys of receipts.';

CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES accounts,
    member_id    uuid NOT NULL REFERENCES members,
    -- what the client said it is, for its owner to tell it by
    user_agent   text CHECK (length(user_agent) <= 256),
    created_at   timestamptz NOT NULL,
    refreshed_at timestamptz NOT NULL,
    -- unless it is refreshed before
    expires_at   timestamptz NOT NULL,
    -- whatever is refreshed
    ends_at      timestamptz NOT NULL,
    ended_at     timestamptz,
    -- why before its time
    end_reason   text CHECK (end_reason IN ('signed_out', 'member_removed', 'refresh_token_reused', 'too_many')),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX sessions_by_member ON sessions (member_id, id) WHERE ended_at IS NULL;
COMMENT ON TABLE sessions IS 'A member who is signed in somewhere.';

CREATE TABLE session_tokens (
    -- of the refresh token
    sha256     bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    session_id uuid NOT NULL REFERENCES sessions,
    account_id uuid NOT NULL REFERENCES accounts,
    issued_at  timestamptz NOT NULL,
    -- exchanged for the next one; whoever brings it again, a moment later, ends the session
    used_at    timestamptz
);
CREATE INDEX session_tokens_by_session ON session_tokens (session_id);
COMMENT ON TABLE session_tokens IS 'The refresh tokens of sessions, the used ones for a week: they show theft.';

SELECT behind_wall('sessions', 'account', 'SELECT, INSERT, UPDATE');
SELECT behind_wall('session_tokens', 'account');
