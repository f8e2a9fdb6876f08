"""Format numbers as text: one function for each notation in which a document holds a number.

Emitters compute with the unit types, and only these functions turn results into text, so that a number keeps its unit
until the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.model.units import Bytes, Cores, Duration, Percent

_DAY = 86400
_HOUR = 3600
_MEGABYTE = 1024**2


def number(value: int) -> str:
    """Return a whole number in decimal digits, for a field that takes text."""
    return str(value)


def thousandths(value: int) -> str:
    """Return a quantity of Kubernetes that is a number of thousandths: ``571m``."""
    return f"{value}m"


def quantity(amount: Cores | Bytes) -> str:
    """Return a quantity of Kubernetes: ``500m``, ``4Gi``."""
    return amount.quantity


def percentage(share: Percent) -> str:
    """Return a percentage: ``80%``."""
    return f"{share.percent}%"


def megabytes(amount: Bytes) -> str:
    """Return a memory size of PostgreSQL, rounded down to whole megabytes: ``4096MB``."""
    return f"{amount.count // _MEGABYTE}MB"


def seconds(duration: Duration) -> str:
    """Return a duration in seconds: ``30s``."""
    return f"{duration.seconds}s"


def milliseconds(value: int) -> str:
    """Return a number of milliseconds as a duration of Envoy, in seconds: ``0.100s``."""
    whole, rest = divmod(value, 1000)
    return f"{whole}.{rest:03d}s"


def hours(duration: Duration) -> str:
    """Return a duration in hours, ``720h``, or in seconds where it is no whole number of hours."""
    whole, rest = divmod(duration.seconds, _HOUR)
    return seconds(duration) if rest else f"{whole}h"


def days(duration: Duration) -> str:
    """Return a duration in days, ``30d``; a part of a day counts as one."""
    return f"{-(-duration.seconds // _DAY)}d"


def sentence(form: str, **values: object) -> str:
    """Return a text with values in its named fields, as for a query of Prometheus."""
    return form.format(**values)
