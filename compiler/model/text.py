"""Types of text that match a pattern: names, paths, images, address ranges, versions."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator
from pydantic_core import CoreSchema, core_schema

from compiler.diagnostics import Code
from compiler.model.keywords import Keywords, spelt
from compiler.model.units.base import refuse

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, JsonValue


class Matching(Keywords):
    """A validator that refuses a text unless it matches the whole of a pattern, and tells an editor the same."""

    def __init__(self, pattern: str, noun: str, advice: str, example: str, **keywords: JsonValue) -> None:
        description = f"{noun[0].upper()}{noun[1:]}: {advice}."
        super().__init__(**spelt(pattern, description, advice, examples=[example], **keywords))
        self._expression, self._noun, self._advice = re.compile(pattern), noun, advice

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._validate, handler(source))

    def _validate(self, value: str) -> str:
        if not self._expression.fullmatch(value):
            raise refuse(Code.SPEC017, f"'{value}' is not {self._noun}", self._advice)
        return value


def _address_range(value: str) -> str:
    try:
        if not re.fullmatch(_CIDR, value):
            raise ValueError(value)
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise refuse(Code.SPEC017, f"'{value}' is not an address range", _CIDR_ADVICE) from None


def _certificates(value: str) -> str:
    """Return certificates, each of which OpenSSL can read; nothing else may stand between them, such as a key."""
    import ssl  # few specifications have any

    try:
        if not re.fullmatch(_CERTIFICATES, value):
            raise ValueError(value)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=value)
    except (ValueError, ssl.SSLError):
        # The text is not repeated: it may be the key.
        raise refuse(Code.SPEC017, "this is not a list of certificates", _CERTIFICATES_ADVICE) from None
    return value


_CERTIFICATES = r"(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?)+"
_CERTIFICATES_ADVICE = "write the authorities' certificates as PEM, as a block after '|', and nothing between them"
_CIDR = r"[0-9a-fA-F.:]+/(0|[1-9][0-9]{0,2})"
_CIDR_ADVICE = "write the network's first address and its prefix length, as 10.20.0.0/24"
_LABEL = r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?"
_HOST = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
DIGEST = r"sha256:[0-9a-f]{64}"
UNRELEASED = "unreleased"
"""The word for a digest that is not there yet."""
# A branch, a tag or a version such as 1.35 is a number to an editor, unless it stands in quotes.
_NUMBER: dict[str, JsonValue] = {"type": ["string", "number"], "minimum": 0}

Name = Annotated[
    str, Matching(_LABEL, "a name", "use lower-case letters, digits and '-', up to 40, a letter first", "eu-central-1")
]
"""A label of RFC 1123, short enough to be part of a longer one."""

EnvironmentName = Annotated[
    str,
    Matching(
        rf"(?!(argocd|schemas)$){_LABEL}",
        "a name of an environment",
        "use a name as production; argocd and schemas are reserved",
        "production",
    ),
]
"""A name that is not reserved for another folder under ``generated/``: Argo CD's, or that of the editors' schemas."""

HostName = Annotated[
    str,
    Matching(
        rf"(?=.{{1,253}}$)({_HOST}\.)+{_HOST}",
        "a host name",
        "write a full name, as config.bank.example",
        "config.bank.example",
    ),
]
"""A fully qualified DNS name, lower case."""

UrlPath = Annotated[
    str, Matching(r"/[A-Za-z0-9._~/-]{0,200}", "a path", "start with '/' and use letters, digits and ._~-", "/health")
]
"""The path of a URL, without query or escapes."""

ImageName = Annotated[
    str,
    Matching(
        r"[a-z0-9]([a-z0-9._:/-]{0,200}[a-z0-9])?(@" + DIGEST + ")?",
        "an image",
        "write repository, or repository:tag",
        "registry.bank.example/base/python:3.13",
    ),
]
"""A container image, with or without a tag or digest."""

GitRepository = Annotated[
    str,
    Matching(
        r"(https://|ssh://git@)[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)+",
        "a Git repository",
        "write its URL",
        "https://git.bank.example/platform/cbp-config.git",
    ),
]
"""The address of the Git repository that Argo CD reads the committed output from, without credentials."""

Revision = Annotated[
    str,
    Matching(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", "a revision", "write a branch, a tag or a commit", "main", **_NUMBER),
]
"""The revision of the repository that an environment follows."""

HttpsUrl = Annotated[
    str,
    Matching(
        rf"https://({_HOST}\.)+{_HOST}(:[0-9]{{1,5}})?(/[A-Za-z0-9._~-]+)*",
        "an address of HTTPS",
        "write https://, a full host name, and a port or path where it has one; without '/' at the end",
        "https://login.bank.example/realms/bank",
    ),
]
"""The HTTPS address of a server, without credentials."""

ConfigurationNamespace = Annotated[
    str,
    Matching(
        r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        "a namespace of configuration",
        "use a name such as payments: lower-case letters, digits and hyphens, at most 63 characters",
        "payments",
    ),
]
NamespacePattern = Annotated[
    str,
    Matching(
        r"\*|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?|[a-z0-9][a-z0-9-]{0,61}\*",
        "a namespace of configuration, or the beginning of several",
        "use a name such as payments, a beginning such as payments-*, or * for all of them",
        "payments-*",
    ),
]
"""The namespaces of configuration in which a role holds."""

ClientName = Annotated[
    str,
    Matching(
        r"(people|workloads|key):[!-~]{1,255}",
        "a client of the API, as the audit trail names it",
        "use people:, workloads: or key: and the subject, such as workloads:system:serviceaccount:ledger:loader",
        "workloads:system:serviceaccount:ledger:loader",
    ),
]
"""A client of the API by its issuer and subject (docs/access.md)."""

ObjectLocation = Annotated[
    str,
    Matching(
        r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*"
        r"|https://[a-z0-9]{3,24}\.blob\.core\.windows\.net/[a-z0-9][a-z0-9-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*",
        "a place in an object store",
        "write s3://bucket, or https://account.blob.core.windows.net/container",
        "s3://bank-backups/configuration",
    ),
]
"""A bucket of Amazon S3, or a container of Azure Blob Storage."""

Bucket = Annotated[
    str,
    Matching(
        r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*",
        "a place in an object store that speaks S3",
        "write s3://bucket, or s3://bucket/folder",
        "s3://bank-anchors/configuration",
    ),
]
"""A bucket of Amazon S3, or a folder in it."""

RoleArn = Annotated[
    str,
    Matching(
        r"arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,128}",
        "a role of Amazon",
        "write the ARN of an IAM role",
        "arn:aws:iam::123456789012:role/configuration-anchors",
    ),
]
"""An IAM role of Amazon, which a pod takes on by its token."""

Identity = Annotated[
    str,
    Matching(
        r"arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,128}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "an identity of a workload",
        "write the ARN of an IAM role, or the client ID of a managed identity",
        "arn:aws:iam::123456789012:role/configuration-backup",
    ),
]
"""The identity of a pod in its cloud: an IAM role of Amazon, or a managed identity of Azure."""

Subnet = Annotated[
    str,
    Matching(
        r"[A-Za-z][A-Za-z0-9._-]{0,79}",
        "a subnet",
        "write its ID, as subnet-0123456789abcdef0, or its name",
        "subnet-0123456789abcdef0",
    ),
]
"""A subnet of a cloud's network."""

