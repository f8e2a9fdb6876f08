"""Run the whole service as its command does: run_stack.py SETTINGS PORT."""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path

from runtime.embedded.stack import run

if __name__ == "__main__":
    # A suite that is run under nohup ignores SIGHUP, and so would this process; what is tested is that it does not.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    announce = partial(print, flush=True)
    sys.exit(run(Path(sys.argv[1]), port=int(sys.argv[2]), announce=announce))
