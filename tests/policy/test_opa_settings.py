"""What says where an OPA server is, and how it is asked: refused where it cannot be meant, before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.policy.errors import PolicyError
from compiler.policy.opa.config import PORT, opa_server, token

FILE = Path("file")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1", f"http://127.0.0.1:{PORT}"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
        ("https://opa.example.com:443", "https://opa.example.com:443"),
        ("https://[::1]:8181", "https://[::1]:8181"),
    ],
)
def test_a_url_is_a_scheme_a_host_and_a_port(url: str, address: str) -> None:
    assert opa_server(url).address == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "opa",
        "opa:8181",
        "//opa:8181",
        "ftp://opa",
        "http://",
        "http://:8181",
        "http://opa:port",
        "http://opa:0",
        "http://opa:99999",
        "http://opa/v1",
        "http://opa?token=hidden",
        "http://opa#hidden",
        "http://opa//",
        "https://me:hidden@opa",
        "https://hidden@opa",
        "http://[::1",
    ],
)
def test_any_other_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(PolicyError) as raised:
        opa_server(url)
    assert str(raised.value) == "the URL of an OPA server is http:// or https://, a host and a port, and nothing else"


@pytest.mark.parametrize("url", ["http://127.0.0.1", "http://[::1]:1", "http://localhost", "https://opa.example.com"])
def test_a_token_stays_on_this_machine_or_is_encrypted(url: str) -> None:
    assert opa_server(url, token_file=FILE).token_file == FILE
    with pytest.raises(PolicyError, match="a token is sent to an OPA server on this machine, or over https://"):
        opa_server("http://opa.example.com", token_file=FILE)


def test_a_ca_file_that_would_go_unused_is_refused() -> None:
    assert opa_server("https://opa", ca_file=FILE).ca_file == FILE
    with pytest.raises(PolicyError, match="a CA file is for an OPA server that is asked over https://"):
        opa_server("http://opa", ca_file=FILE)


@pytest.mark.parametrize("content", ["abc.DEF-123_~+/==", "abc\n", "abc\r\n"])
def test_a_token_is_read_without_the_end_of_its_line(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    assert token(file) == content.strip()


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"two words", b"two\nlines", b"Bearer: x", "schlüssel".encode(), b"\0"]
)
def test_what_is_no_token_is_refused_without_being_repeated(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(PolicyError) as raised:
        token(file)
    assert str(raised.value) in {
        f"{file}: this is no bearer token: letters, digits and -._~+/ alone",
        f"{file}: the token cannot be read: it is not text in ASCII",
    }


def test_a_token_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="token: the token cannot be read: No such file or directory"):
        token(tmp_path / "token")
