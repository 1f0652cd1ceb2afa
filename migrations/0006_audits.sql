-- Audits: what was audited and why, what came of it, what a miner is because of it, and the money that waits for that.

-- Numbers audits and pardons in one line. Taken while the miner's row is locked: per miner, number order is commit order.
CREATE SEQUENCE standing_positions;

CREATE TABLE audit_settings (
    -- a function of the text
    id         uuid PRIMARY KEY,
    -- audit::Settings as JSON
    settings   text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE audit_settings IS 'The rules that decisions were taken by: a decision is replayed by its own.';

CREATE TABLE audits (
    position      bigint PRIMARY KEY,
    hotkey        bytea NOT NULL CHECK (octet_length(hotkey) = 32),
    job_id        uuid NOT NULL REFERENCES jobs,
    group_id      uuid NOT NULL REFERENCES groups,
    attempt       integer NOT NULL,
    -- 0: the model did not run (left to the lottery and not drawn, or refused before); 1 to 3: the audits of a group whose
    -- statistics failed are up to three
    sitting       smallint NOT NULL CHECK (sitting BETWEEN 0 AND 3),
    checkpoint_id bytea CHECK (octet_length(checkpoint_id) = 32),
    -- what the receipt commits to
    group_root    bytea CHECK (octet_length(group_root) = 32),
    -- the beacon's round that the receipt names, and the round itself (beacon::Round) where it was needed
    round         bigint,
    beacon        jsonb,
    draw          double precision CHECK (draw >= 0 AND draw < 1),
    -- audit::Facts: with the draw, all that the decision rests on
    facts         jsonb,
    decision      text CHECK (decision IN ('forced', 'drawn', 'not_drawn')),
    why           text,
    -- NULL: not audited
    outcome       text CHECK (outcome IN ('passed', 'fraud', 'suspected', 'disputed', 'confirmed')),
    -- grail::RejectReason
    reason        text,
    -- one entry per rollout whose statistics were computed
    statistics    jsonb,
    -- the input of the CUSUM, in sample order
    excess        double precision[] NOT NULL,
    -- which process judged
    verifier      text NOT NULL,
    settings_id   uuid NOT NULL REFERENCES audit_settings,
    at            timestamptz NOT NULL,
    UNIQUE (group_id, attempt, sitting),
    -- no decision: refused before anyone asked for an audit; not drawn: no outcome; else the model ran
    CHECK (CASE COALESCE(decision, 'none')
        WHEN 'none' THEN sitting = 0 AND facts IS NULL AND outcome IS NOT DISTINCT FROM 'fraud'
        WHEN 'not_drawn' THEN sitting = 0 AND facts IS NOT NULL AND outcome IS NULL
        ELSE sitting > 0 AND facts IS NOT NULL AND outcome IS NOT NULL END),
    CHECK ((COALESCE(decision, '') = 'forced') = (why IS NOT NULL)),
    -- only a lottery has a draw, and there is none without its round
    CHECK ((COALESCE(decision, '') IN ('drawn', 'not_drawn')) = (draw IS NOT NULL)),
    CHECK (draw IS NULL OR (round IS NOT NULL AND beacon IS NOT NULL AND group_root IS NOT NULL)),
    CHECK ((COALESCE(outcome, 'passed') IN ('passed', 'disputed')) = (reason IS NULL))
);
CREATE INDEX audits_by_miner ON audits (hotkey, position);
CREATE TRIGGER audits_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audits
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE audits IS 'Every decision to audit a group or not, and what came of it. A miner''s standing is folded from these rows.';

CREATE TABLE pardons (
    position   bigint PRIMARY KEY,
    hotkey     bytea NOT NULL CHECK (octet_length(hotkey) = 32),
    note       text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX pardons_by_miner ON pardons (hotkey, position);
CREATE TRIGGER pardons_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pardons
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON TABLE pardons IS 'An operator let a miner back into probation.';

-- audit::Standing: always the fold over the miner's audits and pardons
ALTER TABLE miners
    ADD COLUMN phase text NOT NULL DEFAULT 'probation' CHECK (phase IN ('probation', 'trusted', 'alarm', 'quarantined')),
    ADD COLUMN clean_audits integer NOT NULL DEFAULT 0,
    ADD COLUMN frauds integer NOT NULL DEFAULT 0,
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    ADD COLUMN alarms integer NOT NULL DEFAULT 0,
    ADD COLUMN cusum double precision NOT NULL DEFAULT 0,
    -- what was earned by decisions before this position, and is not paid out yet, is forfeited
    ADD COLUMN forfeit_before bigint NOT NULL DEFAULT 0,
    ADD COLUMN audited_checkpoint bytea CHECK (octet_length(audited_checkpoint) = 32),
    ADD COLUMN audits_there integer NOT NULL DEFAULT 0,
    DROP COLUMN proven_failures;
-- no row says why they are in quarantine, so none could be replayed; an operator who registers them again puts them on probation
UPDATE miners SET state = 'removed' WHERE state = 'quarantined';

-- how the group was verified for its delivery; NULL before that, and for groups from before there was a choice
ALTER TABLE groups ADD COLUMN verification text CHECK (verification IN ('full', 'sampled'));