Firewall = Annotated[
    str,
    Matching(
        r"arn:aws:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[A-Za-z0-9_-]{1,128}/[0-9a-f-]{36}"
        r"|/subscriptions/[0-9a-f-]{36}/resourceGroups/[A-Za-z0-9._()-]{1,90}/providers/Microsoft\.Network"
        r"/[aA]pplicationGatewayWebApplicationFirewallPolicies/[A-Za-z0-9._-]{1,80}",
        "a web application firewall",
        "write the ARN of a web ACL of AWS WAF, or the resource ID of a firewall policy of Azure",
        "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/cbp/01234567-89ab-cdef-0123-456789abcdef",
    ),
]
"""The rules by which requests are inspected before they reach a load balancer's targets."""

GroupName = Annotated[
    str,
    Matching(
        r"[A-Za-z0-9][A-Za-z0-9 ._:@/-]{0,99}",
        "a group",
        "write the name that the identity provider sends",
        "configuration-readers",
    ),
]
"""A group of people at the identity provider."""

Repository = Annotated[
    str,
    Matching(
        r"[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._-]+)+",
        "an image repository",
        "write host/path, without a tag",
        "registry.bank.example/platform/configuration-api",
    ),
]
"""The repository of a container image, with its registry's host."""

Release = Annotated[
    str,
    Matching(
        rf"{DIGEST}|[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}}",
        "a release",
        "write the image's digest (sha256: and 64 hexadecimal digits), or 'unreleased' and a reason",
        UNRELEASED,
        **_NUMBER,
    ),
]
"""A digest; or the word ``unreleased``; or a tag, which the policies accept in development only."""

