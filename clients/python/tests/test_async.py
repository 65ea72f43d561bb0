"""The client for asyncio, against what stands for a daemon and against a real one."""

import asyncio
import contextlib
import inspect
import threading
from pathlib import Path
from typing import Any, Callable, ContextManager, Coroutine, Iterator, List

import pytest
from contract import EXAMPLES, identical, replies
from fake_daemon import Answer, Call, FakeDaemon
from real_daemon import RealDaemon
from test_daemon import records, write_records
from test_examples import NAMED, wire

import sqzd

SECONDS = 120


def done(work: Coroutine[Any, Any, Any]) -> Any:
    """What it comes to; what hangs is a failed test, not one that never ends."""

    async def limited() -> Any:
        return await asyncio.wait_for(work, SECONDS)

    return asyncio.run(limited())


def names(kind: type) -> List[str]:
    return sorted(name for name, member in inspect.getmembers(kind, callable) if not name.startswith("_"))


def test_all_that_the_blocking_client_does_has_a_name() -> None:
    # Ending another thread's work is what cancelling a task does.
    assert names(sqzd.AsyncClient) == sorted(set(names(sqzd.Client)) - {"abort"})
    assert names(sqzd.AsyncJobHandle) == names(sqzd.JobHandle)
    for name in names(sqzd.AsyncClient):
        blocking, other = (inspect.signature(getattr(kind, name)) for kind in (sqzd.Client, sqzd.AsyncClient))
        assert list(blocking.parameters) == list(other.parameters), name


class Awaiting:
    """A client whose methods are awaited, for who does not: what goes on is gone through to its end."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            async def work() -> Any:
                async with sqzd.AsyncClient(self.path) as client:
                    begun = getattr(client, name)(*arguments, **keywords)
                    return [one async for one in begun] if inspect.isasyncgen(begun) else await begun

            return done(work())

        return call


@pytest.mark.parametrize("name", NAMED)
def test_a_method_sends_the_call_and_returns_all_of_the_reply(name: str, tmp_path: Path) -> None:
    call, replies = EXAMPLES[name]["call"], EXAMPLES[name]["replies"]
    method, key = NAMED[name]
    with FakeDaemon(tmp_path / "s", lambda _: replies) as daemon:
        client: Any = Awaiting(daemon.path)
        returned = wire(method(client))
    assert identical(daemon.calls) == identical([call])
    with FakeDaemon(tmp_path / "t", lambda _: replies) as daemon, sqzd.Client(daemon.path) as blocking:
        assert identical(returned) == identical(wire(method(blocking)))


def test_calls_that_wait_do_not_hold_up_others(path: Path) -> None:
    """One task waits for what another one's calls bring about."""
    calls = 20
    shown = threading.Semaphore(0)

    def answer(call: Call) -> Iterator[Answer]:
        if not call["method"].endswith("Watch"):
            yield from replies("io.sqzd.Jobs.Show")
            shown.release()
            return
        queued, running, *_ = replies("io.sqzd.Jobs.Watch")
        yield queued
        for _ in range(calls):
            assert shown.acquire(timeout=SECONDS)
        yield running

    async def main(path: str) -> None:
        async with sqzd.AsyncClient(path) as client:
            events = client.watch(1)
            assert (await events.__anext__()).state == "queued"
            waiting = asyncio.ensure_future(events.__anext__())
            jobs = await asyncio.gather(*(client.show(1) for _ in range(calls)))
            assert [job.id for job in jobs] == [1] * calls
            assert (await waiting).state == "running"
            await events.aclose()

    with FakeDaemon(path, answer) as daemon:
        done(main(daemon.path))


def test_a_task_that_is_cancelled_closes_its_connection(path: Path) -> None:
    async def main(path: str) -> None:
        async with sqzd.AsyncClient(path) as client:
            for work in (client.classify(bytes(3072)), client.wait(1), client.import_dataset(__file__, "x")):
                before = len(daemon.calls)
                task = asyncio.ensure_future(work)
                while len(daemon.calls) == before:
                    await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert await asyncio.to_thread(daemon.closed.acquire, timeout=10)

    # It never answers.
    with FakeDaemon(path, lambda _: []) as daemon:
        done(main(daemon.path))


def test_waiting_times_out(path: Path) -> None:
    def answer(call: Call) -> List[Answer]:
        running = {**replies("io.sqzd.Jobs.Show")[0]["parameters"]["job"]}
        running.pop("endedAt", None)
        return list(replies("io.sqzd.Jobs.Watch")[:2]) if call.get("more") else [{"parameters": {"job": running}}]

    async def main(path: str) -> None:
        async with sqzd.AsyncClient(path) as client:
            with pytest.raises(TimeoutError):
                await client.job(1).wait(timeout=0.05)

    with FakeDaemon(path, answer) as daemon:
        done(main(daemon.path))
        assert daemon.closed.acquire(timeout=10)


