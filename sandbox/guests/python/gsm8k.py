"""A GSM8K-like reward, world reward; ../README.md says what it is.

The interpreter is the cost here: str methods run as compiled code, so they do the searching. `re` would work, and
cost more than all of this.
"""

import wit_world
from componentize_py_types import Err
from wit_world.imports.types import Component, Fault_BadTask, Score

DIGITS = "0123456789"
NUMERIC = "0123456789,.-"


def following(text, at):
    """The first number at or after a place, in its shortest spelling, and its end: -?[0-9][0-9,]*(\\.[0-9]+)?"""
    size = len(text)
    start = at
    while start < size and text[start] not in DIGITS:
        start += 1
    if start == size:
        return None, size
    end = start
    while end < size and (text[end] in DIGITS or text[end] == ","):
        end += 1
    whole = text[start:end].replace(",", "").lstrip("0")
    fraction = ""
    if end + 1 < size and text[end] == "." and text[end + 1] in DIGITS:
        point = end + 1
        end = point
        while end < size and text[end] in DIGITS:
            end += 1
        fraction = text[point:end].rstrip("0")
    sign = "-" if start > at and text[start - 1] == "-" and (whole or fraction) else ""
    return sign + whole + "." + fraction, end


def answer(text):
    """The first number after the last marker or, where there is no marker, the last number."""
    marker = text.rfind("####")
    if marker >= 0:
        return following(text, marker + 4)[0]
    at = max(map(text.rfind, DIGITS))
    # Numbers hold no other characters than these, so reading on from any other one finds the same numbers.
    while at > 0 and text[at - 1] in NUMERIC:
        at -= 1
    last, number = None, None
    if at >= 0:
        number, at = following(text, at)
    while number is not None:
        last = number
        number, at = following(text, at)
    return last


class WitWorld(wit_world.WitWorld):
    def score(self, task, samples):
        wanted = answer(task.reference)
        if wanted is None:
            raise Err(Fault_BadTask("the reference holds no number"))
        scores = []
        for sample in samples:
            text = sample.text
            correct = 1.0 if answer(text) == wanted else 0.0
            format = 1.0 if "####" in text else 0.0
            length = 0.0 - 0.001 * max(0, len(sample.token_ids) - 512)
            parts = [Component("correct", correct), Component("format", format), Component("length", length)]
            scores.append(Score(correct + 0.1 * format + length, parts))
        return scores
