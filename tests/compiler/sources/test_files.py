"""Every file of a project is read or has a finding of its own, whatever else is wrong."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest

from compiler.diagnostics.bounds import MOST
from compiler.model.specification import SECTIONS
from compiler.sources import disk
from compiler.sources.files import Loaded, load
from compiler.sources.nodes import leaves

ENVIRONMENTS = Path("environments")


def found(root: Path, *only: str) -> list[tuple[str, str]]:
    return [(finding.code, finding.place) for finding in load(root, SECTIONS, only).findings]


def names(loaded: Loaded) -> list[str]:
    return [environment.name for environment in loaded.environments]


def test_a_whole_project_is_read_in_the_order_of_the_document(project: Path) -> None:
    loaded = load(project, SECTIONS)
    assert loaded.findings == ()
    assert tuple(name for name, _ in loaded.sections) == SECTIONS
    assert names(loaded) == ["development", "production", "staging"]


def test_only_the_environments_that_are_named_are_read(project: Path) -> None:
    assert names(load(project, SECTIONS, ["staging"])) == ["staging"]
    (project / "environments/production/environment.yaml").write_text("{")
    assert found(project, "staging") == []


def test_a_byte_order_mark_is_no_part_of_the_text(project: Path) -> None:
    file = project / "spec/backup.yaml"
    before = dict(load(project, SECTIONS).sections)["backup"]
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    after = dict(load(project, SECTIONS).sections)["backup"]
    assert [(path, leaf.text, str(leaf.span)) for path, leaf in leaves(after)] == [
        (path, leaf.text, str(leaf.span)) for path, leaf in leaves(before)
    ]


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize(
    ("content", "place"),
    [(b"\xff", "1:1"), (b"a: 1\nb: \xe9", "2:4"), ("é: ".encode() + b"\xff", "1:4"), (b"a: \xe2\x82", "1:4")],
)
def test_a_byte_that_is_not_utf8_is_found_where_it_stands(
    project: Path, mark: bytes, content: bytes, place: str
) -> None:
    (project / "spec/backup.yaml").write_bytes(mark + content)
    assert found(project) == [("YAML002", f"spec/backup.yaml:{place}")]


def test_utf16_is_refused_and_not_guessed(project: Path) -> None:
    file = project / "spec/backup.yaml"
    file.write_bytes(file.read_text().encode("utf-16"))
    assert found(project) == [("YAML002", "spec/backup.yaml:1:1")]


def test_a_file_of_any_size_is_refused_before_it_is_parsed(project: Path) -> None:
    (project / "spec/backup.yaml").write_bytes(b"#" * (disk.MAXIMUM_BYTES + 1))
    assert found(project) == [("YAML009", "spec/backup.yaml")]


def test_a_link_is_not_followed_and_a_broken_one_is_not_missing(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text("backup: {}")
    for target in (elsewhere, tmp_path / "nowhere.yaml"):
        (project / "spec/backup.yaml").unlink()
        (project / "spec/backup.yaml").symlink_to(target)
        assert found(project) == [("FILE003", "spec/backup.yaml")]


def test_a_file_that_says_to_be_of_any_size_is_not_read_whole(project: Path) -> None:
    os.truncate(project / "spec/backup.yaml", 1 << 36)
    assert found(project) == [("YAML009", "spec/backup.yaml")]


@pytest.mark.parametrize("folder", ["spec", "environments", "environments/staging", "environments/staging/overlays"])
@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_linked_folder_is_not_followed_wherever_it_leads(
    project: Path, tmp_path: Path, folder: str, target: str
) -> None:
    (project / folder).rename(tmp_path / "elsewhere")
    (project / folder).symlink_to(tmp_path / target)
    assert found(project) == [("FILE003", folder)]


def test_a_file_in_the_place_of_a_folder_is_none(project: Path) -> None:
    (project / "spec").rename(project / "before")
    (project / "spec").write_text("limits: {}\n")
    assert found(project) == [("FILE003", "spec")]


@pytest.mark.parametrize("place", ["spec", "environments", "environments/staging", "environments/staging/overlays"])
def test_a_name_that_is_no_text_is_reported_in_letters_that_can_be_printed(project: Path, place: str) -> None:
    (project / os.fsdecode(f"{place}/".encode() + b"caf\xe9.yaml")).mkdir()
    (finding,) = load(project, SECTIONS).findings
    assert (finding.code, finding.place) == ("FILE002", f"{place}/caf\\xe9.yaml")
    assert found(project, os.fsdecode(b"\xff"))[-1] == ("FILE005", "environments/\\xff")


def test_of_very_many_files_that_nobody_reads_the_first_are_listed(project: Path) -> None:
    for number in range(MOST + 7):
        (project / f"spec/{number:03}.txt").touch()
    codes = [code for code, _ in found(project)]
    assert codes == ["FILE002"] * MOST + ["FILE006"]


def test_a_device_is_not_read(project: Path) -> None:
    (project / "spec/backup.yaml").unlink()
    os.mkfifo(project / "spec/backup.yaml")
    assert found(project) == [("FILE003", "spec/backup.yaml")]


@pytest.mark.parametrize(
    "path",
    [
        "spec/extra.yaml",
        "spec/compute.yml",
        "spec/folder/compute.yaml",
        "environments/notes.txt",
        "environments/staging/enviroment.yaml",
        "environments/staging/overlays/tuning.json",
    ],
)
def test_a_file_that_nobody_reads_is_reported(project: Path, path: str) -> None:
    file = project / path
    file.parent.mkdir(exist_ok=True)
    file.write_text("limits: {}\n")
    reported = path if file.parent.name != "folder" else "spec/folder"
    assert found(project) == [("FILE002", reported)]


def test_what_editors_keep_and_documents_for_people_are_no_strangers(project: Path) -> None:
    for path in ("spec/.compute.yaml.swp", "spec/SECURITY_SPEC.md", "environments/.gitkeep", "environments/staging/.x"):
        (project / path).write_text("x")
    assert found(project) == []


def test_mistakes_in_one_file_hide_those_in_no_other(project: Path) -> None:
    (project / "spec/backup.yaml").write_text("a: b: c")
    (project / "spec/limits.yaml").unlink()
    (project / "environments/production/environment.yaml").write_bytes(b"\xff")
    (project / "environments/staging/overlays/tuning.yaml").write_text("")
    assert sorted(found(project)) == [
        ("FILE001", "spec/limits.yaml"),
        ("YAML001", "spec/backup.yaml:1:5"),
        ("YAML002", "environments/production/environment.yaml:1:1"),
        ("YAML003", "environments/staging/overlays/tuning.yaml"),
    ]
    loaded = load(project, SECTIONS)
    assert {name for name, _ in loaded.sections} == set(SECTIONS) - {"backup", "limits"}
    assert names(loaded) == ["development", "production", "staging"]


def test_without_any_environment_one_finding_says_so(project: Path) -> None:
    for folder in ("development", "production", "staging"):
        (project / "environments" / folder).rename(project / folder)
    assert found(project, "staging") == [("FILE004", "environments")]


def test_an_unknown_environment_names_those_that_there_are(project: Path) -> None:
    (finding,) = load(project, SECTIONS, ["prod"]).findings
    assert (finding.code, finding.help) == ("FILE005", "use one of: development, production, staging")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
@pytest.mark.parametrize("path", ["spec/backup.yaml", "spec", "environments", "environments/staging/overlays"])
def test_a_file_or_a_folder_that_may_not_be_read_says_why(project: Path, path: str) -> None:
    before = (project / path).stat().st_mode
    (project / path).chmod(0)
    reported = found(project)
    (project / path).chmod(before)
    assert reported == [("FILE003", path)]
