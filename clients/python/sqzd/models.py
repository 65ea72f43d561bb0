"""io.sqzd.Models: what training made."""

import base64
import contextlib
import os
from pathlib import Path
from typing import List, Optional, Sequence, Union

from .errors import ProtocolError
from .files import NewFile, NewModule
from .protocol import Model, ModelWithLayers, RemovedModel, Serving
from .records import member, record, records
from .uploads import PathLike, Upload, UploadCalls
from .users import uid_of


class ModelCalls(UploadCalls):
    def models(self) -> List[Model]:
        """All models, newest first."""
        return records(Model, self.call("io.sqzd.Models.List").get("models"))

    def model(self, name: str) -> ModelWithLayers:
        """A model by NAME (its promoted version), NAME@VERSION or NAME@TAG."""
        return record(ModelWithLayers, self.call("io.sqzd.Models.Show", model=name))

    def remove_model(self, name: str, *, all: bool = False) -> List[str]:
        """Removes one version, NAME@VERSION or NAME@TAG; NAME where it has only one; with `all` all versions of NAME. Returns
        which, as NAME@VERSION."""
        reply = self.call("io.sqzd.Models.Remove", model=name, all=all or None)
        removed: List[str] = reply.get("removed") or [reply.get("model") or name]
        return removed

    def removed_models(self) -> List[RemovedModel]:
        """The versions that were removed, the last one first."""
        return records(RemovedModel, self.call("io.sqzd.Models.Removed").get("removed"))

    def promote_model(self, name: str) -> str:
        """Has NAME mean NAME@VERSION (or NAME@TAG) from now on; NAME alone means its owner's newest again, and those that
        come. Returns the version that NAME means."""
        return member(str, self.call("io.sqzd.Models.Promote", model=name), "model")

    def roll_back_model(self, name: str) -> str:
        """Has NAME mean what was promoted before, and returns that version."""
        return member(str, self.call("io.sqzd.Models.Rollback", name=name), "model")

    def tag_model(self, name: str, tag: str) -> str:
        """Gives a version a tag, for NAME@TAG, which no other version has then. Returns the version."""
        return member(str, self.call("io.sqzd.Models.Tag", model=name, tag=tag), "model")

    def untag_model(self, name: str) -> str:
        """Takes a tag away, of NAME@TAG. Returns the version that had it."""
        return member(str, self.call("io.sqzd.Models.Untag", model=name), "model")

    def rename_model(self, name: str, to: str) -> None:
        """Gives a model, all its versions, another name. The old one goes on to mean it."""
        self.call("io.sqzd.Models.Rename", name=name, to=to)

    def give_model(self, name: str, user: Union[int, str]) -> None:
        """Gives a name to another user, by uid or by name; administrators may."""
        self.call("io.sqzd.Models.Give", name=name, uid=uid_of(user))

    def load_model(self, name: str) -> str:
        """Returns when the model is loaded to classify with, and which version it is."""
        return member(str, self.call("io.sqzd.Models.Load", model=name), "model")

    def unload_model(self, name: str) -> str:
        """Ends the runner of a model that is loaded and not in use, and returns which version it is."""
        return member(str, self.call("io.sqzd.Models.Unload", model=name), "model")

    def pin_model(self, name: str) -> str:
        """Keeps what NAME means loaded, whatever version that comes to be. Returns which it is now."""
        return member(str, self.call("io.sqzd.Models.Pin", name=name), "model")

    def unpin_model(self, name: str) -> None:
        self.call("io.sqzd.Models.Unpin", name=name)

    def serve_model(
        self, name: str, *, max_batch: Optional[int] = None, max_delay: Optional[int] = None,
        runners: Optional[int] = None, keep: Optional[int] = None, reset: bool = False
    ) -> Serving:
        """Sets how a name's models are served: calls are joined up to so many pictures, which wait at most `max_delay`
        milliseconds for others; so many runners; and for how many seconds it stays loaded when nobody uses it. What is not
        given stays as it is, or with `reset` is as for every other name. Returns what holds then."""
        reply = self.call(
            "io.sqzd.Models.Serve",
            name=name,
            maxBatch=max_batch,
            maxDelay=max_delay,
            runners=runners,
            keep=keep,
            reset=reset or None,
        )
        return member(Serving, reply, "serving")

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

    def export_model(
        self, name: str, path: PathLike, format: str = "onnx", *, float_input: bool = False, replace: bool = False
    ) -> None:
        """Writes a model to a file that is new: onnx, pytorch or deep-compression, or safetensors as `read_model` gives it.

        An ONNX graph takes pictures' bytes; with `float_input` it takes what is normalized. Beside a PyTorch state dict goes
        the Python text that makes the network of it, FILE.py, which is the same for all weights of a network. Each file is there
        whole or not at all; with `replace` it may be there before, but for a FILE.py that sqzd did not export.
        """
        place = Path(os.fsdecode(path))
        module = place.with_suffix(".py") if place.suffix.lower() in (".pth", ".pt") else Path(f"{place}.py")
        # A version, so that all pieces are of one file.
        model = self.model(name).model
        version = f"{model.name}@{model.version}"
        with contextlib.ExitStack() as files:
            # Left in reverse order: where the file fails, there is no text either.
            text = files.enter_context(NewModule(module, place, replace)) if format == "pytorch" else None
            file = files.enter_context(NewFile(place, replace))
            if format == "safetensors":
                file.write(self.read_model(version))
                return
            size = left = -1
            replies = self.stream("io.sqzd.Models.Export", model=version, format=format, floatInput=float_input or None)
            for reply in replies:
                if size < 0:
                    size = left = member(int, reply, "size")
                    if text is not None:
                        text.write(member(str, reply, "module").encode())
                left -= file.write(base64.b64decode(member(str, reply, "data"), validate=True))
            if left != 0:
                raise ProtocolError(f"{left} of {size} bytes of {version} are missing")

    def import_model(
        self, path: PathLike, name: str, classes: Optional[Sequence[str]] = None, preprocessing: Optional[str] = None
    ) -> Model:
        """Registers a model file, such as `read_model` gives or another program wrote, as the next version of `name`.

        `classes` are names instead of the file's; `preprocessing` is torchvision, caffe, keras or tutorial, instead of what the
        file says or is usual.
        """
        upload = Upload.of_file(path)
        self._upload(upload)
        reply = self.call(
            "io.sqzd.Models.Import",
            name=name,
            sha256=upload.sha256,
            classes=None if classes is None else list(classes),
            preprocessing=preprocessing,
        )
        return member(Model, reply, "model")
