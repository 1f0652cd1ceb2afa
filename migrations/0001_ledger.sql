-- Money: double entry, append-only. All amounts are whole rao.

CREATE TABLE accounts (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('customer', 'house', 'miner', 'issuance')),
    name           text NOT NULL,
    -- the miner's sr25519 public key, for kind 'miner'
    hotkey         bytea UNIQUE CHECK (octet_length(hotkey) = 32),
    credits_posted bigint NOT NULL DEFAULT 0 CHECK (credits_posted >= 0),
    debits_posted  bigint NOT NULL DEFAULT 0 CHECK (debits_posted >= 0),
    -- the sum of this account's open holds
    held           bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT accounts_hotkey_of_miners CHECK ((kind = 'miner') = (hotkey IS NOT NULL)),
    -- a customer can neither spend nor promise what is not there
    CONSTRAINT accounts_not_overdrawn CHECK (kind <> 'customer' OR credits_posted - debits_posted - held >= 0)
);
COMMENT ON TABLE accounts IS 'Who owns money. Balance = credits_posted - debits_posted; available = balance - held.';

CREATE TABLE transfers (
    -- deterministic where it pays for a rollout (protocol::JobId::charge): the same charge cannot be made twice
    id             uuid PRIMARY KEY,
    debit_account  uuid NOT NULL REFERENCES accounts,
    credit_account uuid NOT NULL REFERENCES accounts,
    amount         bigint NOT NULL CHECK (amount > 0),
    code           text NOT NULL CHECK (code IN ('grant', 'rollout', 'filtered_rollout', 'miner_share')),
    job_id         uuid,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CHECK (debit_account <> credit_account)
);
CREATE INDEX transfers_by_job ON transfers (job_id);
COMMENT ON TABLE transfers IS 'Every movement of money, one debit and one credit each, never changed or deleted.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE holds (
    job_id     uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts,
    amount     bigint NOT NULL CHECK (amount >= 0),
    captured   bigint NOT NULL DEFAULT 0 CHECK (captured >= 0),
    released   bigint NOT NULL DEFAULT 0 CHECK (released >= 0),
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    closed_at  timestamptz,
    CONSTRAINT holds_never_exceeded CHECK (captured + released <= amount),
    CONSTRAINT holds_closed_in_full CHECK (state = 'open' OR captured + released = amount)
);
COMMENT ON TABLE holds IS 'Money promised to a job: captured per rollout while it runs, the rest released when it ends.';

CREATE TABLE ledger_entries (
    id            uuid PRIMARY KEY,
    account_id    uuid NOT NULL REFERENCES accounts,
    type          text NOT NULL CHECK (type IN ('grant', 'hold', 'charge', 'hold_release')),
    -- signed: what a grant or a charge changed of the balance, what a hold or its release changed of what is available
    amount        bigint NOT NULL,
    balance_after bigint NOT NULL,
    held_after    bigint NOT NULL,
    job_id        uuid,
    rollout_count bigint NOT NULL DEFAULT 0,
    -- order of posting within the account
    position      bigint GENERATED ALWAYS AS IDENTITY,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account_id, position);
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE ledger_entries IS 'The statement of an account as its owner reads it.';

-- the other side of every customer's money
INSERT INTO accounts (id, kind, name) VALUES
    ('00000000-0000-0000-0000-000000000001', 'house', 'house'),
    ('00000000-0000-0000-0000-000000000002', 'issuance', 'issuance');
