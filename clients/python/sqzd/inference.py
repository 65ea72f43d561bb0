"""io.sqzd.Inference: classifying pictures at once."""

import base64
from typing import Iterable, Iterator, List, Optional, Union

from . import pictures
from .pictures import IMAGE_BYTES as IMAGE_BYTES
from .pictures import IMAGES_PER_CALL, Picture
from .protocol import BadImage, Classification, Classified
from .records import member, record
from .session import Session

# Base64 of a call's pictures: several photographs. More would not be faster, but hold up others who use the model.
_CALL_BYTES = 4 << 20
# Pictures in a call whose answers somebody waits for.
_EACH_CALL = 256
_BAD_IMAGE = "io.sqzd.Inference.BadImage"


class InferenceCalls(Session):
    def classify(
        self, images: Union[Picture, Iterable[Picture]], *, model: Optional[str] = None, top: Optional[int] = None
    ) -> Classified:
        """Classifies one picture or several.

        A picture is a path, the bytes of a PNG, JPEG or WebP file of any size, a PIL image, or an array of uint8 as NumPy has
        them: H×W×3, or N×H×W×3 for several. It may also be 3,072 bytes (32×32 pixels: all of the red, then the green, then
        the blue plane, row by row), or 3,073 with the label first. Many go in several calls, all to the model that answers
        the first. Raises `BadImage` for the first that can't be used; its `index` counts from the first of `images`.
        """
        results: List[Classification] = []
        answered = None
        for call in _calls(self._sent(pictures.each(images))):
            try:
                reply = self.call("io.sqzd.Inference.Classify", images=call, model=model, top=top)
            except BadImage as error:
                index = len(results) + member(int, error.parameters, "index")
                raise BadImage(error.name, {**error.parameters, "index": index}) from None
            answered = record(Classified, reply)
            model = answered.model
            results += answered.results
        assert answered is not None
        return Classified(answered.model, results)

    @staticmethod
    def _sent(images: Iterable[Picture]) -> Iterator[str]:
        for index, picture in enumerate(images):
            encoded = pictures.encoded(picture)
            reason = pictures.too_large(encoded)
            if reason:
                raise BadImage(_BAD_IMAGE, {"index": index, "reason": reason})
            yield base64.b64encode(encoded).decode()

    def classify_each(
        self, images: Iterable[Picture], *, model: Optional[str] = None, top: Optional[int] = None
    ) -> Iterator[Classification]:
        """What `classify` finds of each picture, as the answers come, for any number of them: `images` may be a generator.

        One that can't be used does not stop the others: its `problem` says why, and it has no `classes`.
        """
        waiting: List[Union[str, Classification]] = []
        size = 0

        def answers() -> Iterator[Classification]:
            nonlocal model
            sent = [picture for picture in waiting if isinstance(picture, str)]
            results: List[Classification] = []
            if sent:
                reply = self.call("io.sqzd.Inference.Classify", images=sent, model=model, top=top, skipBad=True)
                classified = record(Classified, reply)
                model, results = classified.model, classified.results
            found = iter(results)
            for picture in waiting:
                yield next(found) if isinstance(picture, str) else picture

        for picture in pictures.each(images):
            encoded = _encoded_or_problem(picture)
            more = len(encoded) if isinstance(encoded, str) else 0
            if waiting and (len(waiting) == _EACH_CALL or size + more > _CALL_BYTES):
                yield from answers()
                waiting, size = [], 0
            waiting.append(encoded)
            size += more
        yield from answers()


def _encoded_or_problem(picture: Picture) -> Union[str, Classification]:
    try:
        encoded = pictures.encoded(picture)
    except OSError as error:
        return Classification(None, [], f"{error.filename}: {error.strerror}" if error.filename else str(error))
    reason = pictures.too_large(encoded)
    return Classification(None, [], reason) if reason else base64.b64encode(encoded).decode()


def _calls(encoded: Iterable[str]) -> Iterator[List[str]]:
    """The pictures in parts that the daemon takes; one part where there are none."""
    part: List[str] = []
    size = 0
    for picture in encoded:
        if part and (len(part) == IMAGES_PER_CALL or size + len(picture) > _CALL_BYTES):
            yield part
            part, size = [], 0
        part.append(picture)
        size += len(picture)
    yield part
