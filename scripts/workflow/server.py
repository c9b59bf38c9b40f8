"""The database server of an environment, which may be asleep: nothing that needs its database works until it is awake."""

import json
import tempfile
import time
from pathlib import Path
from typing import Callable

from environments import AwsFailed, aws, common

# A server starts in some minutes; one that is being stopped must be stopped before.
LONGEST_S = 30 * 60
PAUSE_S = 15


def status(environment: str) -> str | None:
    """As RDS says it; None where the environment has no server of its own, or is not there."""
    name = f"{common('prefix')}-{environment}"
    try:
        found = aws("rds", "describe-db-instances", "--db-instance-identifier", name)
    except AwsFailed as failure:
        if "DBInstanceNotFound" in failure.said:
            return None
        raise
    return found["DBInstances"][0]["DBInstanceStatus"]


def asleep(now: str | None) -> bool:
    """Whether nobody can use a server in this status, and waiting alone does not change that."""
    return now in ("stopped", "stopping")


def wake(look: Callable[[], str | None], start: Callable[[], None], pause: Callable[[], None], tries: int) -> None:
    """Starts the server where it is stopped, and returns once it can be used."""
    told = False
    for left in range(tries, -1, -1):
        # While it is backed up, changed or moved, it answers; only in these it does not.
        if (now := look()) not in ("stopped", "stopping", "starting", "creating", "rebooting"):
            return
        if now == "stopped" and not told:
            start()
            told = True
        if left:
            pause()
    raise SystemExit(f"the database server is still '{now}'. Look at it in RDS, and run the job again once it is 'available'.")


def wake_environment(environment: str) -> None:
    """The same for an environment, by its janitor."""
    wake(lambda: status(environment), lambda: start(environment), lambda: time.sleep(PAUSE_S), LONGEST_S // PAUSE_S)


def start(environment: str) -> None:
    """Has the janitor start it: the only one that may."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answer"
        function = f"{common('prefix')}-{environment}-janitor:live"
        payload = json.dumps({"action": "start"})
        answer = aws("lambda", "invoke", "--function-name", function, "--payload", payload, "--cli-binary-format", "raw-in-base64-out", str(file))
        if "FunctionError" in answer:
            raise SystemExit(f"{function} could not start the server: {file.read_text()}")
