-- The last revision, and that of the last checkpoint: the state there is the oldest that is kept as a whole.
CREATE FUNCTION history_position() RETURNS TABLE (epoch text, last bigint, horizon bigint) LANGUAGE sql STABLE AS $$
    SELECT epoch, revision, (SELECT coalesce(max(checkpoints.revision), 0) FROM checkpoints) FROM store_position()
$$;

-- The value of a key at a revision, null if its last change removed it: of the last event or, without one, of the
-- checkpoint. PostgreSQL puts the text of this function into the statement that calls it, and so locks the tables before
-- it takes the statement's snapshot: no partition is dropped in between, and the checkpoint fits to the events.
--
-- Rows are compared, and ordered by all columns of the index, so that no other index will do: one that has the revisions
-- alone looks cheaper where few namespaces or keys are known, and reads every event where the asked one is rare.
CREATE FUNCTION value_at(asked_namespace text, asked_key text, asked_revision bigint)
RETURNS TABLE (value json, revision bigint, updated_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT value, revision, updated_at FROM (
        (SELECT 1 AS source, value, revision, occurred_at AS updated_at FROM events
            WHERE (namespace, key, revision) > (asked_namespace, asked_key, 0)
                AND (namespace, key, revision) <= (asked_namespace, asked_key, asked_revision)
                AND revision <= asked_revision -- leaves out later partitions
            ORDER BY namespace DESC, key DESC, revision DESC LIMIT 1)
        UNION ALL
        (SELECT 2, value, revision, updated_at FROM checkpoint_entries
            WHERE namespace = asked_namespace AND key = asked_key AND revision <= asked_revision)
    ) AS known ORDER BY source LIMIT 1
$$;

-- Holds back the changes of the calling transaction unless "guarded" has not changed since the revision "since" of the
-- history "known_epoch": SQLSTATE CB002, with the present epoch, a hyphen and the revision of its last change in the
-- detail. A change that was made already, by its id, is held back by nothing.
--
-- It takes the lock of changes, so that no other change comes between this answer and change_entries().
CREATE FUNCTION guard_namespace(guarded text, known_epoch text, since bigint, id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    present text;
    last bigint;
BEGIN
    PERFORM set_config('transaction_timeout', '3s', true);
    PERFORM pg_advisory_xact_lock(x'636270'::integer, 1);
    IF EXISTS (SELECT FROM events WHERE change = id) THEN
        RETURN true;
    END IF;
    present := (SELECT epoch FROM store_position());
    last := (
        SELECT revision FROM events WHERE (namespace, revision) > (guarded, since)
            AND (namespace, revision) <= (guarded, 9223372036854775807)
        ORDER BY namespace DESC, revision DESC LIMIT 1);
    IF present IS NOT NULL AND (present <> known_epoch OR last IS NOT NULL) THEN
        RAISE EXCEPTION 'the namespace has changed' USING ERRCODE = 'CB002',
            DETAIL = present || '-' || coalesce(last, since);
    END IF;
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION guard_namespace FROM PUBLIC;
