"""An exact parser of Kubernetes quantities into whole numbers.

Grammar and rounding of ``k8s.io/apimachinery/pkg/api/resource``: a signed decimal number and one suffix, binary (``Ki``
to ``Ei``), decimal (``n`` to ``E``) or an exponent (``e3``, ``E-2``). A fraction of the smallest unit is rounded up,
away from zero, as ``Quantity.Value`` and ``Quantity.MilliValue`` do.
"""

from __future__ import annotations

import re
from fractions import Fraction

_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE](?P<exponent>[+-]?[0-9]+))?",
    re.ASCII,
)
_SCALES = {
    **{suffix: Fraction(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
    **{
        suffix: Fraction(1000) ** power
        for power, suffix in enumerate(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), -3)
    },
}
_LARGEST = 2**53 - 1
_LONGEST = 64
_LARGEST_EXPONENT = 30
"""Above every exponent within bounds; the limit avoids computing ``1e999999999``."""


def millicores(value: object) -> int | None:
    """Return an amount of CPU in thousandths of a core, or None where the value is not a quantity within bounds."""
    return _scaled(value, 1000)


def units(value: object) -> int | None:
    """Return an amount in its own unit (bytes, pods), or None where the value is not a quantity within bounds."""
    return _scaled(value, 1)


def amount(text: str) -> Fraction | None:
    """Return a quantity as an exact number, or None where the text is not one."""
    match = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    number = Fraction(match["number"].rstrip("."))
    if match["exponent"] is None:
        return number * _SCALES[match["suffix"] or ""]
    exponent = int(match["exponent"])
    return number * Fraction(10) ** exponent if abs(exponent) <= _LARGEST_EXPONENT else None


def _scaled(value: object, parts: int) -> int | None:
    """Parse a quantity from its JSON text or number; None from 2**53 on, where integers in JSON are not exact."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = amount(str(value))
    if found is None:
        return None
    scaled = found * parts
    rounded = -(-scaled.numerator // scaled.denominator) if scaled >= 0 else scaled.numerator // scaled.denominator
    return rounded if abs(rounded) <= _LARGEST else None
