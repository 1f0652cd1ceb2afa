-- What caps count, by day: a job is let in by reading as many rows as its period has days, however many holds there are.

CREATE TABLE spent_days (
    -- a project or an API key, with a cap or without: one may come later
    payer      uuid NOT NULL,
    -- in UTC: every period of a cap begins with a day
    day        date NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts,
    amount     bigint NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (payer, day)
);
COMMENT ON TABLE spent_days IS
    'The sum over the holds that were made on a day for a project or for a key and those that it made: open with their amount, closed with what was captured. Moved by a trigger on holds.';

-- In the transaction that moves the hold, whoever does it. Every writer of a hold has locked its account before: rows of one
-- account are never locked in a ring.
CREATE FUNCTION count_spent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    more bigint := CASE NEW.state WHEN 'open' THEN NEW.amount ELSE NEW.captured END;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        more := more - CASE OLD.state WHEN 'open' THEN OLD.amount ELSE OLD.captured END;
    END IF;
    IF more <> 0 THEN
        INSERT INTO spent_days AS d (payer, day, account_id, amount)
        SELECT payer, (NEW.created_at AT TIME ZONE 'UTC')::date, NEW.account_id, GREATEST(more, 0)
        FROM UNNEST(NEW.key_ids || NEW.project_id) AS payer ORDER BY payer
        ON CONFLICT (payer, day) DO UPDATE SET amount = d.amount + more;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER holds_count_spent AFTER INSERT ON holds FOR EACH ROW EXECUTE FUNCTION count_spent();
-- a capture moves neither
CREATE TRIGGER holds_recount_spent AFTER UPDATE OF amount, state ON holds FOR EACH ROW EXECUTE FUNCTION count_spent();

-- the triggers have locked the table: no hold moves meanwhile
INSERT INTO spent_days (payer, day, account_id, amount)
SELECT payer, (created_at AT TIME ZONE 'UTC')::date, account_id,
    SUM(CASE state WHEN 'open' THEN amount ELSE captured END)::bigint
FROM holds, UNNEST(key_ids || project_id) AS payer
GROUP BY 1, 2, 3;

-- what they were for
DROP INDEX holds_by_key;
DROP INDEX holds_by_project;

SELECT behind_wall('spent_days', 'account', 'SELECT, INSERT, UPDATE');
