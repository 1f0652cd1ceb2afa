-- Caps of organisations, and how much may be held at once: beside the limits that keys and projects have (ADR 0021).

ALTER TABLE accounts
    -- what all jobs of the organisation may cost together in one period, and the period; NULL: no limit, and for ever
    ADD COLUMN limit_rao bigint CHECK (limit_rao >= 0),
    ADD COLUMN limit_reset text CHECK (limit_reset IN ('daily', 'weekly', 'monthly')),
    -- the most that its open holds may come to; NULL: no limit
    ADD COLUMN in_flight_limit_rao bigint CHECK (in_flight_limit_rao >= 0),
    ADD CONSTRAINT accounts_reset CHECK (limit_reset IS NULL OR limit_rao IS NOT NULL),
    ADD CONSTRAINT accounts_limits_of_customers
        CHECK (kind = 'customer' OR (limit_rao IS NULL AND in_flight_limit_rao IS NULL));
GRANT UPDATE (limit_rao, limit_reset, in_flight_limit_rao) ON accounts TO reliquary_tenant;

ALTER TABLE projects
    ADD COLUMN in_flight_limit_rao bigint CHECK (in_flight_limit_rao >= 0),
    ADD CONSTRAINT projects_twin_without_in_flight_limit CHECK (twin_of IS NULL OR in_flight_limit_rao IS NULL);
ALTER TABLE api_keys
    -- of its jobs and those of the keys that it made
    ADD COLUMN in_flight_limit_rao bigint CHECK (in_flight_limit_rao >= 0);

-- what is held at once is added up over the jobs that run, however many there were
CREATE INDEX holds_open_by_project ON holds (project_id) WHERE state = 'open';
CREATE INDEX holds_open_by_key ON holds USING gin (key_ids) WHERE state = 'open';
