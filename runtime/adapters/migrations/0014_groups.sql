-- Makes changes as apply_changes() does, which the release before calls, and notes from which clients they came; the
-- arguments that it has too mean the same. The events of all changes of a call are written by one statement.
--
-- clients: one item for each change.
CREATE FUNCTION commit_changes(
    known_epoch text, known_revision bigint,
    ids uuid[], actors text[], request_ids text[], reasons text[], expiries timestamptz[],
    trials boolean[], definitions text[], states text[],
    changes integer[], namespaces text[], keys text[], documents text[], matches text[], none_matches text[],
    traceparents text[], clients text[]
) RETURNS TABLE (epoch text, edit integer, outcome text, revision bigint, occurred_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s'
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    position record;
    first_revision bigint;
    last bigint;
    first_edit integer := 1;
    next_edit integer;
    total CONSTANT integer := cardinality(changes);
    currents bigint[];
    outcomes text[];
    known uuid[];
    accepted integer[] := '{}';
    revisions bigint[];
    ordinals integer[];
    moments timestamptz[];
    made bigint[] := '{}';
    origins text[] := '{}';
    refused boolean;
    basis text;
    basis_revision bigint;
    fault text;
    names text := '';
    at timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'commit_changes() needs READ COMMITTED, to read what was committed before it got the lock';
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
    known := ARRAY(SELECT change FROM events WHERE change = ANY (ids));
    FOR number IN 1 .. cardinality(ids) + 1 LOOP
        -- The events of all changes are written at once, or before one is judged by them.
        IF accepted <> '{}'
            AND (number > cardinality(ids) OR states[number] IS NOT NULL OR ids[number] = ANY (known))
        THEN
            INSERT INTO events
                SELECT revisions[e], ordinals[e], ids[changes[e]], namespaces[e], keys[e], outcomes[e],
                    documents[e]::json, moments[e], actors[changes[e]], request_ids[changes[e]], reasons[changes[e]],
                    traceparents[changes[e]]
                FROM unnest(accepted) AS e;
            accepted := '{}';
        END IF;
        EXIT WHEN number > cardinality(ids);
        next_edit := first_edit;
        WHILE next_edit <= total AND changes[next_edit] = number LOOP
            next_edit := next_edit + 1;
        END LOOP;
        at := clock_timestamp();
        IF ids[number] = ANY (known) THEN
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
            known := known || ids[number];
            made := made || last;
            origins := origins || clients[number];
        END IF;
        FOR i IN first_edit .. next_edit - 1 LOOP
            edit := i;
            outcome := outcomes[i];
            revision := CASE WHEN NOT refused THEN last WHEN outcome = basis THEN basis_revision ELSE currents[i] END;
            occurred_at := at;
            IF NOT refused AND NOT trials[number] THEN
                accepted := accepted || i;
                revisions[i] := last;
                ordinals[i] := i - first_edit;
                moments[i] := at;
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
        IF clients IS NOT NULL THEN
            INSERT INTO audit_origins VALUES (last, made, origins) ON CONFLICT DO NOTHING;
        END IF;
        -- A listener asks for the names when they are too many for one notification (8,000 bytes).
        PERFORM pg_notify('entries', concat_ws(' ', position.epoch, first_revision, last)
            || CASE WHEN octet_length(names) <= 7600 THEN names ELSE '' END);
    END IF;
END
$$;

-- The function of the release before, which notes by note_origins() from where its changes came.
CREATE OR REPLACE FUNCTION apply_changes(
    known_epoch text, known_revision bigint,
    ids uuid[], actors text[], request_ids text[], reasons text[], expiries timestamptz[],
    trials boolean[], definitions text[], states text[],
    changes integer[], namespaces text[], keys text[], documents text[], matches text[], none_matches text[],
    traceparents text[]
) RETURNS TABLE (epoch text, edit integer, outcome text, revision bigint, occurred_at timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
    SELECT * FROM commit_changes(
        known_epoch, known_revision, ids, actors, request_ids, reasons, expiries, trials, definitions, states, changes,
        namespaces, keys, documents, matches, none_matches, traceparents, NULL)
$$;

REVOKE EXECUTE ON FUNCTION commit_changes FROM PUBLIC;
