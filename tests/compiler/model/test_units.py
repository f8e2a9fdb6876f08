"""Units read every spelling in the specification and no other text, hold whole numbers, and print canonically."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from compiler.emit.text import hours
from compiler.model.units import Bytes, Cores, Count, Duration, Flag, Percent, Port, Rate, Schedule, Whole

if TYPE_CHECKING:
    from compiler.model.units.base import Unit

UNITS: tuple[type[Unit], ...] = (Bytes, Cores, Duration, Percent, Rate)
GI, MI = 2**30, 2**20

SPELLINGS = [
    (Cores, "2 cores", 2000, "2 cores"),
    (Cores, "16 cores", 16000, "16 cores"),
    (Cores, "1 core", 1000, "1 core"),
    (Cores, "0.5 cores", 500, "0.5 cores"),
    (Cores, "250m", 250, "0.25 cores"),
    (Bytes, "4GB", 4 * GI, "4GB"),
    (Bytes, "1TB", 1024 * GI, "1TB"),
    (Bytes, "100m", 100 * MI, "100MB"),
    (Bytes, "512Mi", 512 * MI, "512MB"),
    (Bytes, "1.5GB", 1536 * MI, "1536MB"),
    (Bytes, "100 B", 100, "100B"),
    (Percent, "70% utilization", 70, "70%"),
    (Percent, "80% maximum", 80, "80%"),
    (Percent, "85%", 85, "85%"),
    (Duration, "30 seconds", 30, "30 seconds"),
    (Duration, "5m", 300, "5 minutes"),
    (Duration, "1 hour", 3600, "1 hour"),
    (Duration, "1h", 3600, "1 hour"),
    (Duration, "15 minutes", 900, "15 minutes"),
    (Duration, "30 days", 2_592_000, "30 days"),
    (Duration, "90s", 90, "90 seconds"),
    (Rate, "1000/min", 1000, "1000 req/min"),
    (Rate, "2000 req/min", 2000, "2000 req/min"),
    (Rate, "10/s", 600, "600 req/min"),
    (Rate, "120 req/h", 2, "2 req/min"),
]

REFUSED = {
    Cores: [
        "2",
        "2 Cores",
        "02 cores",
        "0 cores",
        "0m",
        "-1 cores",
        "1e3 cores",
        ".5 cores",
        "1.2345 cores",
        "1,5 cores",
    ],
    Bytes: ["4", "4gb", "04GB", "0GB", "4 GiB", "-4GB", "1e3GB", "0.0001KB", "4  GB", "9999999999TB", "0.5B"],
    Percent: ["70", "0%", "101%", "070%", "70 %", "7.5%", "-5%", "70% of it", "70%  utilization", "1" * 30 + "%"],
    Duration: ["30", "0s", "030 seconds", "5 M", "1:30", "1.5h", "-5m", "5m30s", "5 weeks", "PT5M", "1" * 30 + "s"],
    Rate: [
        "1000",
        "1000 req",
        "1000 req/day",
        "0/min",
        "-1/min",
        "01000/min",
        "59/h",
        "1e3/min",
        "100000001/min",
        "999999999/s",
    ],
}
EVERYWHERE = [
    "",
    " ",
    "\n",
    "Configurable",
    "no",
    "null",
    "~",
    "NaN",
    "inf",
    "0x10",
    "0o17",
    "1_000",
    "١٢",
    "\N{FULLWIDTH DIGIT TWO}",
]

whole_texts = st.integers(1, 999_999_999).map(str)
fractions = st.builds("{}.{:03d}".format, st.integers(0, 999_999), st.integers(1, 999))
VALID: dict[type[Unit], st.SearchStrategy[str]] = {
    Cores: st.one_of(whole_texts.map("{}m".format), fractions.map("{} cores".format)),
    Bytes: st.builds(
        "{}{}".format, st.integers(1, 8191), st.sampled_from(["B", "KB", "k", "Mi", "m", "GB", "g", "TB", "Ti"])
    ),
    Percent: st.integers(1, 100).map("{}%".format),
    Duration: st.builds(
        "{} {}".format, whole_texts, st.sampled_from(["s", "seconds", "min", "m", "hours", "h", "day", "d"])
    ),
    Rate: st.builds("{} req/{}".format, st.integers(1, 1_666_666), st.sampled_from(["s", "min"])),
}


@pytest.mark.parametrize(("unit", "text", "number", "printed"), SPELLINGS)
def test_a_spelling_of_the_specification_means_one_number(
    unit: type[Unit], text: str, number: int, printed: str
) -> None:
    parsed = unit.parse(text)
    assert parsed.number() == number
    assert str(parsed) == printed


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("spoilt", ["{}\n", "\n{}", " {}", "{} ", "+{}", "{}\x00", "\ufeff{}"])
def test_what_stands_around_a_spelling_is_not_overlooked(unit: type[Unit], spoilt: str) -> None:
    for example, text, _, _ in SPELLINGS:
        if example is unit:
            refused(unit, spoilt.format(text))


@pytest.mark.parametrize("unit", UNITS)
def test_no_other_text_is_read(unit: type[Unit]) -> None:
    for text in (*REFUSED[unit], *EVERYWHERE):
        refused(unit, text)


@pytest.mark.parametrize("unit", UNITS)
def test_digits_of_other_scripts_are_not_digits(unit: type[Unit]) -> None:
    for example, text, _, _ in SPELLINGS:
        if example is unit:
            refused(
                unit, text.translate({ord("0") + digit: ord("\N{FULLWIDTH DIGIT ZERO}") + digit for digit in range(10)})
            )


@pytest.mark.parametrize("unit", UNITS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_printing_and_reading_gives_the_same_quantity(unit: type[Unit], data: st.DataObject) -> None:
    parsed = unit.parse(data.draw(VALID[unit]))
    assert unit.parse(str(parsed)) == parsed
    assert str(unit.parse(str(parsed))) == str(parsed)
    assert 0 < parsed.number() < 2**53


@pytest.mark.parametrize("unit", UNITS)
@settings(max_examples=200, deadline=None)
@given(text=st.text("0123456789 .%/+-_eEmkgGBTiscorequtzain\n\N{FULLWIDTH DIGIT ZERO}", max_size=14))
def test_whatever_is_read_prints_as_something_that_reads_alike(unit: type[Unit], text: str) -> None:
    try:
        parsed = unit.parse(text)
    except PydanticCustomError:
        refused(unit, text)
        return
    assert text.isascii()
    assert "\n" not in text
    assert not (text[0] == "0" and text[1:2].isdigit())
    assert unit.parse(str(parsed)) == parsed


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 999_999), st.integers(0, 999), st.sampled_from([("KB", 1), ("MB", 2), ("GB", 3)]))
def test_a_fraction_of_a_unit_is_exact_or_refused(whole: int, thousandths: int, unit: tuple[str, int]) -> None:
    text = f"{whole}.{thousandths:03d}{unit[0]}"
    exact = (whole + Fraction(thousandths, 1000)) * 1024 ** unit[1]
    if exact.denominator == 1 and 0 < exact < 2**53:
        assert Bytes.parse(text).count == exact
    else:
        refused(Bytes, text)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 2**40), min_size=2, max_size=6))
def test_quantities_compare_as_their_numbers(counts: list[int]) -> None:
    assert [item.count for item in sorted(map(Bytes, counts))] == sorted(counts)
    assert max(map(Duration, counts)).seconds == max(counts)


def test_kubernetes_quantities_are_binary_and_in_whole_cores_where_they_can_be() -> None:
    assert (Cores.parse("2 cores").quantity, Cores.parse("0.5 cores").quantity) == ("2", "500m")
    assert (Bytes.parse("4GB").quantity, Bytes.parse("1TB").quantity, Bytes(1000).quantity) == ("4Gi", "1Ti", "1000")


def test_vault_reads_a_rotation_in_hours_and_in_seconds_where_it_is_no_whole_number_of_them() -> None:
    assert hours(Duration.parse("30 days")) == "720h"
    assert hours(Duration.parse("90 minutes")) == "5400s"


@pytest.mark.parametrize(
    ("kind", "accepted", "refused_texts"),
    [
        (
            Whole,
            {"0": 0, "7": 7, "999999999": 999_999_999},
            ["-1", "012", "1_000", "1.0", "1e3", "+5", "\N{FULLWIDTH DIGIT ONE}", "1000000000"],
        ),
        (Count, {"1": 1, "42": 42}, ["0", "00", "0x1", "two", "5\n", "9" * 400]),
        (Port, {"1": 1, "8080": 8080, "65535": 65535}, ["0", "65536", "080", "http", "80.0", "99999999999999999999"]),
        (Flag, {"true": True, "false": False}, ["True", "yes", "no", "on", "1", "0", "", "true\n"]),
        (Schedule, {"Hourly": "Hourly", "Quarterly": "Quarterly"}, ["hourly", "Yearly", "", "Daily\n"]),
    ],
)
def test_plain_values_are_read_from_their_one_spelling(
    kind: type, accepted: dict[str, object], refused_texts: list[str]
) -> None:
    adapter = TypeAdapter[object](kind)
    assert {text: adapter.validate_python(text) for text in accepted} == accepted
    for text in refused_texts:
        with pytest.raises(ValidationError):
            adapter.validate_python(text)


def refused(unit: type[Unit], text: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        unit.parse(text)
    assert caught.value.context is not None
    assert caught.value.context["code"] == unit.code
    assert caught.value.context["help"]
