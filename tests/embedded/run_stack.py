"""Run the whole service as its command does: run_stack.py SETTINGS PORT."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from runtime.embedded.stack import run

if __name__ == "__main__":
    announce = partial(print, flush=True)
    sys.exit(run(Path(sys.argv[1]), port=int(sys.argv[2]), announce=announce))
