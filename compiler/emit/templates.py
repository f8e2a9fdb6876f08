"""Render text without a data structure, such as HCL and Markdown, from the templates beside the emitters.

A missing value is an error. Nothing is escaped: every value is a name or a number of our own, and none is HTML.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


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
    )
