"""The check of a server: its differences from a plan, and its objects that no plan has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.vault.comparison import Comparison, Difference
from compiler.vault.inventory import unplanned

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from compiler.vault.plan import Plan
    from compiler.vault.server import VaultServer
    from compiler.vault.write_only_values import WriteOnlyValues

_AUDIT = "sys/audit"
_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check."""

    documents: int
    differences: tuple[Difference, ...]
    """In the order of the plan, and then the objects of the server that no plan has."""
    unread: tuple[str, ...]
    """The paths that the token may not read, and that a check can do without."""


def check(
    plan: Plan,
    server: VaultServer,
    values: WriteOnlyValues,
    neighbours: Iterable[Plan] = (),
    others: Collection[str] = (),
) -> Check:
    """Return the differences of the server; see :func:`compiler.vault.inventory.unplanned` for the last two arguments.

    Raises:
        VaultError: the server cannot be reached, or refuses.
    """
    comparison = Comparison(plan, server, values)
    differences = [difference for document in plan.documents for difference in comparison.differences(document)]
    differences += unplanned(plan, neighbours, server, others)
    answer = server.ask("GET", _AUDIT)
    if answer.status == _FORBIDDEN:
        return Check(len(plan.documents), tuple(differences), (_AUDIT,))
    differences += _audit_devices(plan, server.accepted(answer, f"reading {_AUDIT}"))
    return Check(len(plan.documents), tuple(differences), ())


def _audit_devices(plan: Plan, devices: dict[str, dict[str, dict[str, str]]]) -> Iterator[Difference]:
    """Yield the devices that write secrets in clear, and those that are in no plan.

    OpenBao takes its devices from configuration files: its plans have none.
    """
    for name, device in sorted(devices.items()):
        path = f"{_AUDIT}/{name.rstrip('/')}"
        if (device.get("options") or {}).get("log_raw") == "true":
            yield Difference(path, "log_raw is true: the device writes secrets in clear")
        if plan.flavour == "vault" and path not in plan.paths:
            yield Difference(path, "is not in the plan")
