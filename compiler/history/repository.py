"""A reader of Git's objects: commits, and the files of a folder in one. It reads no file of the working tree."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

_UNANSWERED = 1
"""The exit status of a question that Git could answer, with no."""


class GitError(CouldNotRunError):
    """Git is not installed, the folder is in no repository, or an object cannot be read."""

    about = "the committed output could not be read"


class Repository:
    """The repository around a folder; paths are relative to the folder.

    What an object id stands for never changes, so that each object is read once. A name stands for what it did when it
    was first asked for.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._commits: dict[str, str | None] = {}
        self._shared: dict[tuple[str, str], str | None] = {}
        self._listed: dict[tuple[str, str], Mapping[str, str]] = {}
        self._objects: dict[str, bytes] = {}

    def commit(self, name: str) -> str | None:
        """Return the id of the commit that a name stands for, or None.

        Raises:
            GitError: Git cannot be asked.
        """
        if name not in self._commits:
            asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            self._commits[name] = self._line(*asked)
        return self._commits[name]

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the newest commit that both (their ids) contain, or None where the repository knows of none.

        Raises:
            GitError: Git cannot be asked.
        """
        if (one, other) not in self._shared:
            self._shared[one, other] = self._line("merge-base", one, other)
        return self._shared[one, other]

    @property
    def shallow(self) -> bool:
        """Whether the history was cut off when it was fetched.

        Raises:
            GitError: Git cannot be asked.
        """
        return self._line("rev-parse", "--is-shallow-repository") == "true"

    def state(self) -> bytes:
        """Return the ids of HEAD and of all refs: equal states give every name the same commit.

        Raises:
            GitError: Git cannot be asked.
        """
        return self._ask("show-ref", "--head", "--dereference") or b""

    def files(self, commit: str, folder: str) -> Mapping[str, str]:
        """Return the object id of each file below a folder of a commit (its id), by its path below the folder.

        Raises:
            GitError: the commit cannot be read.
        """
        if (commit, folder) not in self._listed:
            self._listed[commit, folder] = dict(self._list(commit, folder))
        return self._listed[commit, folder]

    def _list(self, commit: str, folder: str) -> Iterator[tuple[str, str]]:
        listed = self._ask("ls-tree", "-r", "-z", commit, "--", f"{folder}/") or b""
        for entry in filter(None, listed.split(b"\0")):
            facts, _, path = entry.partition(b"\t")
            _, kind, identifier = facts.split(b" ")
            if kind == b"blob":
                yield os.fsdecode(path).removeprefix(f"{folder}/"), identifier.decode()

    def differs(self, commit: str, other: str | None, folders: Collection[str]) -> bool:
        """Return whether folders differ between two commits, or a commit and the working tree (``other`` is None).

        Raises:
            GitError: a commit cannot be read.
        """
        sides = (commit,) if other is None else (commit, other)
        return self._ask("diff", "--quiet", *sides, "--", *folders) is None

    def read(self, identifiers: Collection[str]) -> Mapping[str, bytes]:
        """Return the contents of objects by their ids, in one call of Git for those that were not read before.

        Raises:
            GitError: an object is missing.
        """
        unread = [identifier for identifier in identifiers if identifier not in self._objects]
        if unread:
            asked = "".join(f"{identifier}\n" for identifier in unread).encode()
            self._objects.update(_contents(self._ask("cat-file", "--batch", given=asked) or b""))
        return {identifier: self._objects[identifier] for identifier in identifiers}

    def _line(self, *command: str) -> str | None:
        answered = self._ask(*command)
        return None if answered is None else answered.decode().strip() or None

    def _ask(self, *command: str, given: bytes = b"") -> bytes | None:
        """Return the output of Git, or None where its answer is no."""
        # The variables by which a hook names its own repository do not name that of the project.
        # GIT_CONFIG_* are settings, such as safe.directory, which a checkout of another owner needs.
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_")
        }
        try:
            ran = subprocess.run(  # noqa: S603 - a fixed program, without a shell
                ["git", "-C", str(self.root), "--no-replace-objects", *command],  # noqa: S607 - the user's own Git
                input=given,
                capture_output=True,
                env=kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
                check=False,
            )
        except FileNotFoundError as error:
            raise GitError("git is not installed") from error
        if ran.returncode == _UNANSWERED:
            return None
        if ran.returncode:
            said = ran.stderr.decode(errors="replace").strip().removeprefix("fatal: ").splitlines()
            raise GitError(said[0] if said else f"git {command[0]} failed")
        return ran.stdout


def _contents(answered: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield each object of ``git cat-file --batch`` (``<id> <type> <size>``, the content, a newline)."""
    start = 0
    while start < len(answered):
        end = answered.index(b"\n", start)
        identifier, _, facts = answered[start:end].decode().partition(" ")
        if facts == "missing":
            raise GitError(f"the object {identifier} is missing: fetch the repository again")
        size = int(facts.partition(" ")[2])
        yield identifier, answered[end + 1 : end + 1 + size]
        start = end + 1 + size + 1
