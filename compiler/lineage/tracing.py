"""Tracing: emit a file from numbers that carry their formulas, and read the formulas off its leaves.

The emitters know nothing of it. Their arithmetic passes formulas on, since a unit computes with the integer in it.
Where Python would drop one, the name is exchanged in the emitters' modules while they are traced: ``max`` and ``min``,
the functions of :mod:`compiler.emit.text`, and the models of the runtime's settings, whose validation returns plain
numbers.
"""

from __future__ import annotations

import builtins
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from compiler.emit import nodes, text
from compiler.emit import settings as settings_module
from compiler.emit.cluster import documents, vault_documents
from compiler.emit.envoy.bootstrap import envoy
from compiler.emit.kubernetes.objects import file_name
from compiler.emit.settings import settings
from compiler.emit.site import sites
from compiler.emit.vault.plan import vault
from compiler.lineage.formulas import (
    Constant,
    Expression,
    Operand,
    Operation,
    Traced,
    TracedText,
    expression,
    formula_of,
)
from compiler.lineage.incremental import prepared
from compiler.lineage.leaves import flattened, structure
from compiler.lineage.variants import ENVIRONMENT
from compiler.model.base import Model
from compiler.model.units import Bytes, Cores, Duration, Percent, Rate
from compiler.model.units.base import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from compiler.emit.site import Site
    from compiler.lineage.emission import Emission
    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path

_EMITTERS = "compiler.emit."
_UNITS: Mapping[type, str] = {
    Cores: "millicores",
    Bytes: "bytes",
    Duration: "seconds",
    Percent: "percent",
    Rate: "requests a minute",
}
"""The bases of the units, in which their arithmetic computes."""
_HELPERS = (
    text.number,
    text.thousandths,
    text.quantity,
    text.percentage,
    text.megabytes,
    text.seconds,
    text.milliseconds,
    text.hours,
    text.days,
)


def formulas(resolved: Resolved, emission: Emission) -> Mapping[str, Expression]:
    """Return the formula of each leaf of a file whose number is computed from statements, by the leaf's pointer."""
    marked = _with_marks(resolved)
    with _passing_formulas_on():
        if emission.emitter is settings:
            cluster = emission.file.split("/")[1]
            content = next(_plain(site.settings) for site in sites(marked) if site.name == cluster)
        else:
            content = emission.content(prepared(marked))
    return _of_leaves(content)


def every_formula(resolved: Resolved, files: Collection[str] | None = None) -> Mapping[str, Mapping[str, Expression]]:
    """Return the formulas of an environment's objects, settings, proxies and Vault plans, by file and pointer.

    It emits once, in tens of milliseconds, where :func:`formulas` emits one file. Only ``files`` are wanted, or all.
    """
    found: dict[str, Mapping[str, Expression]] = {}
    with _passing_formulas_on():
        for site in sites(_with_marks(resolved)) if _wanted(f"{resolved.environment.name}/", files) else ():
            for file, content in _contents(site, files):
                if files is None or file in files:
                    found[file] = _of_leaves(content)
    return {file: of for file, of in found.items() if of}


def _contents(site: Site, files: Collection[str] | None) -> Iterator[tuple[str, Any]]:
    """Yield each file of a cluster with its content, without the folders of which no file is wanted."""
    if _wanted(folder := f"{site.folder}/kubernetes/", files):
        yield from ((f"{folder}{file_name(document)}", document) for document in documents(site))
    yield f"{site.folder}/runtime/settings.json", _plain(site.settings)
    yield from ((artifact.path, structure(artifact)) for artifact in envoy(site))
    if _wanted(folder := f"{site.folder}/{nodes.FOLDER}/", files):
        yield from ((f"{folder}{name}", content) for name, content in nodes.node_settings(site).items())
    if _wanted(f"{site.folder}/vault/", files):
        yield from ((artifact.path, structure(artifact)) for artifact in vault(site, vault_documents(site)))


def _wanted(folder: str, files: Collection[str] | None) -> bool:
    return files is None or any(file.startswith(folder) for file in files)


