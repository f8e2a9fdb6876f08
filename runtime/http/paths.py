"""A router of paths to resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Scope

    from runtime.http.resource import Resource
    from runtime.settings import MiddlewareStep

_PARAMETER = re.compile(r"\{(\w+)\}")


class Paths:
    """Resources by their path templates, in which ``{name}`` matches one segment that is not empty."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._matchers = [(_pattern(resource.template).fullmatch, resource) for resource in resources]

    @property
    def endpoints(self) -> frozenset[str]:
        """The method and path template of everything that is served; a HEAD counts as its GET."""
        return frozenset(endpoint for _, resource in self._matchers for endpoint in resource.endpoints)

    @property
    def steps(self) -> dict[str, tuple[MiddlewareStep, ...]]:
        """The steps that a request passes before its handler, by the path template."""
        return {resource.template: resource.steps for _, resource in self._matchers}

    def find(self, path: str) -> tuple[Resource, dict[str, str]] | None:
        """Return the resource for a path, with the path parameters by name, or None."""
        for fullmatch, resource in self._matchers:
            found = fullmatch(path)
            if found is not None:
                return resource, found.groupdict()
        return None


class ByPort:
    """Two sets of paths: those of the management port, and those of any other port."""

    def __init__(self, paths: Paths, management: Paths, management_port: int) -> None:
        self.endpoints = paths.endpoints
        """The endpoints of any other port than the management port."""
        self.steps = paths.steps
        """The steps before the handlers of that port, by the path template."""
        self._paths = paths
        self._management = management
        self._management_port = management_port

    def find(self, scope: Scope) -> tuple[Resource, dict[str, str]] | None:
        """Return the resource of a request by its path and the port that it reached, as :meth:`Paths.find`."""
        server = scope.get("server")
        paths = self._management if server and server[1] == self._management_port else self._paths
        return paths.find(scope["path"])


def _pattern(template: str) -> re.Pattern[str]:
    # The split alternates between literal text and parameter names.
    parts = _PARAMETER.split(template)
    return re.compile(
        "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    )
