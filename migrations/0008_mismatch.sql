-- How far a job's committed log-probs are from the recomputed ones, over its audited tokens.
ALTER TABLE jobs
    ADD COLUMN mismatch_tokens  bigint NOT NULL DEFAULT 0,
    -- sums of |v - m| and of exp(v - m) - 1 - (v - m), v recomputed and m committed
    ADD COLUMN mismatch_abs_sum double precision NOT NULL DEFAULT 0,
    ADD COLUMN mismatch_kl_sum  double precision NOT NULL DEFAULT 0,
    ADD COLUMN mismatch_max     double precision NOT NULL DEFAULT 0;
