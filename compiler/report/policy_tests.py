"""Results of the policies' own tests, as text with a line for each file, or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.policy.testing import Examined, Report

_NAME = 40


def as_text(report: Report) -> str:
    """Return a table of the files by domain, with the failures below each, and a summary."""
    lines = []
    for domain, files in groupby(sorted(report.files, key=_place), key=lambda file: file.module.domain):
        found = tuple(files)
        lines += [_row(domain, found), *(line for file in found for line in _lines(file)), ""]
    return "".join(f"{line}\n" for line in (*lines, _summary(report)))


def as_json(report: Report) -> str:
    """Return ``engine``, ``version``, ``complete``, and ``files``: counts, uncovered lines and failures of each."""
    files = [_document(file) for file in sorted(report.files, key=_place)]
    document = {"engine": report.engine, "version": report.version, "complete": report.complete, "files": files}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _place(file: Examined) -> tuple[str, str, str]:
    return file.module.domain, file.rule or "", file.module.path


def _document(file: Examined) -> dict[str, Any]:
    return {
        "path": file.module.path,
        "domain": file.module.domain,
        "rule": file.rule,
        "tests": file.tests,
        "lines": file.covered + len(file.uncovered),
        "uncovered": list(file.uncovered),
        "failures": [asdict(failure) for failure in file.failures],
    }


def _lines(file: Examined) -> Iterator[str]:
    name = " ".join(filter(None, (file.rule, file.module.package.partition(".")[2])))
    yield _row(f"  {name}", (file,))
    for line in file.uncovered:
        yield f"    {file.module.path}:{line}: nothing of its own runs this line"
    for failure in file.failures:
        yield f"    {failure.place}: {failure.reason}"


def _row(name: str, files: Iterable[Examined]) -> str:
    files = tuple(files)
    return f"{name:{_NAME}}{sum(file.tests for file in files):5} tests  {_lines_run(files)}"


def _lines_run(files: Iterable[Examined]) -> str:
    """Return the coverage in per cent, rounded down so that only full coverage is 100 %."""
    files = tuple(files)
    covered = sum(file.covered for file in files)
    whole = covered + sum(len(file.uncovered) for file in files)
    return f"{covered * 100 // whole if whole else 0:3} % of {whole} lines"


def _summary(report: Report) -> str:
    rules = [file for file in report.files if file.rule]
    proven = sum(not file.failures for file in rules)
    tests = sum(file.tests for file in report.files)
    verdict = "complete" if report.complete else "incomplete"
    parts = (f"{proven} of {len(rules)} rules proven", f"{tests} tests", _lines_run(report.files).strip())
    return f"{verdict}: {', '.join(parts)}; on {report.engine} {report.version}"
