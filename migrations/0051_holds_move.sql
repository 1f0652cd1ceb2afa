-- A job counts for the period in which its money was last held or raised: a hold that is raised on a later day moves to that day, whole.

COMMENT ON COLUMN holds.created_at IS
    'When the hold was made; of one that was raised on a later day, when it first was on that day. It counts for this day.';
COMMENT ON COLUMN holds.key_ids IS
    'The lineage of the key that created the job. A hold counts for the period of its created_at: open with its amount, closed with what was captured.';
COMMENT ON TABLE spent_days IS
    'The sum over the holds that were made, or raised last, on a day for a project or for a key and those that it made: open with their amount, closed with what was captured. Moved by a trigger on holds.';

-- As before (0040), and a hold whose day changes leaves the old one with all that it counted there.
CREATE OR REPLACE FUNCTION count_spent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    its_day date := (NEW.created_at AT TIME ZONE 'UTC')::date;
    more bigint := CASE NEW.state WHEN 'open' THEN NEW.amount ELSE NEW.captured END;
    old_day date;
    less bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        old_day := (OLD.created_at AT TIME ZONE 'UTC')::date;
        less := CASE OLD.state WHEN 'open' THEN OLD.amount ELSE OLD.captured END;
        IF old_day = its_day THEN
            more := more - less;
        ELSIF less > 0 THEN
            -- there is a row for each of them, with at least so much: this hold is in it
            UPDATE spent_days d SET amount = d.amount - less
            WHERE d.payer = ANY(NEW.key_ids || NEW.project_id) AND d.day = old_day;
        END IF;
    END IF;
    IF more <> 0 THEN
        INSERT INTO spent_days AS d (payer, day, account_id, amount)
        SELECT payer, its_day, NEW.account_id, GREATEST(more, 0)
        FROM UNNEST(NEW.key_ids || NEW.project_id) AS payer ORDER BY payer
        ON CONFLICT (payer, day) DO UPDATE SET amount = d.amount + more;
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER holds_recount_spent ON holds;
-- a capture moves neither
CREATE TRIGGER holds_recount_spent AFTER UPDATE OF amount, state, created_at ON holds
    FOR EACH ROW EXECUTE FUNCTION count_spent();
