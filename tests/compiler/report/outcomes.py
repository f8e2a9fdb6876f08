"""Outcomes made by hand, for the forms of a report, and what hostile files can put into them."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from compiler.diagnostics import Bound, Code, Finding, Place, Rendered, RuleId, Severity, Source, Span, Waived
from compiler.pipeline import Compilation
from compiler.policy.gate import Verdict
from compiler.policy.library import Rule, read
from compiler.report.outcome import Outcome
from compiler.write.drift import Drift
from tests.compiler.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT = "environment:\n  image:\n    release: \U0001f4a9 latest # tag\n"
FILE = Source("environments/a/environment.yaml", TEXT)
BOUNDS = Source("spec/limits.yaml", "limits:\n  max: 9\n  most: 8\n  all: [8, 9]\n")
AT = Span(FILE, 3, 16, 6)
WAIVED = Waived(Span(Source("environments/a/waivers.yaml", "waivers:\n"), 4, 3), "so", "us", "A-1", date(2026, 2, 1))
DENIED = Finding(
    RuleId("DEP003"),
    "the release 'latest' is a tag",
    "write its digest",
    AT,
    resource="environment.image.release",
    found="latest",
    wanted="a digest",
    rendered=(Rendered("generated/a/b/kubernetes/deployment.yaml", "/spec/template"), Rendered("generated/a/b.yaml")),
    clusters=("a/b",),
    page="docs/policies/environment.md#dep003",
)
RELATION = Finding(
    RuleId("CON001"),
    "max is 9, but most is 8",
    "write one number",
    Span(BOUNDS, 2, 8, 1),
    resource="limits.max",
    found="9",
    wanted="8",
    places=(
        Place(("limits", "max"), Span(BOUNDS, 2, 8, 1), "9", (Bound("", "8"),)),
        Place(("limits", "most"), Span(BOUNDS, 3, 9, 1), "8", (Bound("at most", "3"), Bound("at least", "9"))),
        Place(("limits", "all"), Span(BOUNDS, 4, 3, 3), None),
    ),
    clusters=("a/b",),
)
WARNING = Finding(Code.SPEC020, "a document is absent", "write it", path="spec/a b#c.yaml", severity=Severity.WARNING)

HOSTILE = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.sampled_from(
        (
            "| a | b |", "a\\|b", "\\", "`", "``` \n```", "<img src=x onerror=alert(1)>", "</details>", "<!--", "]]>",
            "![x](https://evil.example/a.png)", "[x](javascript:alert(1))", "https://evil.example", "www.evil.example",
            "@everyone", "#1", "**b** _i_ ~~s~~", "a\nb", "a\r\n::error::x", "{0} {1}", "{", "\x00\x08\x1b[31m",
            "&lt;", "\ufffe", "\u202e", "$x$", "<br>", "# heading", "| --- |", "&amp;#124;", "\U0001f4a9|",
            "%0A", "\u2028", " ",
        )
    ),
)  # fmt: skip
"""Values that mean something to a form of a report, and any others."""


@cache
def rules() -> Mapping[str, Rule]:
    """A few of the real rules by their ids."""
    return {rule.id: rule for rule in read(ROOT / "policies").rules if rule.id in ("DEP002", "DEP003", "CON001")}


def outcome(*findings: Finding, vacuous: tuple[str, ...] = (), pages: str = "", judged: bool = True) -> Outcome:
    """Return the outcome of a check that found this, and no difference under ``generated/``."""
    verdict = Verdict(findings, "regorus", "1", tuple(rules().values()), 1, vacuous, None) if judged else None
    compilation = Compilation(ROOT, (), ("a",), findings, (), ("example.org/v1/Thing",), verdict)
    return Outcome(compilation, Drift((), ()), None, pages)


def hostile(text: str) -> Finding:
    """Return a finding with a text wherever a file can put one."""
    return Finding(
        RuleId("DEP003"),
        f"'{text}' is wrong",
        f"write '{text}' no more",
        Span(Source(f"environments/{text}.yaml", f"a: {text}\n"), 1, 4, max(1, len(text))),
        notes=(text,),
        resource="environment.image.release",
        found=text,
        wanted=text,
        places=tuple(
            Place((text,), Span(Source(f"environments/{text}.yaml", f"a: {text}\n"), 1, 4, 1), text, (Bound("", text),))
            for _ in range(2)
        ),
        rendered=(Rendered(f"generated/{text}", f"/{text}"),),
        clusters=("a/b",),
    )
