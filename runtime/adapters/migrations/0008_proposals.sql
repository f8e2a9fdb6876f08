-- Proposals: changes of a namespace that are made once enough people have approved them.
--
-- A proposal is open until it is made, refused when it was to be made, rejected or withdrawn; past "expires_at" an open
-- one is over too. "sponsor" is who answers for a proposer that is a key of a machine. The id of the change that is made
-- is that of the proposal, so that it is made at most once.
CREATE TABLE proposals (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    namespace text COLLATE "C" NOT NULL,
    defined boolean NOT NULL,
    unchecked boolean NOT NULL,
    digest text NOT NULL,
    proposer text COLLATE "C" NOT NULL,
    sponsor text COLLATE "C",
    request_id text,
    client text,
    reason text,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'made', 'refused', 'rejected', 'withdrawn')),
    decided_at timestamptz,
    decided_by text COLLATE "C",
    decided_reason text,
    emergency text,
    needed integer,
    epoch text,
    revision bigint,
    refusals json,
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((state = 'made') = (revision IS NOT NULL))
);
CREATE INDEX proposals_of_namespace ON proposals (namespace, number);

CREATE TABLE proposal_edits (
    proposal bigint NOT NULL REFERENCES proposals ON DELETE CASCADE,
    ordinal integer NOT NULL,
    key text COLLATE "C" NOT NULL,
    value json,
    matches text,
    none_matches text,
    PRIMARY KEY (proposal, ordinal)
);

-- "identity" is the approver as the proof said, so that rights that are taken meanwhile are noticed.
CREATE TABLE proposal_approvals (
    proposal bigint NOT NULL REFERENCES proposals ON DELETE CASCADE,
    approver text COLLATE "C" NOT NULL,
    reason text,
    approved_at timestamptz NOT NULL,
    identity json NOT NULL,
    PRIMARY KEY (proposal, approver)
);

