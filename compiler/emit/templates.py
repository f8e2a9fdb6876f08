"""Render text without a data structure, such as HCL and Markdown, from the templates beside the emitters.

A missing value is an error. Nothing is escaped: every value is a name or a number of our own, and none is HTML.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from functools import cache
from importlib import metadata
from importlib.util import cache_from_source
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2.bccache import Bucket


_OPTIONS: Mapping[str, Any] = MappingProxyType(
    {"keep_trailing_newline": True, "trim_blocks": True, "lstrip_blocks": True}
)


def render(template: str, **values: object) -> str:
    """Return the text of a template, named by its path below ``compiler/emit``, with its values.

    Raises:
        jinja2.UndefinedError: the template uses a value that is missing.
    """
    return environment().get_template(template).render(values)


@cache
def environment() -> Environment:
    """Return the environment in which templates are compiled."""
    return Environment(  # noqa: S701 - see above
        loader=PackageLoader("compiler", "emit"),
        undefined=StrictUndefined,
        bytecode_cache=_Bytecode(str(Path(cache_from_source(__file__)).parent), f"{_version()}-%s.jinja"),
        **_OPTIONS,
    )


def _version() -> str:
    """Return a digest of what a template's code follows from besides its text: Jinja, Python and the options."""
    decides = (metadata.version("jinja2"), sys.version, sorted(_OPTIONS.items()))
    return hashlib.sha256(repr(decides).encode()).hexdigest()[:16]


class _Bytecode(FileSystemBytecodeCache):
    """The compiled templates, beside Python's own bytecode of this module, and written where that is."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)
