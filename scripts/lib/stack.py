"""One local stack in a folder of its own, driven from outside: what the stack's tests share. Standard library only."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Stack:
    """One local stack in a folder of its own."""

    def __init__(self, folder, built):
        self.folder = folder
        self.built = built
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("WAYBILL_", "AWS_")) and name != "DATABASE_URL"
        }
        self.environment |= {"WAYBILL_LOCAL_DIR": str(folder), "WAYBILL_CHECKOUT": str(ROOT)}
        for kept in ("WAYBILL_POSTGRES_BIN", "WAYBILL_MINISTACK"):
            if kept in os.environ:
                self.environment[kept] = os.environ[kept]

    def run(self, *arguments, expect=0, stdin=None):
        done = subprocess.run(
            [str(self.built / "waybill"), *map(str, arguments)],
            env=self.environment, capture_output=True, text=True, input=stdin, timeout=300, check=False,
        )
        assert done.returncode == expect, (
            f"waybill {' '.join(map(str, arguments))}: status {done.returncode}, not {expect}\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def json(self, *arguments, expect=0):
        return json.loads(self.run(*arguments, "--json", expect=expect))

    def variables(self):
        return self.json("local", "env")

    def get(self, path, **query):
        address = self.variables()["WAYBILL_URL"] + path
        if query:
            address += "?" + urllib.parse.urlencode(query)
        try:
            with OPENER.open(address, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def processes(self):
        """Processes whose environment or command line names the stack's folder."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                text = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                if f"WAYBILL_LOCAL_STACK={self.folder}".encode() in text or f"{self.folder}/postgres".encode() in text:
                    found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
            except OSError:
                pass
        return found

    def function_processes(self, function):
        """The processes of one of the functions."""
        found = []
        for pid, _ in self.processes():
            try:
                environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(line.startswith(b"AWS_LAMBDA_FUNCTION_NAME=") and line.endswith(f"-{function}".encode())
                   for line in environment):
                found.append(pid)
        return found

    def stop_postgres(self, how=signal.SIGINT):
        """Stops the server at once (SIGINT) or as a crash does (SIGQUIT), and waits until it is gone."""
        pid = self.json("local", "status")["postgres"]["pid"]
        os.kill(pid, how)
        until = time.monotonic() + 30
        while pathlib.Path(f"/proc/{pid}").exists():
            assert time.monotonic() < until, "PostgreSQL does not stop"
            time.sleep(0.05)

    def psql(self):
        """The psql of the server that the stack runs."""
        pid = self.json("local", "status")["postgres"]["pid"]
        return str(pathlib.Path(os.readlink(f"/proc/{pid}/exe")).parent / "psql")


def run_steps(built, steps_for, **settings):
    """Runs a stack with these variables, and in it the steps that `steps_for` names for it, each as (function, arguments)."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="waybill-stack-")).resolve()
    folder.chmod(0o755)
    stack = Stack(folder, built.resolve())
    stack.environment |= settings
    try:
        stack.run("local", "up")
        for step, arguments in steps_for(stack):
            begin = time.monotonic()
            step(*arguments)
            print(f"   ok  {time.monotonic() - begin:5.1f} s  {step.__name__.replace('_', ' ')}", file=sys.stderr)
    finally:
        try:
            stack.run("local", "down", "--purge")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
