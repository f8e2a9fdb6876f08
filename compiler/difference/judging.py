"""What a changed value does: the judges of its kind of object, and the table of fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from compiler.difference import network, permissions
from compiler.difference.effects import Class, Effect, Reason
from compiler.difference.fields import GONE, of_field
from compiler.difference.numbers import less_often, lower

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.difference.comparison import Change
    from compiler.difference.statements import Statement

_RETENTION = "--retention-seconds"
_COPIES = "copy-volumes"
"""The task of the maintenance job that takes snapshots of volumes."""
_PLAN = "vault/plan.yaml"

Object = Mapping[str, Any] | None


def effects(changes: Sequence[Change], before: Any, after: Any) -> Iterator[tuple[Change, Effect]]:
    """Yield what the changes of one file do, each with the change that does it; the sides are the whole file."""
    kind = _kind(after if after is not None else before)
    found = [(change, effect) for change in changes for effect in _of_change(kind, change, before)]
    found += [(changes[0], effect) for effect in _of_object(kind, before, after)]
    yield from found


def of_statement(statement: Statement) -> Iterator[Effect]:
    """Yield what a statement does by itself, outside of what is compiled: the object store copies the backups."""
    if statement.path[-1:] == ("replicated_to",) and statement.after is None:
        yield Effect(Class.BACKUP, Reason("nothing copies them to another region"))


def _kind(document: Any) -> str:
    return str(document.get("kind", "")) if isinstance(document, Mapping) else ""


def _of_change(kind: str, change: Change, before: Any) -> Iterator[Effect]:
    if kind == "CronJob":
        yield from _of_job(change, before)
    elif kind == "AppProject":
        yield from permissions.of_project(change)
    elif change.file.endswith(_PLAN):
        yield from permissions.of_vault(change)
    elif network.is_of_ranges(change.steps) and not change.steps[-1].startswith("["):
        yield from network.of_ranges(change.before, change.after)
    if change.path:
        yield from of_field(kind, change)


def _of_object(kind: str, before: Object, after: Object) -> Iterator[Effect]:
    if kind == "NetworkPolicy":
        yield from network.of_policy(before, after)
    elif kind in ("Role", "ClusterRole"):
        yield from permissions.of_roles(before, after)
    elif kind in ("RoleBinding", "ClusterRoleBinding"):
        yield from permissions.of_bindings(before, after)
    elif kind == "Cluster" and before is not None and after is not None:
        yield from _of_services(before, after)
    if after is None and kind in GONE:
        class_, text = GONE[kind]
        yield Effect(class_, Reason(text))
    if after is None and kind == "CronJob" and _COPIES in str(before):
        yield Effect(Class.BACKUP, Reason("nothing copies the volumes any more"))


def _of_services(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Effect]:
    """Yield what the load balancers of a database admit anew."""
    old, new = (
        [
            address
            for service in side["spec"].get("managed", {}).get("services", {}).get("additional", ())
            for address in service["serviceTemplate"]["spec"].get("loadBalancerSourceRanges", ())
        ]
        for side in (before, after)
    )
    if sorted(old) != sorted(new):
        yield from network.of_ranges(old, new)


def _of_job(change: Change, before: Any) -> Iterator[Effect]:
    """Yield what a change of a maintenance job does: its next run reads it."""
    if change.steps[-2:-1] == ("command",) and change.before is not None and lower(change.before, change.after):
        command: Any = before
        for step in change.path[:-1]:
            name = step if isinstance(step, str) else step.name
            command = command[name] if isinstance(command, Mapping) else _named(command, name)
        position = int(change.key[-1]) if change.key[-1].isdigit() else 0
        if position and command[position - 1] == _RETENTION:
            values = {"before": str(change.before), "after": str(change.after)}
            text = "snapshots are kept for {after} seconds, before for {before}"
            yield Effect(Class.BACKUP, Reason(text, values))
    elif change.steps == ("spec", "schedule") and _COPIES in str(before) and less_often(change.before, change.after):
        values = {"before": str(change.before), "after": str(change.after)}
        yield Effect(Class.BACKUP, Reason("volumes are copied less often: {after}, before {before}", values))


def _named(items: Sequence[Any], name: str) -> Any:
    return next(item for item in items if item.get("name") == name)