def _of_leaves(content: Any) -> Mapping[str, Expression]:
    found = ((pointer, formula_of(value)) for pointer, value in flattened(content))
    return {pointer: formula for pointer, formula in found if formula is not None}


def _with_marks(resolved: Resolved) -> Resolved:
    """Return an environment in which each number is marked as the statement that it is."""
    spec, environment = resolved.spec, resolved.environment
    return replace(
        resolved,
        spec=_marked(spec, (), resolved),
        environment=_marked(environment, (ENVIRONMENT,), resolved),
    )


def _marked(value: Any, path: Path, resolved: Resolved) -> Any:
    """Return a value of the specification with each number in it marked as the statement at its path."""
    if isinstance(value, Model):
        inside = {name: _marked(item, (*path, name), resolved) for name, item in value.__dict__.items()}
        return type(value).model_construct(**inside)
    if isinstance(value, tuple):
        return tuple(_marked(item, (*path, index), resolved) for index, item in enumerate(value))
    number = value.number() if isinstance(value, Unit) else value
    if not isinstance(number, int) or isinstance(number, bool):
        return value
    unit = _UNITS.get(type(value), "")
    mark = Traced(number, Operand(path, resolved.written(path) or str(number), number, unit))
    return _unit(value, mark) if isinstance(value, Unit) else mark


def _unit(unit: Unit, number: int) -> Unit:
    """Return a unit of the same kind that holds another number."""
    kind: Any = type(unit)
    made: Unit = kind(number)
    return made


def _plain(value: Any) -> Any:
    """Return a model of settings as mappings and lists, with its very values."""
    if isinstance(value, BaseModel):
        return {name: _plain(item) for name, item in value.__dict__.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


@contextmanager
def _passing_formulas_on() -> Iterator[None]:
    """Exchange, in the modules of emitters, the names that drop formulas; take it back at the end."""
    exchanged: list[tuple[dict[str, Any], str, Any]] = []
    instead = {function.__name__: (function, partial(_text, function)) for function in _HELPERS}
    models = {name for name, item in vars(settings_module).items() if _is_settings(item)}
    for module in [module for name, module in sys.modules.items() if name.startswith(_EMITTERS)]:
        names = vars(module)
        exchanged += [(names, name, new) for name, (old, new) in instead.items() if names.get(name) is old]
        exchanged += [(names, name, partial(_choice, name)) for name in ("max", "min")]
    exchanged += [(vars(settings_module), name, vars(settings_module)[name].model_construct) for name in models]
    missing = object()
    before = [(names, name, names.get(name, missing)) for names, name, _ in exchanged]
    try:
        for names, name, new in exchanged:
            names[name] = new
        yield
    finally:
        for names, name, old in before:
            if old is missing:
                del names[name]
            else:
                names[name] = old


def _is_settings(item: object) -> bool:
    return isinstance(item, type) and issubclass(item, BaseModel) and item.__module__ == "runtime.settings"


def _number(value: Any) -> Any:
    return value.number() if isinstance(value, Unit) else value


def _text(function: Callable[[Any], str], value: Any) -> str:
    """Return the text of a number or an amount, with its formula."""
    found, formula = function(value), formula_of(_number(value))
    return found if formula is None else TracedText(found, formula)


def _choice(name: str, *values: Any, **options: Any) -> Any:
    """Return the largest or smallest value; of numbers with formulas, with the formula of the choice among them."""
    chosen = getattr(builtins, name)(*values, **options)
    numbers = [_number(value) for value in values]
    if options or not numbers[1:] or not any(isinstance(number, Traced) for number in numbers):
        return chosen
    terms = tuple(
        Constant(str(value), number)
        if isinstance(value, Unit) and not isinstance(number, Traced)
        else expression(number)
        for value, number in zip(values, numbers, strict=True)
    )
    mark = Traced(int(_number(chosen)), Operation(name, terms))
    return _unit(chosen, mark) if isinstance(chosen, Unit) else mark
