-- Dead letters of the queue: they are listed with the deliveries that wait, several are settled together, and they end.

DROP FUNCTION settle_dead_letter(bigint, boolean, uuid, text);

-- The deliveries that the queue keeps, each with its state.
CREATE VIEW kept_deliveries AS
SELECT subscriber, namespace, revision, ordinal, occurred_at, attempts, fault AS reason, due_at,
    NULL::timestamptz AS buried_at,
    CASE WHEN claim IS NOT NULL AND due_at > clock_timestamp() THEN 'claimed' ELSE 'waiting' END AS state
FROM deliveries
UNION ALL
SELECT subscriber, namespace, revision, ordinal, occurred_at, attempts, reason, NULL, buried_at, 'dead' FROM dead_letters;

-- Has dead letters of a subscriber delivered again, each in its place among those of its lane that wait, or discards them,
-- and returns the number of those that there were. The notes of these are in the audit trail, in the same transaction.
CREATE FUNCTION settle_dead_letters(
    asked text, made bigint[], places integer[], replayed boolean, notes uuid[], members text[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
#variable_conflict use_column
DECLARE
    settled bigint;
    noted uuid[];
    written text[];
BEGIN
    WITH wanted AS (
        SELECT * FROM unnest(made, places, notes, members) AS w (revision, ordinal, note, members)
    ), gone AS (
        DELETE FROM dead_letters AS l USING wanted AS w
        WHERE (l.subscriber, l.revision, l.ordinal) = (asked, w.revision, w.ordinal) RETURNING l.*, w.note, w.members
    ), waiting AS (
        INSERT INTO deliveries (subscriber, namespace, revision, ordinal, occurred_at, rank, due_at)
        SELECT subscriber, namespace, revision, ordinal, occurred_at, rank, clock_timestamp() FROM gone WHERE replayed
        ON CONFLICT DO NOTHING
    )
    SELECT count(*), array_agg(note ORDER BY revision, ordinal), array_agg(members ORDER BY revision, ordinal)
        INTO settled, noted, written FROM gone;
    IF settled > 0 THEN
        PERFORM note_audit(noted, array_fill(0.0::double precision, ARRAY[settled::integer]), written);
    END IF;
    RETURN settled;
END
$$;

-- Drops the dead letters that were given up longer ago than the retention, and returns how many.
CREATE FUNCTION drop_expired_dead_letters(retention interval) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    dropped bigint;
BEGIN
    DELETE FROM dead_letters WHERE buried_at < clock_timestamp() - retention;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END
$$;

REVOKE EXECUTE ON FUNCTION settle_dead_letters, drop_expired_dead_letters FROM PUBLIC;
