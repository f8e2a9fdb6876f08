"""Who a request is counted against: an address that its client cannot choose."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.environment import ForwardedHeader
from runtime.http.clients import LONGEST_CHAIN, LONGEST_HOP_BYTES, Clients
from runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from starlette.types import Scope

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
PROXY, UNKNOWN = "10.0.0.1", "unknown@10.0.0.1"
XFF, FORWARDED = b"x-forwarded-for", b"forwarded"


def scope(peer: str | None, *headers: tuple[bytes, bytes]) -> Scope:
    return {"client": None if peer is None else (peer, 1), "headers": list(headers)}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        (PROXY, [], PROXY),
        (PROXY, ["198.51.100.7"], "198.51.100.7"),
        (PROXY, ["1.1.1.1, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        (PROXY, ["1.1.1.1", "198.51.100.7"], "198.51.100.7"),
        (PROXY, ["garbage, 198.51.100.7"], "198.51.100.7"),
        (PROXY, ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.7"], "198.51.100.7"),
        ("fd00::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", [], "2001:db8:1:2::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
    ],
)
def test_a_client_is_its_address_as_far_as_trusted_proxies_tell(peer: str, forwarded: list[str], client: str) -> None:
    headers = [(XFF, value.encode()) for value in forwarded]
    assert Clients(TRUSTED).identify(scope(peer, *headers)) == client


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("198.51.100.7:51234", "198.51.100.7"),
        ('"198.51.100.7:51234"', "198.51.100.7"),
        ("198.51.100.7:_http", "198.51.100.7"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("[2001:db8::1]:443", "2001:db8::/64"),
        ('"[2001:db8::1]:443"', "2001:db8::/64"),
        ("2001:db8::1", "2001:db8::/64"),
        ("[fe80::1%25eth0]:443", "fe80::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("[::ffff:198.51.100.7]:80", "198.51.100.7"),
        ("198.51.100.7, 10.0.0.2:80", "198.51.100.7"),
        ("198.51.100.7,, ,", "198.51.100.7"),
    ],
)
def test_every_form_of_an_address_is_the_same_client_in_both_headers(text: str, client: str) -> None:
    assert Clients(TRUSTED).identify(scope(PROXY, (XFF, text.encode()))) == client
    elements = [f"for={each.strip()}" for each in text.split(",") if each.strip()]
    assert Clients(TRUSTED).identify(scope(PROXY, (FORWARDED, ", ".join(elements).encode()))) == client


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("for=198.51.100.7;proto=http;by=203.0.113.43", "198.51.100.7"),
        ("proto=https; FOR = 198.51.100.7", UNKNOWN),
        ("proto=https; FOR=198.51.100.7", "198.51.100.7"),
        ('for="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::/64"),
        ('for=1.1.1.1, for=198.51.100.7;note="a, b; for=2.2.2.2"', "198.51.100.7"),
        ('for="1.1.1.1, for=198.51.100.7', "198.51.100.7"),
        ('for="198.\\51.100.7"', "198.51.100.7"),
        ("for=1.1.1.1, by=10.0.0.2", UNKNOWN),
        ("for=1.1.1.1;for=2.2.2.2", UNKNOWN),
        ("for=198.51.100.7;", "198.51.100.7"),
    ],
)
def test_the_last_element_of_forwarded_names_the_client(value: str, client: str) -> None:
    assert Clients(TRUSTED).identify(scope(PROXY, (FORWARDED, value.encode()))) == client


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        (XFF, "unknown", "obfuscated"),
        (FORWARDED, "for=unknown", "obfuscated"),
        (FORWARDED, 'for="_gazonk:_port"', "obfuscated"),
        (XFF, "198.51.100.7, garbage", "malformed"),
        (XFF, "198.51.100.7:port", "malformed"),
        (XFF, "198.51.100.7%eth0", "malformed"),
        (XFF, "[198.51.100.7]:80", "malformed"),
        (XFF, "[2001:db8::1", "malformed"),
        (FORWARDED, "198.51.100.7", "malformed"),
        (XFF, "", "empty"),
        (FORWARDED, " , ,", "empty"),
        (XFF, "1" * (LONGEST_HOP_BYTES + 1), "too-long"),
        (XFF, ", ".join(["10.0.0.2"] * (LONGEST_CHAIN + 1)), "too-long"),
    ],
)
def test_a_client_that_a_proxy_does_not_name_has_a_bucket_apart_and_is_counted(
    header: bytes, value: str, reason: str
) -> None:
    reasons: Counter[str] = Counter()
    clients = Clients(TRUSTED, count_unknown=lambda reason: reasons.update([reason]))
    assert clients.identify(scope(PROXY, (header, value.encode()))) == UNKNOWN
    assert reasons == {reason: 1}


def test_peers_without_an_address_share_a_bucket_and_are_counted() -> None:
    telemetry = Telemetry()
    clients = Clients((), count_unknown=telemetry.unknown_clients.count)
    assert [clients.identify(scope(peer)) for peer in (None, "")] == ["unknown", "unknown"]
    telemetry.write()
    assert b'clients_unknown_total{reason="no-peer"} 2.0' in telemetry.exposition()


def test_two_headers_have_to_name_the_same_client_unless_it_is_known_which_one_the_proxies_write() -> None:
    agreeing = scope(PROXY, (XFF, b"198.51.100.7:80"), (FORWARDED, b"for=198.51.100.7"))
    assert Clients(TRUSTED).identify(agreeing) == "198.51.100.7"
    for header, client in (
        (None, UNKNOWN),
        (ForwardedHeader.X_FORWARDED_FOR, "198.51.100.7"),
        (ForwardedHeader.FORWARDED, "192.0.2.1"),
    ):
        differing = scope(PROXY, (XFF, b"198.51.100.7"), (FORWARDED, b"for=192.0.2.1"))
        assert Clients(TRUSTED, header).identify(differing) == client


TEXT = st.text('for=by;", .:0123456789\\[]_abunkow%\t', max_size=60).map(str.encode) | st.binary(max_size=60)
SENT = st.lists(st.tuples(st.sampled_from([XFF, FORWARDED]), TEXT), max_size=4)


@given(SENT, st.sampled_from([XFF, FORWARDED]), st.sampled_from([b", ", b","]))
def test_nothing_that_a_client_sends_makes_it_another_client(
    sent: list[tuple[bytes, bytes]], header: bytes, separator: bytes
) -> None:
    """A proxy appends the client's address to its header, in the last field or in a new one."""
    named = b"198.51.100.7" if header == XFF else b'for="198.51.100.7:80"'
    as_new = [*sent, (header, named)]
    written = ForwardedHeader.X_FORWARDED_FOR if header == XFF else ForwardedHeader.FORWARDED
    joined = [(name, value + separator + named) if name == header else (name, value) for name, value in sent]
    for headers in (as_new, joined if any(name == header for name, _ in sent) else as_new):
        assert Clients(TRUSTED, written).identify(scope(PROXY, *headers)) == "198.51.100.7"
        assert Clients(TRUSTED).identify(scope(PROXY, *headers)) in {"198.51.100.7", UNKNOWN}


def test_memory_does_not_grow_with_the_headers() -> None:
    clients = Clients(TRUSTED)
    long = b"1.1.1.1, " * 7_000
    tracemalloc.start()
    try:
        for number in range(1_000):
            assert clients.identify(scope(PROXY, (XFF, long + b"198.51.%d.%d" % divmod(number, 256)))) != UNKNOWN
            assert clients.identify(scope(PROXY, (XFF, b"%d" % number * 10_000))) == UNKNOWN
        assert clients.identify(scope(PROXY, (XFF, b"," * 60_000))) == UNKNOWN
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
    finally:
        tracemalloc.stop()
