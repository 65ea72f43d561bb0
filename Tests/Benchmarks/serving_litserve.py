"""LitServe with ONNX Runtime, a peer of serving.py."""

import base64
import sys

import litserve
from serving_model import BATCH, WORKERS, classify, session


class Peer(litserve.LitAPI):
    def setup(self, device):
        self.session = session()

    def decode_request(self, request):
        return base64.b64decode(request["image"])

    def batch(self, inputs):
        return inputs

    def predict(self, pictures):
        return classify(self.session, pictures)

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        return {"results": output}


if __name__ == "__main__":
    api = Peer(max_batch_size=BATCH, batch_timeout=0.001)
    litserve.LitServer(api, accelerator="cpu", workers_per_device=WORKERS).run(
        port=int(sys.argv[sys.argv.index("--port") + 1]),
        host="127.0.0.1",
        log_level="error",
        generate_client_file=False,
    )
