# A reward in Python that uses what WASI gives it; built by the opt-in test without stubbing WASI.
import os
import random
import sys
import time

import wit_world
from wit_world.imports.types import Component, Score


class WitWorld(wit_world.WitWorld):
    def score(self, task, samples):
        started = time.monotonic()
        print("grading", task.id, file=sys.stderr, flush=True)
        scores = []
        for sample in samples:
            reward = 1.0 if task.reference in sample.text else 0.0
            scores.append(Score(reward, [
                Component("random", random.random()),
                Component("urandom", float(os.urandom(1)[0])),
                Component("year", float(time.gmtime().tm_year)),
                Component("environment", float(len(os.environ))),
                Component("elapsed", time.monotonic() - started),
            ]))
        return scores
