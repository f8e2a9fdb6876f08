"""Amounts of CPU and of memory or storage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from compiler.diagnostics import Code
from compiler.model.units.base import Unit, refuse

if TYPE_CHECKING:
    from compiler.model.units.numbers import Percent

_CORES = re.compile(r"(0|[1-9][0-9]{0,5})(?:\.([0-9]{1,3}))? cores?")
_MILLICORES = re.compile(r"(0|[1-9][0-9]{0,8})m")
_BYTES = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,3}))? ?([A-Za-z]{1,2})")
# GB means Gi and TB means Ti in every quantity (docs/decisions); `m` and `g` are docker's log options (also binary).
_POWERS = {"B": 0, "k": 1, "KB": 1, "Ki": 1, "m": 2, "MB": 2, "Mi": 2, "g": 3, "GB": 3, "Gi": 3, "TB": 4, "Ti": 4}
_BYTE_UNITS = "|".join(_POWERS)
_SUFFIXES = ((4, "TB", "Ti"), (3, "GB", "Gi"), (2, "MB", "Mi"), (1, "KB", "Ki"))


@dataclass(frozen=True, order=True, slots=True)
class Cores(Unit):
    """CPU in cores (``2 cores``, ``0.5 cores``) or in thousandths of one (``500m``). Policies see millicores."""

    millicores: int
    code = Code.SPEC011
    spelling = r"(?!0(\.0+)? )(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})? cores?|[1-9][0-9]{0,8}m"
    advice = 'write cores, as "2 cores" or "0.5 cores"'
    examples = ("2 cores", "0.5 cores", "500m")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the CPU that the text states (SPEC011 where it states none, or zero)."""
        if match := _CORES.fullmatch(text):
            amount = int(match[1]) * 1000 + int((match[2] or "0").ljust(3, "0"))
        elif match := _MILLICORES.fullmatch(text):
            amount = int(match[1])
        else:
            raise refuse(cls.code, f"'{text}' is not an amount of CPU", cls.advice)
        if not amount:
            raise refuse(cls.code, "an amount of CPU is more than nothing", 'write at least "0.001 cores"')
        return cls(amount)

    def __add__(self, other: Cores) -> Cores:
        return Cores(self.millicores + other.millicores)

    def __mul__(self, times: int) -> Cores:
        return Cores(self.millicores * times)

    def number(self) -> int:
        """Return the millicores."""
        return self.millicores

    @property
    def whole(self) -> int:
        """The number of whole cores, rounded down."""
        return self.millicores // 1000

    @property
    def quantity(self) -> str:
        """The Kubernetes quantity: ``2`` or ``500m``."""
        return f"{self.millicores}m" if self.millicores % 1000 else str(self.whole)

    def __str__(self) -> str:
        fraction = f".{self.millicores % 1000:03d}".rstrip("0") if self.millicores % 1000 else ""
        return f"{self.whole}{fraction} {'core' if self.millicores == 1000 else 'cores'}"


@dataclass(frozen=True, order=True, slots=True)
class Bytes(Unit):
    """Memory or storage: a number and B, k, KB, Ki, m, MB, Mi, g, GB, Gi, TB or Ti, all binary. Policies see bytes."""

    count: int
    code = Code.SPEC012
    spelling = rf"(?!0(\.0+)? ?[A-Za-z])(0|[1-9][0-9]{{0,15}})(\.[0-9]{{1,3}})? ?({_BYTE_UNITS})"
    advice = 'write a number and a unit, as "4GB"'
    examples = ("4GB", "512MB", "1TB")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the amount that the text states (SPEC012 where it states none, zero, or a fraction of a byte)."""
        match = _BYTES.fullmatch(text)
        power = _POWERS.get(match[3]) if match else None
        if match is None or power is None:
            raise refuse(cls.code, f"'{text}' is not an amount of memory or storage", cls.advice)
        thousandths = int(match[1]) * 1000 + int((match[2] or "0").ljust(3, "0"))
        count, rest = divmod(thousandths * 1024**power, 1000)
        if rest or not 0 < count < 2**53:
            raise refuse(cls.code, f"'{text}' is not a whole number of bytes within bounds", 'write it as "4GB"')
        return cls(count)

    def __add__(self, other: Bytes) -> Bytes:
        return Bytes(self.count + other.count)

    def __mul__(self, times: int) -> Bytes:
        return Bytes(self.count * times)

    def __floordiv__(self, parts: int) -> Bytes:
        return Bytes(self.count // parts)

    def share(self, percent: Percent) -> Bytes:
        """Return a percentage of the amount, rounded down to whole bytes."""
        return self * percent.percent // 100

    def number(self) -> int:
        """Return the bytes."""
        return self.count

    @property
    def quantity(self) -> str:
        """The Kubernetes quantity: ``4Gi``."""
        return self._print(2)

    def __str__(self) -> str:
        return self._print(1)

    def _print(self, column: int) -> str:
        for suffix in _SUFFIXES:
            if self.count % 1024 ** suffix[0] == 0:
                return f"{self.count // 1024 ** suffix[0]}{suffix[column]}"
        return str(self.count) if column == 2 else f"{self.count}B"
