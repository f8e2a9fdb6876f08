"""The settings file and the process environment."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest

from runtime.domain.deliveries import Priority, Subscription
from runtime.environment import (
    Address,
    Environment,
    EnvironmentVariableError,
    ForwardedHeader,
    MigrationEnvironment,
    Sentinels,
    read_environment,
    read_migration_environment,
)
from runtime.loading import Fault, SettingsError, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from runtime.environment import Subscriber
    from runtime.settings import Settings

DATABASE = "postgresql://api:hidden@db.example:5432/configuration"
REDIS = "redis://cache.example:6379/0"
MASTER = {"CBP_REDIS_MASTER_NAME": "configuration"}


def faults(path: Path, document: object) -> tuple[Fault, ...]:
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    return caught.value.faults


def test_a_right_file_is_the_settings(tmp_path: Path, document: dict[str, Any], settings: Settings) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert load_settings(path) == settings


def test_every_fault_is_listed_with_its_pointer(tmp_path: Path, document: dict[str, Any]) -> None:
    del document["cluster"]
    document["process"]["port"] = 70000
    document["database"]["a/b~c"] = 1
    found = faults(tmp_path / "settings.json", document)
    assert {fault.pointer for fault in found} == {"/cluster", "/process/port", "/database/a~1b~0c"}


def test_a_message_shows_the_path_and_every_fault(tmp_path: Path, document: dict[str, Any]) -> None:
    path = tmp_path / "settings.json"
    document["process"]["port"] = "secret-8080"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert str(caught.value) == (
        f"the settings file {path} cannot be used:\n  /process/port: Input should be a valid integer"
    )


def test_what_one_value_cannot_tell_is_checked_too(tmp_path: Path, document: dict[str, Any]) -> None:
    limit = {"route": "GET /v1/settings", "bucket": {"capacity": 1, "refill_per_minute": 10**9}}
    document["throttling"]["routes"] = [limit, limit]
    document["process"]["ready_path"] = "/health"
    document["process"]["health_path"] = "/metrics"
    pointers = [fault.pointer for fault in faults(tmp_path / "settings.json", document)]
    assert pointers == [
        "/process/health_path",
        "/throttling/routes/0/bucket/refill_per_minute",
        "/throttling/routes/0/route",
        "/throttling/routes/1/bucket/refill_per_minute",
        "/throttling/routes/1/route",
    ]


def test_liveness_and_readiness_are_two_paths(tmp_path: Path, document: dict[str, Any]) -> None:
    document["process"]["ready_path"] = "/health"
    assert [fault.pointer for fault in faults(tmp_path / "settings.json", document)] == ["/process/ready_path"]


def test_a_file_that_is_not_there_or_not_json_is_a_fault_of_the_document(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path / "missing.json")
    assert caught.value.faults == (Fault("", "it cannot be read: No such file or directory"),)
    (tmp_path / "settings.json").write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\(document\): Invalid JSON"):
        load_settings(tmp_path / "settings.json")


def test_the_environment_tells_where_the_servers_are(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n", encoding="utf-8")
    variables = {
        "CBP_DATABASE_URL": DATABASE,
        "CBP_DATABASE_PASSWORD_FILE": str(secret),
        "CBP_REDIS_URL": REDIS,
        "CBP_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        "CBP_FORWARDED_HEADER": "x-forwarded-for",
    }
    environment = read_environment(variables)
    address = Address(DATABASE, secret)
    proxies = (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert environment == Environment(address, address, None, Address(REDIS), proxies, ForwardedHeader.X_FORWARDED_FOR)
    assert address.password() == "s3cret"


def test_a_rotated_password_is_read_anew_and_one_in_the_url_serves_without_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("old", encoding="utf-8")
    address = Address(DATABASE, secret)
    secret.write_text("new", encoding="utf-8")
    assert (address.password(), Address(DATABASE).password(), Address(REDIS).password()) == ("new", "hidden", None)


def test_sentinels_are_hosts_and_ports_and_the_name_of_their_group() -> None:
    variables = {"CBP_DATABASE_URL": DATABASE, "CBP_REDIS_URL": REDIS, **MASTER}
    environment = read_environment(variables | {"CBP_REDIS_SENTINELS": "one.example:26379, [::1]:26380"})
    assert environment.sentinels == Sentinels((("one.example", 26379), ("::1", 26380)), "configuration")


def test_the_feed_and_the_reads_may_have_addresses_of_their_own(tmp_path: Path) -> None:
    """With the same password, which is the role's."""
    secret = tmp_path / "password"
    secret.write_text("s3cret", encoding="utf-8")
    direct, read = "postgresql://api@direct.example/configuration", "postgresql://api@standbys.example/configuration"
    variables = {"CBP_DATABASE_URL": DATABASE, "CBP_DATABASE_DIRECT_URL": direct, "CBP_DATABASE_READ_URL": read}
    environment = read_environment({**variables, "CBP_DATABASE_PASSWORD_FILE": str(secret), "CBP_REDIS_URL": REDIS})
    assert environment.database_direct == Address(direct, secret)
    assert environment.database_read == Address(read, secret)


