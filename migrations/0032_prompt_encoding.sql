-- Prompts that were sent as text are kept as text: tokens are made of it when a miner is asked, not when a job is created.

ALTER TABLE prompts
    -- protocol::job::Encoding: how `text` becomes tokens; NULL where the tokens themselves are kept
    ADD COLUMN encoding text CHECK (encoding IN ('plain', 'rendered')),
    ALTER COLUMN tokens DROP NOT NULL,
    ADD CONSTRAINT prompts_text_or_tokens CHECK (
        CASE WHEN encoding IS NULL THEN tokens IS NOT NULL ELSE text IS NOT NULL AND tokens IS NULL END);
COMMENT ON COLUMN prompts.text IS 'NULL when the customer sent token ids, and when the job was purged.';
