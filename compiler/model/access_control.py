"""Infrastructure Security, 2. Access Control: ``access_control``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.units import Duration, Flag


class Authentication(Model):
    """How people prove who they are."""

    type: Literal["SSO"]
    mfa: Flag


class Authorization(Model):
    """How it is decided what they may do, and recorded what they did."""

    rbac: Flag
    audit: Flag


class InfrastructureAccess(Model):
    """Access of people and workloads to the infrastructure."""

    principle: Literal["Least Privilege"]
    authentication: Authentication
    authorization: Authorization


class Rotation(Model):
    """How often secrets change."""

    enabled: Flag
    schedule: Duration


class Secrets(Model):
    """Where secrets are kept."""

    storage: Literal["Vault"]
    rotation: Rotation


class AccessControl(Model):
    """Access and secrets."""

    infrastructure: InfrastructureAccess
    secrets: Secrets
