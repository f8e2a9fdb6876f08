"""Hold a PostgreSQL and a Valkey below a folder until a signal ends this process: hold_servers.py FOLDER."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from runtime.embedded.postgres import postgres
from runtime.embedded.valkey import valkey

folder = Path(sys.argv[1])
for name in ("postgres", "valkey"):
    (folder / name).mkdir()
with postgres(folder / "postgres") as database, valkey(folder / "valkey") as cache:
    sys.stdout.write(json.dumps([database.url, cache.url]) + "\n")
    sys.stdout.flush()
    signal.pause()
