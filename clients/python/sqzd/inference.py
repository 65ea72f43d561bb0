"""io.sqzd.Inference: classifying pictures at once."""

import base64
import itertools
import time
from typing import Any, Dict, Iterable, Iterator, List, Optional, Union

from . import pictures
from .errors import ProtocolError
from .pictures import IMAGE_BYTES as IMAGE_BYTES
from .pictures import IMAGES_PER_CALL, Picture
from .protocol import BadImage, Busy, Classification, Classified, Timings
from .records import member, record
from .session import Session

# Base64 of a call's pictures: several photographs. More would not be faster, but hold up others who use the model.
CALL_BYTES = 4 << 20
# Pictures in a call whose answers somebody waits for.
EACH_CALL = 256
# How often a call is sent that finds too many others waiting, and how long it stays away at most each time: seconds.
TRIES = 5
LONGEST_PAUSE = 30.0
CLASSIFY = "io.sqzd.Inference.Classify"
_BAD_IMAGE = "io.sqzd.Inference.BadImage"


class InferenceCalls(Session):
    def classify(
        self, images: Union[Picture, Iterable[Picture]], *, model: Optional[str] = None, top: Optional[int] = None,
        timeout: Optional[float] = None, timings: bool = False, flip: bool = False
    ) -> Classified:
        """Classifies one picture or several.

        A picture is a path, the bytes of a PNG, JPEG or WebP file of any size, a PIL image, or an array of uint8 as NumPy has
        them: HxWx3, or NxHxWx3 for several. It may also be 3,072 bytes (32x32 pixels: all of the red, then the green, then
        the blue plane, row by row), or 3,073 with the label first. Many go in several calls, all to the model that answers
        the first. Raises `BadImage` for the first that can't be used; its `index` counts from the first of `images`. Without
        `model` it is the caller's own newest, else the daemon's default; `NoModels` says what else there is. `timeout` is
        how many seconds pictures may wait for those of others; then it is `TimedOut`. With `timings` the answer says where
        the time went, of all calls. Where too many calls wait already, it comes again when the daemon says, a few times; then
        it is `Busy`. With `flip`, classes come from the mean of the logits of each picture and its mirror image, in twice
        the time.
        """
        results: List[Classification] = []
        spent: Optional[Timings] = None
        for call in calls(sent(pictures.each(images))):
            try:
                for answered in self._answers(call, model, top, timeout, timings=timings, flip=flip):
                    model = answered.model
                    spent = added(spent, answered.timings)
                    results += answered.results
            except BadImage as error:
                raise counted_on(error, len(results)) from None
        assert model is not None
        return Classified(model, results, spent)

    def _answers(
        self, images: List[str], model: Optional[str], top: Optional[int], timeout: Optional[float], *,
        skip_bad: bool = False, timings: bool = False, flip: bool = False
    ) -> Iterator[Classified]:
        """Answers to the pictures of a call, in their order; those that it did not look at are sent in another one.

        Raises `BadImage` for the first that can't be used, unless `skip_bad`; its `index` counts from the first that there
        is no answer to yet.
        """
        while True:
            parameters = asked(images, model, top, timeout, timings, flip)
            for tries in itertools.count(1):
                try:
                    reply = self.call(CLASSIFY, **parameters)
                    break
                except Busy as error:
                    time.sleep(pause(error, tries, timeout))
            classified = looked_at(reply, images, skip_bad)
            yield classified
            model, images = classified.model, images[len(classified.results) :]
            if not images:
                return

    def classify_each(
        self, images: Iterable[Picture], *, model: Optional[str] = None, top: Optional[int] = None,
        timeout: Optional[float] = None, flip: bool = False
    ) -> Iterator[Classification]:
        """What `classify` finds of each picture, as the answers come, for any number of them: `images` may be a generator.

        One that can't be used does not stop the others: its `problem` says why, and it has no `classes`.
        """
        for part in parts(images):
            words = [picture for picture in part if isinstance(picture, str)]
            left = iter(part)
            for classified in self._answers(words, model, top, timeout, skip_bad=True, flip=flip) if words else ():
                model = classified.model
                for found in classified.results:
                    for picture in left:
                        if isinstance(picture, str):
                            break
                        yield picture
                    yield found
            for picture in left:
                assert not isinstance(picture, str)
                yield picture


