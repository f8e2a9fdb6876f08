"""As much of Kubernetes' API as the chores need: list objects, create one, delete one.

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
    """The API cannot be reached, or refuses; the message says which request, and holds no credential."""


class KubernetesApi:
    """The API server, asked with one token; ``connect`` opens a connection to it."""

    def __init__(self, connect: Callable[[], HTTPConnection], token: str) -> None:
        self._connect = connect
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", **_JSON}

    def list(self, path: str, **labels: str) -> Iterator[dict[str, Any]]:
        """Yield every object at a path that has the labels, page by page.

        Raises:
            KubernetesError: the server did not answer with a list.
        """
        after = ""
        while True:
            query = {"limit": PAGE, **({"continue": after} if after else {}), **_selector(labels)}
            page = self._request("GET", f"{path}?{urlencode(query)}")
            if page is None:
                raise KubernetesError(f"GET {path}: there is no such list")
            yield from page["items"]
            after = page["metadata"].get("continue", "")
            if not after:
                return

    def create(self, path: str, document: Mapping[str, Any]) -> bool:
        """Create an object at a path, and say whether there was none of its name.

        Raises:
            KubernetesError: the server refused.
        """
        return self._request("POST", path, json.dumps(document).encode()) is not None

    def delete(self, path: str) -> bool:
        """Delete the object at a path, and say whether it was there.

        Raises:
            KubernetesError: the server refused.
        """
        return self._request("DELETE", path) is not None

    def _request(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any] | None:
        """Return the answer; None where the object is not there, or was to be created and is."""
        try:
            connection = self._connect()
            try:
                connection.request(method, path, body, self._headers)
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
    """Return the API of the cluster that this process is a pod of, by what Kubernetes gives to each pod.

    ``credentials`` is the folder with the files ``token`` and ``ca.crt``.

    Raises:
        KubernetesError: this is no pod of a cluster, or one without credentials.
    """
    try:
        host, port = variables["KUBERNETES_SERVICE_HOST"], int(variables["KUBERNETES_SERVICE_PORT"])
        token = (credentials / "token").read_text(encoding="utf-8").strip()
        context = ssl.create_default_context(cafile=str(credentials / "ca.crt"))
    except (KeyError, OSError, ValueError) as error:
        raise KubernetesError(f"there is no cluster to talk to from here: {error!r}") from error
    return KubernetesApi(partial(HTTPSConnection, host, port, context=context, timeout=TIMEOUT_SECONDS), token)
