"""Shows that the driver lives while a batch is worked on, and stops the work where nobody wants it any more: somebody else has the
batch, somebody cancelled it, or its time is over."""

from __future__ import annotations

import logging
import threading
import time
from typing import Optional

import pg8000.exceptions

from . import ledger
from .database import Database
from .engine import Engine
from .ledger import Cancelled, Held, Superseded

log = logging.getLogger("waybill.spark")

_EVERY_S = 5.0
_AGAIN_S = 1.0
"""How soon what was stopped is stopped again: the first word may have come between two steps, when there was nothing to stop."""

_PID = "SELECT pg_backend_pid()"
# A login may cancel what its own sessions do.
_CANCEL = "SELECT pg_cancel_backend($1)"


class OutOfTime(Exception):
    """The work took all the time that the job has."""

    def __init__(self, seconds: int):
        super().__init__(f"the work was stopped after {seconds} s")
        self.seconds = seconds


class Heartbeat:
    """Beats on the claiming session, which nobody else may use meanwhile, until the work is over. `loading`: the session that carries
    the load. `late`: when, on the monotonic clock, its time is over."""

    def __init__(self, claiming: Database, held: Held, engine: Engine, loading: Database, late: Optional[float]):
        self._claiming, self._held, self._engine, self._late = claiming, held, engine, late
        self._pid = loading.rows(_PID)[0][0]
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self.lost: Optional[BaseException] = None
        """Why the work was stopped, where it was."""

    def __enter__(self) -> "Heartbeat":
        self._engine.begin()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._pause()):
            try:
                self._look()
                if self.lost:
                    self._claiming.rows(_CANCEL, self._pid)
            except pg8000.exceptions.DatabaseError as error:
                # The session is there: a lock was held too long, say. The lease bears some beats that fail.
                log.warning("batch=%s: a sign of life was refused: %s", self._held.id, type(error).__name__)
            # Whatever it is, the holder cannot be heard of any more; the commit would say so hours later.
            except Exception as error:
                self.lost = self.lost or error
                self._engine.cancel()
                return

    def _pause(self) -> float:
        if self.lost:
            return _AGAIN_S
        left = _EVERY_S if self._late is None else self._late - time.monotonic()
        return max(0.0, min(_EVERY_S, left))

    def _look(self) -> None:
        """Renews the lease, also of work that is being stopped: until it has, the batch is nobody else's."""
        try:
            if self._late is not None and time.monotonic() >= self._late:
                self._stop(OutOfTime(int(time.monotonic() - self._began)))
            ledger.beat(self._claiming, self._held, *self._engine.progress())
        except (Cancelled, Superseded) as told:
            self._stop(told)

    def _stop(self, reason: BaseException) -> None:
        self.lost = self.lost or reason
        self._engine.cancel()
