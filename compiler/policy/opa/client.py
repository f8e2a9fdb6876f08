"""A client of an OPA server on top of ``opa-python-client``; a late, incomplete or failed answer is a PolicyError.

The package lets errors of ``requests`` through, follows redirects and proxies, and limits only the time between two
bytes; this module corrects all three.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import urllib3
from opa_client import errors
from opa_client.opa import OpaClient
from requests.adapters import HTTPAdapter

from compiler.policy.errors import PolicyError
from compiler.policy.opa.config import token

if TYPE_CHECKING:
    from collections.abc import Callable

    from compiler.policy.opa.config import OpaServer

_T = TypeVar("_T")
_REFUSED = (errors.DeletePolicyError, errors.PolicyNotFoundError, errors.RegoParseError, requests.HTTPError)
"""Exceptions of the client for a request that the server refused."""
_OTHER_SHAPE = (AttributeError, LookupError, RecursionError, TypeError)
"""Exceptions of the client for JSON of an unexpected shape."""
_REPEATED = urllib3.Retry(
    total=1,
    connect=0,
    redirect=0,
    status=0,
    other=0,
    allowed_methods=None,
    raise_on_status=False,
    respect_retry_after_header=False,
)
"""One repetition of a request that got no answer, on a new connection: a server may close a kept connection at any
moment (RFC 9112, section 9.5), and each request of the engine may be made twice."""
_FAILED = (*_REFUSED, *_OTHER_SHAPE, OSError, ValueError, requests.RequestException, urllib3.exceptions.HTTPError)


class Client(OpaClient):  # type: ignore[misc]  # the package is not typed
    """A client that connects only to the given server: it follows no redirect and no proxy."""

    def _init_session(self) -> requests.Session:
        session: requests.Session = super()._init_session()
        # Ignore proxies and certificates of the environment, and passwords of ~/.netrc, which would replace the token.
        session.trust_env = False
        # A redirected request would send the token to another server, and its answer would not be this server's.
        session.max_redirects = 0
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=_REPEATED))
        return session

    def get_policies(self) -> dict[str, str]:
        """Return the text of every policy by id.

        The package's ``get_policies_list`` omits the texts, and requests a path that OPA redirects.
        """
        response = self._session.get(f"{self.root_url}/policies", timeout=self.timeout)
        response.raise_for_status()
        return {str(item["id"]): str(item["raw"]) for item in response.json()["result"]}


class RefusedError(PolicyError):
    """The server refused a request."""


class Connection:
    """A connection to one server, with a time limit for each request."""

    def __init__(self, server: OpaServer) -> None:
        self._server = server
        self.client = Client(
            host=server.host,
            port=server.port,
            ssl=(str(server.ca_file) if server.ca_file else True) if server.secure else False,
            token=token(server.token_file) if server.token_file else None,
            timeout=server.timeout_seconds,
        )

    def ask(self, about: str, call: Callable[..., _T], *arguments: Any, **named: Any) -> _T:
        """Call a method of the client; messages name the subject ``about``.

        Raises:
            RefusedError: the server refused the request.
            PolicyError: any other failure, or an answer that takes too long in total.
        """
        answer: Future[_T] = Future()
        # A daemon thread that nobody joins: a server that sends a byte now and then could block it for ever.
        threading.Thread(target=_settle, args=(answer, lambda: call(*arguments, **named)), daemon=True).start()
        at = f"the OPA server at {self._server.address}"
        try:
            return answer.result(self._server.timeout_seconds)
        except (TimeoutError, requests.Timeout):
            seconds = f"{self._server.timeout_seconds:g} s"
            raise PolicyError(f"{at} gave no whole answer about {about} within {seconds}") from None
        except _REFUSED as error:
            raise RefusedError(f"{at} refused {about}: {' '.join(_refusal(error).split())}") from None
        except _FAILED as error:
            raise PolicyError(f"{at} failed about {about}: {_failure(error)}") from None


def _settle(answer: Future[_T], call: Callable[[], _T]) -> None:
    """Set the result or the exception of a call in a future."""
    try:
        answer.set_result(call())
    except BaseException as error:
        # The waiting thread raises it again.
        answer.set_exception(error)


def _failure(error: Exception) -> str:
    """Return one line about a failure without an answer from OPA."""
    if isinstance(error, requests.exceptions.SSLError):
        return f"its certificate cannot be relied on: {_cause(error)}"
    if isinstance(error, requests.TooManyRedirects):
        return "it redirects to another place, which is not followed"
    if isinstance(error, requests.exceptions.JSONDecodeError):
        return "what it answered is not JSON"
    if isinstance(error, _OTHER_SHAPE):
        return "what it answered is not what OPA answers"
    return f"the connection failed: {_cause(error)}"


def _refusal(error: Exception) -> str:
    """Return OPA's error message, with its details and their locations."""
    document: Any = {"message": getattr(error, "message", None), "errors": getattr(error, "errors", None)}
    response = getattr(error, "response", None)
    if isinstance(response, requests.Response):
        try:
            document = response.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            return f"HTTP status {response.status_code}"
    details = [item for item in document.get("errors") or () if isinstance(item, dict)]
    said = [str(document.get("message") or "it refuses, and does not say why")]
    return "; ".join((*said, *(_detail(item) for item in details)))


def _detail(item: dict[str, Any]) -> str:
    location, message = item.get("location"), str(item.get("message"))
    return f"{location.get('file')}:{location.get('row')}: {message}" if isinstance(location, dict) else message


def _cause(error: BaseException) -> str:
    """Return the message of the operating system or the TLS library at the root of an error."""
    seen = error
    while (below := _below(seen)) is not None:
        seen = below
    said = getattr(seen, "verify_message", None) or getattr(seen, "strerror", None) or str(seen)
    return " ".join(str(said).split()) or type(seen).__name__


def _below(error: BaseException) -> BaseException | None:
    inside = (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__)
    return next((item for item in inside if isinstance(item, BaseException)), None)
