"""Text that has no data structure, such as HCL and Markdown, from the templates beside the emitters.

A template fails on a gap. Nothing is escaped: every value is a name or a number of our own, and none is HTML.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **values: object) -> str:
    """Return a template, by its path below ``compiler/emit``, with its values.

    Raises:
        jinja2.UndefinedError: the template names a value that it is not given.
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
    )
