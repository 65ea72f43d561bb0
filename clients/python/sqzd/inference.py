"""io.sqzd.Inference: classifying pictures at once."""

import base64
from typing import Iterator, List, Optional, Sequence, Union

from .connection import MESSAGE_LIMIT
from .protocol import BadImage, Classification, Classified
from .records import member, record
from .session import Session

# The daemon takes no more in one call.
IMAGES_PER_CALL = 1024


class InferenceCalls(Session):
    def classify(
        self, images: Union[bytes, Sequence[bytes]], *, model: Optional[str] = None, top: Optional[int] = None
    ) -> Classified:
        """Classifies one picture or several.

        A picture is 3,072 bytes (32×32 pixels: all of the red, then the green, then the blue plane, row by row), or
        3,073 with the label first. Many go in several calls, all to the model that answers the first. Raises `BadImage`
        for the first that can't be used; its `index` counts from the first of `images`.
        """
        pictures = [images] if isinstance(images, bytes) else images
        results: List[Classification] = []
        for part in _calls([base64.b64encode(picture).decode() for picture in pictures]):
            try:
                reply = self.call("io.sqzd.Inference.Classify", images=part, model=model, top=top)
            except BadImage as error:
                index = len(results) + member(int, error.parameters, "index")
                raise BadImage(error.name, {**error.parameters, "index": index}) from None
            classified = record(Classified, reply)
            model = classified.model
            results += classified.results
        return Classified(classified.model, results)


def _calls(encoded: List[str]) -> Iterator[List[str]]:
    """The pictures in parts that the daemon takes; one part where there are none."""
    part: List[str] = []
    size = 0
    for picture in encoded:
        if part and (len(part) == IMAGES_PER_CALL or size + len(picture) > MESSAGE_LIMIT // 2):
            yield part
            part, size = [], 0
        part.append(picture)
        size += len(picture)
    yield part