Digest = Annotated[
    str,
    Matching(
        rf"{DIGEST}|{UNRELEASED}",
        "a digest",
        "write the image's digest (sha256: and 64 hexadecimal digits), or 'unreleased' and a reason",
        UNRELEASED,
    ),
]
"""The digest of an image; or the word ``unreleased``."""

ImageVersion = Annotated[
    str,
    Matching(
        r"[0-9]{1,4}(\.[0-9]{1,4}){1,2}",
        "a version of an image",
        "write its numbers, as 18.6 or 9.1.3",
        "9.1.3",
    ),
]
"""The version of the program in an image: two or three numbers."""

PromotionToken = Annotated[
    str,
    Matching(
        r"(?:[A-Za-z0-9+/]{4}){8,2000}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
        "a token of a demoted cluster",
        "write the output of kubectl get cluster -o jsonpath='{.status.demotionToken}' for the predecessor",
        "eyJsYXRlc3RDaGVja3BvaW50UkVET1dBTEZpbGUiOiIwIn0=",
    ),
]
"""The token by which CloudNativePG states the end of a demoted cluster's log. It is no secret."""

DocumentName = Annotated[
    str,
    Matching(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.md",
        "a document's name",
        "write a file name that ends in .md",
        "SECURITY_SPEC.md",
    ),
]
"""The file name of a document of the specification."""

AddressRange = Annotated[
    str,
    AfterValidator(_address_range),
    Keywords(**spelt(_CIDR, f"An address range: {_CIDR_ADVICE}.", _CIDR_ADVICE, examples=["10.20.0.0/24"])),
]
"""An IPv4 or IPv6 network in CIDR notation."""

Certificates = Annotated[
    str,
    AfterValidator(_certificates),
    Keywords(**spelt(_CERTIFICATES, f"Certificates of authorities: {_CERTIFICATES_ADVICE}.", _CERTIFICATES_ADVICE)),
]
"""Certificates of authorities in PEM (RFC 7468). They are public."""

KubernetesVersion = Annotated[
    str,
    Matching(
        r"1\.(3[1-9]|[4-9][0-9])",  # a pod's anti-affinity counts each revision alone from 1.31 on
        "a version of Kubernetes from 1.31 on",
        "write it as 1.35",
        "1.35",
        type=["string", "number"],
        minimum=1.31,
        exclusiveMaximum=2,
    ),
]
"""Major and minor version of Kubernetes."""

Reason = Annotated[
    str,
    Matching(
        r"(?=\S+ )\S.{9,199}",
        "a reason",
        "write a sentence of 10 to 200 characters in one line",
        "the first image has not been built yet",
    ),
]
"""A reason, for the reader of a report."""


def minor(version: str) -> int:
    """Return the minor number of a Kubernetes version: 35 of ``1.35``."""
    return int(version.split(".")[1])
