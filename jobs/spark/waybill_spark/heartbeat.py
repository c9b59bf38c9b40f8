"""Shows that the driver lives while the engine works, and stops the work where the batch is somebody else's now."""

from __future__ import annotations

import threading
from typing import Optional

from . import ledger
from .database import Database
from .engine import Engine
from .ledger import Held

_EVERY_S = 5.0


class Heartbeat:
    """Beats on the claiming session, which nobody else may use meanwhile."""

    def __init__(self, session: Database, held: Held, engine: Engine):
        self._session, self._held, self._engine = session, held, engine
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self.lost: Optional[BaseException] = None

    def __enter__(self) -> "Heartbeat":
        self._engine.begin()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(_EVERY_S):
            try:
                ledger.beat(self._session, self._held, *self._engine.progress())
            # Whatever it is, the holder cannot be heard of any more; the commit would say so hours later.
            except Exception as error:
                self.lost = error
                self._engine.cancel()
                return
