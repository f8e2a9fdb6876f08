"""The routes of the API: one table for the router, the rights, the throttling and the validation of settings.

An endpoint is a method and a path template; HEAD counts as GET.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

from runtime.settings import RoleName, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS: Final = "/v1/settings"
ENTRIES: Final = "/v1/namespaces/{namespace}/entries"
ENTRY: Final = "/v1/namespaces/{namespace}/entries/{key}"
GRANTS: Final = "/v1/grants"
GRANT: Final = "/v1/grants/{grant}"
MACHINE_KEYS: Final = "/v1/keys"
MACHINE_KEY: Final = "/v1/keys/{id}"
ENTRY_VERSIONS: Final = "/v1/namespaces/{namespace}/entries/{key}/versions"
ENTRY_VERSION: Final = "/v1/namespaces/{namespace}/entries/{key}/versions/{version}"
ENTRY_DIFFERENCE: Final = "/v1/namespaces/{namespace}/entries/{key}/diff"
ENTRY_ROLLBACK: Final = "/v1/namespaces/{namespace}/entries/{key}/rollback"
NAMESPACE_VERSIONS: Final = "/v1/namespaces/{namespace}/versions"
NAMESPACE_DIFFERENCE: Final = "/v1/namespaces/{namespace}/diff"
NAMESPACE_ROLLBACK: Final = "/v1/namespaces/{namespace}/rollback"
NAMESPACE: Final = "/v1/namespaces/{namespace}"
NAMESPACES: Final = "/v1/namespaces"
EFFECTIVE: Final = "/v1/namespaces/{namespace}/effective"
DEFINITION: Final = "/v1/namespaces/{namespace}/definition"
TRANSACTIONS: Final = "/v1/namespaces/{namespace}/transactions"
PROPOSALS: Final = "/v1/namespaces/{namespace}/proposals"
PROPOSAL: Final = "/v1/namespaces/{namespace}/proposals/{proposal}"
PROPOSAL_APPROVAL: Final = "/v1/namespaces/{namespace}/proposals/{proposal}/approve"
PROPOSAL_REJECTION: Final = "/v1/namespaces/{namespace}/proposals/{proposal}/reject"
PROPOSAL_WITHDRAWAL: Final = "/v1/namespaces/{namespace}/proposals/{proposal}/withdraw"
SUBSCRIBERS: Final = "/v1/subscribers"
SUBSCRIBER_REPLAY: Final = "/v1/subscribers/{subscriber}/replay"
DELIVERIES: Final = "/v1/subscribers/{subscriber}/deliveries"
DELIVERY: Final = "/v1/subscribers/{subscriber}/deliveries/{delivery}"
DELIVERY_REPLAY: Final = "/v1/subscribers/{subscriber}/deliveries/{delivery}/replay"
SUBSCRIBER_RESUMPTION: Final = "/v1/subscribers/{subscriber}/resume"
NOTIFICATION: Final = "/v1/notifications/{connector}"
NOTIFICATIONS: Final = "/v1/namespaces/{namespace}/notifications"
AUDIT: Final = "/v1/audit"
AUDIT_ANCHORS: Final = "/v1/audit/anchors"
METRICS: Final = "/metrics"
HEALTH_DETAIL: Final = "/health/detail"
"""The paths of the management port, which serves nothing else."""

INDEX: Final = "/"
DESCRIPTION: Final = "/openapi.json"
PAGE: Final = "/docs"
PAGE_FILE: Final = "/docs/{file}"
PROBLEMS: Final = "/problems"
DOCUMENTATION: Final = (INDEX, DESCRIPTION, PAGE, PAGE_FILE, PROBLEMS)
"""The paths that describe the API; each is read alone."""

THROTTLED: Final[frozenset[str]] = frozenset(get_args(Route)) | {f"GET {path}" for path in DOCUMENTATION}
"""Every endpoint under /v1, and those that describe the API: each has its own bucket."""


class Permission(NamedTuple):
    """The least role that a request needs: in the namespace of its path or, without one there, in any namespace.

    ``second_factor`` is whether a person needs several factors where the settings ask for them.
    """

    role: RoleName
    rank: int
    """The position of the role in the order of roles, from 1."""
    second_factor: bool
    everywhere: bool
    """Whether the role is needed in every namespace."""


def _at_least(role: RoleName, *, everywhere: bool = False) -> Permission:
    return Permission(role, get_args(RoleName).index(role) + 1, role != "reader", everywhere)


_READ, _WRITE = _at_least("reader"), _at_least("writer")
_APPROVE, _ADMINISTER = _at_least("approver"), _at_least("administrator")
_ADMINISTER_EVERYTHING = _at_least("administrator", everywhere=True)

PERMISSIONS: Final[Mapping[str, Permission]] = MappingProxyType(
    {
        "GET /v1/namespaces/{namespace}/entries": _READ,
        "GET /v1/namespaces/{namespace}/entries/{key}": _READ,
        "PUT /v1/namespaces/{namespace}/entries/{key}": _WRITE,
        "DELETE /v1/namespaces/{namespace}/entries/{key}": _WRITE,
        "GET /v1/namespaces/{namespace}/entries/{key}/versions": _READ,
        "GET /v1/namespaces/{namespace}/entries/{key}/versions/{version}": _READ,
        "GET /v1/namespaces/{namespace}/entries/{key}/diff": _READ,
        "POST /v1/namespaces/{namespace}/entries/{key}/rollback": _WRITE,
        "GET /v1/namespaces/{namespace}/versions": _READ,
        "GET /v1/namespaces/{namespace}/diff": _READ,
        "POST /v1/namespaces/{namespace}/rollback": _WRITE,
        "GET /v1/namespaces": _READ,
        "GET /v1/namespaces/{namespace}": _READ,
        "PUT /v1/namespaces/{namespace}": _WRITE,
        "DELETE /v1/namespaces/{namespace}": _ADMINISTER,
        "GET /v1/namespaces/{namespace}/effective": _READ,
        "GET /v1/namespaces/{namespace}/definition": _READ,
        "PUT /v1/namespaces/{namespace}/definition": _ADMINISTER,
        "POST /v1/namespaces/{namespace}/transactions": _WRITE,
        "GET /v1/namespaces/{namespace}/proposals": _READ,
        "POST /v1/namespaces/{namespace}/proposals": _WRITE,
        "GET /v1/namespaces/{namespace}/proposals/{proposal}": _READ,
        "POST /v1/namespaces/{namespace}/proposals/{proposal}/approve": _APPROVE,
        "POST /v1/namespaces/{namespace}/proposals/{proposal}/reject": _APPROVE,
        "POST /v1/namespaces/{namespace}/proposals/{proposal}/withdraw": _WRITE,
        "GET /v1/settings": _READ,
        "GET /v1/grants": _ADMINISTER,
        "PUT /v1/grants/{grant}": _ADMINISTER,
        "DELETE /v1/grants/{grant}": _ADMINISTER,
        "GET /v1/keys": _ADMINISTER,
        "POST /v1/keys": _ADMINISTER,
        "DELETE /v1/keys/{id}": _ADMINISTER,
        "GET /v1/subscribers": _ADMINISTER,
        "POST /v1/subscribers/{subscriber}/replay": _ADMINISTER,
        "POST /v1/subscribers/{subscriber}/resume": _ADMINISTER_EVERYTHING,
        "GET /v1/subscribers/{subscriber}/deliveries": _ADMINISTER,
        "GET /v1/subscribers/{subscriber}/deliveries/{delivery}": _ADMINISTER,
        "DELETE /v1/subscribers/{subscriber}/deliveries/{delivery}": _ADMINISTER,
        "POST /v1/subscribers/{subscriber}/deliveries/{delivery}/replay": _ADMINISTER,
        "GET /v1/namespaces/{namespace}/notifications": _READ,
        "GET /v1/audit": _ADMINISTER_EVERYTHING,
        "GET /v1/audit/anchors": _ADMINISTER_EVERYTHING,
    }
)
"""The permission of every endpoint under /v1 but those in ``SIGNED``; one without a permission cannot be built.

The list of namespaces is for readers of any, who see those that they read. Grants, keys and deliveries are for
administrators of any namespace, who see and change those of their own; the audit trail is of every namespace, and a
subscriber is resumed for all of its namespaces.
"""

SIGNED: Final = frozenset({f"POST {NOTIFICATION}"})
"""The endpoints whose requests are signed by the key of a connector: it may do this, and nothing else."""
