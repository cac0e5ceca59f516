"""A Jupyter server of a course, and a browser that looks at it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from course_tools import BIN, Course

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TOKEN = "browser-test"  # of a server that lives as long as these tests and listens here only
PATIENCE = 60_000  # milliseconds

# A notebook of which all cells are in the page, and no news from elsewhere.
_SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    },
}


@dataclass
class Server:
    """A Jupyter server in a course's folder."""

    course: Course
    url: str

    def get(self, path: str) -> Any:
        """Ask the server for what it tells as JSON."""
        request = urllib.request.Request(
            f"{self.url}/{path}", headers={"Authorization": f"token {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())


@contextlib.contextmanager
def running_server(course: Course) -> Iterator[Server]:
    """Start a server in a course's folder, as somebody with a home of their own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = course.root.parent / "home"
    home.mkdir()
    for name, settings in _SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), "utf-8")
    log = home / "server.log"
    arguments = {
        **{"ServerApp.token": TOKEN, "ServerApp.root_dir": course.root},
        **{"ServerApp.port": port, "ServerApp.port_retries": 0, "ServerApp.ip": "127.0.0.1"},
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [BIN / "jupyter", "server", "--no-browser", "--allow-root"]
            + [f"--{name}={value}" for name, value in arguments.items()],
            cwd=course.root,
            env=os.environ
            | {"HOME": str(home), "OMP_NUM_THREADS": "1"}
            | {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
            | {"PATH": os.pathsep.join([str(BIN), os.environ["PATH"]])},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    found = Server(course, f"http://127.0.0.1:{port}")
    try:
        end = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError):  # until it listens
                found.get("api/status")
                break
            assert process.poll() is None and time.monotonic() < end, log.read_text()[-3000:]
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def running_browser(playwright_api: Any) -> Iterator[Any]:
    """Start Chromium, or skip the test that needs it."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright_api.sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield program
        program.close()


@contextlib.contextmanager
def new_page(browser: Any, server: Server, **options: Any) -> Iterator[Any]:
    """Open a page that reaches this server and nothing else."""
    context = browser.new_context(viewport={"width": 1300, "height": 1000}, **options)
    context.set_default_timeout(PATIENCE)
    # the pages ask for a script from elsewhere, for which they would wait
    context.route(
        lambda url: not url.startswith((server.url, "data:", "blob:")),
        lambda route: route.abort(),
    )
    yield context.new_page()
    context.close()
