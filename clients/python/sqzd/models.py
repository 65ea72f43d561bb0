"""io.sqzd.Models: what training made."""

import base64
from typing import List

from .errors import ProtocolError
from .protocol import Model, ModelWithLayers
from .records import member, record, records
from .uploads import PathLike, UploadCalls


class ModelCalls(UploadCalls):
    def models(self) -> List[Model]:
        """All models, newest first."""
        return records(Model, self.call("io.sqzd.Models.List").get("models"))

    def model(self, name: str) -> ModelWithLayers:
        """A model by NAME (its newest version) or NAME@VERSION."""
        return record(ModelWithLayers, self.call("io.sqzd.Models.Show", model=name))

    def remove_model(self, name: str) -> None:
        """Removes one version; NAME alone is the newest."""
        self.call("io.sqzd.Models.Remove", model=name)

    def read_model(self, name: str) -> bytes:
        """A model's file: safetensors, with the weights under PyTorch's names."""
        data = b""
        size = 1
        while len(data) < size:
            reply = self.call("io.sqzd.Models.Read", model=name, offset=len(data))
            size = member(int, reply, "size")
            piece = base64.b64decode(member(str, reply, "data"), validate=True)
            if not piece:
                raise ProtocolError(f"the file of {name} ends before its {size} bytes")
            data += piece
        return data

    def import_model(self, path: PathLike, name: str) -> Model:
        """Registers a model file, such as `read_model` gives, as the next version of `name`."""
        return member(Model, self.call("io.sqzd.Models.Import", name=name, sha256=self._upload(path)), "model")
