"""The factory of the application, which the parent process hands to each worker process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp

    from runtime.environment import Environment
    from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Worker:
    """A factory of the application, pickled to each worker process, so that all enforce the same settings."""

    settings: Settings
    environment: Environment
    metrics_directory: Path
    management_port: int

    def __call__(self) -> ASGIApp:
        """Return the application of this worker process."""
        # The parent, which makes the factory, serves nothing: it starts in half of the time without what serves.
        from runtime.worker_process import application

        return application(self.settings, self.environment, self.metrics_directory, self.management_port)
