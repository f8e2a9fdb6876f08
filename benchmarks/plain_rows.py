"""Plain rows: the schema's tables with their indexes, without partitions, checks and triggers, and one insertion."""

from __future__ import annotations

PLAIN_TABLES = """
CREATE SCHEMA plain;
CREATE TABLE plain.events (LIKE events INCLUDING INDEXES);
CREATE TABLE plain.entries (LIKE entries INCLUDING INDEXES);
CREATE SEQUENCE plain.revisions;
"""
PLAIN_EVENT = """
WITH event AS (
    INSERT INTO plain.events SELECT nextval('plain.revisions'), 0, gen_random_uuid(), $1, $2, 'create', $3::text::json,
        clock_timestamp(), 'anonymous' RETURNING revision, occurred_at
)
INSERT INTO plain.entries SELECT $1, $2, $3::text::json, revision, occurred_at, octet_length($3::text) FROM event
"""
"""The arguments are the namespace, the key and the value."""
