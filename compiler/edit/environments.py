"""A new environment that is like another one, with values of its own where only one environment may have them.

A value that holds the other's name is derived by writing the new name, and an address range by moving it to a network
that is given. A value that a third environment has, too, is shared, and stays. Whatever is left has to be given.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from compiler.diagnostics import Source, did_you_mean
from compiler.edit.text import EditError, document, with_scalars
from compiler.model.text import EnvironmentName
from compiler.sources import yaml
from compiler.sources.files import ENVIRONMENT_FILE, OVERLAYS
from compiler.sources.nodes import leaves
from compiler.write import disk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path as Keys
    from compiler.sources.nodes import ScalarNode

Network = IPv4Network | IPv6Network
Move = tuple[Network, Network]
"""A network of the other environment, and the network of the same size to which its ranges are moved."""

_NAME: TypeAdapter[str] = TypeAdapter(EnvironmentName)
_RANGES = ("environment.addresses.*", "environment.clusters.*.addresses.*")
_CLAIMED = (
    "environment.host",
    "environment.sign_in.client_id",
    "environment.clusters.*.vault.address",
    "environment.clusters.*.vault.kubernetes_host",
    "environment.clusters.*.vault.database",
    "environment.clusters.*.backups.location",
    "environment.clusters.*.backups.identity",
    "environment.clusters.*.backups.replicated_to.location",
    "environment.clusters.*.anchors.location",
    "environment.clusters.*.anchors.identity",
    "environment.clusters.*.balancers.subnets.*",
    "environment.clusters.*.balancers.access_logs",
    "environment.clusters.*.handover.token",
)
"""The statements that lead to what belongs to one environment."""
_NAMED = ("environment.delivery.revision", "environment.sign_in.groups.*")
"""The statements that environments may share, and do not where one holds the environment's name."""
_SUPERNET = {4: 16, 6: 32}
"""The length of the prefix of the networks that are asked for, by the version of IP."""


@dataclass(frozen=True, slots=True)
class NewEnvironment:
    """The files of a new environment by their path below its folder, and the statements of its own."""

    name: str
    files: Mapping[str, bytes]
    own: Mapping[str, str]


def like(
    root: Path, environments: Sequence[Resolved], name: str, other: str, given: Mapping[str, str], moves: Sequence[Move]
) -> NewEnvironment:
    """Return the environment ``name`` after the ``other`` one, whose statements ``given`` replaces by their paths.

    Raises:
        EditError: the name is taken or malformed, a path is unknown, or values are missing; the message lists them all.
    """
    _require_free(root, name)
    path = f"environments/{other}/{ENVIRONMENT_FILE}"
    node = document(root, path)
    texts = {_dotted(keys): leaf for keys, leaf in leaves(node)}
    for unknown in sorted(given.keys() - texts.keys()):
        raise EditError(f"there is no '{unknown}' in {path}: {did_you_mean(unknown, texts)}")
    foreign = {item.environment.name: item for item in environments if item.environment.name != other}
    shared = {leaf.text for item in foreign.values() for _, leaf in leaves(item.tree.entries["environment"].value)}
    own = {"environment.name": name, **given}
    missing: dict[str, ScalarNode] = {}
    for statement, leaf in texts.items():
        if statement in own:
            continue
        value = _derived(statement, leaf.text, name, other, moves)
        if value:
            own[statement] = value
        elif _matches(statement, (*_RANGES, *_CLAIMED)) and leaf.text not in shared and not _is_local(leaf.text):
            missing[statement] = leaf
    if faults := [*_asked(missing), *_overlaps(own, given, environments)]:
        raise EditError("\n  ".join((f"{name} needs values of its own; nothing was written", *faults)))
    values = {statement: own.get(statement, leaf.text) for statement, leaf in texts.items()}
    text = _rewritten(node.span.source, texts, values, (name, other))
    overlays = sorted((root / f"environments/{other}/{OVERLAYS}").glob("*.yaml"))
    files = {f"{OVERLAYS}/{file.name}": file.read_bytes() for file in overlays}
    different = {statement: value for statement, value in values.items() if value != texts[statement].text}
    return NewEnvironment(name, {ENVIRONMENT_FILE: text.encode(), **files}, different)


