-- Notifications that connectors have sent, and subscribers whose receiver is gone.
--
-- A notification is kept once for each connector and id, for as long as events are: a repeated one has no second effect.
-- Its signature is verified before, so that nobody else can take an id. Numbers are given in the order of the commits: who
-- reads behind the last number that it knows misses none.

CREATE TABLE notifications (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connector text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    type text NOT NULL,
    subject text,
    document json NOT NULL,
    sent_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (connector, id)
);
CREATE INDEX notifications_of_namespace ON notifications (namespace, number);
CREATE INDEX notifications_by_age ON notifications (received_at);

-- Keeps a notification with its note in the audit trail, and returns true; or false where it is kept already. What it
-- returns is durable.
CREATE FUNCTION take_notification(
    source text, given text, place text, kind text, about text, content text, sent timestamptz, note uuid, members text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    PERFORM set_config('transaction_timeout', '3s', true);
    IF EXISTS (SELECT FROM notifications WHERE connector = source AND id = given) THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(x'636270'::integer, 11);
    INSERT INTO notifications (connector, id, namespace, type, subject, document, sent_at)
        VALUES (source, given, place, kind, about, content::json, sent)
        ON CONFLICT ON CONSTRAINT notifications_connector_id_key DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM note_audit(ARRAY[note], ARRAY[0.0::double precision], ARRAY[members]);
    RETURN true;
END
$$;

-- Drops the notifications that came longer ago than the retention, with their ids, and returns how many.
CREATE FUNCTION drop_expired_notifications(retention interval) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    dropped bigint;
BEGIN
    DELETE FROM notifications WHERE received_at < clock_timestamp() - retention;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END
$$;

-- A subscriber whose receiver answered that it is gone: nothing is delivered to it until somebody resumes it.
ALTER TABLE subscribers ADD COLUMN paused_at timestamptz, ADD COLUMN pause_reason text;

-- Pauses a subscriber, and returns whether it was not paused before.
CREATE FUNCTION pause_subscriber(asked text, reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    UPDATE subscribers SET paused_at = clock_timestamp(), pause_reason = reason WHERE name = asked AND paused_at IS NULL;
    RETURN FOUND;
END
$$;

-- Resumes a subscriber that is paused, and returns whether it was; the note of it is in the audit trail, in the same
-- transaction.
CREATE FUNCTION resume_subscriber(asked text, note uuid, members text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    UPDATE subscribers SET paused_at = NULL, pause_reason = NULL WHERE name = asked AND paused_at IS NOT NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM note_audit(ARRAY[note], ARRAY[0.0::double precision], ARRAY[members]);
    RETURN true;
END
$$;

DROP FUNCTION subscriber_states();

-- The state of every subscriber: the changes after its position, the deliveries that wait, the age in seconds of the oldest
-- change that it has not received, its dead letters, the revisions that it missed, and since when and why it is paused.
CREATE FUNCTION subscriber_states()
RETURNS TABLE (
    name text, revision bigint, behind bigint, waiting bigint, oldest_seconds float, dead bigint, missed bigint,
    paused_at timestamptz, pause_reason text
) LANGUAGE sql STABLE AS $$
    SELECT s.name, s.revision, greatest(last_revision() - s.revision, 0), d.waiting,
        coalesce(extract(epoch FROM clock_timestamp() - least(d.oldest, (
            SELECT e.occurred_at FROM events AS e WHERE e.revision > s.revision ORDER BY e.revision, e.ordinal LIMIT 1
        ))), 0)::float,
        (SELECT count(*) FROM dead_letters AS l WHERE l.subscriber = s.name), s.missed, s.paused_at, s.pause_reason
    FROM subscribers AS s CROSS JOIN LATERAL (
        SELECT count(*) AS waiting, min(w.occurred_at) AS oldest FROM deliveries AS w WHERE w.subscriber = s.name
    ) AS d ORDER BY s.name
$$;

REVOKE EXECUTE ON FUNCTION take_notification, drop_expired_notifications, pause_subscriber, resume_subscriber FROM PUBLIC;
