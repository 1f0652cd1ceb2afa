-- Delivered rollouts may come in a file to be checked again.

ALTER TABLE files DROP CONSTRAINT files_purpose_check;
ALTER TABLE files ADD CONSTRAINT files_purpose_check
    -- store::files::Purpose
    CHECK (purpose IN ('job_input', 'reward_function', 'batch', 'verification', 'batch_output'));
