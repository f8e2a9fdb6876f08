"""The trace that work is part of, by W3C Trace Context (https://www.w3.org/TR/trace-context/).

A trace is kept as the text of its field ``traceparent``: the id of the trace, and that of the span of whoever asked.
``tracestate`` is not kept: it may hold anything, and changes outlive the request that it is about.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextvars import Token

FIELD = "traceparent"
_FORM = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""The version, the trace, the span and the flags (section 3.2)."""
_USUAL = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]")
"""Nearly every one, which is kept as it is."""
_SAMPLED = 0x01
"""The one flag that is passed on: the others are reserved (section 3.2.2.5.2)."""

ID = slice(3, 35)
"""Where a trace has its id."""
SPAN = slice(36, 52)
"""Where a trace has the id of the span."""

_present: ContextVar[str | None] = ContextVar("trace", default=None)


def parse(value: bytes) -> str | None:
    """Return the trace of a field ``traceparent`` in the version 00, or None for a malformed one."""
    if _USUAL.fullmatch(value) is not None:
        return value.decode()
    if _FORM.fullmatch(value) is None:
        return None
    text = value.decode()
    return f"00{text[2:53]}{int(text[53:], 16) & _SAMPLED:02x}"


def begin(trace: str | None) -> Token[str | None]:
    """Set the trace of the current task, None for no trace, until :func:`end`."""
    return _present.set(trace)


def end(token: Token[str | None]) -> None:
    """Restore the trace that the current task had before :func:`begin`."""
    _present.reset(token)


def outgoing() -> dict[str, str]:
    """Return the fields of an outgoing call: a new span in the trace of the current task, if it has one."""
    trace = _present.get()
    return {} if trace is None else {FIELD: f"{trace[:36]}{secrets.token_hex(8)}{trace[52:]}"}