SUBSCRIBER = {"name": "ledger", "url": "https://ledger.bank.example/events", "keys_file": "/keys/ledger"}


def subscribers(file: Path, text: str) -> tuple[Subscriber, ...]:
    file.write_text(text)
    variables = {"CBP_DATABASE_URL": DATABASE, "CBP_REDIS_URL": REDIS, "CBP_SUBSCRIBERS_FILE": str(file)}
    return read_environment(variables).subscribers


def test_subscribers_are_read_from_a_file_and_follow_every_namespace_unless_they_say_so(tmp_path: Path) -> None:
    other = {**SUBSCRIBER, "name": "fis", "namespaces": "pay-*", "priority": "high"}
    found = subscribers(tmp_path / "subscribers.json", json.dumps([SUBSCRIBER, other]))
    assert [each.subscription for each in found] == [
        Subscription("ledger", "*", Priority.NORMAL),
        Subscription("fis", "pay-*", Priority.HIGH),
    ]
    assert "ledger.bank.example" not in repr(found)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[{]", (": Invalid JSON: key must be a string at line 1 column 3",)),
        ("{}", (": Input should be a valid array",)),
        (json.dumps([{**SUBSCRIBER, "adress": "x"}]), (": [0].adress: Extra inputs are not permitted",)),
        (json.dumps([SUBSCRIBER, {**SUBSCRIBER, "url": None}]), (": [1].url: Input should be a valid string",)),
        (json.dumps([SUBSCRIBER, SUBSCRIBER]), (": [1].name: the subscriber ledger is named twice",)),
        (
            json.dumps([{**SUBSCRIBER, "url": "http://user:hidden@bank.example"}, {**SUBSCRIBER, "priority": "top"}]),
            (": [0].url: String should match", ": [1].priority: Input should be 'high', 'normal' or 'low'"),
        ),
    ],
)
def test_a_fault_of_the_file_of_subscribers_names_the_file_and_the_place(
    tmp_path: Path, text: str, faults: tuple[str, ...]
) -> None:
    file = tmp_path / "subscribers.json"
    with pytest.raises(EnvironmentVariableError) as refused:
        subscribers(file, text)
    assert len(refused.value.faults) == len(faults)
    for found, fault in zip(refused.value.faults, faults, strict=True):
        assert found.startswith(f"CBP_SUBSCRIBERS_FILE: {file}{fault}")
        assert "hidden" not in found


def test_a_fault_of_the_file_of_subscribers_is_told_with_those_of_other_variables(tmp_path: Path) -> None:
    file = tmp_path / "subscribers.json"
    file.write_text("[")
    with pytest.raises(EnvironmentVariableError) as refused:
        read_environment({"CBP_REDIS_URL": REDIS, "CBP_SUBSCRIBERS_FILE": str(file)})
    assert [fault.split()[0] for fault in refused.value.faults] == ["CBP_DATABASE_URL", "CBP_SUBSCRIBERS_FILE:"]


def test_a_fault_of_the_file_of_connectors_names_the_file_and_the_place(tmp_path: Path) -> None:
    file = tmp_path / "connectors.json"
    fis = {"name": "fis", "namespace": "payments", "form": "cloudevents", "keys_file": "/keys/fis"}
    for items, fault in (
        ([{**fis, "namespace": "pay-*"}], "[0].namespace: String should match"),
        ([{**fis, "form": "xml"}], "[0].form: Input should be 'cloudevents' or 'standard-webhooks'"),
        ([fis, fis], "[1].name: the connector fis is named twice"),
    ):
        file.write_text(json.dumps(items))
        with pytest.raises(EnvironmentVariableError) as refused:
            read_environment({"CBP_DATABASE_URL": DATABASE, "CBP_REDIS_URL": REDIS, "CBP_CONNECTORS_FILE": str(file)})
        (found,) = refused.value.faults
        assert found.startswith(f"CBP_CONNECTORS_FILE: {file}: {fault}")


