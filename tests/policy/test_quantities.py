"""Kubernetes quantities are read exactly, as the API server reads them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.policy.quantities import millicores, units

LARGEST = 2**53 - 1
BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40}
DECIMAL = {"": 0, "k": 3, "M": 6, "G": 9, "T": 12}


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0", 0),
        ("128974848", 128974848),
        ("129e6", 129_000_000),
        ("129E+6", 129_000_000),
        ("129M", 129_000_000),
        ("128974848000m", 128974848),
        ("123Mi", 128974848),
        ("1.5Gi", 1610612736),
        (".5Ki", 512),
        ("5.", 5),
        ("+5", 5),
        ("-5", -5),
        ("1E", 10**18),
        ("1e3", 1000),
        ("1n", 1),
        ("0.1", 1),
        ("-0.1", -1),
        (3, 3),
        (0.5, 1),
    ],
)
def test_a_quantity_is_a_whole_number_rounded_away_from_zero(written: object, number: int) -> None:
    assert units(written) == (number if abs(number) <= LARGEST else None)


@pytest.mark.parametrize(("written", "number"), [("2", 2000), ("500m", 500), ("0.0001", 1), ("100u", 1), (2, 2000)])
def test_cpu_is_in_thousandths_of_a_core(written: object, number: int) -> None:
    assert millicores(written) == number


@pytest.mark.parametrize(
    "written",
    ["", "4GB", "4gb", "4 Gi", " 4Gi", "4Gi\n", "Gi", ".", "1e", "1ee3", "1.5.2", "0x10", "1_000", "٤", "NaN", "inf"],
)
def test_what_kubernetes_refuses_is_no_quantity(written: str) -> None:
    assert units(written) is None
    assert millicores(written) is None


@pytest.mark.parametrize("value", [True, None, [], {}, 10**16, "8Ei", "1e999999999", "9" * 5000])
def test_a_flag_and_what_json_cannot_hold_exactly_are_no_quantities(value: object) -> None:
    assert units(value) is None


@given(st.integers(-LARGEST, LARGEST))
def test_a_whole_number_is_itself(number: int) -> None:
    assert units(str(number)) == units(number) == number


@given(st.integers(0, 8191), st.sampled_from(sorted(BINARY)))
def test_binary_suffixes_are_powers_of_1024(number: int, suffix: str) -> None:
    assert units(f"{number}{suffix}") == number << BINARY[suffix]


@given(st.integers(0, 9), st.integers(0, 999), st.sampled_from(sorted(DECIMAL)))
def test_a_fraction_is_rounded_up_to_the_next_whole_unit(whole: int, thousandths: int, suffix: str) -> None:
    exact = (whole + Fraction(thousandths, 1000)) * 10 ** DECIMAL[suffix]
    read = units(f"{whole}.{thousandths:03d}{suffix}")
    assert read is not None
    assert exact <= read < exact + 1


@given(st.integers(0, 10**6), st.integers(0, 6))
def test_an_exponent_and_its_suffix_say_the_same(number: int, thousands: int) -> None:
    suffix = ("", "k", "M", "G")[thousands % 4]
    assert units(f"{number}{suffix}") == units(f"{number}e{3 * (thousands % 4)}")


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    number = units(text)
    assert number is None or abs(number) <= LARGEST
