"""What the asynchronous client's methods are made of."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, AsyncGenerator, AsyncIterator, Dict, List, Mapping, Optional, Tuple, TypeVar

from .async_connection import AsyncConnection
from .client import Client
from .errors import ProtocolError, SqzdError
from .session import default_socket
from .wire import given

if TYPE_CHECKING:
    from typing import Callable

    from typing_extensions import Concatenate, ParamSpec

    _P = ParamSpec("_P")

_Result = TypeVar("_Result")
_Self = TypeVar("_Self", bound="AsyncSession")


class AsyncSession:
    """Calls methods by their full names. Any number of tasks of one event loop may use it; each call has a connection to
    itself, which is kept for the next one."""

    def __init__(self, socket: Optional[str] = None) -> None:
        if socket == "":
            raise ValueError("the socket's path is empty")
        self.socket = socket or default_socket()
        self._idle: List[AsyncConnection] = []
        self._is_closed = False

    async def __aenter__(self: _Self) -> _Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections that are not in use; the others when their calls end."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    async def call(self, method: str, /, **parameters: Any) -> Dict[str, Any]:
        """The reply's parameters. Parameters that are None are left out. A task that is cancelled closes its connection, which
        the daemon notices at once."""
        connection, is_new = await self._connection()
        try:
            connection = await self._sent(connection, is_new, method, parameters)
            reply = await connection.receive()
            if reply.continues:
                raise ProtocolError(f"{method}: a reply continues that was not asked for more")
        except SqzdError:
            self._keep(connection)
            raise
        except BaseException:
            # A reply may still come, which would be taken for the next call's.
            connection.close()
            raise
        self._keep(connection)
        return reply.parameters

    async def _connection(self) -> Tuple[AsyncConnection, bool]:
        if self._idle:
            return self._idle.pop(), False
        return await AsyncConnection.to(self.socket), True

    def _keep(self, connection: AsyncConnection) -> None:
        if self._is_closed:
            connection.close()
        else:
            self._idle.append(connection)

    async def _sent(
        self, connection: AsyncConnection, is_new: bool, method: str, parameters: Mapping[str, Any]
    ) -> AsyncConnection:
        try:
            await connection.send(method, given(parameters))
        except BrokenPipeError:
            # What a new one has to say of it can be received. Before an older one was asked, its daemon stopped; connecting
            # waits for the next daemon.
            if not is_new:
                connection.close()
                connection = await AsyncConnection.to(self.socket)
                return await self._sent(connection, True, method, parameters)
        return connection

    async def stream(self, method: str, /, **parameters: Any) -> AsyncGenerator[Dict[str, Any], None]:
        """The parameters of one reply after the other. Closing the generator (`aclose`) closes its connection."""
        connection = await AsyncConnection.to(self.socket)
        try:
            try:
                await connection.send(method, given(parameters), more=True)
            except BrokenPipeError:
                # What it has to say of it can be received.
                pass
            continues = True
            while continues:
                reply = await connection.receive(is_stream=True)
                continues = reply.continues
                yield reply.parameters
        finally:
            connection.close()

    async def _rehearsed(
        self, method: Callable[Concatenate[Client, _P], _Result], *arguments: _P.args, **keywords: _P.kwargs
    ) -> _Result:
        """Does what a method of the blocking client does that consists of calls: it is run with the replies that there are until
        it wants another one, and then again with that."""
        replies: List[Dict[str, Any]] = []
        while True:
            try:
                return method(_Rehearsal(replies), *arguments, **keywords)
            except _Wanted as wanted:
                replies.append(await self.call(wanted.method, **wanted.parameters))

    async def _threaded(
        self, method: Callable[Concatenate[Client, _P], _Result], *arguments: _P.args, **keywords: _P.kwargs
    ) -> _Result:
        """Does what a method of the blocking client does that works on files, in a thread. When the task is cancelled, it ends as
        soon as it turns to the daemon."""
        with Client(self.socket) as client:
            work = asyncio.ensure_future(asyncio.to_thread(method, client, *arguments, **keywords))
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                client.abort()
                await asyncio.wait([work])
                # Cancelled is what it was; of how the thread ended nobody needs to hear.
                work.exception()
                raise


@contextlib.asynccontextmanager
async def closing(generator: AsyncGenerator[_Result, None]) -> AsyncIterator[AsyncGenerator[_Result, None]]:
    """Closes it, and with it its connection, also where nobody went through to its end (contextlib.aclosing of 3.10)."""
    try:
        yield generator
    finally:
        await generator.aclose()


class _Wanted(Exception):
    def __init__(self, method: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(method)
        self.method = method
        self.parameters = parameters


class _Rehearsal(Client):
    """A client that has some replies, and none to what is called after those."""

    def __init__(self, replies: List[Dict[str, Any]]) -> None:
        super().__init__("/dev/null")
        self._replies = iter(replies)

    def _call(self, method: str, parameters: Mapping[str, Any], deadline: Optional[float] = None) -> Dict[str, Any]:
        for reply in self._replies:
            return reply
        raise _Wanted(method, parameters)
