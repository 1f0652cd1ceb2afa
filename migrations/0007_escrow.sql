-- Escrow: a part of what a miner earns waits before it is its own, and goes to the house when the miner is caught.

ALTER TABLE accounts
    DROP CONSTRAINT accounts_kind_check,
    ADD CONSTRAINT accounts_kind_check CHECK (kind IN ('customer', 'house', 'miner', 'issuance', 'escrow')),
    DROP CONSTRAINT accounts_not_overdrawn,
    -- a customer can neither spend nor promise what is not there, and nothing leaves an escrow that did not come in
    ADD CONSTRAINT accounts_not_overdrawn
        CHECK (kind NOT IN ('customer', 'escrow') OR credits_posted - debits_posted - held >= 0);

ALTER TABLE transfers
    DROP CONSTRAINT transfers_code_check,
    ADD CONSTRAINT transfers_code_check CHECK (code IN ('grant', 'rollout', 'filtered_rollout', 'miner_share',
        'escrow_share', 'escrow_release', 'escrow_forfeit'));

CREATE TABLE escrow (
    -- the transfer that brought it in
    id         uuid PRIMARY KEY REFERENCES transfers,
    -- the miner's escrow account
    account_id uuid NOT NULL REFERENCES accounts,
    hotkey     bytea NOT NULL CHECK (octet_length(hotkey) = 32),
    job_id     uuid NOT NULL REFERENCES holds,
    amount     bigint NOT NULL CHECK (amount > 0),
    -- the oldest audits.position that it was earned by
    position   bigint NOT NULL,
    matures_at timestamptz NOT NULL,
    state      text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'released', 'forfeited')),
    -- the transfer that took it out
    out_id     uuid REFERENCES transfers,
    ended_at   timestamptz,
    CHECK ((state = 'held') = (out_id IS NULL)),
    CHECK ((state = 'held') = (ended_at IS NULL))
);
CREATE INDEX escrow_maturing ON escrow (matures_at) WHERE state = 'held';
CREATE INDEX escrow_of_miner ON escrow (hotkey, position) WHERE state = 'held';
COMMENT ON TABLE escrow IS 'Earnings that wait. Money leaves only after the job that paid it has ended, in one transfer, once.';
