"""From what the tasks found to the batch's end, in the words of the other lanes."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from .ledger import End, Held, Summary
from .positions import Position
from .report import CAP, Finding, shown
from .rule import Fault

OUTDATED = "a snapshot that arrived later is loaded already; deliver this one again if it is to replace that"
STILL_REFERENCED = (
    "the snapshot leaves out rows that other datasets still refer to; include them, or remove those first"
)


class Outcome(NamedTuple):
    """What a reading found out."""

    good: int
    bad: int
    total: int
    listed: "list[Finding]"
    summary: Summary
    fault: Optional[Fault] = None
    fault_at: Position = Position(0, 1, 0)


def wrong_with(held: Held, outcome: Outcome) -> Optional[End]:
    """The reason to reject the content, if there is one."""
    whole = [_about_content(outcome)] if outcome.fault else _undeclared(held, outcome)
    total = outcome.total + len(whole)
    if total == 0:
        return None
    findings = list(outcome.listed)
    findings += whole[: max(0, CAP - len(findings))]
    detail = [finding.message for finding in whole]
    records = outcome.good + outcome.bad
    if outcome.bad:
        wrong = f"{outcome.bad} of {records} rows {'is' if outcome.bad == 1 else 'are'} wrong"
        detail.insert(0, "its only row is wrong" if records == 1 else wrong)
    every = ". The report has every one." if outcome.bad else ""
    return _rejected(
        f"{'; '.join(detail)}; nothing was loaded{every}", outcome.summary, outcome.bad, total, tuple(findings)
    )


def about_the_file(rule: str, message: str, summary: Optional[Summary]) -> End:
    """A batch that is wrong as a whole."""
    return _rejected(message, summary, 0, 1, (_whole(rule, Position(0, 1, 0), None, message),))


def unplaced(error: Exception) -> Optional[End]:
    """A row is for a partition that its table does not have: an operator's, and another try would end as this one.

    The server has no code of its own for it: it is a broken check that has a table and no name.
    """
    told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    if told.get("C") != "23514" or "n" in told or "t" not in told:
        return None
    key = told.get("D", "").partition("(")[2].rstrip(".")
    key = f"({key}" if ") = (" in key else "its partition key"
    detail = (
        f"no partition of {told['t']} takes a row with {key}; nothing was loaded. An operator has to add the partition and "
        "to ask for a replay"
    )
    return End("failed", None, {"type": "/problems/no-partition", "title": "The table has no partition for a row", "status": 500, "detail": detail})


def _rejected(
    detail: str, summary: Optional[Summary], rejected: int, total: int, findings: "tuple[Finding, ...]"
) -> End:
    problem = {"type": "/problems/rejected", "title": "The batch was rejected", "status": 422, "detail": detail}
    return End("rejected", summary, problem, rejected, total, findings)


def key_problem(word: str, title: str, detail: str) -> End:
    """An object that this lane cannot read at all."""
    return End("rejected", None, {"type": f"/problems/{word}", "title": title, "status": 422, "detail": detail})


def unread_here(format: str) -> End:
    """Good for the dataset, and nothing that this lane reads."""
    detail = f"the Spark lane does not read {format} documents; an operator has to load the batch in another lane"
    return End("failed", None, {"type": "/problems/internal", "title": "The load failed on our side", "status": 500, "detail": detail})


def failed(error: Exception, again: bool) -> End:
    """We are wrong, or something is down. The log has the cause."""
    what = "the database or the store did not take the batch" if again else "the Spark lane could not load the batch"
    problem: "dict[str, Any]" = {
        "type": "/problems/interrupted" if again else "/problems/internal",
        "title": "The load was interrupted" if again else "The load failed on our side",
        "status": 503 if again else 500,
        "detail": f"{what} ({type(error).__name__}); an operator has to look",
    }
    return End("failed", None, problem)


def out_of_time(seconds: int) -> End:
    """The job's time was over. Another try would take as long; an operator may ask for one."""
    detail = f"it was stopped after {seconds} s and nothing was loaded: send the content in several files, or ask for a replay"
    return End("failed", None, {"type": "/problems/out-of-time", "title": "The load exceeded its lane's time", "status": 504, "detail": detail})


def _about_content(outcome: Outcome) -> Finding:
    fault = outcome.fault
    value = None if fault.value is None else shown(fault.value[:200])
    return _whole(fault.rule, outcome.fault_at, value, fault.message)


def _undeclared(held: Held, outcome: Outcome) -> "list[Finding]":
    """What does not agree with what the sender declared, and content without any record."""
    records, start, findings = outcome.good + outcome.bad, Position(0, 1, 0), []
    if records == 0:
        message = "the file has no records: a batch without records is never loaded"
        findings.append(_whole("empty", start, None, message))
    if held.expect_rows is not None and held.expect_rows != records:
        message = f"{held.expect_rows} rows were declared and {records} arrived; send the file again, whole"
        findings.append(_whole("rows", start, str(records), message))
    if held.expect_sha256 is not None and held.expect_sha256 != outcome.summary.sha256:
        message = "the content's SHA-256 is not the declared one; send the file again, whole"
        findings.append(_whole("checksum", start, None, message))
    return findings


def _whole(rule: str, at: Position, value: Optional[str], message: str) -> Finding:
    return Finding(*at, None, rule, value, message, b"")
