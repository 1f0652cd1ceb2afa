-- Every event of a log is found by its id, not only those that webhooks carry.

ALTER TABLE events ADD COLUMN id uuid;

-- Those that are there say it in their text: `evt_` and 26 digits of Crockford base 32.
CREATE FUNCTION pg_temp.event_uuid(body text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(lpad(to_hex(substring(bits.all_of FROM 3 + 8 * n FOR 8)::bit(8)::integer), 2, '0'), '' ORDER BY n)::uuid
    FROM (
        SELECT string_agg((strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(body::jsonb ->> 'id', 4 + i, 1)) - 1)::bit(5)::text, ''
            ORDER BY i)::varbit AS all_of
        FROM generate_series(1, 26) i
    ) bits, generate_series(0, 15) n
$$;
ALTER TABLE events DISABLE TRIGGER events_append_only;
UPDATE events SET id = pg_temp.event_uuid(body);
ALTER TABLE events ENABLE TRIGGER events_append_only;

ALTER TABLE events ALTER COLUMN id SET NOT NULL;
CREATE UNIQUE INDEX events_by_id ON events (id);
DROP TABLE event_names;
