-- What was charged, by job and hour: what usage reports add up, however many rollouts there were.

CREATE TABLE usage_hours (
    job_id            uuid NOT NULL REFERENCES jobs,
    -- when it begins
    hour              timestamptz NOT NULL CHECK (hour = date_trunc('hour', hour, 'UTC')),
    -- the job's, said again so that one organisation's hours are found together
    account_id        uuid NOT NULL REFERENCES accounts,
    rollouts          bigint NOT NULL CHECK (rollouts >= 0),
    filtered_rollouts bigint NOT NULL CHECK (filtered_rollouts >= 0),
    charged           bigint NOT NULL CHECK (charged > 0),
    PRIMARY KEY (job_id, hour)
);
CREATE INDEX usage_hours_of_account ON usage_hours (account_id, hour);
COMMENT ON TABLE usage_hours IS 'Sums over transfers, moved by the statement that writes them (store::ledger::capture).';

INSERT INTO usage_hours (job_id, hour, account_id, rollouts, filtered_rollouts, charged)
SELECT job_id, date_trunc('hour', created_at, 'UTC'), debit_account, count(*) FILTER (WHERE code = 'rollout'),
    count(*) FILTER (WHERE code = 'filtered_rollout'), sum(amount)
FROM transfers WHERE code IN ('rollout', 'filtered_rollout') GROUP BY 1, 2, 3;

SELECT behind_wall('usage_hours', 'account', 'SELECT');
