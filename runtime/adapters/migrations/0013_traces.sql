-- The trace that a change is part of, as the traceparent (https://www.w3.org/TR/trace-context/) of the request that asked
-- for it or proposed it. It is null where that request was part of none, and for changes that the release before makes.

ALTER TABLE events ADD COLUMN traceparent text;
ALTER TABLE proposals ADD COLUMN traceparent text;

-- Makes changes as make_changes() does, which the release before calls; the arguments that it has too mean the same.
--
-- traceparents: one item for each change.
CREATE FUNCTION apply_changes(
    known_epoch text, known_revision bigint,
    ids uuid[], actors text[], request_ids text[], reasons text[], expiries timestamptz[],
    trials boolean[], definitions text[], states text[],
    changes integer[], namespaces text[], keys text[], documents text[], matches text[], none_matches text[],
    traceparents text[]
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
        RAISE EXCEPTION 'apply_changes() needs READ COMMITTED, to read what was committed before it got the lock';
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
                    documents[i]::json, at, actors[number], request_ids[number], reasons[number],
                    traceparents[number]);
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

-- The function of the release before and of approve_proposal(). A change whose id is that of a proposal is part of the
-- trace in which that was made.
CREATE OR REPLACE FUNCTION make_changes(
    known_epoch text, known_revision bigint,
    ids uuid[], actors text[], request_ids text[], reasons text[], expiries timestamptz[],
    trials boolean[], definitions text[], states text[],
    changes integer[], namespaces text[], keys text[], documents text[], matches text[], none_matches text[]
) RETURNS TABLE (epoch text, edit integer, outcome text, revision bigint, occurred_at timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
    SELECT * FROM apply_changes(
        known_epoch, known_revision, ids, actors, request_ids, reasons, expiries, trials, definitions, states, changes,
        namespaces, keys, documents, matches, none_matches,
        ARRAY(SELECT (SELECT p.traceparent FROM proposals AS p WHERE p.id = made.id)
            FROM unnest(ids) WITH ORDINALITY AS made (id, place) ORDER BY made.place))
$$;

-- Keeps a proposal as put_proposal() does, which the release before calls, with the trace that it is part of.
CREATE FUNCTION propose(
    id uuid, namespace text, unchecked boolean, digest text, proposer text, sponsor text, request_id text, client text,
    reason text, lifetime interval, most integer, keys text[], documents text[], matches text[], none_matches text[],
    note uuid, members text, traceparent text
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s'
AS $$
DECLARE
    outcome CONSTANT text := put_proposal(id, namespace, unchecked, digest, proposer, sponsor, request_id, client, reason,
        lifetime, most, keys, documents, matches, none_matches, note, members);
BEGIN
    IF outcome = 'proposed' AND propose.traceparent IS NOT NULL THEN
        UPDATE proposals AS p SET traceparent = propose.traceparent WHERE p.id = propose.id;
    END IF;
    RETURN outcome;
END
$$;

DROP FUNCTION claim_deliveries(uuid, text[], integer, integer, interval);

-- Claims deliveries to subscribers for a while, in the order of their ranks, and returns them with their events, whose
-- "change" is null where retention has dropped them: of at most "most" lanes, from each the first "run". Nobody else gets
-- the others of a lane whose first one is claimed.
CREATE FUNCTION claim_deliveries(claimant uuid, asked text[], most integer, run integer, visibility interval)
RETURNS TABLE (
    subscriber text, namespace text, revision bigint, ordinal integer, occurred_at timestamptz, attempts integer,
    change uuid, key text, action text, value json, actor text, traceparent text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY
    WITH heads AS (
        SELECT d.subscriber, d.namespace FROM deliveries AS d
        WHERE d.subscriber = ANY (asked) AND d.due_at <= clock_timestamp() AND NOT EXISTS (
            SELECT FROM deliveries AS e WHERE e.subscriber = d.subscriber AND e.namespace = d.namespace
                AND (e.revision, e.ordinal) < (d.revision, d.ordinal))
        ORDER BY d.rank LIMIT most FOR UPDATE OF d SKIP LOCKED
    ), taken AS (
        UPDATE deliveries AS d SET claim = claimant, due_at = clock_timestamp() + visibility
        FROM heads CROSS JOIN LATERAL (
            SELECT f.subscriber, f.namespace, f.revision, f.ordinal FROM deliveries AS f
            WHERE f.subscriber = heads.subscriber AND f.namespace = heads.namespace
            ORDER BY f.revision, f.ordinal LIMIT run
        ) AS f
        WHERE (d.subscriber, d.namespace, d.revision, d.ordinal) = (f.subscriber, f.namespace, f.revision, f.ordinal)
        RETURNING d.*
    )
    SELECT t.subscriber, t.namespace, t.revision, t.ordinal, t.occurred_at, t.attempts, e.change, e.key, e.action, e.value,
        e.actor, e.traceparent
    FROM taken AS t LEFT JOIN events AS e ON (e.revision, e.ordinal) = (t.revision, t.ordinal)
    ORDER BY t.rank, t.revision, t.ordinal;
END
$$;

-- Ends deliveries that were made, as end_delivery() does one, which the release before calls: for each, whether its claim
-- still held it.
CREATE FUNCTION end_deliveries(claimants uuid[], asked text[], names text[], made bigint[], places integer[])
RETURNS boolean[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    held boolean[];
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    WITH given AS (
        SELECT * FROM unnest(claimants, asked, names, made, places)
            WITH ORDINALITY AS g (claim, subscriber, namespace, revision, ordinal, number)
    ), ended AS (
        DELETE FROM deliveries AS d USING given AS g
        WHERE (d.subscriber, d.namespace, d.revision, d.ordinal) = (g.subscriber, g.namespace, g.revision, g.ordinal)
            AND d.claim = g.claim
        RETURNING g.number
    )
    SELECT array_agg(e.number IS NOT NULL ORDER BY g.number) INTO held
        FROM given AS g LEFT JOIN ended AS e ON e.number = g.number;
    RETURN held;
END
$$;

REVOKE EXECUTE ON FUNCTION apply_changes, propose, claim_deliveries, end_deliveries FROM PUBLIC;