-- The approvals that a change of a namespace needs now: a proposal needs one at least.
CREATE FUNCTION needed_approvals(name text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT greatest(1, (SELECT (value ->> 'approvals')::integer FROM entries WHERE namespace = name AND key = ''))
$$;

-- Records what was done to a proposal in the audit trail: "members" are those of the record, but for its outcome and for
-- what is found out only here ("further", of its member proposal).
CREATE FUNCTION note_proposal(note uuid, members text, done text, further jsonb DEFAULT '{}') RETURNS void LANGUAGE sql
AS $$
    SELECT note_audit(ARRAY[note], ARRAY[0.0::double precision], ARRAY[(members::jsonb || jsonb_build_object(
        'outcome', done, 'proposal', members::jsonb -> 'proposal' || further))::text])
$$;

-- Keeps a proposal, and returns proposed; or repeated or reused where there is one with the id already (with the same
-- edits by the same proposer, or not), or full where "most" are open in the namespace.
CREATE FUNCTION put_proposal(
    id uuid, namespace text, unchecked boolean, digest text, proposer text, sponsor text, request_id text, client text,
    reason text, lifetime interval, most integer, keys text[], documents text[], matches text[], none_matches text[],
    note uuid, members text
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s'
AS $$
#variable_conflict use_column
DECLARE
    at timestamptz;
    kept proposals%ROWTYPE;
BEGIN
    PERFORM set_config('transaction_timeout', '3s', true);
    PERFORM pg_advisory_xact_lock(x'636270'::integer, 8);
    at := clock_timestamp();
    SELECT * INTO kept FROM proposals AS p WHERE p.id = put_proposal.id;
    IF FOUND THEN
        RETURN CASE WHEN (kept.namespace, kept.proposer, kept.digest, kept.unchecked)
            = (put_proposal.namespace, put_proposal.proposer, put_proposal.digest, put_proposal.unchecked)
            THEN 'repeated' ELSE 'reused' END;
    END IF;
    IF (SELECT count(*) FROM proposals AS p
        WHERE p.namespace = put_proposal.namespace AND p.state = 'open' AND p.expires_at > at) >= most
    THEN
        RETURN 'full';
    END IF;
    INSERT INTO proposals AS p (id, namespace, defined, unchecked, digest, proposer, sponsor, request_id, client, reason,
        proposed_at, expires_at)
    VALUES (put_proposal.id, put_proposal.namespace,
        EXISTS (SELECT FROM entries AS e WHERE e.namespace = put_proposal.namespace AND e.key = ''),
        put_proposal.unchecked, put_proposal.digest, put_proposal.proposer, put_proposal.sponsor,
        put_proposal.request_id, put_proposal.client, put_proposal.reason, at, at + lifetime)
    RETURNING * INTO kept;
    INSERT INTO proposal_edits
        SELECT kept.number, edit.ordinal - 1, edit.key, edit.document::json, edit.if_match, edit.if_none_match
        FROM unnest(keys, documents, matches, none_matches)
            WITH ORDINALITY AS edit (key, document, if_match, if_none_match, ordinal);
    PERFORM note_proposal(note, members, 'proposed');
    RETURN 'proposed';
END
$$;

-- Approves a proposal, and makes its change once enough people have.
--
-- discounted: approvers whose right was taken since. emergency: the name of a grant in force that was given by somebody
-- else, by which the change is made without approvals. definition, state: as of make_changes(), under which the edits
-- were judged by the schema; faults: what it found, or null. notes, members: the ids and members of two records of the
-- audit trail, of the approval and of what follows from it.
--
-- Returns absent, own (the approver proposed it), barred (the emergency is none), closed or repeated (it is over, and
-- this client did not, or did, approve it), approved, made or refused. SQLSTATE CB003 with the detail redefined, moved or
-- expired says that nothing was recorded: another definition or state of the namespace is in force at the revision after
-- it, or "expiry" has passed.
CREATE FUNCTION approve_proposal(
    known_epoch text, known_revision bigint, asked uuid, name text, caller text, who json, why text, discounted text[],
    emergency text, expiry timestamptz, definition text, state text, faults text, notes uuid[], members text[]
) RETURNS TABLE (outcome text, epoch text, revision bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
#variable_conflict use_column
DECLARE
    position record;
    at timestamptz;
    asked_for proposals%ROWTYPE;
    defined bigint;
    wanted integer;
    present text;
    is_new boolean := false;
    made record;
    changed bigint;
    obstacles json;
    approvers jsonb;
BEGIN
    PERFORM set_config('transaction_timeout', '3s', true);
    -- The lock of changes comes first, as in every change.
    PERFORM pg_advisory_xact_lock(x'636270'::integer, 1);
    SELECT * INTO position FROM store_position();
    IF position.epoch IS NULL OR position.epoch = known_epoch AND position.revision < known_revision
        OR position.epoch <> known_epoch AND NOT EXISTS (SELECT FROM histories WHERE epoch = known_epoch)
    THEN
        RAISE EXCEPTION 'the history is not confirmed' USING ERRCODE = 'CB001';
    END IF;
    SELECT * INTO asked_for FROM proposals AS p WHERE p.id = asked AND p.namespace = name FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'absent', NULL::text, NULL::bigint;
        RETURN;
    END IF;
    at := clock_timestamp();
    IF asked_for.state <> 'open' OR asked_for.expires_at <= at THEN
        RETURN QUERY SELECT CASE WHEN asked_for.state IN ('made', 'refused') AND (asked_for.decided_by = caller
            OR EXISTS (SELECT FROM proposal_approvals AS a WHERE a.proposal = asked_for.number AND a.approver = caller))
            THEN 'repeated' ELSE 'closed' END, asked_for.epoch, asked_for.revision;
        RETURN;
    END IF;
    IF emergency IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM grants AS g WHERE g.name = approve_proposal.emergency AND g.emergency
            AND g.expires_at > at AND g.given_by <> caller)
        THEN
            RETURN QUERY SELECT 'barred', NULL::text, NULL::bigint;
            RETURN;
        END IF;
    ELSIF caller = asked_for.proposer OR caller = asked_for.sponsor THEN
        RETURN QUERY SELECT 'own', NULL::text, NULL::bigint;
        RETURN;
    ELSE
        INSERT INTO proposal_approvals AS a VALUES (asked_for.number, caller, why, at, who)
            ON CONFLICT ON CONSTRAINT proposal_approvals_pkey DO UPDATE SET identity = excluded.identity
            RETURNING a.approved_at = at INTO is_new;
    END IF;
    wanted := needed_approvals(name);
    SELECT jsonb_object_agg(a.approver, coalesce(a.reason, '')) INTO approvers FROM proposal_approvals AS a
        WHERE a.proposal = asked_for.number AND a.approver <> ALL (discounted)
            AND a.approver <> asked_for.proposer AND a.approver IS DISTINCT FROM asked_for.sponsor;
    IF is_new THEN
        PERFORM note_proposal(notes[1], members[1], 'approved');
    END IF;
    IF emergency IS NULL AND wanted > (SELECT count(*) FROM jsonb_object_keys(approvers)) THEN
        RETURN QUERY SELECT 'approved', NULL::text, NULL::bigint;
        RETURN;
    END IF;

    defined := (SELECT e.revision FROM entries AS e WHERE e.namespace = name AND e.key = '');
    present := coalesce(position.epoch || '-' || defined, '');
    IF asked_for.defined AND defined IS NULL THEN
        obstacles := json_build_array(json_build_object('index', 0, 'key', '', 'outcome', 'removed'));
    ELSIF definition <> present THEN
        RAISE EXCEPTION 'the definition has changed' USING ERRCODE = 'CB003', DETAIL = 'redefined ' || present;
    ELSIF faults IS NOT NULL THEN
        present := position.epoch || '-' || namespace_revision(name);
        IF state <> present THEN
            RAISE EXCEPTION 'the namespace has changed' USING ERRCODE = 'CB003', DETAIL = 'moved ' || present;
        END IF;
        obstacles := faults::json;
    ELSE
        FOR made IN
            SELECT done.* FROM (
                SELECT array_agg(1 ORDER BY e.ordinal) AS changes, array_agg(name ORDER BY e.ordinal) AS namespaces,
                    array_agg(e.key ORDER BY e.ordinal) AS keys, array_agg(e.value::text ORDER BY e.ordinal) AS documents,
                    array_agg(e.matches ORDER BY e.ordinal) AS matches,
                    array_agg(e.none_matches ORDER BY e.ordinal) AS none_matches
                FROM proposal_edits AS e WHERE e.proposal = asked_for.number
            ) AS edits CROSS JOIN LATERAL make_changes(
                known_epoch, known_revision, ARRAY[asked_for.id], ARRAY[asked_for.proposer],
                ARRAY[asked_for.request_id], ARRAY[asked_for.reason], ARRAY[expiry], ARRAY[false], ARRAY[definition],
                ARRAY[approve_proposal.state], edits.changes, edits.namespaces, edits.keys, edits.documents, edits.matches,
                edits.none_matches) AS done
            ORDER BY done.edit
        LOOP
            IF made.outcome IN ('redefined', 'moved', 'expired') THEN
                RAISE EXCEPTION 'the change was not made' USING ERRCODE = 'CB003',
                    DETAIL = made.outcome || ' ' || position.epoch || '-' || coalesce(made.revision, 0);
            ELSIF made.outcome IN ('create', 'replace', 'delete') THEN
                changed := made.revision;
            ELSIF made.outcome <> 'skipped' THEN
                obstacles := to_json(coalesce(obstacles::jsonb, '[]') || jsonb_build_object('index', made.edit - 1, 'key',
                    (SELECT e.key FROM proposal_edits AS e
                        WHERE e.proposal = asked_for.number AND e.ordinal = made.edit - 1),
                    'outcome', made.outcome, 'version', position.epoch || '-' || made.revision));
            END IF;
        END LOOP;
    END IF;
    IF obstacles IS NULL THEN
        PERFORM note_origins(ARRAY[changed], ARRAY[asked_for.client]);
    ELSE
        changed := NULL;
    END IF;
    UPDATE proposals AS p SET state = CASE WHEN obstacles IS NULL THEN 'made' ELSE 'refused' END, decided_at = at,
        decided_by = caller, decided_reason = why, emergency = approve_proposal.emergency, needed = wanted,
        epoch = CASE WHEN obstacles IS NULL THEN position.epoch END, revision = changed, refusals = obstacles
    WHERE p.number = asked_for.number;
    PERFORM note_proposal(notes[2], members[2], CASE WHEN obstacles IS NOT NULL THEN 'refused'
        WHEN emergency IS NOT NULL THEN 'emergency' ELSE 'made' END,
        jsonb_strip_nulls(jsonb_build_object('needed', wanted, 'approvers', approvers, 'revision', changed,
            'grant', emergency)));
    RETURN QUERY SELECT CASE WHEN obstacles IS NULL THEN 'made' ELSE 'refused' END,
        CASE WHEN obstacles IS NULL THEN position.epoch END, changed;
END
$$;

-- Ends an open proposal: it is rejected by somebody else, or withdrawn by its proposer. Returns absent, own (of another
-- proposer, or of the client that rejects), closed, repeated, or what was done.
CREATE FUNCTION close_proposal(asked uuid, name text, caller text, why text, done text, note uuid, members text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    asked_for proposals%ROWTYPE;
    present_needed integer := needed_approvals(name);
BEGIN
    PERFORM set_config('transaction_timeout', '3s', true);
    SELECT * INTO asked_for FROM proposals AS p WHERE p.id = asked AND p.namespace = name FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'absent';
    ELSIF done = 'withdrawn' AND caller <> asked_for.proposer
        OR done = 'rejected' AND (caller = asked_for.proposer OR caller = asked_for.sponsor)
    THEN
        RETURN 'own';
    ELSIF asked_for.state = done AND asked_for.decided_by = caller THEN
        RETURN 'repeated';
    ELSIF asked_for.state <> 'open' OR asked_for.expires_at <= clock_timestamp() THEN
        RETURN 'closed';
    END IF;
    UPDATE proposals SET state = done, decided_at = clock_timestamp(), decided_by = caller, decided_reason = why,
        needed = present_needed WHERE number = asked_for.number;
    PERFORM note_proposal(note, members, done);
    RETURN done;
END
$$;

-- Drops the proposals that have been over for longer than the retention, and returns how many.
CREATE FUNCTION drop_expired_proposals(retention interval) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    dropped bigint;
BEGIN
    DELETE FROM proposals WHERE coalesce(decided_at, expires_at) < clock_timestamp() - retention;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END
$$;

REVOKE EXECUTE ON FUNCTION put_proposal, approve_proposal, close_proposal, note_proposal, drop_expired_proposals
    FROM PUBLIC;
