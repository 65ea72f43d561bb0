"""Pages in a headless Chromium, driven through its DevTools protocol over a pipe: JSON and NUL, as Varlink has it."""

import base64
import itertools
import json
import os
import select
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Optional, Type

# Far more than anything here takes: it ends a test that would hang.
SECONDS = 60


class Browser:
    """One page. `errors` is what its console said of what went wrong, `requests` whatever it asked a network for."""

    def __init__(self, program: str = "chromium") -> None:
        self.errors: List[str] = []
        self.requests: List[str] = []
        self._ids = itertools.count(1)
        self._buffer = b""
        self._events: List[Dict[str, Any]] = []
        self._session: Optional[str] = None
        self._profile = tempfile.TemporaryDirectory()
        commands, self._commands = os.pipe()
        self._replies, replies = os.pipe()
        # Chromium reads descriptor 3 and writes 4. A shell puts them there: Popen's own numbers could be these.
        words = [program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        words += ["--no-first-run", "--disable-background-networking", f"--user-data-dir={self._profile.name}"]
        script = f'exec 3<&{commands} 4>&{replies} && exec "$@" 2>/dev/null'
        self._process = subprocess.Popen(["bash", "-c", script, "bash", *words], pass_fds=(commands, replies))
        os.close(commands)
        os.close(replies)

    def __enter__(self) -> "Browser":
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        try:
            self._session = None
            if kind is None:
                self._call("Browser.close")
                self._process.wait(SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._commands)
            os.close(self._replies)
            self._profile.cleanup()

    def open(self, path: Path, *, width: int, dark: bool = False, media: str = "screen") -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600
        )
        self._events.clear()
        self._call("Page.navigate", url=path.as_uri())
        deadline = time.monotonic() + SECONDS
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._receive(deadline)

    def value(self, script: str) -> Any:
        reply = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    def screenshot(self, path: Path) -> None:
        reply = self._call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(reply["data"]))

    def _call(self, method: str, **parameters: Any) -> Dict[str, Any]:
        id = next(self._ids)
        message: Dict[str, Any] = {"id": id, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + SECONDS
        while True:
            reply = self._receive(deadline)
            if reply.get("id") == id:
                assert "error" not in reply, reply
                result: Dict[str, Any] = reply["result"]
                return result

    def _receive(self, deadline: float) -> Dict[str, Any]:
        while b"\0" not in self._buffer:
            readable, _, _ = select.select([self._replies], [], [], max(0.0, deadline - time.monotonic()))
            assert readable, "the browser says nothing more"
            data = os.read(self._replies, 1 << 20)
            assert data, "the browser has ended"
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: Dict[str, Any] = json.loads(text)
        if "method" in message:
            self._events.append(message)
            self._note(message["method"], message["params"])
        return message

    def _note(self, method: str, told: Dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told))
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.errors.append(told["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.errors.append(json.dumps(told["args"]))
        elif method == "Network.requestWillBeSent" and not told["request"]["url"].startswith(("file:", "data:")):
            self.requests.append(told["request"]["url"])
