"""Infrastructure Security, 2. Access Control: ``access_control``."""

from __future__ import annotations

from typing import Annotated, Literal

from compiler.model.base import Model, Only
from compiler.model.units import Duration, Flag


class Authentication(Model):
    """Authentication of people."""

    type: Annotated[
        Literal["SSO"],
        Only("a person who leaves the bank loses every right at one place, and no password of theirs is kept here"),
    ]
    """The way to sign in; single sign-on is the only one."""
    mfa: Flag
    """Whether a second factor is required."""


class Authorization(Model):
    """Authorization of people, and the audit of their accesses."""

    rbac: Flag
    """Whether rights are given through roles."""
    audit: Flag
    """Whether every access is recorded."""


class InfrastructureAccess(Model):
    """Access of people and workloads to the infrastructure."""

    principle: Annotated[
        Literal["Least Privilege"],
        Only("rights that nobody needs are those that an attacker uses; the rules of the domain access hold it"),
    ]
    """The rule by which rights are given."""
    authentication: Authentication
    authorization: Authorization


class Rotation(Model):
    """Rotation of secrets."""

    enabled: Flag
    """Whether secrets are replaced automatically."""
    schedule: Duration
    """The longest time that one secret is in use."""


class Secrets(Model):
    """Storage and rotation of secrets."""

    storage: Annotated[
        Literal["Vault"],
        Only("it makes, rotates and audits secrets, none of which is in Git or made by hand"),
    ]
    """The server that keeps secrets."""
    rotation: Rotation


class AccessControl(Model):
    """Access and secrets."""

    infrastructure: InfrastructureAccess
    secrets: Secrets
