"""``python -m runtime.http.openapi``: print the document that is committed as ``docs/openapi.json``."""

from __future__ import annotations

import sys

from runtime.http.openapi.document import as_text, document

LIVE = "/health"
READY = "/health/ready"

if __name__ == "__main__":
    sys.stdout.write(as_text(document(LIVE, READY)))
