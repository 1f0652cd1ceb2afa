"""Whether a request is sent again, and when: exponential backoff with full jitter, or as long as the service asks for."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable

import httpx

from ._calls import Call

FIRST_S = 0.5
MOST_S = 8.0
# Who is asked to wait longer is told so at once.
LONGEST_ASKED_S = 120.0
# Before anything was sent.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# Refused at the door: nothing was done, whatever was asked.
REFUSED = 429
PASSING = (408, 425, 500, 502, 503, 504)


class Retries:
    """The rules; a request's own count of tries is the caller's."""

    def __init__(self, most: int, chance: Callable[[], float] = random.random, now: Callable[[], float] = time.time):
        self.most = most
        self._chance = chance
        self._now = now

    def backoff(self, attempt: int) -> float:
        """Full jitter: anywhere up to the bound, which doubles."""
        return self._chance() * float(min(MOST_S, FIRST_S * 2 ** min(attempt, 16)))

    def after_error(self, call: Call, attempt: int, error: httpx.TransportError) -> float | None:
        """Seconds to wait, or None: it is the caller's."""
        sent = not isinstance(error, NOT_SENT)
        if self._is_last(call, attempt) or (sent and not call.may_repeat):
            return None
        return self.backoff(attempt)

    def after_answer(self, call: Call, attempt: int, response: httpx.Response) -> float | None:
        if self._is_last(call, attempt) or not self._may_help(call, response):
            return None
        asked = self.asked(response)
        if asked is None:
            return self.backoff(attempt)
        # never sooner than asked for, and not all at the same moment
        return None if asked > LONGEST_ASKED_S else asked + self.backoff(0)

    def asked(self, response: httpx.Response) -> float | None:
        """Retry-After in seconds, which may also be a date."""
        text = response.headers.get("retry-after")
        if text is None:
            return None
        try:
            return max(0.0, float(text))
        except ValueError:
            pass
        try:
            return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - self._now())
        except (TypeError, ValueError):
            return None

    def _is_last(self, call: Call, attempt: int) -> bool:
        return attempt >= (self.most if call.max_retries is None else call.max_retries)

    def _may_help(self, call: Call, response: httpx.Response) -> bool:
        """The service knows best; without its word the status decides. What may have been done is not done again."""
        said, status = response.headers.get("x-should-retry"), response.status_code
        if said == "false":
            return False
        may = status == REFUSED or status in PASSING or said == "true"
        return may and (status == REFUSED or call.may_repeat)
