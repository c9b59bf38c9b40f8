"""Sessions with PostgreSQL, by the pure Python driver pg8000: nothing to build for the engine's machines."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from typing import Any, Iterable, Iterator, NamedTuple, Optional
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.core
import pg8000.native

_SETTINGS = {"timezone": "UTC", "datestyle": "ISO", "client_min_messages": "warning", "client_connection_check_interval": "10s"}
_SHORT = {"statement_timeout": "30s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"}
# A load's own session: one statement may take hours.
_LONG = {"statement_timeout": "0", "lock_timeout": "60s", "idle_in_transaction_session_timeout": "3600s"}


class Address(NamedTuple):
    """Where the database is, and who we are there. Does not print its password."""

    host: str
    port: int
    database: str
    user: str
    password: str
    authorities: Optional[str]
    """A file of certificates; none turns TLS off, which is for this machine only."""

    def __repr__(self) -> str:
        return f"postgres://{self.user}@{self.host}:{self.port}/{self.database}"

    @staticmethod
    def parse(url: str) -> "Address":
        """`postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=<file>`."""
        parts = urlsplit(url)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if not (parts.hostname and parts.username and parts.path.strip("/")):
            raise ValueError("the database URL must name user, host and database: postgres://user:password@host/database")
        mode, authorities = query.get("sslmode"), query.get("sslrootcert")
        here = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if mode == "verify-full" and not authorities:
            raise ValueError("sslmode=verify-full needs sslrootcert=<PEM file>")
        if mode not in ("verify-full", "disable") and not (mode is None and here):
            raise ValueError("the database URL must say sslmode=verify-full&sslrootcert=<PEM file>, or sslmode=disable")
        return Address(
            parts.hostname, parts.port or 5432, unquote(parts.path.strip("/")), unquote(parts.username),
            unquote(parts.password or ""), authorities if mode == "verify-full" else None,
        )  # fmt: skip


class Database:
    """One session. Statements take `$1`, `$2`, … so that they are the same as the other lanes'."""

    def __init__(self, address: Address, long: bool = False):
        context = ssl.create_default_context(cafile=address.authorities) if address.authorities else False
        self._session = pg8000.native.Connection(
            address.user, host=address.host, port=address.port, database=address.database, password=address.password,
            ssl_context=context, timeout=None, tcp_keepalive=True, application_name="waybill-spark",
        )  # fmt: skip
        settings = {**_SETTINGS, **(_LONG if long else _SHORT)}
        self.script("; ".join(f"SET {name} = '{value}'" for name, value in settings.items()))

    def rows(self, sql: str, *values: Any) -> "list[list[Any]]":
        """What one statement answers."""
        return self._run(sql, values).rows or []

    def count(self, sql: str, *values: Any) -> int:
        """How many rows one statement changed."""
        return self._run(sql, values).row_count

    def script(self, sql: str) -> None:
        """Statements without values, one after the other."""
        self._session.execute_simple(sql)

    def copy(self, sql: str, pieces: Iterable[bytes]) -> int:
        """COPY FROM STDIN; how many rows the server took."""
        return self._session.execute_unnamed(sql, stream=pieces).row_count

    def _run(self, sql: str, values: "tuple[Any, ...]") -> Any:
        return self._session.execute_unnamed(sql, vals=values)

    @contextmanager
    def transaction(self) -> "Iterator[None]":
        """Commits at the end, or rolls back where that is an error."""
        self.script("BEGIN")
        try:
            yield
        except BaseException:
            # The session may be gone, and then the transaction with it.
            try:
                self.script("ROLLBACK")
            except (pg8000.exceptions.InterfaceError, OSError):
                pass
            raise
        self.script("COMMIT")

    def close(self) -> None:
        """Ends the session."""
        try:
            self._session.close()
        except (pg8000.exceptions.InterfaceError, OSError):
            pass


def sqlstate(error: Exception) -> Optional[str]:
    """The code of an error that the server sent."""
    details = error.args[0] if error.args else None
    return details.get("C") if isinstance(details, dict) else None


def quoted(identifier: str) -> str:
    """An identifier as SQL takes it."""
    return '"' + identifier.replace('"', '""') + '"'
