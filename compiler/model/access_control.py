"""Infrastructure Security, 2. Access Control: ``access_control``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.units import Duration, Flag


class Authentication(Model):
    """How people prove who they are."""

    type: Literal["SSO"]
    """The only way to sign in."""
    mfa: Flag
    """Whether a second factor is asked for."""


class Authorization(Model):
    """How it is decided what they may do, and recorded what they did."""

    rbac: Flag
    """Whether rights follow from roles."""
    audit: Flag
    """Whether every access is recorded."""


class InfrastructureAccess(Model):
    """Access of people and workloads to the infrastructure."""

    principle: Literal["Least Privilege"]
    """The rule by which rights are given."""
    authentication: Authentication
    authorization: Authorization


class Rotation(Model):
    """How often secrets change."""

    enabled: Flag
    """Whether secrets are replaced without being asked for."""
    schedule: Duration
    """The longest that one secret is in use."""


class Secrets(Model):
    """Where secrets are kept."""

    storage: Literal["Vault"]
    """The server that keeps secrets."""
    rotation: Rotation


class AccessControl(Model):
    """Access and secrets."""

    infrastructure: InfrastructureAccess
    secrets: Secrets
