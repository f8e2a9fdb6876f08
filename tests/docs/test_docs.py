"""What the documents list is what the code has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from runtime.settings import Route

PROJECT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_TERM = re.compile(r"^\| (?!term|---)([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def test_the_runtime_page_lists_exactly_the_endpoints_that_are_throttled() -> None:
    listed = re.findall(r"^\| `((?:GET|PUT|POST|DELETE) [^`]+)` \|", _read("docs/runtime.md"), re.MULTILINE)
    assert listed == list(get_args(Route))


def test_the_runtime_page_lists_exactly_the_variables_that_are_read() -> None:
    listed = re.findall(r"^\| `(CBP_[A-Z_]+)` \|", _read("docs/runtime.md"), re.MULTILINE)
    assert set(listed) == set(re.findall(r'"(CBP_[A-Z_]+)"', _read("runtime/environment.py")))


def test_every_relative_link_leads_to_a_file() -> None:
    pages = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")]
    assert len(pages) > 10
    for file in pages:
        for link in _LINK.findall(file.read_text()):
            assert (file.parent / link).exists(), f"{file.relative_to(PROJECT)}: {link}"


def test_the_architecture_page_lists_every_package_and_module_of_the_compiler() -> None:
    rows = re.findall(r"^\| (`[^|]*`) \|", _read("ARCHITECTURE.md"), re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    packages = {f"{file.parent.name}/" for file in PROJECT.glob("compiler/*/__init__.py")}
    assert listed == packages | {file.name for file in PROJECT.glob("compiler/*.py")} - {"__init__.py"}


def test_each_term_of_the_glossary_is_explained_once_and_names_the_file_that_it_lives_in() -> None:
    terms = _TERM.findall(_read("docs/glossary.md"))
    assert len(terms) > 50
    assert len({term for term, _, _ in terms}) == len(terms)
    for term, meaning, where in terms:
        files = [link for link in _LINK.findall(where) if (PROJECT / "docs" / link).is_file()]
        assert files, term
        assert meaning.endswith("."), term


def test_the_terms_of_each_part_of_the_glossary_are_in_order() -> None:
    for part in _read("docs/glossary.md").split("\n## "):
        terms = [term for term, _, _ in _TERM.findall(part)]
        assert terms == sorted(terms)


def test_every_decision_says_context_decision_and_consequence() -> None:
    decisions = sorted((PROJECT / "docs/decisions").glob("*.md"))
    for number, file in enumerate(decisions, 1):
        text = file.read_text()
        assert file.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number}. ")
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequence")), file.name


def _read(name: str) -> str:
    return (PROJECT / name).read_text()
