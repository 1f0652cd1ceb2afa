-- Tokens have a price, too: what a rollout costs at most depends on how long it may be (ADR 0021).

ALTER TABLE jobs
    -- one rollout of the most tokens, selected: protocol::money::Price computes it, once, when the job is written
    ADD COLUMN dearest_rollout bigint CHECK (dearest_rollout >= 0);
UPDATE jobs SET dearest_rollout = (price ->> 'rollout')::bigint;
ALTER TABLE jobs
    ALTER COLUMN dearest_rollout SET NOT NULL,
    ADD CONSTRAINT jobs_test_dearest CHECK (livemode OR dearest_rollout = 0);

CREATE OR REPLACE VIEW job_room WITH (security_invoker = true) AS
SELECT j.id AS job_id, f.in_flight,
    -- LEAST takes no notice of NULL: a budget that is not given
    LEAST(
        CASE WHEN p.dearest > 0 THEN (h.amount - h.captured) / p.dearest END,
        (j.max_rollouts - j.rollouts_selected - j.rollouts_filtered) / j.samples
    ) - f.in_flight AS groups
FROM jobs j
JOIN holds h ON h.job_id = j.id
CROSS JOIN LATERAL (SELECT j.dearest_rollout * j.samples AS dearest) AS p
CROSS JOIN LATERAL (SELECT count(*) AS in_flight FROM groups g WHERE g.job_id = j.id
    AND g.state IN ('dispatched', 'received', 'scored', 'awaiting_rewards', 'verified')) AS f
WHERE j.max_amount IS NOT NULL OR j.max_rollouts IS NOT NULL;