def test_a_migration_has_an_address_and_a_password_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n", encoding="utf-8")
    variables = {
        "CBP_DATABASE_MIGRATION_URL": DATABASE,
        "CBP_DATABASE_MIGRATION_PASSWORD_FILE": str(secret),
        "CBP_DATABASE_SERVING_ROLE": "api",
    }
    environment = read_migration_environment(variables)
    assert environment == MigrationEnvironment(Address(DATABASE, secret), "api")
    assert environment.database.password() == "s3cret"
    assert "hidden" not in repr(environment)


def test_every_faulty_variable_of_a_migration_is_listed_at_once() -> None:
    with pytest.raises(EnvironmentVariableError) as caught:
        read_migration_environment(
            {"CBP_DATABASE_MIGRATION_URL": "mysql:hidden", "CBP_DATABASE_MIGRATION_PASSWORD_FILE": "/nowhere"}
        )
    assert caught.value.faults == (
        "CBP_DATABASE_MIGRATION_URL is not an address of the form postgresql://host:port/...",
        "CBP_DATABASE_MIGRATION_PASSWORD_FILE names a file that cannot be read: No such file or directory",
        "CBP_DATABASE_SERVING_ROLE is not set: it is the name of the database's role that serves",
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"CBP_DATABASE_URL": ""}, "CBP_DATABASE_URL is not set"),
        ({"CBP_REDIS_URL": ""}, "CBP_REDIS_URL is not set"),
        ({"CBP_DATABASE_URL": "mysql://api:hidden@db/x"}, "CBP_DATABASE_URL is not an address of the form postgresql"),
        ({"CBP_DATABASE_URL": "postgresql://api:hidden@db:port/x"}, "CBP_DATABASE_URL is not an address"),
        ({"CBP_DATABASE_DIRECT_URL": "postgresql:hidden"}, "CBP_DATABASE_DIRECT_URL is not an address of the form"),
        ({"CBP_DATABASE_READ_URL": "postgresql:hidden"}, "CBP_DATABASE_READ_URL is not an address of the form"),
        ({"CBP_REDIS_URL": "redis://:hidden@[::1"}, "CBP_REDIS_URL is not an address"),
        ({"CBP_DATABASE_PASSWORD_FILE": "/nowhere"}, "CBP_DATABASE_PASSWORD_FILE names a file that cannot be read"),
        ({"CBP_REDIS_SENTINELS": "a:1"}, "CBP_REDIS_SENTINELS and CBP_REDIS_MASTER_NAME are set together"),
        ({"CBP_REDIS_MASTER_NAME": "m"}, "CBP_REDIS_SENTINELS and CBP_REDIS_MASTER_NAME are set together"),
        (MASTER | {"CBP_REDIS_SENTINELS": "a:1,b"}, "CBP_REDIS_SENTINELS is a list of host:port, and 'b' is not"),
        (MASTER | {"CBP_REDIS_SENTINELS": "a:x"}, "CBP_REDIS_SENTINELS is a list of host:port, and 'a:x' is not"),
        (MASTER | {"CBP_REDIS_SENTINELS": "a/b:1"}, "CBP_REDIS_SENTINELS is a list of host:port, and 'a/b:1' is not"),
        ({"CBP_TRUSTED_PROXIES": "10.0.0.1/8"}, "CBP_TRUSTED_PROXIES is a list of addresses and networks"),
        (
            {"CBP_FORWARDED_HEADER": "Via"},
            "CBP_FORWARDED_HEADER is a header in which proxies name clients: X-Forwarded-For",
        ),
    ],
)
def test_a_wrong_variable_is_named_and_its_secret_is_not_shown(changes: dict[str, str], message: str) -> None:
    with pytest.raises(EnvironmentVariableError) as caught:
        read_environment({"CBP_DATABASE_URL": DATABASE, "CBP_REDIS_URL": REDIS} | changes)
    (fault,) = caught.value.faults
    assert fault.startswith(message)
    assert "hidden" not in str(caught.value)


