"""The whole specification: one field for each section, in the document's order."""

from __future__ import annotations

from compiler.model.access_control import AccessControl
from compiler.model.auto_scaling import AutoScaling
from compiler.model.backup import Backup
from compiler.model.base import Model
from compiler.model.components import Components
from compiler.model.compute import Compute
from compiler.model.connections import Connections
from compiler.model.containers import Containers
from compiler.model.fault_tolerance import FaultTolerance
from compiler.model.limits import Limits
from compiler.model.load_balancing import LoadBalancing
from compiler.model.load_management import LoadManagement
from compiler.model.network import Network
from compiler.model.orchestration import Orchestration
from compiler.model.recovery import Recovery
from compiler.model.redundancy import Redundancy
from compiler.model.references import References
from compiler.model.storage import Storage


class Specification(Model):
    """The typed specification, with all sections."""

    components: Components
    compute: Compute
    connections: Connections
    limits: Limits
    auto_scaling: AutoScaling
    load_management: LoadManagement
    load_balancing: LoadBalancing
    redundancy: Redundancy
    fault_tolerance: FaultTolerance
    containers: Containers
    orchestration: Orchestration
    storage: Storage
    backup: Backup
    recovery: Recovery
    network: Network
    access_control: AccessControl
    references: References


SECTIONS = tuple(Specification.model_fields)
"""The sections' names, which are also the names of their files in ``spec/``."""
