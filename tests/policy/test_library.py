"""Policies on disk are read whole or not at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from compiler.diagnostics import Severity
from compiler.policy.errors import PolicyError
from compiler.policy.gate import load
from compiler.policy.library import read
from compiler.policy.metadata import metadata
from compiler.sources import disk
from tests.policy.policies import FIXTURE, RULE, changed, write

if TYPE_CHECKING:
    from pathlib import Path


def test_a_rule_is_its_module_what_it_says_of_itself_and_its_proof(tmp_path: Path) -> None:
    (rule,) = read(write(tmp_path / "policies")).rules
    assert rule.module.path == "policies/testing/heap_large/heap_large.rego"
    assert rule.module.package == "testing.heap_large"
    assert (rule.id, rule.metadata.title) == ("TST001", "The heap is large")
    assert rule.fixture.must_pass == {"spec": {"limits": {"memory": {"heap": 50}}}}
    assert rule.fixture.must_deny == ({"spec": {"limits": {"memory": {"heap": 51}}}},)


def test_metadata_says_everything_that_reports_need() -> None:
    said = metadata(RULE, "rule.rego")
    assert said.description == "A heap above half of the memory is denied."
    assert said.custom.model_dump() == {
        "id": "TST001",
        "severity": Severity.ERROR,
        "owner": "platform",
        "remediation": "Lower the heap.",
        "section": "Resource Management, 3. Resource Limits",
        "waivable": True,
    }


@pytest.mark.parametrize(
    "text",
    [
        "package testing.heap_large\n",
        RULE.replace("\npackage", "\n\npackage"),
        changed("# METADATA", "# Metadata"),
        changed("#   id: TST001\n", ""),
        changed("id: TST001", "id: heap"),
        changed("severity: error", "severity: fatal"),
        changed("#   owner: platform", "#   owners: platform"),
        changed("#   owner: platform", "#   owner: platform\n#   owner: data"),
        changed("title: The heap", "title: [The heap"),
        "# METADATA",
    ],
)
def test_a_rule_that_does_not_say_all_of_it_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match=r"(^|\n  )rule\.rego:[0-9]+"):
        metadata(text, "rule.rego")


@pytest.mark.parametrize(
    ("fixture", "message"),
    [
        ("must_pass: {}\nmust_deny: []\n", "fixture.yaml:2:1: 'must_deny': tuple should have at least 1 item"),
        ("must_pass: {}\n", "fixture.yaml:1:1: the key 'must_deny' is missing"),
        ("must_pass: {a: 1}\nmust_deny: [{at: [b], value: 1}]\n", "changes 'b', which must_pass does not have"),
        ("must_pass: {a: [1]}\nmust_deny: [{at: [a, 1], value: 1}]\n", "changes 1, which must_pass does not have"),
        ("must_pass: {a: 1, a: 2}\nmust_deny: []\n", "fixture.yaml:1:19: the key 'a' is already written"),
        ("must_pass: [\n", "fixture.yaml:2:1: "),
    ],
)
def test_a_fixture_that_proves_nothing_is_refused(tmp_path: Path, fixture: str, message: str) -> None:
    write(tmp_path, fixture=fixture)
    with pytest.raises(PolicyError, match=re.escape(message)):
        read(tmp_path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("!!binary aGVhcA==", "the tag !!binary is not allowed"),
        ("!!python/object/apply:os.getcwd []", "the tag !!python/object/apply:os.getcwd is not allowed"),
        ("[" * 5_000 + "]" * 5_000, "nested deeper than 32 levels"),
        ("&a [*a]", "the alias *a refers to no finished value"),
        ("2024-01-01", "'2024-01-01' is neither text nor a whole number"),
        ("12:30:00", "'12:30:00' is neither"),
        ("yes", "'yes' is neither"),
        ("0x10", "'0x10' is neither"),
        ("010", "'010' is neither"),
        ("0.5", "'0.5' is neither"),
        (".nan", "'.nan' is neither"),
        ("~", "'~' is neither"),
        ("", "a value is missing behind the key"),
        ("9" * 5_000, f"'{'9' * 40}' is neither"),
    ],
)
def test_a_value_that_json_has_not_or_that_engines_read_apart_is_refused_where_it_stands(
    tmp_path: Path, value: str, message: str
) -> None:
    write(tmp_path, fixture=f"must_pass: {{}}\nmust_deny:\n  - at: [a]\n    value: {value}\n")
    with pytest.raises(PolicyError, match=rf"fixture\.yaml:4:[0-9]+: .*{re.escape(message)}"):
        read(tmp_path)
    (tmp_path / "testing/heap_large/fixture.yaml").write_text(FIXTURE)
    data(tmp_path, "thresholds", f"\n\n\nheap: {value}\n")
    with pytest.raises(PolicyError, match=rf"data\.yaml:4:[0-9]+: .*{re.escape(message)}"):
        read(tmp_path)


def test_what_json_has_is_read_as_json_has_it(tmp_path: Path) -> None:
    text = "a: 5\nb: '5'\nc: -5\nd: 0\ne: true\nf: null\ng: 'null'\nh: two words\ni: |\n  yes\n5: [{}]\n"
    data(write(tmp_path), "thresholds", text)
    assert read(tmp_path).data["thresholds"] == {
        "a": 5,
        "b": "5",
        "c": -5,
        "d": 0,
        "e": True,
        "f": None,
        "g": "null",
        "h": "two words",
        "i": "yes\n",
        "5": [{}],
    }


def test_aliases_that_expand_to_very_much_are_refused(tmp_path: Path) -> None:
    levels = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}' if n else '1'] * 9)}]\n" for n in range(9))
    data(write(tmp_path), "thresholds", levels)
    with pytest.raises(PolicyError, match=r"data\.yaml:5:.*expands to more than"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["heap_large.rego", "fixture.yaml"])
def test_a_file_that_is_too_large_is_refused(tmp_path: Path, name: str) -> None:
    (write(tmp_path) / "testing/heap_large" / name).write_bytes(b"#" * (disk.MAXIMUM_BYTES + 1))
    with pytest.raises(PolicyError, match=f"{name}: the file has more than"):
        read(tmp_path)


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_brackets_that_the_engine_would_read_for_ever_are_refused(tmp_path: Path, brackets: str) -> None:
    left, right = brackets[0], brackets[1]
    said = f'# {left * 50}\nnote := "\\"{left * 50}"\nraw := `{left * 50}`\n'
    write(tmp_path / "fine", RULE + said + f"nested := {left * 9}1{right * 9}\n")
    assert len(read(tmp_path / "fine").rules) == 1
    write(tmp_path / "deep", RULE + f"nested := {left * 30}1{right * 30}\n")
    with pytest.raises(PolicyError, match=r"heap_large\.rego: brackets are nested deeper than 10 levels"):
        read(tmp_path / "deep")


def test_a_must_deny_input_is_the_must_pass_input_with_one_value_replaced(tmp_path: Path) -> None:
    fixture = FIXTURE.replace("{heap: 50}", "{heap: 50, cache: [1, {of: 2}]}").replace("heap], ", "cache, 1, of], ")
    (rule,) = read(write(tmp_path, fixture=fixture)).rules
    assert rule.fixture.must_pass["spec"]["limits"]["memory"] == {"heap": 50, "cache": [1, {"of": 2}]}
    assert rule.fixture.must_deny[0]["spec"]["limits"]["memory"] == {"heap": 50, "cache": [1, {"of": 51}]}


def test_a_rule_without_a_fixture_is_refused(tmp_path: Path) -> None:
    (write(tmp_path) / "testing/heap_large/fixture.yaml").unlink()
    with pytest.raises(PolicyError, match="the rule has no fixture"):
        read(tmp_path)


@pytest.mark.parametrize("folder", ["empty", "absent"])
def test_a_folder_without_policies_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PolicyError, match="there is no policy in"):
        read(tmp_path / folder)


def test_one_id_for_two_rules_is_refused(tmp_path: Path) -> None:
    write(write(tmp_path), name="heap_small")
    with pytest.raises(PolicyError) as raised:
        read(tmp_path)
    one, other = (f"{tmp_path.name}/testing/{name}/{name}.rego" for name in ("heap_large", "heap_small"))
    assert str(raised.value) == f"{other}:5: TST001 is the id of {one}: the next free one is TST002"


def test_every_fault_of_every_rule_is_named_at_once_with_its_line_in_the_order_of_the_files(tmp_path: Path) -> None:
    rule = changed("severity: error", "severity: fatal").replace("#   owner: platform\n", "")
    policies = write(
        tmp_path / "policies", rule.replace("> 50", "> time.now_ns()"), FIXTURE.replace("[spec,", "[spek,")
    )
    write(
        policies,
        RULE.replace("TST001", "TST002").replace("heap_large", "heap_small").replace("> 50", ">"),
        name="heap_small",
    )
    with pytest.raises(PolicyError) as raised:
        load(policies)
    large, small = "policies/testing/heap_large", "policies/testing/heap_small/heap_small"
    assert [fault.partition(": ")[::2] for fault in raised.value.faults] == [
        (f"{large}/fixture.yaml:2:14", "must_deny changes 'spek', which must_pass does not have"),
        (f"{large}/heap_large.rego:4:3", "the key 'owner' is missing"),
        (f"{large}/heap_large.rego:6:15", "'severity': input should be 'error' or 'warning'"),
        (f"{large}/heap_large.rego:17", "the function time.now_ns is not one that policies may call"),
        (f"{small}.rego:19:12", "expecting `}` while parsing query"),
    ]


def test_an_annotation_that_cannot_be_read_hides_no_other_fault_of_the_rule(tmp_path: Path) -> None:
    rule = changed("severity: error", "severity: fatal").replace("TST001", "XYZ001")
    rule = rule.replace("owner: platform", "owner:")
    with pytest.raises(PolicyError) as raised:
        read(write(tmp_path, rule))
    assert [fault.rpartition("/")[2] for fault in raised.value.faults if "heap_large.rego" in fault] == [
        "heap_large.rego:5: the ids of testing begin with TST, and this is XYZ001",
        "heap_large.rego:6:15: 'severity': input should be 'error' or 'warning'",
        "heap_large.rego:7:11: a value is missing behind the key",
    ]


@pytest.mark.parametrize(
    ("listed", "fault"),
    [
        ("", "rules.yaml: the file holds no value"),
        (
            "TST002: testing/heap_small\n",
            "rules.yaml: the rule TST001 is not listed: add the line 'TST001: testing/heap",
        ),
        ("TST001: testing/heap\n", "rules.yaml:1:1: the rule TST001 is in testing/heap_large: write that, or move it"),
        (
            "TST001: testing/heap_large\nTST002: gone/rule\n",
            "rules.yaml:2:1: the rule TST002 (gone/rule) is gone: bring its folder back, or remove this line if",
        ),
    ],
)
def test_a_rule_that_is_gone_moved_or_new_is_refused_until_the_list_of_rules_says_so(
    tmp_path: Path, listed: str, fault: str
) -> None:
    (write(tmp_path) / "rules.yaml").write_text(listed, encoding="utf-8")
    with pytest.raises(PolicyError, match=re.escape(fault)):
        read(tmp_path)


def test_without_a_list_of_rules_nothing_is_read(tmp_path: Path) -> None:
    (write(tmp_path) / "rules.yaml").unlink()
    with pytest.raises(PolicyError, match=r"rules\.yaml: this list of all rules is missing"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("domain", "fault"),
    [
        (None, "testing/domain.yaml: this is missing: write the prefix, the title and what testing is about"),
        ("prefix: TST\ntitle: Testing\n", "testing/domain.yaml:1:1: the key 'about' is missing"),
        ("prefix: SPC\ntitle: T\nabout: A\n", "testing/domain.yaml:1:9: SPC is too much like SPEC"),
        ("prefix: GEM\ntitle: T\nabout: A\n", "testing/domain.yaml:1:9: GEM is too much like GEN"),
        (
            "prefix: HEP\ntitle: T\nabout: A\n",
            "heap_large.rego:5: the ids of testing begin with HEP, and this is TST001",
        ),
    ],
)
def test_a_domain_says_what_it_is_about_and_its_prefix_is_like_no_other(
    tmp_path: Path, domain: str | None, fault: str
) -> None:
    file = write(tmp_path) / "testing/domain.yaml"
    file.unlink() if domain is None else file.write_text(domain, encoding="utf-8")
    with pytest.raises(PolicyError, match=re.escape(fault)):
        read(tmp_path)


def test_two_domains_whose_prefixes_differ_in_one_letter_are_refused(tmp_path: Path) -> None:
    other = write(tmp_path) / "other"
    other.mkdir()
    (other / "domain.yaml").write_text("prefix: TSX\ntitle: T\nabout: A\n", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"testing/domain\.yaml:1:9: TST is too much like TSX"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("testing/heap_large/other.rego", "a policy's place is"),
        ("testing/heap.rego", "a policy's place is"),
        ("gate/verdict/verdict.rego", "a policy's place is"),
        ("testing/heap_large/fixtures.yaml", "the gate does not read this file"),
        ("testing/fixture.yaml", "the gate does not read this file"),
        ("thresholds/data.json", "the gate does not read this file"),
    ],
)
def test_a_file_that_would_be_thought_to_be_enforced_is_refused(tmp_path: Path, name: str, message: str) -> None:
    stray = write(tmp_path) / name
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_text(RULE, encoding="utf-8")
    with pytest.raises(PolicyError, match=message):
        read(tmp_path)


def test_data_lies_at_the_path_of_its_folder(tmp_path: Path) -> None:
    data(write(tmp_path), "thresholds", "heap: 50\n")
    data(tmp_path, "thresholds/zones", "production: 2\n")
    assert read(tmp_path).data == {"thresholds": {"heap": 50, "zones": {"production": 2}}}


@pytest.mark.parametrize(
    ("folder", "text", "message"),
    [
        ("testing", "heap_large: {deny: []}\n", "data under 'testing' would stand in the place of the rules"),
        ("lib", "units: 1\n", "policies"),
        ("thresholds", "[1, 2]\n", "data is a mapping"),
        (".", "testing: 1\n", "data is a mapping, in a folder that names it"),
    ],
)
def test_data_that_would_replace_rules_or_is_no_mapping_is_refused(
    tmp_path: Path, folder: str, text: str, message: str
) -> None:
    helper = write(tmp_path) / "lib/units/units.rego"
    helper.parent.mkdir(parents=True)
    helper.write_text("package lib.units\n", encoding="utf-8")
    data(tmp_path, folder, text)
    with pytest.raises(PolicyError, match=message if folder != "lib" else "data under 'lib'"):
        read(tmp_path)


@pytest.mark.parametrize("zones", ["{production: 1}", "5"])
def test_two_documents_for_one_place_are_refused(tmp_path: Path, zones: str) -> None:
    data(write(tmp_path), "thresholds", f"zones: {zones}\n")
    data(tmp_path, "thresholds/zones", "production: 2\n")
    with pytest.raises(PolicyError, match=r"thresholds/zones/data\.yaml: .* is said in another document"):
        read(tmp_path)


def test_a_policy_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (write(tmp_path) / "testing/heap_large/heap_large.rego").write_bytes(b"\xff")
    with pytest.raises(PolicyError, match="byte 0xff is not UTF-8"):
        read(tmp_path)


def data(root: Path, folder: str, text: str) -> None:
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / folder / "data.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("place", ["testing", "testing/heap_large", "testing/heap_large/heap_large.rego"])
def test_a_link_is_refused_since_what_is_behind_it_could_vanish_unseen(tmp_path: Path, place: str) -> None:
    policies = write(tmp_path / "policies")
    (policies / place).rename(tmp_path / "elsewhere")
    (policies / place).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PolicyError, match=f"policies/{place}: this is neither a regular file nor a folder"):
        read(policies)


def test_a_linked_folder_of_policies_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere")
    (tmp_path / "policies").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PolicyError, match="policies: this is a link"):
        read(tmp_path / "policies")
