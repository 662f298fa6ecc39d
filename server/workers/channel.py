"""The line between a worker and the directory: typed questions and answers over a socket pair.

A frame is its length (4 bytes, big-endian) and a MessagePack array `[number, name, value]`. A
positive number is a question, the same number negative its answer, and 0 is told without one. The
answer's name is empty, or "error" with code, message, data and HTTP status.

Limits: frames of `FRAME_MAX_BYTES`; `asks_max` questions under way in each direction (over: BUSY);
`ask_timeout_ms` to answer (over: BUSY). A peer that does not read until `BUFFER_MAX_BYTES` wait for
it counts as lost. When the line ends, whoever waits gets WORKER_LOST.
"""

import asyncio
import inspect
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import msgpack
import structlog

from server.errors import GalleriaError
from server.workers.messages import ANSWER_BY_NAME, BY_NAME

log = structlog.get_logger(__name__)

FRAME_MAX_BYTES = 16 * 1_048_576
BUFFER_MAX_BYTES = 32 * 1_048_576
_LENGTH = struct.Struct(">I")
ERROR = "error"

PATIENCE = 20
"""For what reads the database or waits for several others, as many times the usual."""

Handler = Callable[[Any], Any]
"""Takes a message; a question's handler returns the answer, or an awaitable of it."""


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """See the module."""

    ask_timeout_ms: int = 2_000
    asks_max: int = 4_096


class Channel:
    """One end of the line. `handlers` say what is done with each kind of message."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limits: ChannelLimits,
        handlers: Mapping[type, Handler],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._handlers = {kind.__name__: handler for kind, handler in handlers.items()}
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._last_number = 0
        self._lost = False

    @classmethod
    async def over(
        cls, plain: socket.socket, limits: ChannelLimits, handlers: Mapping[type, Handler]
    ) -> Self:
        """A channel over one end of a socket pair, which it closes at the end."""
        plain.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=plain)
        return cls(reader, writer, limits, handlers)

    async def ask(self, question: object, *, patience: int = 1) -> Any:
        """The answer, or the error, of the other side; `patience` times as long may it take.

        Errors of our own: BUSY, WORKER_LOST.
        """
        if self._lost:
            raise _worker_lost()
        if len(self._waiting) >= self._limits.asks_max:
            raise _busy()
        self._last_number += 1
        number, name = self._last_number, type(question).__name__
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            self._send(number, name, BY_NAME[name].dump_python(question))
            async with asyncio.timeout(patience * self._limits.ask_timeout_ms / 1_000):
                value = await waiting
        except TimeoutError as error:
            raise _busy() from error
        finally:
            del self._waiting[number]
        return ANSWER_BY_NAME[name].validate_python(value)

    def tell(self, message: object) -> None:
        """Say something; what is told to somebody who is gone is lost."""
        if not self._lost:
            name = type(message).__name__
            self._send(0, name, BY_NAME[name].dump_python(message))

    async def run(self) -> None:
        """Hear and answer until the other side is gone."""
        try:
            while True:
                (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
                if length > FRAME_MAX_BYTES:
                    log.error("channel_frame_too_large", bytes=length)
                    return
                self._heard(*msgpack.unpackb(await self._reader.readexactly(length)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            await self.close()

    async def close(self) -> None:
        """End the line; whoever waits for an answer is told."""
        self._lost = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(_worker_lost())
        for task in self._answering:
            task.cancel()
        self._writer.transport.abort()

    def _heard(self, number: int, name: str, value: Any) -> None:
        if number < 0:
            self._answered(-number, name, value)
            return
        message = BY_NAME[name].validate_python(value)
        handler = self._handlers[name]
        if number == 0:
            self._told(name, handler, message)
        elif len(self._answering) >= self._limits.asks_max:
            self._refuse(number, _busy())
        else:
            task = asyncio.create_task(self._answer(number, name, handler, message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    def _told(self, name: str, handler: Handler, message: object) -> None:
        try:
            handler(message)
        except Exception:
            # One message that went wrong must not end the line, and the worker with it.
            log.exception("channel_message_failed", told=name)

    def _answered(self, number: int, name: str, value: Any) -> None:
        waiting = self._waiting.get(number)
        if waiting is None or waiting.done():
            return
        if name == ERROR:
            waiting.set_exception(GalleriaError(*value))
        else:
            waiting.set_result(value)

    async def _answer(self, number: int, name: str, handler: Handler, message: object) -> None:
        try:
            answer = handler(message)
            if inspect.isawaitable(answer):
                answer = await answer
            self._send(-number, "", ANSWER_BY_NAME[name].dump_python(answer))
        except GalleriaError as error:
            self._refuse(number, error)
        except Exception:
            log.exception("channel_question_failed", question=name)
            self._refuse(number, _busy())

    def _refuse(self, number: int, error: GalleriaError) -> None:
        self._send(-number, ERROR, [error.code, error.message, error.data, error.http_status])

    def _send(self, number: int, name: str, value: Any) -> None:
        if self._lost:
            return
        frame = msgpack.packb([number, name, value])
        self._writer.write(_LENGTH.pack(len(frame)) + frame)
        if self._writer.transport.get_write_buffer_size() > BUFFER_MAX_BYTES:
            log.error("channel_peer_does_not_read")
            self._writer.transport.abort()


def _busy() -> GalleriaError:
    return GalleriaError("BUSY", "Too much at once; try again in a moment.", {}, 503)


def _worker_lost() -> GalleriaError:
    return GalleriaError(
        "WORKER_LOST", "The process that was asked has ended; try again in a moment.", {}, 503
    )
