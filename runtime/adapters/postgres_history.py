"""The history of entries in PostgreSQL, from the events and the last checkpoint.

Every question is one statement on a connection for reads, bounded in rows and in the bytes of values that it reads.
Its functions are of migration 0004.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from runtime.domain.entries import Action, Context, Entry, Json, OtherHistoryError, Page, Version
from runtime.domain.history import (
    SETTLED_SECONDS,
    Difference,
    Differences,
    Digest,
    KeyEdit,
    KeyVersion,
    KeyVersions,
    NamespaceChange,
    NamespaceChanges,
    NotKeptError,
    Past,
    Recorded,
    Side,
    UnsettledTimeError,
    VersionNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Protocol
    from uuid import UUID

    import asyncpg

    class Source(Protocol):
        """A way to ask the database; see :meth:`runtime.adapters.postgres.PostgresEntries.fetch`."""

        async def fetch(
            self,
            at_least: Version | None,
            query: str,
            *arguments: object,
            primary: bool = False,
            deferrable: bool = False,
        ) -> tuple[list[asyncpg.Record], Version]:
            """Return the rows and the version of their snapshot."""


PAGE_BYTES = 4 * 1024 * 1024
"""The bytes of values after which a page ends."""

EXAMINED_KEYS = 2000
"""The keys that a page of a past list examines at most, those without an entry then included."""

EXAMINED_EVENTS = 2000
"""The events that a page of differences examines at most."""

# Revisions are in the order of the times unless the server's clock was set back. This finds neighbours of which the
# first was made at the time or before and the second after it: the state between them was present at that time.
AT = """
WITH RECURSIVE position AS MATERIALIZED (SELECT * FROM history_position()), search (low, high) AS (
    SELECT horizon, last + 1 FROM position
    UNION ALL
    SELECT CASE WHEN probe.at <= $1 THEN halves.middle ELSE low END,
        CASE WHEN probe.at <= $1 THEN high ELSE halves.middle END
    FROM (SELECT low, high, (low + high) / 2 AS middle FROM search WHERE high - low > 1) AS halves
    CROSS JOIN LATERAL (
        SELECT occurred_at AS at FROM events WHERE revision = halves.middle ORDER BY ordinal LIMIT 1
    ) AS probe
)
SELECT epoch, last, horizon, (SELECT low FROM search WHERE high - low <= 1) AS revision,
    $1 > clock_timestamp() - make_interval(secs => $2) AS unsettled
