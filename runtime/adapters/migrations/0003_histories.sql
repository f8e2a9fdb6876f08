-- A change is one call of change_entries(). It takes an advisory lock, so that changes commit one after another and
-- their revisions have neither gaps nor another order than the commits'. No row is updated to count them: under an old
-- snapshot (a dump, a report) such a row would collect dead versions, and every change would read through them.
--
-- Everything belongs to the owner of the database. The role that serves may read, and call the functions that run with
-- the owner's rights: change_entries() and confirm_history().

-- Histories: each has an epoch, which is part of every entity tag. A new one begins whenever the last changes may have
-- been lost, so that nothing handed out before matches again. The row with the highest number is the present history.
CREATE TABLE histories (
    number integer PRIMARY KEY,
    epoch text COLLATE "C" NOT NULL UNIQUE,
    system_identifier bigint NOT NULL,
    timeline integer NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL
);

-- A promotion begins a timeline; the control file shows it only after the next checkpoint, the name of the current WAL
-- file at once.
CREATE FUNCTION server_identity(OUT system_identifier bigint, OUT timeline integer) LANGUAGE sql VOLATILE AS $$
    SELECT s.system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer
    FROM pg_control_system() AS s
$$;

-- The events of a revision have the ordinals 0, 1, ...: only a transaction of a client has more than one.
ALTER TABLE events RENAME TO former_events;
ALTER INDEX events_pkey RENAME TO former_events_pkey;
CREATE TABLE events (
    revision bigint NOT NULL,
    ordinal integer NOT NULL,
    change uuid NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    action text NOT NULL CHECK (action IN ('create', 'replace', 'delete')),
    value json,
    occurred_at timestamptz NOT NULL,
    actor text NOT NULL,
    request_id text,
    reason text,
    PRIMARY KEY (revision, ordinal),
    CHECK ((value IS NULL) = (action = 'delete'))
) PARTITION BY RANGE (revision);
CREATE INDEX events_of_key ON events (namespace, key, revision);
CREATE INDEX events_of_namespace ON events (namespace, revision);
CREATE INDEX events_of_change ON events (change);
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();

-- The state at the last revision of the partition of events that was dropped last.
CREATE TABLE checkpoints (
    revision bigint PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE checkpoint_entries (
    namespace text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    value json NOT NULL,
    revision bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (namespace, key)
);

-- The last revision of the calling statement's snapshot.
CREATE FUNCTION last_revision() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT revision FROM events ORDER BY revision DESC LIMIT 1),
        (SELECT revision FROM checkpoints ORDER BY revision DESC LIMIT 1),
        0)
$$;

