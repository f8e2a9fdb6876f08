-- Entries, one row per key, spread over hash partitions by namespace. The value is json and not jsonb: jsonb rewrites
-- numbers (1e20 comes back as 100000000000000000000), and a value is returned exactly as it was written.
CREATE TABLE entries (
    namespace text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    value json NOT NULL,
    revision bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, key)
) PARTITION BY HASH (namespace);

DO $$
DECLARE
    partitions CONSTANT integer := current_setting('cbp.partitions');
BEGIN
    FOR remainder IN 0 .. partitions - 1 LOOP
        EXECUTE format(
            'CREATE TABLE entries_%s PARTITION OF entries FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
            remainder, partitions, remainder
        );
    END LOOP;
END
$$;

-- The one row is the last revision given out. A change locks it until it commits, so revisions appear in the order of
-- the commits and without gaps, which a sequence promises neither of; a reader of events can go on after the last it saw.
CREATE TABLE last_revision (
    revision bigint NOT NULL,
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
INSERT INTO last_revision (revision) VALUES (0);

CREATE TABLE events (
    revision bigint PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    action text NOT NULL CHECK (action IN ('create', 'replace', 'delete')),
    value json,
    occurred_at timestamptz NOT NULL,
    CHECK ((value IS NULL) = (action = 'delete'))
);

CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
