-- What a job's counts lacked: groups that its deadline ended, repeats, rewards that failed; and since when it is queued.

ALTER TABLE groups
    DROP CONSTRAINT groups_state_check,
    -- protocol::job::GroupState; expired: the deadline of its job came before the group was delivered
    ADD CONSTRAINT groups_state_check CHECK (state IN ('reserve', 'pending', 'dispatched', 'received', 'scored',
        'awaiting_rewards', 'verified', 'accepted', 'filtered', 'failed', 'cancelled', 'expired'));
ALTER TABLE jobs
    ADD COLUMN groups_expired       integer NOT NULL DEFAULT 0,
    -- of the filtered ones: repeats, nearly the same tokens included
    ADD COLUMN rollouts_duplicate    bigint NOT NULL DEFAULT 0,
    -- of the settled ones, selected or filtered: those that nobody could reward
    ADD COLUMN rollouts_reward_error bigint NOT NULL DEFAULT 0,
    -- NULL: its file is not read, or was refused
    ADD COLUMN queued_at             timestamptz;

UPDATE groups SET state = 'expired' WHERE state = 'cancelled' AND reason = 'deadline_passed';
UPDATE jobs j SET groups_expired = e.groups, groups_cancelled = j.groups_cancelled - e.groups
FROM (SELECT job_id, count(*) AS groups FROM groups WHERE state = 'expired' GROUP BY job_id) AS e WHERE e.job_id = j.id;
UPDATE jobs j SET rollouts_duplicate = r.duplicate, rollouts_reward_error = r.reward_error
FROM (
    SELECT job_id, count(*) FILTER (WHERE state = 'filtered' AND reason IN ('duplicate', 'near_duplicate')) AS duplicate,
        count(*) FILTER (WHERE reward_error IS NOT NULL) AS reward_error
    FROM rollouts WHERE state IN ('selected', 'filtered') GROUP BY job_id
) AS r WHERE r.job_id = j.id;
UPDATE jobs j SET queued_at = CASE WHEN j.input_file_id IS NULL THEN j.created_at
    ELSE (SELECT e.created_at FROM events e WHERE e.job_id = j.id AND e.type = 'job.queued') END;
