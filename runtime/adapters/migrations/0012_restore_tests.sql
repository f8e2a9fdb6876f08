-- The tests that the database can be restored, by the job that makes them (runtime/maintenance/restore_test.py).
-- A test that failed before it had a result has none of the columns from finished_at on.
CREATE TABLE restore_tests (
    began_at timestamptz PRIMARY KEY,
    source text COLLATE "C" NOT NULL CHECK (source IN ('archive', 'snapshot')),
    finished_at timestamptz,
    -- From the request for the scratch database until it accepted connections.
    seconds double precision CHECK (seconds >= 0),
    -- The age of the oldest change that it lacked when its recovery ended; 0 if it lacked none.
    lost_seconds double precision CHECK (lost_seconds >= 0),
    revision bigint,
    faults integer,
    CHECK (num_nulls(finished_at, seconds, lost_seconds, revision, faults) IN (0, 5))
);

-- The exporter of the database's pods reads as a member of this role.
GRANT SELECT ON restore_tests TO pg_monitor;
