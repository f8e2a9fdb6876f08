"""The routes of the API: one table for the router, the throttling and the validation of settings.

An endpoint is a method and a path template; HEAD counts as GET.
"""

from __future__ import annotations

from typing import Final, get_args

from runtime.settings import Route

SETTINGS: Final = "/v1/settings"
ENTRIES: Final = "/v1/namespaces/{namespace}/entries"
ENTRY: Final = "/v1/namespaces/{namespace}/entries/{key}"
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