def test_errors_are_raised_and_the_connection_serves_on(path: Path) -> None:
    answers = iter([replies("io.sqzd.Jobs.NoSuchJob"), replies("io.sqzd.Jobs.Show")])

    async def main(path: str) -> None:
        with pytest.raises(sqzd.DaemonUnreachable, match="no daemon at .*/sone: No such file or directory"):
            await sqzd.AsyncClient(path + "one").info()
        async with sqzd.AsyncClient(path) as client:
            with pytest.raises(sqzd.NoSuchJob, match="there is no job"):
                await client.show(99)
            await client.show(1)

    with FakeDaemon(path, lambda _: next(answers)) as daemon:
        done(main(daemon.path))
        assert daemon.closed.acquire(timeout=10)
        assert not daemon.closed.acquire(blocking=False)
    with pytest.raises(ValueError, match="the socket's path is empty"):
        sqzd.AsyncClient("")


@pytest.mark.parametrize("refusals", [4, 5])
def test_who_finds_too_many_comes_again_a_few_times(tmp_path: Path, refusals: int) -> None:
    busy: Answer = {"error": "io.sqzd.Inference.Busy", "parameters": {"limit": 256, "place": 257, "seconds": 0}}
    found: Answer = {"parameters": {"model": "x@1", "results": [{"classes": []}]}}

    def expected() -> ContextManager[Any]:
        return pytest.raises(sqzd.Busy, match="number 257") if refusals == 5 else contextlib.nullcontext()

    async def main(path: str) -> None:
        async with sqzd.AsyncClient(path) as client:
            assert (await client.classify(bytes(3072))).model == "x@1"

    answers = iter([busy] * refusals + [found])
    with FakeDaemon(tmp_path / "s", lambda _: [next(answers)]) as daemon, sqzd.Client(daemon.path) as blocking:
        with expected():
            assert blocking.classify(bytes(3072)).model == "x@1"
        assert len(daemon.calls) == 5
    answers = iter([busy] * refusals + [found])
    with FakeDaemon(tmp_path / "t", lambda _: [next(answers)]) as daemon:
        with expected():
            done(main(daemon.path))
        assert len(daemon.calls) == 5


def test_nobody_stays_away_for_longer_than_pictures_may_wait(path: Path) -> None:
    busy: Answer = {"error": "io.sqzd.Inference.Busy", "parameters": {"limit": 256, "seconds": 7}}
    with FakeDaemon(path, lambda _: [busy]) as daemon, sqzd.Client(daemon.path) as client:
        with pytest.raises(sqzd.Busy):
            client.classify(bytes(3072), timeout=7)
        assert len(daemon.calls) == 1


def test_a_whole_training_beside_others(binaries: Path, tmp_path: Path) -> None:
    folder = tmp_path / "colours"
    folder.mkdir()
    pictures = records(40, seed=2)
    write_records(folder, 200, pictures)

    async def main(socket: str) -> None:
        async with sqzd.AsyncClient(socket) as client:
            assert (await client.import_dataset(folder)).train == 200
            first, second = await asyncio.gather(
                client.train("colours", "one", epochs=2, batch_size=20, seed=1),
                client.train("colours", "two", epochs=1, batch_size=20, seed=2),
            )
            kinds = [event.state async for event in first.watch() if event.kind == "state"]
            assert kinds == ["queued", "running", "succeeded"]
            jobs = await asyncio.gather(first.wait(), second.wait(timeout=SECONDS))
            assert [job.state for job in jobs] == ["succeeded"] * 2
            assert (await first.history())["epoch"] == [1, 2]
            prediction = await client.predict("colours", "one")
            await prediction.wait()
            told = [one.classes[0].index async for one in prediction.predictions()]
            found = await asyncio.gather(*(client.classify(picture, model="one") for picture in pictures))
            assert [one.results[0].classes[0].index for one in found] == told
            each = [one async for one in client.classify_each([*pictures, b"none"], model="one")]
            assert [one.classes[0].index for one in each[:-1]] == told and each[-1].problem
            # The first number is a label.
            assert (await client.classify(pictures, model="one")).results == [one.results[0] for one in found]
            with pytest.raises(sqzd.BadImage) as bad:
                await client.classify([*pictures, b"none"], model="one")
            assert bad.value.parameters["index"] == len(pictures)
            place = tmp_path / "one.safetensors"
            await client.export_model("one", place, "safetensors")
            assert place.read_bytes() == await client.read_model("one")

    with RealDaemon(binaries) as daemon:
        done(main(daemon.socket))