-- Makes partitions until one begins more than "ahead" revisions after the last revision, and returns how many. Events
-- that came into the default partition, because none was there in time, move to their own.
CREATE FUNCTION make_event_partitions(size bigint, ahead bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    start bigint;
    made integer := 0;
BEGIN
    SELECT coalesce(max((regexp_match(pg_get_expr(relpartbound, oid), $x$TO \('(\d+)'\)$x$))[1]::bigint), 1)
    INTO start FROM pg_class WHERE relispartition AND oid IN
        (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'events'::regclass);
    WHILE start <= last_revision() + ahead LOOP
        EXECUTE format('CREATE TABLE events_%s (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', start);
        EXECUTE format('INSERT INTO events_%s SELECT * FROM events_default WHERE revision >= %s AND revision < %s',
            start, start, start + size);
        IF FOUND THEN
            ALTER TABLE events_default DISABLE TRIGGER USER;
            EXECUTE format('DELETE FROM events_default WHERE revision >= %s AND revision < %s', start, start + size);
            ALTER TABLE events_default ENABLE TRIGGER USER;
        END IF;
        EXECUTE format('ALTER TABLE events ATTACH PARTITION events_%s FOR VALUES FROM (%s) TO (%s)',
            start, start, start + size);
        start := start + size;
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- The entries as the last checkpoint and the events after it make them; equal to the table entries.
CREATE FUNCTION rebuilt_entries() RETURNS TABLE (
    namespace text, key text, value json, revision bigint, updated_at timestamptz
) LANGUAGE sql STABLE AS $$
    SELECT namespace, key, value, revision, updated_at FROM (
        SELECT DISTINCT ON (namespace, key) * FROM (
            SELECT namespace, key, value, revision, updated_at FROM checkpoint_entries
            UNION ALL SELECT namespace, key, value, revision, occurred_at FROM events
                WHERE revision > (SELECT coalesce(max(revision), 0) FROM checkpoints)
        ) AS known ORDER BY namespace, key, revision DESC
    ) AS latest WHERE value IS NOT NULL
$$;

-- Drops the oldest partition of events if its last event is older than the retention, and returns its name, or null.
-- The state at its end becomes the checkpoint; nothing is dropped unless the entries can be rebuilt from that.
CREATE FUNCTION drop_expired_events(retention interval) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    expired text;
    newest timestamptz;
    last bigint;
BEGIN
    SELECT relname INTO expired FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid
        WHERE inhparent = 'events'::regclass AND relname <> 'events_default'
        ORDER BY (regexp_match(pg_get_expr(relpartbound, pg_class.oid), $x$FROM \('(\d+)'\)$x$))[1]::bigint LIMIT 1;
    EXECUTE format('SELECT max(occurred_at), max(revision) FROM %I', expired) INTO newest, last;
    IF newest IS NULL OR newest >= clock_timestamp() - retention OR last = last_revision() THEN
        RETURN NULL;
    END IF;
    EXECUTE format(
        'MERGE INTO checkpoint_entries AS kept USING ('
        '    SELECT DISTINCT ON (namespace, key) namespace, key, value, revision, occurred_at FROM %I'
        '    ORDER BY namespace, key, revision DESC'
        ') AS latest ON (kept.namespace, kept.key) = (latest.namespace, latest.key)'
        ' WHEN MATCHED AND latest.value IS NULL THEN DELETE'
        ' WHEN MATCHED THEN UPDATE SET value = latest.value, revision = latest.revision,'
        '    updated_at = latest.occurred_at'
        ' WHEN NOT MATCHED AND latest.value IS NOT NULL THEN INSERT'
        '    VALUES (latest.namespace, latest.key, latest.value, latest.revision, latest.occurred_at)',
        expired);
    INSERT INTO checkpoints (revision) VALUES (last);
    IF EXISTS (
        SELECT FROM entries AS e FULL JOIN rebuilt_entries() AS r ON (e.namespace, e.key) = (r.namespace, r.key)
        WHERE (e.value::text, e.revision, e.updated_at) IS DISTINCT FROM (r.value::text, r.revision, r.updated_at)
    ) THEN
        RAISE EXCEPTION 'the entries differ from the checkpoint and the events: % is kept', expired;
    END IF;
    EXECUTE format('DROP TABLE %I', expired);
    RETURN expired;
END
$$;

INSERT INTO events
    SELECT revision, 0, gen_random_uuid(), namespace, key, action, value, occurred_at, 'anonymous' FROM former_events;
DROP TABLE former_events;
DROP FUNCTION announce_change();
DROP TABLE last_revision;

INSERT INTO histories (number, epoch, system_identifier, timeline, reason)
    SELECT 1, left(replace(gen_random_uuid()::text, '-', ''), 8), system_identifier, timeline, 'the database was made'
    FROM server_identity();

-- A page of a list must know how large its values are without reading them.
ALTER TABLE entries ADD COLUMN size integer;
UPDATE entries SET size = octet_length(value::text);
ALTER TABLE entries ALTER COLUMN size SET NOT NULL;

-- Workers keep entries in memory and learn of changes by their events, so no entry changes without one.
CREATE FUNCTION refuse_change_without_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('cbp.change', true) IS DISTINCT FROM 'recorded' THEN
        RAISE EXCEPTION 'entries change by change_entries(), which records the event' USING
            ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER entries_change_with_an_event BEFORE INSERT OR UPDATE OR DELETE ON entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change_without_event();

-- The position of the calling statement's snapshot. The epoch is null when the server is not the one on which the
-- present history is known to go on: confirm_history() decides then. A server in recovery follows another one's history.
CREATE FUNCTION store_position(OUT epoch text, OUT revision bigint) LANGUAGE plpgsql STABLE AS $$
DECLARE
    present histories%ROWTYPE;
BEGIN
    SELECT * INTO STRICT present FROM histories ORDER BY number DESC LIMIT 1;
    IF pg_is_in_recovery()
        OR (present.system_identifier, present.timeline) = (SELECT (i).system_identifier, (i).timeline FROM server_identity() AS i)
    THEN
        epoch := present.epoch;
    END IF;
    revision := last_revision();
END
$$;

-- Confirms that the present history goes on, or begins a new one, and returns the present epoch. "known" is the latest
-- change that is known outside of the database: its epoch, revision and, if known, id. "lossless" says that a server is
-- promoted only when it has every acknowledged change. "renewed" is the reason for beginning a new history in any case.
CREATE FUNCTION confirm_history(
    known_epoch text, known_revision bigint, known_change uuid, lossless boolean, renewed text DEFAULT NULL
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s'
AS $$
DECLARE
    present histories%ROWTYPE;
    server record;
    kept boolean;
    proven boolean;
    cause text := renewed;
BEGIN
    PERFORM pg_advisory_xact_lock(x'636270'::integer, 1);
    SELECT * INTO STRICT present FROM histories ORDER BY number DESC LIMIT 1;
    SELECT * INTO STRICT server FROM server_identity();
    -- Is the known change part of this database's past?
    kept := known_epoch IS NULL OR EXISTS (SELECT FROM histories WHERE epoch = known_epoch AND number < present.number)
        OR known_epoch = present.epoch AND known_revision <= last_revision() AND (known_change IS NULL
            OR EXISTS (SELECT FROM events WHERE revision = known_revision AND change = known_change)
            OR known_revision <= (SELECT coalesce(max(revision), 0) FROM checkpoints));
    proven := lossless AND kept AND known_epoch = present.epoch;
    cause := coalesce(cause, CASE
        WHEN server.system_identifier <> present.system_identifier THEN 'another server holds the database'
        WHEN NOT kept THEN 'a change that was handed out is not there'
        WHEN server.timeline <> present.timeline AND NOT coalesce(proven, false) THEN 'a server was promoted'
    END);
    IF cause IS NOT NULL THEN
        INSERT INTO histories (number, epoch, system_identifier, timeline, reason) VALUES
            (present.number + 1, left(replace(gen_random_uuid()::text, '-', ''), 8), server.system_identifier,
             server.timeline, cause)
            RETURNING * INTO present;
        PERFORM pg_notify('entries', '');
    ELSIF server.timeline <> present.timeline THEN
        UPDATE histories SET timeline = server.timeline WHERE number = present.number;
    END IF;
    RETURN present.epoch;
END
$$;

-- Makes changes, each judged alone and made wholly or not at all, and returns a row for each edit.
--
-- known_epoch, known_revision: the latest revision that the caller knows; SQLSTATE CB001 when the history went back, or
-- when the caller's history is none of this database's: its beginning was lost, too.
-- ids, actors, request_ids, reasons, expiries: one item for each change. A change is not made after it expired.
-- changes: for each edit the number of its change, counted from 1, in ascending order.
-- namespaces, keys, documents: one item for each edit; a null document removes the entry.
-- matches, none_matches: If-Match and If-None-Match of each edit: null, *, or the unquoted tags separated by spaces.
--
-- outcome is create, replace or delete (made, at "revision"); absent (there is no entry to remove), unmatched (If-Match),
-- matched (If-None-Match), required (If-Match is missing), each with the entry's "revision", null without an entry;
-- expired; reused (the id is that of another change); or skipped (another edit of the change was refused).
-- A change whose id is already among the events is not made again: its outcome is that of the first time.
CREATE FUNCTION change_entries(
    known_epoch text, known_revision bigint,
    ids uuid[], actors text[], request_ids text[], reasons text[], expiries timestamptz[],
    changes integer[], namespaces text[], keys text[], documents text[], matches text[], none_matches text[]
) RETURNS TABLE (epoch text, edit integer, outcome text, revision bigint, occurred_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s'
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    position record;
    first_revision bigint;
    last bigint;
    number integer;
    first_edit integer := 1;
    next_edit integer;
    total CONSTANT integer := cardinality(changes);
    currents bigint[];
    outcomes text[];
    refused boolean;
    names text := '';
    at timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'change_entries() needs READ COMMITTED, to read what was committed before it got the lock';
    END IF;
    -- From here to the end of the transaction: a client that vanishes holds the lock no longer than this.
    PERFORM set_config('transaction_timeout', '3s', true), set_config('cbp.change', 'recorded', true);
    PERFORM pg_advisory_xact_lock(x'636270'::integer, 1);
    SELECT * INTO position FROM store_position();
    IF position.epoch IS NULL OR position.epoch = known_epoch AND position.revision < known_revision
        OR position.epoch <> known_epoch AND NOT EXISTS (SELECT FROM histories WHERE epoch = known_epoch)
    THEN
        RAISE EXCEPTION 'the history is not confirmed' USING ERRCODE = 'CB001';
    END IF;
    epoch := position.epoch;
    first_revision := position.revision;
    last := first_revision;
    FOR number IN 1 .. cardinality(ids) LOOP
        next_edit := first_edit;
        WHILE next_edit <= total AND changes[next_edit] = number LOOP
            next_edit := next_edit + 1;
        END LOOP;
        at := clock_timestamp();
        IF EXISTS (SELECT FROM events WHERE change = ids[number]) THEN
            RETURN QUERY
                SELECT position.epoch, asked.edit, CASE WHEN asked.same THEN asked.action ELSE 'reused' END, asked.revision,
                    asked.occurred_at
                FROM (
                    SELECT e.edit, made.action, made.revision, made.occurred_at, bool_and(made.ordinal IS NOT NULL
                        AND (made.namespace, made.key) = (namespaces[e.edit], keys[e.edit])
                        AND made.value::text IS NOT DISTINCT FROM documents[e.edit]) OVER () AS same
                    FROM generate_series(first_edit, next_edit - 1) AS e (edit)
                    LEFT JOIN events AS made ON made.change = ids[number] AND made.ordinal = e.edit - first_edit
                ) AS asked ORDER BY asked.edit;
            first_edit := next_edit;
            CONTINUE;
        END IF;
        refused := false;
        FOR i IN first_edit .. next_edit - 1 LOOP
            currents[i] := (SELECT revision FROM entries WHERE namespace = namespaces[i] AND key = keys[i]);
            outcomes[i] := CASE
                WHEN expiries[number] <= at THEN 'expired'
                WHEN currents[i] IS NULL THEN CASE
                    WHEN matches[i] IS NOT NULL THEN 'unmatched'
                    WHEN documents[i] IS NULL THEN 'absent'
                    ELSE 'create' END
                WHEN matches[i] <> '*'
                    AND position.epoch || '-' || currents[i] <> ALL (string_to_array(matches[i], ' ')) THEN 'unmatched'
                WHEN none_matches[i] = '*'
                    OR position.epoch || '-' || currents[i] = ANY (string_to_array(none_matches[i], ' ')) THEN 'matched'
                WHEN matches[i] IS NULL THEN 'required'
                WHEN documents[i] IS NULL THEN 'delete'
                ELSE 'replace' END;
            refused := refused OR outcomes[i] NOT IN ('create', 'replace', 'delete');
        END LOOP;
        IF NOT refused THEN
            last := last + 1;
        END IF;
        FOR i IN first_edit .. next_edit - 1 LOOP
            edit := i;
            outcome := outcomes[i];
            revision := CASE WHEN refused THEN currents[i] ELSE last END;
            occurred_at := at;
            IF NOT refused THEN
                INSERT INTO events VALUES (last, i - first_edit, ids[number], namespaces[i], keys[i], outcome,
                    documents[i]::json, at, actors[number], request_ids[number], reasons[number]);
                IF outcome = 'create' THEN
                    INSERT INTO entries (namespace, key, value, revision, updated_at, size)
                        VALUES (namespaces[i], keys[i], documents[i]::json, last, at, octet_length(documents[i]));
                ELSIF outcome = 'replace' THEN
                    UPDATE entries SET value = documents[i]::json, revision = last, updated_at = at,
                        size = octet_length(documents[i])
                    WHERE namespace = namespaces[i] AND key = keys[i];
                ELSE
                    DELETE FROM entries WHERE namespace = namespaces[i] AND key = keys[i];
                END IF;
                IF octet_length(names) < 7900 THEN
                    names := names || E'\n' || namespaces[i] || ' ' || keys[i];
                END IF;
            ELSIF outcome IN ('create', 'replace', 'delete') THEN
                outcome := 'skipped';
            END IF;
            RETURN NEXT;
        END LOOP;
        first_edit := next_edit;
    END LOOP;
    IF last > first_revision THEN
        -- A listener asks for the names when they are too many for one notification (8,000 bytes).
        PERFORM pg_notify('entries', concat_ws(' ', position.epoch, first_revision, last)
            || CASE WHEN octet_length(names) <= 7600 THEN names ELSE '' END);
    END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION confirm_history, change_entries, make_event_partitions, drop_expired_events FROM PUBLIC;
SELECT make_event_partitions(1000000, 2000000);
