"""Turns errors of the databases into ours, and tells which of them can be tried again.

SQLite says what is wrong by result codes (https://www.sqlite.org/rescode.html), PostgreSQL by
SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
"""

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from commerce.db.unit import ConcurrentChangeError
from commerce.errors import CommerceError, StoreBusyError, StoreFailedError, StoreFullError

log = logging.getLogger(__name__)

WORDS_MAX = 200

_DATABASE_ERRORS = (DBAPIError, AsyncAdapt_asyncpg_dbapi.Error, sqlite3.Error, OSError)

_KNOWN_CODES: Mapping[int, type[CommerceError]] = {
    sqlite3.SQLITE_BUSY: StoreBusyError,
    sqlite3.SQLITE_LOCKED: StoreBusyError,
    sqlite3.SQLITE_FULL: StoreFullError,
}

_KNOWN_STATES: Mapping[str, type[CommerceError]] = {
    "40001": StoreBusyError,  # serialization_failure
    "40P01": StoreBusyError,  # deadlock_detected
    "53300": StoreBusyError,  # too_many_connections
    "55P03": StoreBusyError,  # lock_not_available
    "57014": StoreBusyError,  # query_canceled: a statement took too long
    "53100": StoreFullError,  # disk_full
}

_UNIQUE_VIOLATION = "23505"

_TRY_AGAIN = frozenset({"40001", "40P01", _UNIQUE_VIOLATION})
"""Another process was there first; whoever starts over sees what it did."""

_FAULTS_OF_OURS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
_CLASSES_OF_OURS = ("23", "42")
"""A broken constraint; a wrong statement."""


def sqlstate_of(error: BaseException) -> str | None:
    """PostgreSQL's code of an error that SQLAlchemy wrapped."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    return state if isinstance(state, str) else None


def can_start_over(error: BaseException) -> bool:
    """Whether the same transaction may come through when it is begun anew."""
    return isinstance(error, ConcurrentChangeError) or sqlstate_of(error) in _TRY_AGAIN


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors instead of the databases'.

    A broken constraint or a wrong statement is a fault of ours: it is rolled back like all others,
    but told loudly, as it is.
    """
    try:
        yield
    except CommerceError:
        raise
    except (ConcurrentChangeError, PoolTimeoutError) as error:
        raise StoreBusyError from error
    except Exception as error:
        if not _is_of_a_database(error):
            raise
        known = _known(error)
        if known is not None:
            raise known() from error  # type: ignore[call-arg]
        if _is_fault_of_ours(error):
            raise
        # The driver's own words; those of SQLAlchemy repeat the parameters, which may be private.
        cause = error.orig if isinstance(error, DBAPIError) else error
        log.error("the database failed: %s: %s", type(error).__name__, str(cause)[:WORDS_MAX])
        raise StoreFailedError from error


def _is_of_a_database(error: BaseException) -> bool:
    """Whether a driver raised it. That of PostgreSQL is not imported where there is none."""
    return isinstance(error, _DATABASE_ERRORS) or type(error).__module__.startswith("asyncpg.")


def _known(error: BaseException) -> type[CommerceError] | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _KNOWN_CODES.get(code & 0xFF)
    return _KNOWN_STATES.get(sqlstate_of(error) or "")


def _is_fault_of_ours(error: BaseException) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, _FAULTS_OF_OURS):
        return True
    return (sqlstate_of(error) or "")[:2] in _CLASSES_OF_OURS
