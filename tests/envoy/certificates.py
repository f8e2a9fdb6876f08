"""Certificates that name the machine itself, in a folder as the kubelet writes one of a Secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.certificates import self_signed

if TYPE_CHECKING:
    from pathlib import Path


def show(folder: Path, name: str) -> None:
    """Write a new certificate of a name, and its key, and exchange both at once: by a link to their folder."""
    held = folder / f"..{name}"
    files = self_signed(held, name, "tls")
    new = folder / "..data_tmp"
    new.symlink_to(held.name)
    new.replace(folder / "..data")
    for file in files:
        if not (folder / file.name).is_symlink():
            (folder / file.name).symlink_to(f"..data/{file.name}")
