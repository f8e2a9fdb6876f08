"""The coverage of a specification, and its committed record, from which no statement may fall back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from compiler.diagnostics import Code, Severity
from compiler.errors import CouldNotRunError
from compiler.reach.coverage import RECORD, Coverage, as_record, digest_of, lost, recorded
from compiler.report.coverage import as_json, as_text
from tests.compiler.cli.running import cbp

if TYPE_CHECKING:
    from pathlib import Path

_REALISED = "compute.application_tier.instances.max"
_GUARDED = "components.api_layer.scaling.thresholds.scale_up"
_FOUND = Coverage((_REALISED,), (_GUARDED,), ("references.x",), ("a.b", "a.c[d]"), "digest")


def _record(project: Path, *names: str, specification: str | None = None) -> None:
    """Record statements as realised, by the specification of the project as it is or by another one."""
    (project / "docs").mkdir(exist_ok=True)
    digest = specification or digest_of(project)
    (project / RECORD).write_text(json.dumps({"specification": digest, "realised": names}))


def test_a_coverage_counts_each_class_and_names_what_nothing_enforces() -> None:
    found = json.loads(as_json(_FOUND))
    assert found == {"leaves": 5, "realised": 1, "guarded": 1, "documented": 1, "unrealised": ["a.b", "a.c[d]"]}
    assert as_text(_FOUND).splitlines()[0] == "5 statements of the specification:"
    assert as_text(_FOUND).splitlines()[-2:] == ["      a.b", "      a.c[d]"]


def test_a_statement_that_was_realised_and_is_not_any_more_is_a_finding(project: Path) -> None:
    _record(project, _REALISED, _GUARDED, "compute.gone")
    (finding,) = lost(project)
    assert (finding.code, finding.resource, finding.place) == (Code.COVER001, _GUARDED, RECORD)
    assert finding.severity is Severity.ERROR


def test_an_edit_that_takes_the_effect_of_a_statement_away_is_warned_of(project: Path) -> None:
    _record(project, _GUARDED, specification="another one")
    (finding,) = lost(project)
    assert finding.severity is Severity.WARNING
    assert not finding.refuses


def test_without_a_record_nothing_is_compared_and_a_record_is_what_is_written(project: Path) -> None:
    assert recorded(project) is None
    assert lost(project) == ()
    _record(project)
    (project / RECORD).write_text(as_record(_FOUND))
    assert recorded(project) == ("digest", (_REALISED,))


@pytest.mark.parametrize("text", ["{", "[]", '{"realised": []}', '{"specification": "x", "realised": 1}'])
def test_a_record_that_cannot_be_read_is_named_with_the_remedy(project: Path, text: str) -> None:
    _record(project)
    (project / RECORD).write_text(text)
    with pytest.raises(CouldNotRunError, match="cbp coverage --write writes it anew"):
        lost(project)


def test_verify_fails_where_a_realised_statement_is_enforced_by_nothing(project: Path) -> None:
    assert cbp("compile", "--root", str(project)).exit_code == 0
    assert cbp("verify", "--root", str(project)).exit_code == 0
    _record(project, _REALISED)
    assert cbp("verify", "--root", str(project)).exit_code == 0
    _record(project, _GUARDED)
    failed = cbp("verify", "--root", str(project))
    assert failed.exit_code == 1
    assert f"error[COVER001]: {_GUARDED} was enforced" in failed.stdout
