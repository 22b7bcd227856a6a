"""MiniStack: AWS on this machine, for as long as it is needed."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import expect

START = 60
"""Seconds it may take to start."""


class MiniStack:
    """A running one, with a directory that all it leaves behind is in."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="order-ops-e2e-")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def __enter__(self):
        environment = os.environ | {
            "IOT_MTLS_ENABLED": "0",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            # Where the functions find it; they inherit this.
            "AWS_ENDPOINT_URL": self.url,
            "TMPDIR": self.directory.name,
            "STATE_DIR": self.directory.name,
        }
        try:
            with open(self.log, "wb") as log:
                # A session of its own, so that every function it starts goes with it.
                self.process = subprocess.Popen(["ministack"], env=environment, stdout=log, stderr=log, start_new_session=True)
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait(self):
        """Until it answers."""
        until = time.monotonic() + START
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise expect.Unexpected(f"MiniStack did not start:\n{Path(self.log).read_text()[-2000:]}")
            time.sleep(0.2)

    def __exit__(self, *_):
        # Somebody impatient leaves nothing behind either.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self.process:
            # Functions are children in the same session, whatever group they made for themselves.
            for pid in session(self.process.pid):
                stop(pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
            for pid in session(self.process.pid):
                stop(pid, signal.SIGKILL)
            self.process.wait()
        self.directory.cleanup()

    @property
    def log(self):
        return f"{self.directory.name}/ministack.log"

    def is_ready(self):
        try:
            return self.asks("ready") is not None
        except OSError:
            return False

    def asks(self, what):
        """One of its own pages, which AWS has not."""
        with urllib.request.urlopen(f"{self.url}/_ministack/{what}", timeout=10) as answer:
            return json.load(answer)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def session(leader):
    """Every process of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # After the name in parentheses: state, parent, group, session (proc(5)).
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def stop(pid, how):
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        pass