def test_every_faulty_variable_is_listed_at_once_and_a_shared_file_once() -> None:
    variables = {
        "CBP_DATABASE_URL": "mysql://api:hidden@db/x",
        "CBP_DATABASE_DIRECT_URL": "postgresql://api:hidden@db:port/x",
        "CBP_DATABASE_PASSWORD_FILE": "/nowhere",
        "CBP_REDIS_PASSWORD_FILE": "/nowhere/either",
        "CBP_TRUSTED_PROXIES": "10.0.0.0/8, 10.0.0.1/8, everyone",
    }
    with pytest.raises(EnvironmentVariableError) as caught:
        read_environment(variables)
    assert str(caught.value).splitlines() == [
        "the environment variables cannot be used:",
        "  CBP_DATABASE_URL is not an address of the form postgresql://host:port/...",
        "  CBP_DATABASE_PASSWORD_FILE names a file that cannot be read: No such file or directory",
        "  CBP_DATABASE_DIRECT_URL is not an address: its host or port is malformed",
        "  CBP_REDIS_URL is not set: it holds the address of a server, redis://host:port/...",
        "  CBP_REDIS_PASSWORD_FILE names a file that cannot be read: No such file or directory",
        "  CBP_TRUSTED_PROXIES is a list of addresses and networks: 10.0.0.1/8 has host bits set",
        "  CBP_TRUSTED_PROXIES is a list of addresses and networks: 'everyone' does not appear to be an IPv4 or IPv6"
        " network",
    ]


def test_an_environment_never_shows_a_password() -> None:
    assert "hidden" not in repr(read_environment({"CBP_DATABASE_URL": DATABASE, "CBP_REDIS_URL": REDIS}))


@pytest.mark.parametrize(
    ("members", "pointer", "message"),
    [
        ({"name": "key"}, "/access/issuers/0/name", "it begins the names of keys of machines"),
        ({"name": "connector"}, "/access/issuers/0/name", "it begins the names of connectors"),
        ({"issuer": "http://sso.bank.example"}, "/access/issuers/0/issuer", "String should match pattern"),
        ({"issuer": "https://user@sso.bank.example"}, "/access/issuers/0/issuer", "String should match pattern"),
        ({"algorithms": ["HS256"]}, "/access/issuers/0/algorithms/0", "Input should be"),
        ({"algorithms": ["none"]}, "/access/issuers/0/algorithms/0", "Input should be"),
        ({"algorithms": []}, "/access/issuers/0/algorithms", "at least 1"),
        ({"audience": ""}, "/access/issuers/0/audience", "at least 1"),
    ],
)
def test_an_issuer_that_could_not_be_trusted_is_refused(
    tmp_path: Path, document: dict[str, Any], members: dict[str, Any], pointer: str, message: str
) -> None:
    document["access"]["issuers"][0] |= members
    told = faults(tmp_path / "settings.json", document)
    assert any(fault.pointer == pointer and message in fault.message for fault in told)


@pytest.mark.parametrize(
    ("binding", "pointer", "message"),
    [
        ({"issuer": "local"}, "", "for a group or for a subject, and for one of two"),
        (
            {"issuer": "local", "subject": "a", "group": "b"},
            "",
            "it is for a group or for a subject, and for one of two",
        ),
        ({"issuer": "other", "subject": "a"}, "/issuer", "no issuer has this name"),
        ({"issuer": "local", "group": "a"}, "/group", "the issuer names no groups"),
    ],
)
def test_a_role_of_nobody_is_refused(
    tmp_path: Path, document: dict[str, Any], binding: dict[str, str], pointer: str, message: str
) -> None:
    document["access"]["bindings"] = [{"role": "reader", "namespaces": "*", **binding}]
    found = {(fault.pointer, fault.message) for fault in faults(tmp_path / "settings.json", document)}
    assert any(at == f"/access/bindings/0{pointer}" and message in text for at, text in found)


def test_one_token_has_one_issuer(tmp_path: Path, document: dict[str, Any]) -> None:
    document["access"]["issuers"] *= 2
    assert len(faults(tmp_path / "settings.json", document)) == 4


def test_settings_that_trust_nobody_yet_are_refused(tmp_path: Path, document: dict[str, Any]) -> None:
    """A settings file of a release before, in which everybody was answered, opens nothing."""
    del document["access"]
    assert [fault.pointer for fault in faults(tmp_path / "settings.json", document)] == ["/access"]
