"""The operations of grants and of keys of machines."""

from __future__ import annotations

from typing import Final

from runtime import routes
from runtime.http import problem_kinds as kinds
from runtime.http.access import GrantBody, KeyBody
from runtime.http.openapi.bodies import access
from runtime.http.openapi.parts import Answer, Operation

_EXPLAINED: Final = "It is recorded in the audit trail, in the transaction of the change."
_READ: Final = "The read is recorded in the audit trail, before it is answered."

ACCESS: Final = (
    Operation(
        "listGrants",
        "GET",
        routes.GRANTS,
        "access",
        "List the grants in namespaces that the client administers",
        (Answer(200, "The grants in force.", access.Grants),),
        _READ,
    ),
    Operation(
        "giveRight",
        "PUT",
        routes.GRANT,
        "access",
        "Give a right, or replace the one of this name",
        (
            Answer(200, "The grant replaces one in the same namespaces.", access.Grant),
            Answer(201, "The grant is new.", access.Grant),
        ),
        _EXPLAINED,
        body=GrantBody,
        problems=(kinds.NAME_TAKEN,),
    ),
    Operation(
        "takeRight",
        "DELETE",
        routes.GRANT,
        "access",
        "Take a right back",
        (Answer(204, "It is taken back."),),
        _EXPLAINED,
        problems=(kinds.NOT_GIVEN,),
    ),
    Operation(
        "listKeys",
        "GET",
        routes.MACHINE_KEYS,
        "access",
        "List the keys of machines in namespaces that the client administers",
        (Answer(200, "The keys in force, without their secrets.", access.MachineKeys),),
        _READ,
    ),
    Operation(
        "makeKey",
        "POST",
        routes.MACHINE_KEYS,
        "access",
        "Make a key of a machine",
        (Answer(201, "The key, with its token, which is in this answer alone.", access.NewKey),),
        _EXPLAINED,
        body=KeyBody,
    ),
    Operation(
        "revokeKey",
        "DELETE",
        routes.MACHINE_KEY,
        "access",
        "Revoke a key of a machine",
        (Answer(204, "It is revoked."),),
        _EXPLAINED,
        problems=(kinds.NOT_GIVEN,),
    ),
)
