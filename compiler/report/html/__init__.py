"""A change of the project as one page of HTML that needs no network.

The page holds its style and its script, and admits nothing else by its content security policy. Texts of the project
are data: the templates escape them, and :func:`compiler.diagnostics.text.printable` replaces control characters.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from compiler.diagnostics.text import printable
from compiler.report.html.marks import code, marked

if TYPE_CHECKING:
    from compiler.report.html.page import Page

_HERE = Path(__file__).parent


def render(page: Page) -> str:
    """Return the page; the same content is the same text."""
    style, script = (_part(name) for name in ("style.css", "script.js"))
    template = _templates().get_template("page.html.j2")
    return template.render(page=page, style=style, script=script, policy=_policy(style, script))


def _part(name: str) -> Markup:
    """Return a file of ours that is part of the page as it is."""
    return Markup((_HERE / name).read_text(encoding="utf-8"))  # noqa: S704 - see above


def _policy(style: str, script: str) -> str:
    """Return a content security policy that admits the page's own style and script, by their hashes."""
    # The templates begin both on a line of their own.
    one, other = (_hash(f"\n{text}") for text in (style, script))
    return f"default-src 'none'; style-src '{one}'; script-src '{other}'; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _shown(value: object) -> object:
    """Return what a template writes for a value: text without control characters, which is then escaped."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("compiler", "report/html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
        finalize=_shown,
    )
    templates.filters["marked"] = marked
    templates.filters["code"] = code
    return templates
