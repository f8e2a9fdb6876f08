"""Infrastructure Security, 2. Access Control: ``access_control``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.units import Duration, Flag


class Authentication(Model):
    """Authentication of people."""

    type: Literal["SSO"]
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

    principle: Literal["Least Privilege"]
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

    storage: Literal["Vault"]
    """The server that keeps secrets."""
    rotation: Rotation


class AccessControl(Model):
    """Access and secrets."""

    infrastructure: InfrastructureAccess
    secrets: Secrets
