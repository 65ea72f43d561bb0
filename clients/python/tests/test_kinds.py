"""The methods that are generated from what the built-in runner declares."""

import inspect
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon

import sqzd


@pytest.mark.parametrize("verb", ["train", "evaluate", "predict", "quantize", "compress", "calibrate"])
def test_keywords_are_those_that_the_runner_declares(client: sqzd.Client, verb: str) -> None:
    (kind,) = (kind for runner in client.runners() for kind in runner.kinds if kind.name == verb)
    method = getattr(client, verb)
    parameters = inspect.signature(method).parameters
    keywords = [name for name, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY]
    queue = ["priority", "after", "hold", "time_limit", "deadline", "name", "note"]
    queue += ["keep_partial"] if kind.finishes else []
    queue += ["ranks", "launcher"] if kind.ranks else []
    base = ["base"] if kind.tunes else []
    assert keywords == base + [option.name.replace("-", "_") for option in kind.options] + queue
    text = " ".join(inspect.getdoc(method).split())
    for option in kind.options:
        assert f"{option.name.replace('-', '_')}: {option.help} (" in text
        assert option.default is None or f"; default: {option.default}" in text


def test_other_options_are_passed_on(tmp_path: Path) -> None:
    with FakeDaemon(tmp_path / "socket", lambda call: [{"parameters": {"id": 1}}]) as daemon:
        with sqzd.Client(daemon.path) as client:
            client.train("colours", batch_size=5, paint_colour="red", seed=None)
            client.predict("colours", "tints", top=2)
    assert [call["parameters"] for call in daemon.calls] == [
        {"kind": "train", "dataset": "colours", "options": {"batch-size": 5, "paint-colour": "red"}},
        {"kind": "predict", "dataset": "colours", "model": "tints", "options": {"top": 2}},
    ]
