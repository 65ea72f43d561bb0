"""io.sqzd.Inference: classifying pictures at once."""

import base64
from dataclasses import dataclass
from typing import List, Optional, Sequence, Union

from .records import record
from .session import Session


@dataclass(frozen=True)
class ClassProbability:
    index: int
    name: str
    probability: float


@dataclass(frozen=True)
class Classification:
    """`label` is the true class, where the picture came with one; `classes` begins with the likeliest."""

    label: Optional[int]
    classes: List[ClassProbability]


@dataclass(frozen=True)
class Classified:
    """`model` is NAME@VERSION; `results` has one element a picture."""

    model: str
    results: List[Classification]


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
