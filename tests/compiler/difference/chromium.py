"""A real browser, driven over two pipes by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FLAGS = (
    "--headless",
    "--no-sandbox",  # it opens files of our own alone, and runs as root in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_REPORTED = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
_REQUESTED = "Network.requestWillBeSent"
_BLOCK = 1 << 16


class Tab:
    """One tab of the browser: what it shows, what it was told, and what it complained of."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads, self._writes = reads, writes
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self._events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Page.setLifecycleEventsEnabled", enabled=True)

    @property
    def complaints(self) -> list[dict[str, Any]]:
        """What went to the console, errors among it."""
        return [event for event in self._events if event["method"] in _REPORTED]

    @property
    def requests(self) -> list[str]:
        """The addresses of everything that was loaded."""
        return [event["params"]["request"]["url"] for event in self._events if event["method"] == _REQUESTED]

    def open(self, file: Path, fragment: str = "") -> None:
        """Open a file, and wait until it is loaded."""
        self.visit(f"{file.as_uri()}{fragment}")

    def visit(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""
        self._events.clear()
        loader = self.send("Page.navigate", url=url).get("loaderId")  # none within the same document
        while loader and not any(self._loaded(event, loader) for event in self._events):
            self._events.append(self._message())

    def _loaded(self, event: dict[str, Any], loader: str) -> bool:
        """Return whether an event says that this document, and not the one before, is loaded."""
        found = event["params"] if event["method"] == "Page.lifecycleEvent" else {}
        return (found.get("loaderId"), found.get("name")) == (loader, "load")

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        """Give the tab another size, in CSS pixels."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def media(self, *, medium: str = "", scheme: str = "light") -> None:
        """Emulate a medium, ``screen`` or ``print``, and a scheme of colours, ``light`` or ``dark``."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", media=medium, features=features)

    def script(self, *, on: bool) -> None:
        """Allow scripts, or forbid them."""
        self.send("Emulation.setScriptExecutionDisabled", value=not on)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        result = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def press(self, key: str, text: str = "") -> None:
        """Press a key, which writes a text if it has one."""
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    def screenshot(self, file: Path, selector: str = "body") -> None:
        """Write a picture of an element, whole."""
        box = f"document.querySelector('{selector}').getBoundingClientRect()"
        x, y, width, height = self.evaluate(f"(b => [b.x + scrollX, b.y + scrollY, b.width, b.height])({box})")
        clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
        found = self.send("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(found["data"]))

    def pdf(self) -> bytes:
        """Return the page as it is printed."""
        return base64.b64decode(self.send("Page.printToPDF", preferCSSPageSize=True)["data"])

    def send(self, method: str, **parameters: Any) -> Any:
        """Send a command, and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._writes, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._events.append(answer)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            block = os.read(self._reads, _BLOCK)
            assert block, "the browser has ended"
            self._buffer += block
        message, _, self._buffer = self._buffer.partition(b"\0")
        found = json.loads(message)
        assert isinstance(found, dict)
        return found


@contextmanager
def browser(program: str, profile: Path) -> Iterator[Tab]:
    """Start a browser with a profile of its own, provide a tab, and end it."""
    reads_commands, commands = os.pipe()
    answers, writes_answers = os.pipe()
    # The browser reads commands from descriptor 3, and writes answers to 4.
    shell = f'exec "$0" "$@" 3<&{reads_commands} 4>&{writes_answers}'
    process = subprocess.Popen(
        ["bash", "-c", shell, program, *_FLAGS, f"--user-data-dir={profile}"],
        pass_fds=(reads_commands, writes_answers),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(reads_commands)
    os.close(writes_answers)
    try:
        yield Tab(answers, commands)
    finally:
        os.close(commands)
        os.close(answers)
        process.terminate()
        process.wait()