FROM position
"""

READ = """
WITH position AS MATERIALIZED (SELECT * FROM history_position())
SELECT epoch, last, horizon, asked.key, found.*
FROM position CROSS JOIN unnest($2::text[]) WITH ORDINALITY AS asked (key, place)
LEFT JOIN LATERAL value_at($1, asked.key, coalesce($3, last)) AS found ON true
ORDER BY asked.place
"""

# Walks from key to key by the indexes, whatever the number of their versions, until it has $4 entries and one more that
# tells whether a page follows; $5 bytes of values; or has examined $6 keys.
SCAN = """
WITH RECURSIVE position AS MATERIALIZED (SELECT * FROM history_position()), walk AS (
    SELECT 0 AS examined, 0 AS place, 0::bigint AS bytes_before, 0 AS size, $2::text COLLATE "C" AS key,
        NULL::json AS value, NULL::bigint AS revision, NULL::timestamptz AS updated_at
    UNION ALL
    SELECT examined + 1, place + (found.value IS NOT NULL)::integer, bytes_before + size,
        coalesce(octet_length(found.value::text), 0), next.key, found.value, found.revision, found.updated_at
    FROM walk
    CROSS JOIN LATERAL (SELECT least(
        (SELECT key FROM events WHERE namespace = $1 AND key > walk.key ORDER BY key LIMIT 1),
        (SELECT key FROM checkpoint_entries WHERE namespace = $1 AND key > walk.key ORDER BY key LIMIT 1)
    ) AS key OFFSET 0) AS next
    LEFT JOIN LATERAL value_at($1, next.key, $3) AS found ON true
    WHERE next.key IS NOT NULL AND place <= $4 AND bytes_before < $5 AND examined < $6
)
SELECT epoch, last, horizon, walk.* FROM position
LEFT JOIN walk ON walk.examined > 0 AND (walk.value IS NOT NULL OR walk.examined = $6)
ORDER BY walk.examined
"""

# Walks from version to version, until it has $4 and one more that tells whether a page follows, or $5 bytes of values:
# the length of a compressed value is known only when it is read. The checkpoint's version is older than every event.
VERSIONS = """
WITH RECURSIVE position AS MATERIALIZED (SELECT * FROM history_position()), walk AS (
    SELECT 0 AS place, 0::bigint AS bytes_before, $3::bigint AS revision, NULL::integer AS ordinal,
        NULL::text AS action, NULL::timestamptz AS occurred_at, NULL::text AS actor, NULL::text AS request_id,
        NULL::text AS reason, NULL::text AS traceparent, NULL::integer AS size, NULL::text AS sha256
    UNION ALL
    SELECT walk.place + 1, walk.bytes_before + coalesce(walk.size, 0), version.revision, version.ordinal,
        version.action, version.occurred_at, version.actor, version.request_id, version.reason,
        version.traceparent,        octet_length(told.text), encode(sha256(convert_to(told.text, 'UTF8')), 'hex')
    FROM walk CROSS JOIN LATERAL (
        SELECT * FROM (
            (SELECT revision, ordinal, action, occurred_at, actor, request_id, reason, traceparent, value FROM events
                WHERE (namespace, key, revision) > ($1, $2, 0) AND (namespace, key, revision) < ($1, $2, walk.revision)
                    AND revision < walk.revision -- leaves out later partitions
                ORDER BY namespace DESC, key DESC, revision DESC LIMIT 1)
            UNION ALL
            (SELECT revision, 0, NULL, updated_at, NULL, NULL, NULL, NULL, value FROM checkpoint_entries
                WHERE namespace = $1 AND key = $2 AND revision < walk.revision)
        ) AS earlier ORDER BY revision DESC LIMIT 1
    ) AS version
    CROSS JOIN LATERAL (SELECT version.value::text OFFSET 0) AS told (text)
    WHERE walk.place <= $4 AND walk.bytes_before < $5
)
SELECT epoch, last, horizon, walk.* FROM position LEFT JOIN walk ON walk.place > 0 ORDER BY walk.place
"""

VERSION = """
WITH position AS MATERIALIZED (SELECT * FROM history_position())
SELECT epoch, last, horizon, found.*, octet_length(told.text) AS size,
    encode(sha256(convert_to(told.text, 'UTF8')), 'hex') AS sha256
FROM position LEFT JOIN (
    SELECT revision, ordinal, action, occurred_at, actor, request_id, reason, traceparent, value FROM events
        WHERE namespace = $1 AND key = $2 AND revision = $3
    UNION ALL
    SELECT revision, 0, NULL, updated_at, NULL, NULL, NULL, NULL, value FROM checkpoint_entries
        WHERE namespace = $1 AND key = $2 AND revision = $3
) AS found ON true
LEFT JOIN LATERAL (SELECT found.value::text OFFSET 0) AS told (text) ON true
LIMIT 1
"""

CHANGES = """
WITH position AS MATERIALIZED (SELECT * FROM history_position()), revisions AS (
    SELECT revision FROM events WHERE (namespace, revision) > ($1, 0) AND (namespace, revision) < ($1, $2)
    GROUP BY namespace, revision ORDER BY namespace DESC, revision DESC LIMIT $3 + 1
)
SELECT epoch, last, horizon, edits.* FROM position LEFT JOIN (
    SELECT events.revision, ordinal, key, action, occurred_at, actor, request_id, reason, traceparent
    FROM revisions CROSS JOIN LATERAL (
        SELECT * FROM events WHERE namespace = $1 AND events.revision = revisions.revision OFFSET 0
    ) AS events
) AS edits ON true
ORDER BY edits.revision DESC, ordinal
"""

MADE = """
WITH position AS MATERIALIZED (SELECT * FROM history_position())
SELECT epoch, last, horizon, edits.* FROM position LEFT JOIN (
    SELECT revision, ordinal, key, action, occurred_at, actor, request_id, reason, traceparent FROM events
    WHERE change = $1 AND namespace = $2
) AS edits ON true
ORDER BY ordinal
"""

# $2 and $3 are the versions that are compared, $4 is that before which the page begins, $5 its length, $6 the events
# that it examines. A page holds whole revisions, so that the next one can begin before its last.
DIFFERENCES = """
WITH position AS MATERIALIZED (SELECT * FROM history_position()), touched AS MATERIALIZED (
    SELECT revision, ordinal, key, value FROM events
    WHERE (namespace, revision) > ($1, $2)
        AND (namespace, revision) <= ($1, least($3, $4::bigint - 1, (SELECT last FROM position))) AND revision > $2
    ORDER BY namespace DESC, revision DESC FETCH FIRST $6 ROWS WITH TIES
), latest AS (
    SELECT * FROM (SELECT DISTINCT ON (key) * FROM touched ORDER BY key, revision DESC) AS last_on_page
    WHERE $4::bigint IS NULL OR (
        SELECT later.revision FROM events AS later
        WHERE (later.namespace, later.key, later.revision) >= ($1, last_on_page.key, $4)
            AND (later.namespace, later.key, later.revision)
                <= ($1, last_on_page.key, least($3, (SELECT last FROM position)))
            AND later.revision >= $4 -- leaves out earlier partitions
        ORDER BY later.namespace, later.key, later.revision LIMIT 1
    ) IS NULL
    ORDER BY revision DESC FETCH FIRST $5 ROWS WITH TIES
)
SELECT epoch, last, horizon, (SELECT count(*) FROM touched) AS examined,
    (SELECT min(revision) FROM touched) AS reached, compared.*
