"""One batch by its id: claimed, loaded, settled, published."""

from __future__ import annotations

import logging
import uuid
from typing import NamedTuple, Optional

import pg8000.exceptions

from . import ledger, verdict
from .database import Database
from .engine import Engine
from .heartbeat import Heartbeat, OutOfTime
from .ledger import Busy, Cancelled, Held, Postponed, Settled, Superseded
from .load import Settings, load, publish_files, tidy_up
from .metrics import Metrics

log = logging.getLogger("waybill.spark")


class Done(NamedTuple):
    """How the job ended: the batch's state, and whether the job did what it could."""

    state: str
    good: bool


def run(engine: Engine, settings: Settings, batch: uuid.UUID) -> Done:
    """Loads a batch that the ledger knows. Safe to be called again for the same batch, whatever became of the last call."""
    claiming = settings.access.session()
    try:
        claim = ledger.claim(claiming, batch, settings.release)
        if isinstance(claim, Busy):
            log.warning("batch=%s: attempt %d is being worked on", batch, claim.attempt)
            return Done("loading", False)
        if isinstance(claim, Settled):
            return _settled(settings, claiming, batch, claim)
        try:
            return _work(engine, settings, claiming, claim)
        finally:
            _let_go(claiming, claim)
    finally:
        claiming.close()


def _settled(settings: Settings, session: Database, batch: uuid.UUID, settled: Settled) -> Done:
    """A committed batch whose job died before it published the files is published now."""
    if settled.state == "committed":
        publish_files(settings, session, settled.number)
    log.info("batch=%s state=%s: settled already", batch, settled.state)
    return Done(settled.state, True)


def _work(engine: Engine, settings: Settings, claiming: Database, held: Held) -> Done:
    log.info("batch=%s dataset=%s attempt=%d: begun", held.id, held.dataset, held.attempt)
    known = held.dataset if held.dataset in settings.contracts else None
    metrics = Metrics(settings.environment, settings.release, held, known)
    if held.attempt == 1:
        metrics.received()
    try:
        return _judge(engine, settings, claiming, held, metrics)
    except Superseded:
        log.warning("batch=%s: another attempt has taken it", held.id)
        return Done("loading", False)
    finally:
        _leave_nothing(settings, held)


def _judge(engine: Engine, settings: Settings, claiming: Database, held: Held, metrics: Metrics) -> Done:
    """Loads the batch and writes down how that ended."""
    heartbeat: Optional[Heartbeat] = None
    try:
        session = settings.access.session(long=True)
        try:
            heartbeat = Heartbeat(claiming, held, engine, session, settings.late)
            with heartbeat:
                end = load(engine, settings, held, session)
        finally:
            session.close()
    except Superseded:
        raise
    except Exception as error:
        return _failed(claiming, held, metrics, error, heartbeat and heartbeat.lost)
    if end.state == "committed":
        metrics.ended(end)
        publish_files(settings, claiming, held.number)
    else:
        ledger.settle(claiming, held, end)
        metrics.ended(end)
    return _told(held, end.state)


def _failed(claiming: Database, held: Held, metrics: Metrics, error: Exception, lost: Optional[BaseException]) -> Done:
    """`lost` is why the work was stopped, where it did not fail by itself."""
    if isinstance(lost, Superseded):
        raise lost
    if isinstance(lost, Cancelled):
        if not ledger.cancelled(claiming, held):
            raise Superseded("another attempt has taken the batch")
        return _over(held)
    if isinstance(lost, OutOfTime):
        log.error("batch=%s: %s", held.id, lost)
        end = verdict.out_of_time(lost.seconds)
        ledger.settle(claiming, held, end)
        metrics.ended(end)
        return _over(held)
    # The cause names no row's values: those never reach an exception's text.
    log.error("batch=%s: the load failed: %s", held.id, _chain(error))
    end = verdict.failed(error, isinstance(error, (OSError, pg8000.exceptions.InterfaceError)))
    postponed = ledger.postpone(claiming, held, end)
    if postponed is not Postponed.CANCELLED:
        metrics.ended(end)
    return _told(held, "failed") if postponed is Postponed.WAITS else _over(held)


def _leave_nothing(settings: Settings, held: Held) -> None:
    """However the batch ended: what is left over does not change it, and the next attempt takes it away."""
    try:
        tidy_up(settings, held)
    except Exception as error:
        log.warning("batch=%s: not everything was tidied up: %s", held.id, _chain(error))


def _over(held: Held) -> Done:
    """Somebody stopped it, its time was over, or it was begun too often: to begin it again would do nothing."""
    log.info("batch=%s dataset=%s state=failed: not tried again", held.id, held.dataset)
    return Done("failed", True)


def _told(held: Held, state: str) -> Done:
    log.info("batch=%s dataset=%s state=%s: settled", held.id, held.dataset, state)
    return Done(state, state != "failed")


def _let_go(session: Database, held: Held) -> None:
    try:
        ledger.release_claim(session, held)
    except (pg8000.exceptions.InterfaceError, OSError):
        pass  # The session is gone, and its lock with it.


def _chain(error: BaseException) -> str:
    """An error and what caused it. Of a database's error only its code: its words may repeat values."""
    parts = []
    while error:
        details = error.args[0] if error.args and isinstance(error.args[0], dict) else None
        text = f"SQLSTATE {details.get('C')}" if details else str(error).partition("\n")[0]
        parts.append(f"{type(error).__name__}: {text}")
        error = error.__cause__
    return "; ".join(parts)
