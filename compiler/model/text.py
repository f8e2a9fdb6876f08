"""Text with a form: names, paths, images, address ranges, versions."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator

from compiler.model.units.base import refuse


def _matching(pattern: str, what: str, help_: str) -> AfterValidator:
    expression = re.compile(pattern)

    def validate(value: str) -> str:
        if not expression.fullmatch(value):
            raise refuse("SPEC017", f"'{value}' is not {what}", help_)
        return value

    return AfterValidator(validate)


def _address_range(value: str) -> str:
    try:
        if not _CIDR.fullmatch(value):
            raise ValueError(value)
        return str(ipaddress.ip_network(value))
    except ValueError:
        help_ = "write the network's first address and its prefix length, as 10.20.0.0/24"
        raise refuse("SPEC017", f"'{value}' is not an address range", help_) from None


_CIDR = re.compile(r"[0-9a-fA-F.:]+/(0|[1-9][0-9]{0,2})")
_LABEL = r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?"
_HOST = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_DIGEST = r"sha256:[0-9a-f]{64}"

Name = Annotated[str, _matching(_LABEL, "a name", "use lower-case letters, digits and '-', up to 40, a letter first")]
"""A label of RFC 1123, short enough to be part of a longer one."""

EnvironmentName = Annotated[
    str, _matching(rf"(?!argocd$){_LABEL}", "a name of an environment", "use a name as production; argocd is reserved")
]
"""A name that is not the folder of Argo CD's own documents under ``generated/``."""

HostName = Annotated[
    str, _matching(rf"(?=.{{1,253}}$)({_HOST}\.)+{_HOST}", "a host name", "write a full name, as config.bank.example")
]
"""A fully qualified DNS name, lower case."""

UrlPath = Annotated[
    str, _matching(r"/[A-Za-z0-9._~/-]{0,200}", "a path", "start with '/' and use letters, digits and ._~-")
]
"""The path of a URL, without query or escapes."""

ImageName = Annotated[
    str,
    _matching(
        r"[a-z0-9]([a-z0-9._:/-]{0,200}[a-z0-9])?(@" + _DIGEST + ")?", "an image", "write repository, or repository:tag"
    ),
]
"""A container image, with or without a tag or digest."""

GitRepository = Annotated[
    str,
    _matching(
        r"(https://|ssh://git@)[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)+", "a Git repository", "write its URL"
    ),
]
"""Where Argo CD reads the committed output; never with credentials."""

Revision = Annotated[
    str, _matching(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", "a revision", "write a branch, a tag or a commit")
]
"""The revision of the repository that an environment follows."""

Repository = Annotated[
    str,
    _matching(r"[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._-]+)+", "an image repository", "write host/path, without a tag"),
]
"""The repository of a container image, with its registry's host."""

Release = Annotated[
    str,
    _matching(
        rf"{_DIGEST}|[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}}",
        "a release",
        "write the image's digest (sha256: and 64 hexadecimal digits), or 'unreleased' and a reason",
    ),
]
"""A digest; or the word ``unreleased``; or a tag, which the policies accept in development alone."""

DocumentName = Annotated[
    str, _matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.md", "a document's name", "write a file name that ends in .md")
]
"""The file name of a document of the specification."""

AddressRange = Annotated[str, AfterValidator(_address_range)]
"""An IPv4 or IPv6 network in CIDR notation."""

KubernetesVersion = Annotated[str, _matching(r"1\.[1-9][0-9]", "a version of Kubernetes", "write it as 1.35")]
"""Major and minor version of Kubernetes."""

Reason = Annotated[str, _matching(r"\S.{9,199}", "a reason", "write a sentence of 10 to 200 characters in one line")]
"""Why something is as it is, for the reader of a report."""


def minor(version: str) -> int:
    """Return the minor number of a Kubernetes version: 35 of ``1.35``."""
    return int(version.split(".")[1])
