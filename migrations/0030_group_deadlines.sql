-- What a customer asks of each group: a time that it may take, after which no miner is asked for it again (docs/adr/0015).

-- how long a group may take from when a miner was first asked for it; NULL: as long as its job's tries last
ALTER TABLE jobs ADD COLUMN group_timeout_s integer CHECK (group_timeout_s > 0);
-- when that time is over; set when a miner is first asked, by the clock that leases go by, and moved on by a pause
ALTER TABLE groups ADD COLUMN due_at timestamptz;
-- what has no answer when its time is over
CREATE INDEX groups_due ON groups (due_at) WHERE due_at IS NOT NULL AND state IN ('pending', 'dispatched');