def parts(images: Iterable[Picture]) -> Iterator[List[Union[str, Classification]]]:
    """Pictures as they are sent, as many at a time as go into one call, with an answer instead of one that can't be sent."""
    part: List[Union[str, Classification]] = []
    size = 0
    for picture in pictures.each(images):
        encoded = encoded_or_problem(picture)
        more = len(encoded) if isinstance(encoded, str) else 0
        if part and (len(part) == EACH_CALL or size + more > CALL_BYTES):
            yield part
            part, size = [], 0
        part.append(encoded)
        size += more
    if part:
        yield part


def pause(error: Busy, tries: int, timeout: Optional[float]) -> float:
    """For how many seconds a call stays away that was sent so often; raises the error where that was often enough, or takes longer
    than its caller waits."""
    seconds = error.parameters.get("seconds")
    wait = min(1.0 if seconds is None else float(seconds), LONGEST_PAUSE)
    if tries >= TRIES or (timeout is not None and wait >= timeout):
        raise error
    return wait


def asked(
    images: List[str], model: Optional[str], top: Optional[int], timeout: Optional[float], timings: bool, flip: bool
) -> Dict[str, Any]:
    """A call's parameters."""
    milliseconds = None if timeout is None else max(1, round(timeout * 1000))
    return {
        "images": images,
        "model": model,
        "top": top,
        "skipBad": True,
        "timeout": milliseconds,
        "timings": timings or None,
        "flip": flip or None,
    }


def looked_at(reply: Dict[str, Any], images: List[str], skip_bad: bool) -> Classified:
    """A reply's answers up to the first picture that was not looked at."""
    classified = record(Classified, reply)
    found = list(itertools.takewhile(lambda result: not result.again, classified.results))
    if images and not found:
        raise ProtocolError(f"{CLASSIFY} looked at none of the pictures")
    for index, result in enumerate(found):
        if result.problem and not skip_bad:
            raise BadImage(_BAD_IMAGE, {"index": index, "reason": result.problem})
    return Classified(classified.model, found, classified.timings)


def counted_on(error: BadImage, before: int) -> BadImage:
    """The same, where there were so many pictures before the call's."""
    index = before + member(int, error.parameters, "index")
    return BadImage(error.name, {**error.parameters, "index": index})


def sent(images: Iterable[Picture]) -> Iterator[str]:
    """Pictures as they are sent."""
    for index, picture in enumerate(images):
        encoded = pictures.encoded(picture)
        reason = pictures.too_large(encoded)
        if reason:
            raise BadImage(_BAD_IMAGE, {"index": index, "reason": reason})
        yield base64.b64encode(encoded).decode()


def added(one: Optional[Timings], other: Optional[Timings]) -> Optional[Timings]:
    """Of calls one after the other."""
    if one is None or other is None:
        return one or other
    engine = None if one.engine is None or other.engine is None else one.engine + other.engine
    return Timings(one.queue + other.queue, one.batch + other.batch, engine)


def encoded_or_problem(picture: Picture) -> Union[str, Classification]:
    try:
        encoded = pictures.encoded(picture)
    except OSError as error:
        return Classification(None, [], f"{error.filename}: {error.strerror}" if error.filename else str(error), None)
    reason = pictures.too_large(encoded)
    return Classification(None, [], reason, None) if reason else base64.b64encode(encoded).decode()


def calls(encoded: Iterable[str]) -> Iterator[List[str]]:
    """The pictures in parts that the daemon takes; one part where there are none."""
    part: List[str] = []
    size = 0
    for picture in encoded:
        if part and (len(part) == IMAGES_PER_CALL or size + len(picture) > CALL_BYTES):
            yield part
            part, size = [], 0
        part.append(picture)
        size += len(picture)
    yield part
