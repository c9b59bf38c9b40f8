"""How a task gets a session: by a URL on one machine, by a password that SSM keeps in AWS."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Optional

from .database import Address, Database


class Access(NamedTuple):
    """Goes to every task; holds the password's name and not the password where SSM has it."""

    url: Optional[str] = None
    host: str = ""
    port: int = 5432
    database: str = ""
    login: str = ""
    parameter: str = ""
    authorities: str = ""

    def __repr__(self) -> str:
        return f"Access({self.login}@{self.host}/{self.database})"

    def session(self, long: bool = False) -> Database:
        """A new session; `long` where one statement may take hours."""
        return Database(self._address(), long)

    def _address(self) -> Address:
        if self.url:
            return Address.parse(self.url)
        import boto3

        answer = boto3.client("ssm").get_parameter(Name=self.parameter, WithDecryption=True)
        password = answer["Parameter"]["Value"]
        return Address(self.host, self.port, self.database, self.login, password, _beside(self.authorities))


def _beside(name: str) -> str:
    """A file that the engine laid beside the job, on the driver or on an executor."""
    from pyspark import SparkFiles

    return name if Path(name).exists() else SparkFiles.get(name)