def create(environments: Path, new: NewEnvironment) -> None:
    """Write a new environment's folder into a project's ``environments/``: all of it or, on an error, nothing.

    Raises:
        OSError: a file cannot be written, or the folder is there by now.
    """
    aside = environments / f".{new.name}.new"  # the compiler reads no hidden folder
    shutil.rmtree(aside, ignore_errors=True)  # left by a process that was killed
    try:
        for path, content in new.files.items():
            file = aside / path
            file.parent.mkdir(parents=True, exist_ok=True)
            disk.write(file, content)
            disk.sync(file)
        for folder in {aside, *((aside / path).parent for path in new.files)}:
            disk.sync(folder)
        aside.rename(environments / new.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    disk.sync(environments)


def _require_free(root: Path, name: str) -> None:
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        context = error.errors()[0]["ctx"]
        raise EditError(f"{context['message']}: {context['help']}") from None
    if (root / "environments" / name).exists():
        raise EditError(f"there is a folder environments/{name} already: choose another name")


def _derived(statement: str, text: str, name: str, other: str, moves: Iterable[Move]) -> str:
    """Return the value that follows from the new name, or from a moved network; empty where neither does."""
    if _matches(statement, _RANGES):
        address = ip_network(text)
        for old, new in moves:
            if address.version == old.version and address.network_address in old:
                offset = int(address.network_address) - int(old.network_address)
                return str(type(address)((int(new.network_address) + offset, address.prefixlen)))
        return ""
    named = _renamed(text, name, other) if _matches(statement, (*_CLAIMED, *_NAMED)) else text
    return named if named != text else ""


def _dotted(keys: Keys) -> str:
    return ".".join(map(str, keys))


def _renamed(text: str, name: str, other: str) -> str:
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(other)}(?![A-Za-z0-9])", name, text)


def _matches(statement: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(statement, pattern) for pattern in patterns)


def _is_local(text: str) -> bool:
    """Return whether a text is a range that has a meaning on one machine alone."""
    try:
        return ip_network(text).is_link_local
    except ValueError:
        return False


def _asked(missing: Mapping[str, ScalarNode]) -> Iterable[str]:
    """Yield the options that give the values which nothing else does."""
    networks: Counter[Network] = Counter()
    for statement, leaf in missing.items():
        if _matches(statement, _RANGES):
            address = ip_network(leaf.text)
            networks[address.supernet(new_prefix=min(address.prefixlen, _SUPERNET[address.version]))] += 1
        else:
            yield f"--set {statement}=VALUE  in place of {leaf.text}, {leaf.span}"
    for network, number in networks.items():
        yield f"--network {network}=NETWORK  for {number} of its address ranges"


def _overlaps(own: Mapping[str, str], given: Mapping[str, str], environments: Iterable[Resolved]) -> Iterable[str]:
    """Yield the moved ranges that overlap with a range of an environment that there is."""
    taken = [
        (ip_network(leaf.text), item.environment.name, path)
        for item in environments
        for keys, leaf in leaves(item.tree)
        if _matches(path := _dotted(keys), _RANGES)
    ]
    for statement, text in own.items():
        if statement not in given and _matches(statement, _RANGES):
            address = ip_network(text)
            for other, environment, path in taken:
                if address.version == other.version and address.overlaps(other):
                    yield f"{statement} would be {address}, which overlaps with {other}, {path} of {environment}"


def _rewritten(
    source: Source, texts: Mapping[str, ScalarNode], values: Mapping[str, str], names: tuple[str, str]
) -> str:
    """Return a file's text with other values, and with the new name in its comments; ``names`` are new and old name.

    Raises:
        EditError: a value is not written in one line, or is written once for several statements.
    """
    changed = ((leaf.span, values[statement]) for statement, leaf in texts.items() if leaf.text != values[statement])
    lines = with_scalars(source.text, changed).splitlines(keepends=True)
    is_comment = [line.lstrip().startswith("#") and "$schema" not in line for line in lines]
    text = "".join(_renamed(line, *names) if comment else line for line, comment in zip(lines, is_comment, strict=True))
    node, _ = yaml.parse(Source(source.path, text))
    if node is None or {_dotted(keys): leaf.text for keys, leaf in leaves(node)} != values:
        raise EditError(f"{source.path}: write each value in one line, without an anchor, and run this again")
    return text
