"""What SQLAlchemy's connections to PostgreSQL do with fewer round trips than by themselves."""

import select
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

_LOOKS_MAX = 3


class Cursor(psycopg.AsyncCursor[Any]):
    """Sends BEGIN together with the first statement of a transaction, in psycopg's pipeline."""

    async def execute(self, *args: Any, **kwargs: Any) -> "Cursor":
        connection = self.connection
        if connection.autocommit or connection.pgconn.transaction_status != TransactionStatus.IDLE:
            return await super().execute(*args, **kwargs)
        async with connection.pipeline():
            return await super().execute(*args, **kwargs)


def watch_pool(engine: Engine) -> None:
    """Connections that the server has ended are found when they are taken from the pool, without asking it."""

    def look(adapted: Any, *_more: object) -> None:
        if is_gone(adapted.driver_connection):
            raise InvalidatePoolError  # the others were most likely ended with it; it is made anew

    event.listen(engine, "checkout", look)


def is_gone(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Whether the server has ended an idle connection, as far as this machine was told.

    Of a server that vanished without a word `keepalives` tell (see `connect_arguments`).
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    for _ in range(_LOOKS_MAX):
        if not poll.poll(0):
            return False
        try:
            connection.pgconn.consume_input()  # a notice, or the end
        except psycopg.OperationalError:
            return True
    return True
