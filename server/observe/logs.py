"""Structured logs: one JSON object a line for machines, or coloured lines for people.

Everything goes to the standard error stream: our own entries, those of uvicorn and of libraries.
Names bound with `structlog.contextvars` (`request_id`, `session_id`) appear in every entry that is
written while they are bound.
"""

import logging
import sys
from typing import Any, Protocol, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from server.observe.redaction import redact

LEVELS = ("debug", "info", "warning", "error")

# The access log of the web server has whole addresses with their queries; ours has routes.
SILENCED = ("uvicorn.access",)
# These tell every statement and every file at "info".
QUIETED = (
    "alembic",
    "sqlalchemy",
    "aiosqlite",
    "httpx",
    "httpcore",
    "PIL",
    "trimesh",
    "asyncio",
    "websockets",
)


class LogFormat(Protocol):
    """What `configure_logs` wants to know: least level, and JSON or lines for people."""

    @property
    def level(self) -> str: ...

    @property
    def json_lines(self) -> bool: ...


def configure_logs(log_format: LogFormat, stream: TextIO | None = None) -> None:
    """Set the logs of this process up. Calling it again replaces the earlier setup."""
    stream = stream or sys.stderr
    level = logging.getLevelNamesMapping()[log_format.level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            # Tracebacks become text first, so that secrets in them are found as well.
            structlog.processors.format_exc_info,
            redact,
            *_rendering(log_format.json_lines, stream),
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name in SILENCED:
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
    for name in QUIETED:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _rendering(json_lines: bool, stream: TextIO) -> list[Processor]:
    if json_lines:
        return [_message_last, structlog.processors.JSONRenderer(default=_plain)]
    return [
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]


def _message_last(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Order the fields: when, how bad, where, what, and then the rest."""
    first = {
        name: event[name] for name in ("timestamp", "level", "logger", "event") if name in event
    }
    return {**first, **{name: value for name, value in event.items() if name not in first}}


def _plain(value: Any) -> str:
    """Anything that JSON does not know, as text; never an error out of a log call."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a broken __str__ must not break the caller
        return f"<{type(value).__name__}>"
