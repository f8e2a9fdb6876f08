-- Namespaces: the document that defines one is an entry of it under the empty key, which no client can name. So its
-- versions, events, entity tags and announcements are those of entries, and one change can have both.

-- The definitions that name a parent.
CREATE INDEX entries_by_parent ON entries ((value ->> 'parent')) WHERE key = '';

-- A revision at which a namespace, its definition included, was what it is in the calling statement's snapshot: that of
-- its last event or, after that was dropped, of the last checkpoint. Rows are compared, so that the index by namespace is
-- used (migration 0004).
CREATE FUNCTION namespace_revision(name text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT revision FROM events WHERE (namespace, revision) > (name, 0)
            AND (namespace, revision) <= (name, 9223372036854775807) ORDER BY namespace DESC, revision DESC LIMIT 1),
        (SELECT revision FROM checkpoints ORDER BY revision DESC LIMIT 1),
        0)
$$;

-- The reason for which a namespace cannot have this parent, or null: it is undefined (orphan), inherits from the
-- namespace (cyclic), or would make more than 8 layers (deep). One that is removed must not be a parent (inherited).
CREATE FUNCTION layer_fault(child text, parent text, removed boolean) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    most CONSTANT integer := 8;
    above integer := 0;
    next text := parent;
    definition json;
BEGIN
    IF removed THEN
        RETURN (SELECT 'inherited' FROM entries WHERE key = '' AND value ->> 'parent' = child LIMIT 1);
    END IF;
    WHILE next IS NOT NULL LOOP
        above := above + 1;
        IF next = child THEN
            RETURN 'cyclic';
        ELSIF above >= most THEN
            RETURN 'deep';
        END IF;
        SELECT value INTO definition FROM entries WHERE namespace = next AND key = '';
        IF NOT FOUND THEN
            RETURN 'orphan';
        END IF;
        next := definition ->> 'parent';
    END LOOP;
    IF above > 0 AND above + (
        WITH RECURSIVE below (namespace, depth) AS (
            SELECT child COLLATE "C", 1
            UNION ALL SELECT e.namespace, depth + 1 FROM below JOIN entries AS e
                ON e.key = '' AND e.value ->> 'parent' = below.namespace WHERE depth < most
        ) SELECT max(depth) FROM below
    ) > most THEN
        RETURN 'deep';
    END IF;
    RETURN NULL;
END
$$;

-- Makes changes as change_entries() does, which the release before calls; the arguments that it has too mean the same.
--
-- trials: whether a change is only judged: its outcome is what it would be, at the last "revision", and nothing is made.
-- definitions, states: the unquoted tags under which a change was prepared: that of the namespace's definition (empty: it
-- has none), and that of the whole namespace (of namespace_revision()); null where they do not matter. They are those of
-- the namespace of its first edit.
--
-- The further outcomes are redefined and moved (the definition, or the namespace, has another tag, whose revision is
-- "revision"), and those of layer_fault().
CREATE FUNCTION make_changes(
    known_epoch text, known_revision bigint,
    ids uuid[], actors text[], request_ids text[], reasons text[], expiries timestamptz[],
    trials boolean[], definitions text[], states text[],
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
    basis text;
    basis_revision bigint;
    fault text;
    names text := '';
    at timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'make_changes() needs READ COMMITTED, to read what was committed before it got the lock';
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
                SELECT position.epoch, asked.edit, CASE WHEN asked.same AND asked.made = next_edit - first_edit
                    THEN asked.action ELSE 'reused' END, asked.revision, asked.occurred_at
                FROM (
                    SELECT e.edit, made.action, made.revision, made.occurred_at, bool_and(made.ordinal IS NOT NULL
                        AND (made.namespace, made.key) = (namespaces[e.edit], keys[e.edit])
                        AND made.value::text IS NOT DISTINCT FROM documents[e.edit]) OVER () AS same,
                        (SELECT count(*) FROM events WHERE change = ids[number]) AS made
                    FROM generate_series(first_edit, next_edit - 1) AS e (edit)
                    LEFT JOIN events AS made ON made.change = ids[number] AND made.ordinal = e.edit - first_edit
                ) AS asked ORDER BY asked.edit;
            first_edit := next_edit;
            CONTINUE;
        END IF;
        basis := NULL;
        basis_revision := (SELECT revision FROM entries WHERE namespace = namespaces[first_edit] AND key = '');
        IF definitions[number] <> coalesce(position.epoch || '-' || basis_revision, '') THEN
            basis := 'redefined';
        ELSIF states[number] IS NOT NULL THEN
            basis_revision := namespace_revision(namespaces[first_edit]);
            IF states[number] <> position.epoch || '-' || basis_revision THEN
                basis := 'moved';
            END IF;
        END IF;
        refused := false;
        FOR i IN first_edit .. next_edit - 1 LOOP
            currents[i] := (SELECT revision FROM entries WHERE namespace = namespaces[i] AND key = keys[i]);
            outcomes[i] := CASE
                WHEN expiries[number] <= at THEN 'expired'
                WHEN basis IS NOT NULL THEN basis
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
            IF keys[i] = '' AND outcomes[i] IN ('create', 'replace', 'delete') THEN
                fault := layer_fault(namespaces[i], documents[i]::json ->> 'parent', documents[i] IS NULL);
                outcomes[i] := coalesce(fault, outcomes[i]);
            END IF;
            refused := refused OR outcomes[i] NOT IN ('create', 'replace', 'delete');
        END LOOP;
        IF NOT refused AND NOT trials[number] THEN
            last := last + 1;
        END IF;
        FOR i IN first_edit .. next_edit - 1 LOOP
            edit := i;
            outcome := outcomes[i];
            revision := CASE WHEN NOT refused THEN last WHEN outcome = basis THEN basis_revision ELSE currents[i] END;
            occurred_at := at;
            IF NOT refused AND NOT trials[number] THEN
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
            ELSIF refused AND outcome IN ('create', 'replace', 'delete') THEN
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

REVOKE EXECUTE ON FUNCTION make_changes FROM PUBLIC;
