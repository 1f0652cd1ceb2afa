-- The dated version of the interface that a key's requests are answered by.

ALTER TABLE api_keys
    -- pinned when the key is made; its owner moves it on. NULL: always the newest, as for members, who use today's interface
    ADD COLUMN api_version text CHECK (api_version ~ '^\d{4}-\d{2}-\d{2}$');
-- the only version that there was
UPDATE api_keys SET api_version = '2026-11-22' WHERE NOT is_member;
COMMENT ON COLUMN api_keys.api_version IS 'A request may name another one. A gateway that does not know it answers by the last one before it.';
