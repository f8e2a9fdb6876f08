"""An export of the audit trail proves itself: whatever is changed in it is found."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.domain.audit import FORMAT, GENESIS, canonical, next_link, record_hash
from runtime.domain.audit_verification import UnreadableError, read_anchors, verify
from runtime.domain.signatures import NoKeyError, PublicKey, read_key

Record = dict[str, Any]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"kind": st.just("refusal"), "at": st.just("2026-01-05T08:00:00.000000Z"), "outcome": TEXTS},
        optional={"actor": TEXTS, "namespace": TEXTS, "further": st.integers(0, 2**53 - 1)},
    ),
    min_size=2,
    max_size=8,
)
DRAWN = st.data()
FEW = settings(max_examples=40)


def export(records: list[Record], first: int = 1, previous: bytes = GENESIS) -> list[str]:
    """Return the lines of an export of these records, as the API seals them."""
    lines = [json.dumps({"format": FORMAT, "first": first, "previous": previous.hex()})]
    link = previous
    for sequence, record in enumerate(records, first):
        link = next_link(link, record_hash(record))
        lines.append(json.dumps({"sequence": sequence, "record": record, "link": link.hex()}))
    return lines


def anchors(lines: list[str], *places: int) -> list[str]:
    """Return the anchors of places of an export."""
    found = []
    for place in places:
        statement = {"format": FORMAT, "sequence": place, "link": json.loads(lines[place])["link"]}
        found.append(json.dumps({"statement": statement, "signature": "vault:v1:AA=="}))
    return found


def faults(lines: list[str], *anchored: str) -> list[str]:
    return verify(lines, read_anchors(anchored)).faults


def changes(*events: tuple[int, int]) -> list[Record]:
    at = "2026-01-05T08:00:00.000000Z"
    return [{"kind": "change", "at": at, "revision": revision, "ordinal": ordinal} for revision, ordinal in events]


@FEW
@given(RECORDS)
def test_what_was_sealed_verifies(records: list[Record]) -> None:
    lines = export(records)
    found = verify(lines, read_anchors(anchors(lines, 1, len(records))))
    assert not found.faults
    assert (found.first, found.last, found.anchored_until) == (1, len(records), len(records))


@FEW
@given(RECORDS, DRAWN)
def test_a_member_that_was_changed_added_or_removed_is_found(records: list[Record], data: st.DataObject) -> None:
    lines = export(records)
    place = data.draw(st.integers(1, len(records)))
    line = json.loads(lines[place])
    name = data.draw(st.sampled_from([*sorted(line["record"]), "another"]))
    value: object = data.draw(st.one_of(TEXTS, st.integers(-5, 5), st.none(), st.just([])))
    before = line["record"].pop(name, None)
    if value is not None:
        line["record"][name] = value
    if line["record"].get(name) == before and type(line["record"].get(name)) is type(before):
        return
    lines[place] = json.dumps(line)
    assert faults(lines)


@FEW
@given(RECORDS, DRAWN)
def test_a_line_whose_sequence_or_link_was_changed_is_found(records: list[Record], data: st.DataObject) -> None:
    lines = export(records)
    place = data.draw(st.integers(1, len(records)))
    line = json.loads(lines[place])
    if data.draw(st.booleans()):
        line["sequence"] = data.draw(st.integers(-1, 20).filter(lambda value: value != place))
    else:
        line["link"] = data.draw(st.binary(min_size=32, max_size=32)).hex()
    lines[place] = json.dumps(line)
    assert faults(lines, *anchors(export(records), len(records)))


@FEW
@given(RECORDS, DRAWN)
def test_a_row_that_was_removed_is_found_also_when_those_after_it_are_renumbered(
    records: list[Record], data: st.DataObject
) -> None:
    lines = export(records)
    anchored = anchors(lines, len(records))
    place = data.draw(st.integers(1, len(records)))
    del lines[place]
    assert faults(lines, *anchored)
    renumbered = [lines[0]]
    for sequence, text in enumerate(lines[1:], 1):
        renumbered.append(json.dumps({**json.loads(text), "sequence": sequence}))
    assert faults(renumbered, *anchored)


@FEW
@given(RECORDS, DRAWN)
def test_a_row_that_was_inserted_is_found_also_when_those_after_it_are_renumbered(
    records: list[Record], data: st.DataObject
) -> None:
    lines = export(records)
    anchored = anchors(lines, len(records))
    place = data.draw(st.integers(1, len(records)))
    inserted = {"kind": "refusal", "at": "", "outcome": "forged"}
    before = bytes.fromhex(json.loads(lines[place - 1]).get("link", GENESIS.hex()))
    lines.insert(
        place,
        json.dumps(
            {"sequence": place, "record": inserted, "link": next_link(before, record_hash(inserted)).hex()},
        ),
    )
    assert faults(lines, *anchored)
    renumbered = [lines[0]]
    for sequence, text in enumerate(lines[1:], 1):
        renumbered.append(json.dumps({**json.loads(text), "sequence": sequence}))
    assert faults(renumbered, *anchored)


@FEW
@given(RECORDS, DRAWN)
def test_rows_that_were_exchanged_are_found_also_when_they_are_renumbered(
    records: list[Record], data: st.DataObject
) -> None:
    lines = export(records)
    one, other = data.draw(st.lists(st.integers(1, len(records)), min_size=2, max_size=2, unique=True))
    lines[one], lines[other] = lines[other], lines[one]
    assert faults(lines)
    if records[one - 1] == records[other - 1]:
        return
    renumbered = [lines[0]]
    for sequence, text in enumerate(lines[1:], 1):
        renumbered.append(json.dumps({**json.loads(text), "sequence": sequence}))
    assert faults(renumbered)


@FEW
@given(RECORDS, DRAWN)
def test_a_tail_that_was_cut_off_is_found_by_an_anchor(records: list[Record], data: st.DataObject) -> None:
    lines = export(records)
    anchored = anchors(lines, len(records))
    cut = data.draw(st.integers(1, len(records)))
    shown = lines[:cut]
    assert not faults(shown), "the rest is a chain of its own"
    assert faults(shown, *anchored) == [
        f"the tail is cut off: the export ends with record {cut - 1}, an anchor names record {len(records)}"
    ]


@FEW
@given(RECORDS, DRAWN)
def test_a_chain_that_its_owner_computed_anew_is_found_by_an_anchor(records: list[Record], data: st.DataObject) -> None:
    anchored = anchors(export(records), len(records))
    place = data.draw(st.integers(0, len(records) - 1))
    forged = [*records[:place], {**records[place], "reason": "nothing to see"}, *records[place + 1 :]]
    lines = export(forged)
    assert not faults(lines), "a chain alone cannot tell"
    assert any("was recomputed" in fault for fault in faults(lines, *anchored))
    contradicting = [*anchored, *anchors(lines, len(records))]
    assert any("contradict each other" in fault for fault in faults(lines, *contradicting))


@FEW
@given(RECORDS, DRAWN)
def test_records_that_were_removed_from_the_beginning_are_found_unless_they_end_at_an_anchor(
    records: list[Record], data: st.DataObject
) -> None:
    lines = export(records)
    place = data.draw(st.integers(1, len(records) - 1))
    kept = bytes.fromhex(json.loads(lines[place])["link"])
    shown = export(records[place:], place + 1, kept)
    assert not faults(shown, *anchors(lines, place, len(records)))
    assert faults(shown, *anchors(lines, len(records))) == [
        f"records were removed before record {place + 1}, where no anchor permits it"
    ]
    assert faults(export(records[place:], place + 1, bytes(31) + b"\1"), *anchors(lines, place, len(records)))


@FEW
@given(RECORDS, DRAWN)
def test_an_export_that_withholds_records_is_verified_by_their_hashes(
    records: list[Record], data: st.DataObject
) -> None:
    lines = export(records)
    anchored = anchors(lines, len(records))
    hidden = data.draw(st.sets(st.integers(1, len(records))))
    for place in hidden:
        line = json.loads(lines[place])
        lines[place] = json.dumps(
            {"sequence": place, "withheld": record_hash(line["record"]).hex(), "link": line["link"]}
        )
    found = verify(lines, read_anchors(anchored))
    assert (found.faults, found.counts["withheld"]) == ([], len(hidden))
    for place in hidden:
        forged = [*lines]
        forged[place] = json.dumps({**json.loads(lines[place]), "withheld": GENESIS.hex()})
        assert faults(forged)


@pytest.mark.parametrize(
    ("events", "missing"),
    [
        ([(1, 0), (2, 0), (2, 1), (3, 0)], None),
        ([(5, 0), (6, 0)], None),
        ([(1, 0), (3, 0)], "revision 3 does not follow revision 1"),
        ([(1, 0), (2, 1)], "revision 2 does not follow revision 1"),
        ([(2, 0), (2, 2)], "revision 2 does not follow revision 2"),
        ([(2, 0), (2, 0)], "revision 2 does not follow revision 2"),
        ([(2, 0), (1, 0)], "revision 1 does not follow revision 2"),
    ],
)
def test_a_change_that_was_never_sealed_is_found_by_the_revisions(
    events: list[tuple[int, int]], missing: str | None
) -> None:
    """A sealer that skips a row makes a chain that is whole."""
    found = faults(export(changes(*events)))
    assert [missing is not None and missing in fault for fault in found] == [True] * (missing is not None)


@pytest.mark.parametrize(
    "line",
    [
        '{"sequence":2,"record":{"kind":"read","kind":"read"},"link":"' + "0" * 64 + '"}',
        '{"sequence":2,"record":{"kind":1.5},"link":"' + "0" * 64 + '"}',
        '{"sequence":2,"record":{"kind":[]},"link":"' + "0" * 64 + '"}',
        '{"sequence":2,"record":{},"link":"' + "0" * 64 + '","note":"beside the record"}',
        '{"sequence":2,"record":{},"link":"' + "G" * 64 + '"}',
        '{"sequence":2,"record":{},"link":""}',
        '{"sequence":true,"record":{},"link":"' + "0" * 64 + '"}',
        '{"sequence":"2","record":{},"link":"' + "0" * 64 + '"}',
        '{"sequence":2,"record":[],"link":"' + "0" * 64 + '"}',
        '{"sequence":2,"link":"' + "0" * 64 + '"}',
        "[]",
        "nothing",
    ],
)
def test_a_line_of_another_form_is_no_record(line: str) -> None:
    lines = export([{"kind": "read", "at": ""}])
    assert faults([*lines, line]) == ["line 3 is no record"]


@pytest.mark.parametrize("head", ["", "{}", "nothing", '{"format":"cbp-audit/2","first":1,"previous":""}'])
def test_a_file_without_the_head_of_an_export_is_not_read(head: str) -> None:
    with pytest.raises(UnreadableError, match="line 1 is no head of an export of the format cbp-audit/1"):
        verify([head] if head else [])


def test_a_file_of_other_lines_holds_no_anchors() -> None:
    with pytest.raises(UnreadableError, match="line 2 is no anchor"):
        read_anchors([*anchors(export([{"kind": "read"}]), 1), "{}"])


@FEW
@given(st.dictionaries(TEXTS, TEXTS | st.integers(-(2**53) + 1, 2**53 - 1)))
def test_canonical_json_is_read_back_and_has_one_spelling(value: Record) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(dict(reversed(value.items()))) == text


def test_canonical_json_is_that_of_rfc_8785() -> None:
    """The strings of section 3.2.2, and the order of members of section 3.2.3."""
    text = "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f"
    assert canonical({"s": text}) == '{"s":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()
    names = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical(names)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


@pytest.mark.parametrize("value", [1.0, None, True, [1], 2**53, -(2**53), "\ud800"])
def test_a_value_that_has_several_spellings_has_no_canonical_form(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical({"value": value})


# A key of openssl genrsa 2048, and its signature of b"hello" by openssl dgst -sha256 -sign.
KEY = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyEIZozVTRquawchn2/TX
LNZeLZgendCVKBk3+tiTfg3M9JOoOM+n7i8b8jqjWdydtTihf9WTF2f3rKvTTULJ
BB3O940TdIseiapcSHTRJzstZgIeER8zQEVbBesRmX3fL13Bkr9iYZA+wAkqv6JB
T+mAwvX1cvg6hBrghXd/fmgEhD83kzKuKo8iFDgueh81eGYFyj2TLAkjzLQ4T0Eo
HkPpZA2nEk13ptv7uqMekfwAN8/81yJ4LM8WPvcW93+EUxt5TMnRH7rYkXLCaBt4
Jl9JwXB5UGusZ5oQ3KnL7wEq+59Gva1OfccqoBmDgZuYJ91TBH1yLYLbIKhX5KIo
0wIDAQAB
-----END PUBLIC KEY-----
"""
SIGNATURE = (
    "lWhj1+kGVFNWqFDlVseLq3D0DTxTu38GZ9zjY1YkG/GSpXPZdD3fCqCPvdI4afWIFFY+OX0/iAPeoD5aeSOXWE7FSV3B4aAWaJty"
    "96KXYugv+cOGGINuQsmg+9mWzdIYGb1B9CbLkdZlLWENglKAE+X3dFoTtsUkG7HU6ewhQimeTdjR5oEBIy+K4Pq/v/sfBBUOPKGr"
    "DBDLRcddMtoh1nwfnVWXpa/DxC1NXSXQR+inUnuGIu3OjzRANByI6qF4cDpJenFaO4Qu/yNoMPc5HP9Fg2djMx+WcB9NxcFXn1zF"
    "kfj99CM9CO4JjebHZsUDScqUxdrRwm5ED+FjyskNWA=="
)

