-- Members: the people of an organisation, who sign in by one-time links. No passwords: there is nothing here to guess.

-- A member acts with a key that has no text, so that jobs, limits, keys that they make and the audit log name who did it
-- as for any key. Nobody can send it; only sessions act with it.
ALTER TABLE api_keys ADD COLUMN is_member boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN api_keys.is_member IS 'It is a member''s own: no text opens it, only their sessions act with it. Never listed as a key.';

-- whoever could do everything still can
UPDATE api_keys SET scopes = scopes || '{members:read,members:write}'
WHERE scopes @> '{jobs:read,jobs:write,rollouts:read,reward_functions:read,reward_functions:write,files:read,files:write,exports:write,checkpoints:read,checkpoints:write,events:read,verifications:write,billing:read,billing:write,webhooks:write,keys:write,audit:read}';

CREATE TABLE members (
    -- of the member's own key
    id         uuid PRIMARY KEY REFERENCES api_keys,
    account_id uuid NOT NULL REFERENCES accounts,
    -- for people to tell each other by; nothing is sent there
    email      text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    -- protocol::Role
    role       text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer')),
    invited_at timestamptz NOT NULL,
    -- the first sign-in; NULL: invited
    joined_at  timestamptz,
    -- from here on nothing signs them in, and their sessions have ended
    removed_at timestamptz
);
CREATE UNIQUE INDEX members_by_email ON members (account_id, lower(email)) WHERE removed_at IS NULL;
CREATE INDEX members_by_account ON members (account_id, id);
COMMENT ON TABLE members IS 'People of an organisation. Removed ones stay, because the audit log names them.';

CREATE TABLE sign_in_links (
    -- one at a time: a new one takes the place of the one before
    member_id  uuid PRIMARY KEY REFERENCES members,
    account_id uuid NOT NULL REFERENCES accounts,
    -- SHA-256 of the token, which is shown once
    sha256     bytea NOT NULL UNIQUE CHECK (octet_length(sha256) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- it has opened a session, and opens no other
    used_at    timestamptz
);
COMMENT ON TABLE sign_in_links IS 'One-time links that sign a member in.';

SELECT behind_wall('members', 'account', 'SELECT, INSERT, UPDATE');
SELECT behind_wall('sign_in_links', 'account', 'SELECT, INSERT, UPDATE, DELETE');
