from .arrays import ArrayCalls
from .inference import InferenceCalls
from .kinds import KindCalls
from .manager import ManagerCalls
from .models import ModelCalls


class Client(KindCalls, InferenceCalls, ModelCalls, ArrayCalls, ManagerCalls):
    """A blocking client of sqzd.

        with sqzd.Client() as client:
            job = client.train("fashion-mnist", model="fashion", epochs=2)
            for event in client.watch(job):
                print(event.kind, event.state, event.progress)
            print(client.classify("photo.jpg").results[0].classes[0].name)

    For one thread at a time. Streams have connections of their own, so that other calls may be made between their
    events. Raises `SqzdError` (an error reply), `DaemonUnreachable` or `ProtocolError`.
    """
