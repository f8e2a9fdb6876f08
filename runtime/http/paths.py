"""A router of paths to resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runtime.http.resource import Resource

_PARAMETER = re.compile(r"\{(\w+)\}")


class Paths:
    """Resources by their path templates, in which ``{name}`` matches one segment that is not empty."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._matchers = [(_pattern(resource.template).fullmatch, resource) for resource in resources]

    def find(self, path: str) -> tuple[Resource, dict[str, str]] | None:
        """Return the resource for a path, with the path parameters by name, or None."""
        for fullmatch, resource in self._matchers:
            found = fullmatch(path)
            if found is not None:
                return resource, found.groupdict()
        return None


def _pattern(template: str) -> re.Pattern[str]:
    # The split alternates between literal text and parameter names.
    parts = _PARAMETER.split(template)
    return re.compile(
        "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    )
