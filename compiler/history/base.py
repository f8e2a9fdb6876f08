"""The choice of the base: the commit whose ``generated/`` an environment is compared with.

An environment runs what the branch holds that it follows. Its base is the newest commit that this branch and the
checkout have in common: in a pull request the merge base with the trunk, for an environment with a branch of its own
what is deployed there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compiler.errors import CouldNotRunError
from compiler.history.repository import GitError, Repository

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

GENERATED = "generated"
OBJECTS = "kubernetes"
"""The folder of a cluster that holds its Kubernetes objects."""
REMOTE = "origin"
_SHARED = frozenset({"argocd", "schemas"})
"""The folders below ``generated/`` that are no environment's."""
_CLUSTER_DEPTH = 3
_COMPILER = ("compiler", "runtime", "requirements")
"""The folders of a checkout that decide what is compiled, besides its statements."""
_TRUNKS = (f"{REMOTE}/HEAD", f"{REMOTE}/main", f"{REMOTE}/master", "main", "master")
_ABBREVIATED = 12
_SHA256_DIGITS = 64


class NoBaseError(CouldNotRunError):
    """There is no base although one is needed, or it cannot be read."""

    about = "transitions could not be judged"


@dataclass(frozen=True, slots=True)
class Base:
    """A commit by its id, the ``name`` under which it was found, and the object ids of its generated files by path."""

    commit: str
    name: str
    files: Mapping[str, str] = field(hash=False, compare=False)
    repository: Repository = field(hash=False, compare=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.commit[:_ABBREVIATED]})"

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that have a file of their own in it, in order."""
        folders = {path.partition("/")[0] for path in self.files if "/" in path}
        return tuple(sorted(folders - _SHARED))

    def clusters(self, environment: str) -> tuple[str, ...]:
        """Return the clusters of an environment, in order.

        Raises:
            NoBaseError: the environment has files, but not in the layout of this compiler.
        """
        below = [path.split("/") for path in self.files if path.startswith(f"{environment}/")]
        found = {parts[1] for parts in below if len(parts) > _CLUSTER_DEPTH and parts[2] == OBJECTS}
        if below and not found:
            raise NoBaseError(f"{GENERATED}/{environment} in {self} has another layout: compare with a newer commit")
        return tuple(sorted(found))

    def count(self, environment: str) -> int:
        """Return the number of files that belong to an environment alone."""
        return len(self.paths(environment))

    def paths(self, environment: str) -> frozenset[str]:
        """Return the files that belong to an environment alone."""
        return frozenset(path for path in self.files if path.startswith((f"{environment}/", f"argocd/{environment}/")))

    @property
    def is_head(self) -> bool:
        """Whether it is the commit that is checked out.

        Raises:
            GitError: Git cannot be asked.
        """
        return self.repository.commit("HEAD") == self.commit

    def same_compiler(self, other: Base | None) -> bool:
        """Return whether the compiler is the same in another commit, or (None) in the working tree.

        Raises:
            GitError: a commit cannot be read.
        """
        return not self.repository.differs(self.commit, other.commit if other else None, _COMPILER)

    def holds(self, path: str, content: bytes) -> bool:
        """Return whether a file has this content."""
        return path in self.files and is_blob(self.files[path], content)

    def committed(self, folder: str, name: str) -> bytes | None:
        """Return the content of a file in a folder of the project, as the commit holds it; None where it has none.

        Raises:
            GitError: the commit cannot be read.
        """
        identifier = self.repository.files(self.commit, folder).get(name)
        return None if identifier is None else self.repository.read([identifier])[identifier]

    def folder(self, folder: str) -> Mapping[str, bytes]:
        """Return the content of each file below a folder of the project, as the commit holds it.

        Raises:
            GitError: the commit cannot be read.
        """
        found = self.repository.files(self.commit, folder)
        contents = self.repository.read(set(found.values()))
        return {f"{folder}/{path}": contents[identifier] for path, identifier in found.items()}

    def read(self, paths: Collection[str]) -> Mapping[str, bytes]:
        """Return the contents of files, by their paths.

        Raises:
            GitError: an object is missing.
        """
        contents = self.repository.read({self.files[path] for path in paths})
        return {path: contents[self.files[path]] for path in paths}


def is_blob(identifier: str, content: bytes) -> bool:
    """Return whether an object id is that of a content (gitformat-loose: the hash of a header and the content)."""
    algorithm = "sha256" if len(identifier) == _SHA256_DIGITS else "sha1"
    header = b"blob %d\0" % len(content)
    return hashlib.new(algorithm, header + content, usedforsecurity=False).hexdigest() == identifier


class History:
    """The bases of a project's environments, each chosen and read once.

    ``reference`` names the commit of the checkout that is compared (HEAD by default). With ``required`` a missing base
    is an error; else :attr:`missing` says why there is none.
    """

    def __init__(self, root: Path, reference: str | None = None, *, required: bool = False) -> None:
        self.repository = Repository(root)
        self._reference = reference
        self._required = required or reference is not None
        self._read: dict[tuple[str, str], Base] = {}
        self._commits: dict[str | None, tuple[str, str]] = {}
        self._missing = ""

    @property
    def missing(self) -> str:
        """The reason why an environment has no base; empty where each has one."""
        return self._missing

    def fingerprint(self) -> str:
        """Return a text that changes whenever a base may: the request, and the commit of every name in Git."""
        try:
            state = self.repository.state()
        except GitError as error:
            state = str(error).encode()
        return f"{self._reference} {self._required} {hashlib.sha256(state).hexdigest()}"

    def base(self, follows: str | None = None) -> Base | None:
        """Return the base of an environment that ``follows`` a revision; without one, that of the whole project.

        Raises:
            NoBaseError: there is none, and it is required; or the one that was asked for does not exist.
        """
        try:
            return self._base(*self._chosen(follows))
        except GitError as error:
            self.unusable(NoBaseError(f"{error}: check the repository out with Git, or set CBP_REQUIRE_BASE=false"))
        except NoBaseError as error:
            self.unusable(error)
        return None

    def at(self, name: str) -> Base:
        """Return a commit by its name as a base.

        Raises:
            NoBaseError: there is no such commit.
            GitError: Git cannot be asked.
        """
        commit = self.repository.commit(name)
        if commit is None:
            raise NoBaseError(_absent(name))
        return self._base(commit, name)

    def trunk(self) -> Base:
        """Return the newest commit that HEAD and the trunk have in common.

        Raises:
            NoBaseError: there is none.
            GitError: Git cannot be asked.
        """
        return self._base(*self._chosen(None))

    def unusable(self, error: GitError | NoBaseError) -> None:
        """Note the reason why a base cannot be used.

        Raises:
            NoBaseError: a base is required.
        """
        if self._required:
            raise NoBaseError(str(error)) from error
        self._missing = str(error)

    def _chosen(self, follows: str | None) -> tuple[str, str]:
        """Return the id of a commit, and the name under which it was found."""
        if follows not in self._commits:
            self._commits[follows] = self._choose(follows)
        return self._commits[follows]

    def _choose(self, follows: str | None) -> tuple[str, str]:
        repository, reference = self.repository, self._reference or "HEAD"
        start = repository.commit(reference)
        if start is None:
            raise NoBaseError(_absent(self._reference))
        branch = f"{REMOTE}/{follows}" if follows else ""
        tip = repository.commit(branch) if branch else None
        if tip is None and self._reference:
            return start, self._reference
        if tip is None:
            branch, tip = self._trunk()
        if shared := repository.merge_base(start, tip):
            return shared, branch
        if repository.shallow:
            raise NoBaseError(f"what HEAD and {branch} have in common was not fetched: git fetch --unshallow")
        return tip, branch

    def _trunk(self) -> tuple[str, str]:
        for name in _TRUNKS:
            if found := self.repository.commit(name):
                return name, found
        raise NoBaseError(f"there is no branch main, here or in {REMOTE}: name a commit with --base (CBP_BASE)")

    def _base(self, commit: str, name: str) -> Base:
        if (commit, name) not in self._read:
            files = self.repository.files(commit, GENERATED)
            self._read[commit, name] = Base(commit, name, files, self.repository)
        return self._read[commit, name]


def _absent(reference: str | None) -> str:
    if reference is None:
        return "nothing is committed yet"
    return f"there is no commit '{reference}' here: name one that is, or fetch it (git fetch {REMOTE} {reference})"
