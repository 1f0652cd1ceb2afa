-- Which shares of a cap were told in its period: each once.

CREATE TABLE budget_alerts (
    -- an organisation's default project has the organisation's id
    scope      text NOT NULL CHECK (scope IN ('key', 'project', 'organization')),
    payer      uuid NOT NULL,
    -- the begin of the period; of a cap without one, the begin of time
    since      date NOT NULL,
    limit_rao  bigint NOT NULL,
    percent    smallint NOT NULL CHECK (percent BETWEEN 1 AND 100),
    account_id uuid NOT NULL REFERENCES accounts,
    PRIMARY KEY (scope, payer, since, limit_rao, percent)
);
COMMENT ON TABLE budget_alerts IS
    'Shares of the caps of keys, projects and organisations that an event has told: of another limit, they are told again.';

SELECT behind_wall('budget_alerts', 'account', 'SELECT, INSERT');
