"""A client of the Kubernetes API for the maintenance jobs: read, list, create and delete objects.

Upstream: https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import json
import ssl
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

TIMEOUT_SECONDS = 30
_JSON = {"Content-Type": "application/json"}
_NOTHING_TO_DO = {"POST": HTTPStatus.CONFLICT}
PAGE = 250


class KubernetesError(Exception):
    """The API is unreachable or refuses; the message names the request and holds no credential."""


class KubernetesApi:
    """A client of the API server; ``connect`` opens a connection to it, and ``token`` returns the present token."""

    def __init__(self, connect: Callable[[], HTTPConnection], token: Callable[[], str]) -> None:
        self._connect = connect
        self._token = token

    def list(self, path: str, **labels: str) -> Iterator[dict[str, Any]]:
        """Yield every object at a path that has the labels, page by page.

        Raises:
            KubernetesError: the server did not answer with a list.
        """
        after = ""
        while True:
            query = {"limit": PAGE, **({"continue": after} if after else {}), **_selector(labels)}
            page = self.read(f"{path}?{urlencode(query)}")
            if page is None:
                raise KubernetesError(f"GET {path}: there is no such list")
            yield from page["items"]
            after = page["metadata"].get("continue", "")
            if not after:
                return

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the object at a path; None where there is none.

        Raises:
            KubernetesError: the server refused.
        """
        return self._request("GET", path)

    def create(self, path: str, document: Mapping[str, Any]) -> bool:
        """Create an object at a path, and return whether it is new; False when the name exists already.

        Raises:
            KubernetesError: the server refused.
        """
        return self._request("POST", path, json.dumps(document).encode()) is not None

    def delete(self, path: str, *, after_dependents: bool = False) -> bool:
        """Delete the object at a path, and return whether it existed.

        ``after_dependents`` keeps it until the objects that it owns are gone.

        Raises:
            KubernetesError: the server refused.
        """
        query = "?propagationPolicy=Foreground" if after_dependents else ""
        return self._request("DELETE", f"{path}{query}") is not None

    def _request(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any] | None:
        """Return the response's object; None when the object is absent (404), or exists already (409)."""
        try:
            headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json", **_JSON}
            connection = self._connect()
            try:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                answered = response.read()
            finally:
                connection.close()
        except (OSError, HTTPException) as error:
            raise KubernetesError(f"{method} {path}: {error}") from error
        if response.status == _NOTHING_TO_DO.get(method, HTTPStatus.NOT_FOUND):
            return None
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise KubernetesError(f"{method} {path}: {response.status} {response.reason}")
        answer: dict[str, Any] = json.loads(answered)
        return answer


def _selector(labels: Mapping[str, str]) -> dict[str, str]:
    return {"labelSelector": ",".join(f"{name}={value}" for name, value in labels.items())} if labels else {}


def in_cluster(variables: Mapping[str, str], credentials: Path) -> KubernetesApi:
    """Return a client of this pod's own cluster, with the pod's service account.

    ``credentials`` is the folder with the files ``token`` and ``ca.crt``. A token is replaced before it ends, so that
    each request reads it.

    Raises:
        KubernetesError: the process runs outside of a cluster, or without credentials.
    """
    try:
        host, port = variables["KUBERNETES_SERVICE_HOST"], int(variables["KUBERNETES_SERVICE_PORT"])
        token = partial(_read, credentials / "token")
        token()
        context = ssl.create_default_context(cafile=str(credentials / "ca.crt"))
    except (KeyError, OSError, ValueError) as error:
        raise KubernetesError(f"there is no cluster to talk to from here: {error!r}") from error
    return KubernetesApi(partial(HTTPSConnection, host, port, context=context, timeout=TIMEOUT_SECONDS), token)


def _read(token: Path) -> str:
    return token.read_text(encoding="utf-8").strip()
