-- What a statement is read by: the quote that priced a job, and the time.

ALTER TABLE ledger_entries
    -- the quote that the job named, as it was when the line was written
    ADD COLUMN quote_id uuid;

-- lines are never changed; this fills in what they did not have
ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_append_only;
UPDATE ledger_entries e SET quote_id = j.quote_id FROM jobs j WHERE j.id = e.job_id AND j.quote_id IS NOT NULL;
ALTER TABLE ledger_entries ENABLE TRIGGER ledger_entries_append_only;

-- the lines of a month
CREATE INDEX ledger_entries_by_time ON ledger_entries (account_id, created_at);
