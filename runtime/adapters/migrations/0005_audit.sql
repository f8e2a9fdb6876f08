-- The audit trail: records in a chain of hashes, which no role but the owner can change, and whose heads are signed and
-- kept outside of the database, so that the owner cannot change them unnoticed either.
--
-- A change is recorded by its event. Whatever else is recorded (refusals, administrative reads) is a note until it is
-- sealed. Sealing appends the records of events and notes to the chain; it holds a lock of its own, never that of changes.

-- Retention alone deletes, by a function that has verified the chain first.
CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' OR current_setting('cbp.audit', true) IS DISTINCT FROM 'verified' THEN
        RAISE EXCEPTION 'the table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;

-- The clients from which changes came: a row for each statement that made some, whose last revision is "last". It is
-- written after the changes, so that a refused one writes nothing. A release that does not know of it names no client.
CREATE TABLE audit_origins (
    last bigint PRIMARY KEY,
    revisions bigint[] NOT NULL,
    clients text[] NOT NULL
);
CREATE TRIGGER audit_origins_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_origins
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
CREATE FUNCTION note_origins(revisions bigint[], clients text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO audit_origins SELECT max(made), revisions, clients FROM unnest(revisions) AS made ON CONFLICT DO NOTHING
$$;

-- What is recorded and not yet sealed, besides events: the members of a record but its time.
CREATE TABLE audit_notes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    members json NOT NULL
);

-- The chain. "record" is canonical JSON (RFC 8785), "link" the SHA-256 of the link before and the SHA-256 of the record;
-- the link before the first record is 32 zero bytes. The other columns are members of the record, for searches: they
-- prove nothing. They are no generated columns, each of which would parse the record again.
CREATE TABLE audit_records (
    sequence bigint PRIMARY KEY,
    record text COLLATE "C" NOT NULL,
    link bytea NOT NULL CHECK (octet_length(link) = 32),
    at text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    actor text COLLATE "C",
    namespace text COLLATE "C",
    revision bigint,
    ordinal integer,
    history integer,
    note text COLLATE "C"
);
CREATE INDEX audit_records_at ON audit_records USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX audit_records_of_actor ON audit_records (actor, sequence);
CREATE INDEX audit_records_of_namespace ON audit_records (namespace, sequence);
CREATE INDEX audit_records_but_changes ON audit_records (kind, sequence) WHERE kind <> 'change';
CREATE UNIQUE INDEX audit_records_of_events ON audit_records (revision, ordinal) WHERE revision IS NOT NULL;
CREATE UNIQUE INDEX audit_records_of_histories ON audit_records (history) WHERE history IS NOT NULL;
CREATE UNIQUE INDEX audit_records_of_notes ON audit_records (note) WHERE note IS NOT NULL;

CREATE TRIGGER audit_records_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_records
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();

