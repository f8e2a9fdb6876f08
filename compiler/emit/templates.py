"""Render text without a data structure, such as HCL and Markdown, from the templates beside the emitters.

A missing value is an error. Nothing is escaped: every value is a name or a number of our own, and none is HTML.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined

if TYPE_CHECKING:
    from jinja2.bccache import Bucket


def render(template: str, **values: object) -> str:
    """Return the text of a template, named by its path below ``compiler/emit``, with its values.

    Raises:
        jinja2.UndefinedError: the template uses a value that is missing.
    """
    return _templates().get_template(template).render(values)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("compiler", "emit"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - see above
        bytecode_cache=_Bytecode(str(Path(cache_from_source(__file__)).parent)),
    )


class _Bytecode(FileSystemBytecodeCache):
    """The compiled templates, beside Python's own bytecode of this module, and written where that is."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)
