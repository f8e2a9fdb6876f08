-- The queue of deliveries, and the event bus that fills it from the events.
--
-- An event is recorded in the transaction of its change, and the log of events has neither gaps nor another order than the
-- commits': it is the outbox. A subscriber has a position in it. fan_out() moves the position, and makes the deliveries of
-- the events that it passes, in one transaction; at most a bound of them wait as rows, the others wait in the log. So a
-- change writes nothing more, however many subscribers there are.
--
-- The deliveries of one subscriber and namespace are a lane. They are made in the order of the events, one at a time.
--
-- Commits of this file's functions are not awaited: what a crash takes back is a delivery that is then made again, by the
-- same id, which its receiver has seen.

-- The last revision whose events became deliveries; "missed" counts revisions that retention dropped before.
CREATE TABLE subscribers (
    name text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL,
    missed bigint NOT NULL DEFAULT 0,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- Deliveries that wait. The one with the lowest rank comes first: the time of the change, put off by what the priority
-- says. Of two priorities the lower one waits so much longer, and not for ever. Until "due_at" a delivery belongs to its
-- claim, or pauses after a failure. Claims change no column of an index, so that they leave no dead entries there.
CREATE TABLE deliveries (
    subscriber text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    ordinal integer NOT NULL,
    occurred_at timestamptz NOT NULL,
    rank timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    claim uuid,
    attempts integer NOT NULL DEFAULT 0,
    fault text,
    PRIMARY KEY (subscriber, namespace, revision, ordinal)
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.1);
CREATE INDEX deliveries_by_rank ON deliveries (rank);

CREATE TABLE dead_letters (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    ordinal integer NOT NULL,
    occurred_at timestamptz NOT NULL,
    rank timestamptz NOT NULL,
    attempts integer NOT NULL,
    reason text NOT NULL,
    buried_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (subscriber, revision, ordinal)
);

-- Makes deliveries of the next events for a subscriber, of the namespaces of a pattern, until "bound" of them wait, and
-- returns how many revisions it passed. The last revision is passed as a whole. A new subscriber begins with the next
-- change. "delay" is what the priority adds to the rank. Another worker that does the same has this one return 0.
CREATE FUNCTION fan_out(asked text, pattern text, delay interval, bound integer, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    follower subscribers%ROWTYPE;
    start bigint;
    finish bigint;
    room integer;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT * INTO follower FROM subscribers WHERE name = asked FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        INSERT INTO subscribers (name, revision) VALUES (asked, last_revision()) ON CONFLICT DO NOTHING;
        RETURN 0;
    END IF;
    room := least(most, bound - (SELECT count(*) FROM deliveries WHERE subscriber = asked));
    IF room <= 0 THEN
        RETURN 0;
    END IF;
    start := greatest(follower.revision, (SELECT max(revision) FROM checkpoints));
    finish := (SELECT max(revision) FROM (
        SELECT revision FROM events WHERE revision > start ORDER BY revision, ordinal LIMIT room) AS next);
    IF finish IS NULL AND start = follower.revision THEN
        RETURN 0;
    END IF;
    INSERT INTO deliveries (subscriber, namespace, revision, ordinal, occurred_at, rank, due_at)
        SELECT asked, namespace, revision, ordinal, occurred_at, occurred_at + delay, occurred_at FROM events
        WHERE revision > start AND revision <= finish AND (namespace = pattern
            OR right(pattern, 1) = '*' AND starts_with(namespace, left(pattern, -1)));
    UPDATE subscribers SET revision = coalesce(finish, start), missed = missed + start - follower.revision
        WHERE name = asked;
    RETURN coalesce(finish, start) - follower.revision;
END
$$;

-- Claims deliveries to subscribers for a while, in the order of their ranks, and returns them with their events, whose
-- "change" is null where retention has dropped them: of at most "most" lanes, from each the first "run". Nobody else gets
-- the others of a lane whose first one is claimed.
CREATE FUNCTION claim_deliveries(claimant uuid, asked text[], most integer, run integer, visibility interval)
RETURNS TABLE (
    subscriber text, namespace text, revision bigint, ordinal integer, occurred_at timestamptz, attempts integer,
    change uuid, key text, action text, value json, actor text
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
        e.actor
    FROM taken AS t LEFT JOIN events AS e ON (e.revision, e.ordinal) = (t.revision, t.ordinal)
    ORDER BY t.rank, t.revision, t.ordinal;
END
$$;

-- Ends a delivery that was made, and returns whether the claim still held it.
CREATE FUNCTION end_delivery(claimant uuid, asked text, name text, made bigint, place integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    DELETE FROM deliveries AS d WHERE (d.subscriber, d.namespace, d.revision, d.ordinal) = (asked, name, made, place)
        AND d.claim = claimant;
    RETURN FOUND;
END
$$;

-- Gives back a claimed lane from one delivery on, and returns what became of that one: "lost" (the claim held it no longer),
-- "released" (without a fault: it was not tried), "retried" after the pause or, without a pause, "buried" as a dead letter
-- or "dropped".
CREATE FUNCTION give_back(
    claimant uuid, asked text, name text, made bigint, place integer, reason text, pause interval, buried boolean
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    given deliveries%ROWTYPE;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT * INTO given FROM deliveries AS d
        WHERE (d.subscriber, d.namespace, d.revision, d.ordinal) = (asked, name, made, place) AND d.claim = claimant
        FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'lost';
    END IF;
    UPDATE deliveries AS d SET claim = NULL, due_at = clock_timestamp()
        WHERE d.subscriber = asked AND d.namespace = name AND (d.revision, d.ordinal) >= (made, place)
            AND d.claim = claimant;
    IF reason IS NULL THEN
        RETURN 'released';
    ELSIF pause IS NOT NULL THEN
        UPDATE deliveries AS d SET attempts = given.attempts + 1, fault = reason, due_at = clock_timestamp() + pause
            WHERE (d.subscriber, d.namespace, d.revision, d.ordinal) = (asked, name, made, place);
        RETURN 'retried';
    END IF;
    DELETE FROM deliveries AS d WHERE (d.subscriber, d.namespace, d.revision, d.ordinal) = (asked, name, made, place);
    IF NOT buried THEN
        RETURN 'dropped';
    END IF;
    INSERT INTO dead_letters (subscriber, namespace, revision, ordinal, occurred_at, rank, attempts, reason)
        VALUES (asked, name, made, place, given.occurred_at, given.rank, given.attempts + 1, reason)
        ON CONFLICT ON CONSTRAINT dead_letters_subscriber_revision_ordinal_key DO NOTHING;
    RETURN 'buried';
END
$$;

-- Has a dead letter delivered again, in its place among those of its lane that wait, or discards it, and returns whether
-- there was one. The note of it is in the audit trail, in the same transaction.
CREATE FUNCTION settle_dead_letter(asked bigint, replayed boolean, note uuid, members text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    letter dead_letters%ROWTYPE;
BEGIN
    DELETE FROM dead_letters WHERE number = asked RETURNING * INTO letter;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF replayed THEN
        INSERT INTO deliveries (subscriber, namespace, revision, ordinal, occurred_at, rank, due_at)
            VALUES (letter.subscriber, letter.namespace, letter.revision, letter.ordinal, letter.occurred_at, letter.rank,
                clock_timestamp())
            ON CONFLICT DO NOTHING;
    END IF;
    PERFORM note_audit(ARRAY[note], ARRAY[0.0::double precision], ARRAY[(members::jsonb || jsonb_build_object(
        'namespace', letter.namespace, 'delivery', jsonb_build_object('number', asked, 'subscriber', letter.subscriber,
        'revision', letter.revision, 'ordinal', letter.ordinal)))::text]);
    RETURN true;
END
$$;

-- The state of every subscriber: the changes after its position, the deliveries that wait, the age in seconds of the oldest
-- change that it has not received, its dead letters, and the revisions that it missed.
CREATE FUNCTION subscriber_states()
RETURNS TABLE (name text, revision bigint, behind bigint, waiting bigint, oldest_seconds float, dead bigint, missed bigint)
LANGUAGE sql STABLE AS $$
    SELECT s.name, s.revision, greatest(last_revision() - s.revision, 0), d.waiting,
        coalesce(extract(epoch FROM clock_timestamp() - least(d.oldest, (
            SELECT e.occurred_at FROM events AS e WHERE e.revision > s.revision ORDER BY e.revision, e.ordinal LIMIT 1
        ))), 0)::float,
        (SELECT count(*) FROM dead_letters AS l WHERE l.subscriber = s.name), s.missed
    FROM subscribers AS s CROSS JOIN LATERAL (
        SELECT count(*) AS waiting, min(w.occurred_at) AS oldest FROM deliveries AS w WHERE w.subscriber = s.name
    ) AS d ORDER BY s.name
$$;

REVOKE EXECUTE ON FUNCTION fan_out, claim_deliveries, end_delivery, give_back, settle_dead_letter FROM PUBLIC;
