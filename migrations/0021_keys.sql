-- API keys: what each may do, from where, how long and for how much.

ALTER TABLE api_keys
    -- protocol::Scope; keys from before may do everything
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{jobs:read,jobs:write,rollouts:read,reward_functions:read,reward_functions:write,files:read,files:write,exports:write,checkpoints:read,checkpoints:write,events:read,verifications:write,billing:read,billing:write,webhooks:write,keys:write,audit:read}',
    -- 'project': this one only; 'organization': any project of it, and the projects themselves
    ADD COLUMN reach text NOT NULL DEFAULT 'organization' CHECK (reach IN ('project', 'organization')),
    -- the last characters of its text, shown so that its owner can tell it; NULL for keys from before
    ADD COLUMN last4 text CHECK (length(last4) = 4),
    ADD COLUMN expires_at timestamptz,
    -- addresses that it may be used from; NULL: any
    ADD COLUMN allowed_cidrs text[] CHECK (cardinality(allowed_cidrs) BETWEEN 1 AND 64),
    -- what the jobs of this key may cost together in one period, and the period; NULL: no limit, and for ever
    ADD COLUMN limit_rao bigint CHECK (limit_rao >= 0),
    ADD COLUMN limit_reset text CHECK (limit_reset IN ('daily', 'weekly', 'monthly')),
    -- at most once a minute
    ADD COLUMN last_used_at timestamptz,
    -- itself and the keys that it was made by, one after another: what it spends, counts for all of them
    ADD COLUMN lineage uuid[],
    -- the text before its last rotation, which opens the door until then
    ADD COLUMN previous_lookup text UNIQUE,
    ADD COLUMN previous_secret_sha256 bytea CHECK (octet_length(previous_secret_sha256) = 32),
    ADD COLUMN previous_until timestamptz,
    ADD CONSTRAINT api_keys_previous CHECK (num_nulls(previous_lookup, previous_secret_sha256, previous_until) IN (0, 3)),
    ADD CONSTRAINT api_keys_reset CHECK (limit_reset IS NULL OR limit_rao IS NOT NULL);
UPDATE api_keys SET lineage = ARRAY[id];
ALTER TABLE api_keys
    ALTER COLUMN scopes DROP DEFAULT,
    ALTER COLUMN reach DROP DEFAULT,
    ALTER COLUMN lineage SET NOT NULL,
    ADD CONSTRAINT api_keys_lineage CHECK (cardinality(lineage) BETWEEN 1 AND 16 AND lineage[cardinality(lineage)] = id);
CREATE INDEX api_keys_by_project ON api_keys (project_id, id);

ALTER TABLE projects
    ADD COLUMN limit_rao bigint CHECK (limit_rao >= 0),
    ADD COLUMN limit_reset text CHECK (limit_reset IN ('daily', 'weekly', 'monthly')),
    ADD CONSTRAINT projects_reset CHECK (limit_reset IS NULL OR limit_rao IS NOT NULL);

-- the key that created it; NULL for jobs from before
ALTER TABLE jobs ADD COLUMN key_id uuid REFERENCES api_keys;

-- whose caps a hold counts for
ALTER TABLE holds
    ADD COLUMN project_id uuid REFERENCES projects,
    ADD COLUMN key_ids uuid[] NOT NULL DEFAULT '{}';
UPDATE holds h SET project_id = j.project_id FROM jobs j WHERE j.id = h.job_id;
ALTER TABLE holds ALTER COLUMN project_id SET NOT NULL, ALTER COLUMN key_ids DROP DEFAULT;
CREATE INDEX holds_by_project ON holds (project_id, created_at);
CREATE INDEX holds_by_key ON holds USING gin (key_ids);
COMMENT ON COLUMN holds.key_ids IS 'The lineage of the key that created the job. A hold counts for the period that it was made in: open with its amount, closed with what was captured.';
