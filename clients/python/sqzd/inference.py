"""io.sqzd.Inference: classifying pictures at once."""

import base64
from typing import Optional, Sequence, Union

from .protocol import Classified
from .records import record
from .session import Session


class InferenceCalls(Session):
    def classify(
        self, images: Union[bytes, Sequence[bytes]], *, model: Optional[str] = None, top: Optional[int] = None
    ) -> Classified:
        """Classifies one picture or several.

        A picture is 3,072 bytes (32×32 pixels: all of the red, then the green, then the blue plane, row by row), or
        3,073 with the label first.
        """
        pictures = [images] if isinstance(images, bytes) else images
        encoded = [base64.b64encode(picture).decode() for picture in pictures]
        return record(Classified, self.call("io.sqzd.Inference.Classify", images=encoded, model=model, top=top))