-- Heads of the chain that were signed outside: "statement" is the canonical JSON that the signature is of.
CREATE TABLE audit_anchors (
    sequence bigint PRIMARY KEY,
    statement text NOT NULL,
    signature text NOT NULL,
    anchored_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The last record that retention dropped, with the last event and history that had been recorded by then.
CREATE TABLE audit_checkpoints (
    sequence bigint PRIMARY KEY,
    link bytea NOT NULL,
    revision bigint NOT NULL,
    ordinal integer NOT NULL,
    history integer NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER audit_checkpoints_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();

-- The last record of the chain, its link, and the last event and history that are in it.
CREATE FUNCTION audit_head(
    OUT sequence bigint, OUT link bytea, OUT revision bigint, OUT ordinal integer, OUT history integer
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    checkpoint audit_checkpoints%ROWTYPE;
BEGIN
    SELECT * INTO checkpoint FROM audit_checkpoints AS c ORDER BY c.sequence DESC LIMIT 1;
    SELECT r.sequence, r.link INTO sequence, link FROM audit_records AS r ORDER BY r.sequence DESC LIMIT 1;
    SELECT r.revision, r.ordinal INTO revision, ordinal FROM audit_records AS r WHERE r.revision IS NOT NULL
        ORDER BY r.revision DESC, r.ordinal DESC LIMIT 1;
    SELECT r.history INTO history FROM audit_records AS r WHERE r.history IS NOT NULL ORDER BY r.history DESC LIMIT 1;
    sequence := coalesce(sequence, checkpoint.sequence, 0);
    link := coalesce(link, checkpoint.link, decode(repeat('00', 32), 'hex'));
    ordinal := coalesce(ordinal, checkpoint.ordinal, -1);
    revision := coalesce(revision, checkpoint.revision, 0);
    history := coalesce(history, checkpoint.history, 0);
END
$$;

-- Notes what happened some "ages" (seconds) ago; a note that was made already is not made again.
CREATE FUNCTION note_audit(ids uuid[], ages double precision[], members text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO audit_notes (id, at, members)
        SELECT asked.id, clock_timestamp() - make_interval(secs => asked.age), asked.members::json
        FROM unnest(ids, ages, members) AS asked (id, age, members)
        WHERE NOT EXISTS (SELECT FROM audit_records WHERE note = asked.id::text)
    ON CONFLICT (id) DO NOTHING
$$;

-- Appends records to the chain after the record "after", and removes the notes that they were made of. Whoever calls it
-- holds the lock of sealing (x'636270', 6), so that two never read the same events.
CREATE FUNCTION append_audit(after bigint, new_records text[], notes bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head record;
    present bytea;
    links bytea[];
    removed integer;
BEGIN
    PERFORM pg_advisory_xact_lock(x'636270'::integer, 6);
    SELECT * INTO head FROM audit_head();
    IF head.sequence <> after THEN
        RAISE EXCEPTION 'the chain has % records, and not %', head.sequence, after USING ERRCODE = 'serialization_failure';
    END IF;
    present := head.link;
    FOR i IN 1 .. cardinality(new_records) LOOP
        present := sha256(present || sha256(convert_to(new_records[i], 'UTF8')));
        links[i] := present;
    END LOOP;
    INSERT INTO audit_records
        SELECT after + made.place, made.record, made.link, named.*
        FROM unnest(new_records, links) WITH ORDINALITY AS made (record, link, place),
            json_to_record(made.record::json) AS named (at text, kind text, outcome text, actor text, namespace text,
                revision bigint, ordinal integer, history integer, note text);
    DELETE FROM audit_notes WHERE number = ANY (notes);
    GET DIAGNOSTICS removed = ROW_COUNT;
    IF removed <> cardinality(notes) THEN
        RAISE EXCEPTION 'a note was sealed already' USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;

-- Drops the records up to the last anchor before which every record is older than the retention, "most" at a time, and
-- returns how many. Nothing is dropped unless the chain up to there is whole, and ends as the anchor says. The last
-- record is kept.
CREATE FUNCTION drop_expired_audit(retention interval, most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    checkpoint record;
    cut CONSTANT text := to_char((clock_timestamp() - retention) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    first_kept bigint;
    anchor audit_anchors%ROWTYPE;
    expected bytea;
    each record;
    place bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(x'636270'::integer, 6);
    SELECT * INTO checkpoint FROM audit_checkpoints ORDER BY sequence DESC LIMIT 1;
    place := coalesce(checkpoint.sequence, 0);
    expected := coalesce(checkpoint.link, decode(repeat('00', 32), 'hex'));
    SELECT coalesce(
        (SELECT min(sequence) FROM audit_records WHERE at >= cut), (SELECT max(sequence) FROM audit_records), 0
    ) INTO first_kept;
    SELECT * INTO anchor FROM audit_anchors
        WHERE sequence > place AND sequence < first_kept AND sequence <= place + most ORDER BY sequence DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    FOR each IN SELECT * FROM audit_records WHERE sequence <= anchor.sequence ORDER BY sequence LOOP
        place := place + 1;
        expected := sha256(expected || sha256(convert_to(each.record, 'UTF8')));
        IF each.sequence <> place OR each.link <> expected THEN
            RAISE EXCEPTION 'the chain is broken at record %: nothing is dropped', place;
        END IF;
    END LOOP;
    IF place <> anchor.sequence OR encode(expected, 'hex') <> anchor.statement::json ->> 'link' THEN
        RAISE EXCEPTION 'the chain differs from the anchor of record %: nothing is dropped', anchor.sequence;
    END IF;
    INSERT INTO audit_checkpoints (sequence, link, revision, ordinal, history)
        SELECT anchor.sequence, expected, last.revision, last.ordinal, last.history FROM (
            SELECT coalesce(max(revision), checkpoint.revision, 0) AS revision,
                coalesce((array_agg(ordinal ORDER BY revision DESC, ordinal DESC) FILTER (WHERE revision IS NOT NULL))[1],
                    checkpoint.ordinal, -1) AS ordinal,
                coalesce(max(history), checkpoint.history, 0) AS history
            FROM audit_records WHERE sequence <= anchor.sequence
        ) AS last;
    PERFORM set_config('cbp.audit', 'verified', true);
    DELETE FROM audit_origins WHERE last < (SELECT revision FROM audit_checkpoints WHERE sequence = anchor.sequence);
    DELETE FROM audit_records WHERE sequence <= anchor.sequence;
    GET DIAGNOSTICS place = ROW_COUNT;
    PERFORM set_config('cbp.audit', '', true);
    RETURN place;
END
$$;

REVOKE EXECUTE ON FUNCTION note_origins, note_audit, append_audit, drop_expired_audit FROM PUBLIC;