FROM position LEFT JOIN (
    SELECT latest.key, latest.revision, latest.ordinal, octet_length(texts.after) AS size,
        before.revision AS former_revision, octet_length(texts.before) AS former_size,
        texts.after IS DISTINCT FROM texts.before AS differs
    FROM latest LEFT JOIN LATERAL value_at($1, latest.key, $2) AS before ON true
    CROSS JOIN LATERAL (SELECT latest.value::text, before.value::text OFFSET 0) AS texts (after, before)
) AS compared ON true
ORDER BY compared.revision DESC, compared.ordinal
"""


class PostgresHistory:
    """A :class:`runtime.ports.entries.HistoryStore`."""

    def __init__(self, source: Source, settled_seconds: float = SETTLED_SECONDS) -> None:
        self._source = source
        self._settled_seconds = settled_seconds

    async def at(self, time: datetime) -> Version:
        """See :class:`runtime.ports.entries.HistoryStore`."""
        rows, version = await self._source.fetch(None, AT, time, self._settled_seconds, primary=True)
        row = rows[0]
        if row["unsettled"]:
            raise UnsettledTimeError
        # The time of the checkpoint's own revision went with its event.
        if row["revision"] is None or 0 < row["revision"] == row["horizon"]:
            raise NotKeptError(Version(version.epoch, row["horizon"]))
        return Version(version.epoch, row["revision"])

    async def read(self, namespace: str, keys: Sequence[str], at: Version | None) -> Past:
        """See :class:`runtime.ports.entries.HistoryStore`."""
        rows, present = await self._fetch(at, READ, namespace, list(keys), _revision(at))
        version = at or present
        if any(row["revision"] is None for row in rows):
            _require_kept(version, rows)
        entries = (
            None
            if row["value"] is None
            else Entry(
                namespace, row["key"], Json(row["value"]), Version(version.epoch, row["revision"]), row["updated_at"]
            )
            for row in rows
        )
        return Past(tuple(entries), version)

    async def scan(self, namespace: str, after: str, limit: int, at: Version) -> Page:
        """See :class:`runtime.ports.entries.HistoryStore`; a page ends once its values fill ``PAGE_BYTES``."""
        rows, _ = await self._fetch(at, SCAN, namespace, after, at.revision, limit, PAGE_BYTES, EXAMINED_KEYS)
        _require_kept(at, rows)
        there = [row for row in rows if row["value"] is not None]
        page = [row for row in there if row["place"] <= limit and row["bytes_before"] < PAGE_BYTES]
        following = None
        if len(page) < len(there):
            following = page[-1]["key"]
        elif rows[-1]["examined"] == EXAMINED_KEYS:
            following = rows[-1]["key"]
        entries = (
            Entry(namespace, row["key"], Json(row["value"]), Version(at.epoch, row["revision"]), row["updated_at"])
            for row in page
        )
        return Page(tuple(entries), following, at)

    async def versions(self, namespace: str, key: str, before: Version | None, limit: int) -> KeyVersions:
        """See :class:`runtime.ports.entries.HistoryStore`."""
        rows, present = await self._fetch(before, VERSIONS, namespace, key, _bound(before), limit, PAGE_BYTES)
        found = [row for row in rows if row["revision"] is not None]
        page = [row for row in found if row["place"] <= limit and row["bytes_before"] < PAGE_BYTES]
        versions = tuple(_key_version(row, present.epoch) for row in page)
        more = len(page) < len(found)
        return KeyVersions(versions, versions[-1].version if more else None, _oldest(rows, present), present)

    async def version(self, namespace: str, key: str, at: Version) -> Recorded:
        """See :class:`runtime.ports.entries.HistoryStore`."""
        rows, _ = await self._fetch(at, VERSION, namespace, key, at.revision)
        row = rows[0]
        if row["revision"] is None:
            if at.revision <= row["horizon"] != 0:
                raise NotKeptError(Version(at.epoch, row["horizon"]))
            raise VersionNotFoundError
        return Recorded(_key_version(row, at.epoch), None if row["value"] is None else Json(row["value"]))

    async def changes(self, namespace: str, before: Version | None, limit: int) -> NamespaceChanges:
        """See :class:`runtime.ports.entries.HistoryStore`."""
        rows, present = await self._fetch(before, CHANGES, namespace, _bound(before), limit)
        found = _grouped(rows, present.epoch)
        changes = tuple(found[:limit])
        return NamespaceChanges(
            changes, changes[-1].version if len(found) > limit else None, _oldest(rows, present), present
        )

    async def differences(
        self, namespace: str, start: Version, end: Version | None, before: Version | None, limit: int
    ) -> Differences:
        """See :class:`runtime.ports.entries.HistoryStore`."""
        latest = end or start
        rows, present = await self._fetch(
            latest if latest.revision >= start.revision else start,
            DIFFERENCES,
            namespace,
            start.revision,
            _revision(end),
            _revision(before),
            limit,
            EXAMINED_EVENTS,
        )
        for each in (start, end, before):
            if each is not None and each.epoch != present.epoch:
                raise OtherHistoryError
        _require_kept(start, rows)
        found = [row for row in rows if row["key"] is not None]
        differences = tuple(_difference(row, present.epoch) for row in found if row["differs"])
        reached = None
        if len(found) >= limit:
            reached = found[-1]["revision"] if found[-1]["revision"] > rows[0]["reached"] else None
        if reached is None and rows[0]["examined"] >= EXAMINED_EVENTS:
            reached = rows[0]["reached"]
        following = None if reached is None else Version(present.epoch, reached)
        return Differences(differences, start, end or present, following)

    async def made(self, change: UUID, namespace: str) -> NamespaceChange | None:
        """See :class:`runtime.ports.entries.HistoryStore`."""
        rows, present = await self._source.fetch(None, MADE, change, namespace, primary=True)
        return next(iter(_grouped(rows, present.epoch)), None)

    async def _fetch(
        self, at_least: Version | None, query: str, *arguments: object
    ) -> tuple[list[asyncpg.Record], Version]:
        """Ask a question about the past, which can wait while the database is overloaded."""
        return await self._source.fetch(at_least, query, *arguments, deferrable=True)


def _revision(version: Version | None) -> int | None:
    return None if version is None else version.revision


def _bound(before: Version | None) -> int:
    return 2**63 - 1 if before is None else before.revision


def _oldest(rows: Sequence[asyncpg.Record], present: Version) -> Version:
    return Version(present.epoch, rows[0]["horizon"])


def _require_kept(version: Version, rows: Sequence[asyncpg.Record]) -> None:
    if version.revision < rows[0]["horizon"]:
        raise NotKeptError(_oldest(rows, version))


def _context(row: asyncpg.Record) -> Context:
    return Context(row["actor"], row["request_id"], row["reason"], traceparent=row["traceparent"])


def _key_version(row: asyncpg.Record, epoch: str) -> KeyVersion:
    kept = row["action"] is not None
    return KeyVersion(
        Version(epoch, row["revision"]),
        row["ordinal"],
        Action(row["action"]) if kept else None,
        row["occurred_at"],
        _context(row) if kept else None,
        None if row["size"] is None else Digest(row["size"], row["sha256"]),
    )


def _grouped(rows: Iterable[asyncpg.Record], epoch: str) -> list[NamespaceChange]:
    found = [row for row in rows if row["revision"] is not None]
    groups = [list(group) for _, group in groupby(found, key=itemgetter("revision"))]
    return [
        NamespaceChange(
            Version(epoch, group[0]["revision"]),
            group[0]["occurred_at"],
            _context(group[0]),
            tuple(KeyEdit(row["key"], Action(row["action"])) for row in group),
        )
        for group in groups
    ]


def _difference(row: asyncpg.Record, epoch: str) -> Difference:
    def side(revision: int, size: int | None) -> Side | None:
        return None if size is None else Side(Version(epoch, revision), size)

    return Difference(row["key"], side(row["former_revision"], row["former_size"]), side(row["revision"], row["size"]))
