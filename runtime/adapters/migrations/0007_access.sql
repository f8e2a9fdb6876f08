-- Rights that administrators give while the service runs, and the keys of machines. Settings give rights besides these.

-- Counts the changes of both tables, so that workers read them only after a change.
CREATE TABLE access_position (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    number bigint NOT NULL
);
INSERT INTO access_position (number) VALUES (0);

-- A role in namespaces, for one subject or one group ("team") of an issuer of the settings.
CREATE TABLE grants (
    name text COLLATE "C" PRIMARY KEY,
    issuer text NOT NULL,
    subject text,
    team text,
    role text NOT NULL CHECK (role IN ('reader', 'writer', 'approver', 'administrator')),
    namespaces text NOT NULL,
    emergency boolean NOT NULL,
    reason text NOT NULL,
    expires_at timestamptz,
    given_by text NOT NULL,
    given_at timestamptz NOT NULL,
    CHECK (num_nonnulls(subject, team) = 1),
    CHECK (NOT emergency OR expires_at IS NOT NULL)
);

-- A key of a machine: the SHA-256 of its secret, which is random, and so cannot be found by trying.
CREATE TABLE machine_keys (
    id text COLLATE "C" PRIMARY KEY,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    description text NOT NULL,
    role text NOT NULL CHECK (role IN ('reader', 'writer', 'approver', 'administrator')),
    namespaces text NOT NULL,
    expires_at timestamptz NOT NULL,
    given_by text NOT NULL,
    given_at timestamptz NOT NULL
);

-- Gives a right, or replaces one for the same namespaces; returns whether it is new, null where the name is one for others.
CREATE FUNCTION put_grant(
    name text, issuer text, subject text, team text, role text, namespaces text, emergency boolean, reason text,
    expires_at timestamptz, given_by text
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s'
AS $$
DECLARE
    is_new boolean;
BEGIN
    UPDATE access_position SET number = number + 1;
    SELECT count(*) = 0 INTO is_new FROM grants AS g WHERE g.name = put_grant.name;
    INSERT INTO grants AS g VALUES (
        put_grant.name, put_grant.issuer, put_grant.subject, put_grant.team, put_grant.role, put_grant.namespaces,
        put_grant.emergency, put_grant.reason, put_grant.expires_at, put_grant.given_by, clock_timestamp()
    ) ON CONFLICT ON CONSTRAINT grants_pkey DO UPDATE SET
        issuer = excluded.issuer, subject = excluded.subject, team = excluded.team, role = excluded.role,
        emergency = excluded.emergency, reason = excluded.reason, expires_at = excluded.expires_at,
        given_by = excluded.given_by, given_at = excluded.given_at
    WHERE g.namespaces = excluded.namespaces;
    RETURN CASE WHEN FOUND THEN is_new END;
END
$$;

-- Takes a right back, if it is one for these namespaces; returns whether there was one.
CREATE FUNCTION remove_grant(name text, namespaces text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    UPDATE access_position SET number = number + 1;
    DELETE FROM grants AS g WHERE g.name = remove_grant.name AND g.namespaces = remove_grant.namespaces;
    RETURN FOUND;
END
$$;

CREATE FUNCTION put_machine_key(
    id text, digest bytea, description text, role text, namespaces text, expires_at timestamptz, given_by text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s'
AS $$
BEGIN
    UPDATE access_position SET number = number + 1;
    INSERT INTO machine_keys VALUES (
        put_machine_key.id, put_machine_key.digest, put_machine_key.description, put_machine_key.role,
        put_machine_key.namespaces, put_machine_key.expires_at, put_machine_key.given_by, clock_timestamp()
    );
END
$$;

CREATE FUNCTION remove_machine_key(id text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    UPDATE access_position SET number = number + 1;
    DELETE FROM machine_keys AS k WHERE k.id = remove_machine_key.id;
    RETURN FOUND;
END
$$;

REVOKE EXECUTE ON FUNCTION put_grant, remove_grant, put_machine_key, remove_machine_key FROM PUBLIC;
