-- What a job of a file costs at most is known before the file is read: its lines are counted while they come in.

ALTER TABLE files
    -- a last one without an end included; NULL: from before they were counted
    ADD COLUMN lines bigint CHECK (lines >= 0);
