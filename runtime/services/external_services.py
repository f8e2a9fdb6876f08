"""External services as a worker meets them: the circuit to each, and measurements of the calls.

Sources: ``connections.external_services``, ``fault_tolerance.circuit_breakers``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from runtime.domain.deliveries import DeliveryError
from runtime.ports.availability import NotAskedError, RefusedError, UnavailableError
from runtime.services.circuit_breaker import CircuitBreaker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from runtime.ports.availability import Circuit
    from runtime.ports.external import KeySource, Receiver
    from runtime.settings import CircuitBreaker as CircuitSettings
    from runtime.settings import ExternalServices as Settings
    from runtime.telemetry import Telemetry

T = TypeVar("T")


class ExternalService:
    """One external service, the ``target`` of a circuit; a call of it takes at most ``timeout_seconds``.

    A failure is no answer in time, or an answer by which the service says that it failed (a status from 500 on). Any
    other answer is none, also a refusal.
    """

    def __init__(
        self, target: str, settings: CircuitSettings | None, timeout_seconds: float, telemetry: Telemetry
    ) -> None:
        self.target = target
        self._circuit = CircuitBreaker(settings, timeout_seconds)
        self._telemetry = telemetry

    @property
    def circuit(self) -> Circuit:
        """The circuit to the service."""
        return self._circuit

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Return what the service answers; raise ``NotAskedError`` while its circuit is open."""
        if not self._circuit.permits():
            self._telemetry.external_calls.count(self.target, "circuit_open")
            raise NotAskedError("it is not asked: its circuit is open")
        began = time.monotonic()
        try:
            answer = await operation()
        except NotAskedError:
            self._telemetry.external_calls.count(self.target, "pool_full")
            raise
        except (RefusedError, DeliveryError):
            self._circuit.succeeded()
            self._measure("refused", began)
            raise
        except UnavailableError as error:
            self._circuit.failed(error.reason)
            self._measure(error.reason.value, began)
            raise
        self._circuit.succeeded()
        self._measure("answered", began)
        return answer

    def _measure(self, outcome: str, began: float) -> None:
        self._telemetry.external_calls.count(self.target, outcome)
        self._telemetry.external_durations.observe(time.monotonic() - began, self.target)


class GuardedKeys:
    """A :class:`runtime.ports.external.KeySource` of one issuer, behind its circuit."""

    def __init__(self, source: KeySource, service: ExternalService) -> None:
        self._source = source
        self._service = service

    async def fetch(self, issuer: str) -> Mapping[str, Any]:
        """See :class:`runtime.ports.external.KeySource`."""
        return await self._service.call(lambda: self._source.fetch(issuer))


class GuardedReceiver:
    """A :class:`runtime.ports.external.Receiver`, behind its ``circuit``."""

    def __init__(self, receiver: Receiver, service: ExternalService) -> None:
        self.circuit = service.circuit
        self._receiver = receiver
        self._service = service

    async def deliver(self, id_: str, event: bytes) -> None:
        """See :class:`runtime.ports.external.Receiver`."""
        await self._service.call(lambda: self._receiver.deliver(id_, event))


class ExternalServices:
    """The external services of a worker: the issuers of tokens and the receivers of changes, each with its circuit."""

    def __init__(self, settings: Settings, telemetry: Telemetry) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._circuits: dict[str, Circuit] = {}

    @property
    def circuits(self) -> Mapping[str, Circuit]:
        """The circuit of each service so far, by its target."""
        return self._circuits

    def keys(self, issuer: str, source: KeySource) -> GuardedKeys:
        """Return the source of the keys of an issuer, behind its circuit."""
        return GuardedKeys(source, self._service(f"issuer-{issuer}", self._settings.issuers.circuit_breaker))

    def receiver(self, subscriber: str, receiver: Receiver) -> GuardedReceiver:
        """Return the receiver of a subscriber, behind its circuit."""
        circuit_breaker = self._settings.integrations.circuit_breaker
        return GuardedReceiver(receiver, self._service(f"subscriber-{subscriber}", circuit_breaker))

    def _service(self, target: str, circuit_breaker: CircuitSettings | None) -> ExternalService:
        service = ExternalService(target, circuit_breaker, self._settings.timeout_seconds, self._telemetry)
        self._circuits[target] = service.circuit
        return service
