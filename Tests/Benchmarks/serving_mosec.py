"""mosec with ONNX Runtime, a peer of serving.py."""

import mosec
from serving_model import BATCH, WORKERS, classify, session


class Peer(mosec.Worker):
    def __init__(self):
        self.session = session()

    def deserialize(self, data):
        return data

    def forward(self, data):
        return classify(self.session, data)


if __name__ == "__main__":
    server = mosec.Server()
    server.append_worker(Peer, num=WORKERS, max_batch_size=BATCH, max_wait_time=1)
    server.run()
