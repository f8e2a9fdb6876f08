"""Seeds whose schedules once failed, each with the reason. They run before any other, and stay for ever."""

from __future__ import annotations

STORE = {
    "s18": "a read that asked for an old revision was answered by a standby that had stopped following",
    "t12": "a change waited for a connection beyond its deadline",
    "t24": "a change waited for the latest deadline of its group",
    "t49": "a worker read its own change from a standby that did not have it yet",
    "t54": "a worker read its own change from a standby that did not have it yet",
    "t112": "a standby of the history before a restore answered a worker that knew the new one",
    "t296": "a standby of the history before a restore answered a worker that knew the new one",
    "defect-306": "404 from memory was not marked while the database was away",
    "350": "a read that asked for a revision ended the single flight of its name",
    "f3e523b1-1858": "a disk was put back to before the present history, and workers took the former one for a new one",
    "009b7fdb-85": "after a network that was silent, each connection of a pool failed a read of its own",
}

SEEDS = {"store": STORE}