# Of openssl genrsa 1024.
WEAK = """-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCi5ZY9LHsyQQdepVsjq1uSsqwq
U5JMp9CjhS8PwD41rJBRpQfBCmuKF+4LxSikEtufH2hhxKqz7/8oUe3Jhty+ouzx
wDqueyXB3xCK3qgKX9rA8bunVwUU47C/pC48oNtxefeCTOtMnPP1NtSZTRJb6411
YolDfEzvRdkFM5b0YQIDAQAB
-----END PUBLIC KEY-----
"""


def test_a_signature_of_openssl_is_valid_for_its_message_alone() -> None:
    key = read_key(KEY)
    assert key.verify(b"hello", SIGNATURE)
    assert not key.verify(b"hello!", SIGNATURE)
    assert not PublicKey(key.modulus + 2, key.exponent).verify(b"hello", SIGNATURE)


def test_no_other_bytes_are_a_signature() -> None:
    key = read_key(KEY)
    raw = base64.b64decode(SIGNATURE)
    larger = (int.from_bytes(raw) + key.modulus).to_bytes(257)
    for forged in (raw[:-1], b"\0" + raw, larger, bytes(256), raw[::-1], secrets.token_bytes(256)):
        assert not key.verify(b"hello", base64.b64encode(forged).decode())
    for text in ("", "?", SIGNATURE[:-4], f" {SIGNATURE}"):
        assert not key.verify(b"hello", text)


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "nothing",
        KEY.replace("PUBLIC", "PRIVATE"),
        KEY.replace("A", "?"),
        "\n".join(KEY.splitlines()[:2] + KEY.splitlines()[-1:]),
        # The key of Ed25519 of RFC 8410, section 10.1: another algorithm.
        KEY.replace(KEY[27:-26], "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="),
        WEAK,
    ],
)
def test_a_text_that_is_no_key_of_rsa_is_refused(pem: str) -> None:
    with pytest.raises(NoKeyError):
        read_key(pem)
