"""References through imports, written out: regorus evaluates a package as a whole where an import names it.

``kubernetes.pods`` under ``import data.lib.kubernetes`` and ``data.lib.kubernetes.pods`` mean the same in every engine.
For the former regorus evaluates every rule of the package, for the latter that one alone.
Source: ``Interpreter::lookup_var`` of https://github.com/microsoft/regorus, version 0.13
"""

from __future__ import annotations

import re

_IMPORT = re.compile(r"^import (data\.[\w.]*?(\w+))$", re.MULTILINE)
_TOKEN = re.compile(
    r'^(?:package|import)\b[^\n]*|"(?:\\.|[^"\\\n])*"|`[^`]*`|#[^\n]*|(?<![\w.])[A-Za-z_]\w*', re.MULTILINE
)
"""A clause of the module's head, a text, a comment, or the first name of a reference."""


def written_out(text: str) -> str:
    """Return a Rego module in which no reference begins with the name of an import; its lines stay where they are.

    A variable with the name of an import becomes a reference, too: :mod:`compiler.policy.rego_safety` refuses it.
    """
    imports = {name: path for path, name in _IMPORT.findall(text)}
    return _TOKEN.sub(lambda found: imports.get(found[0], found[0]), text) if imports else text
