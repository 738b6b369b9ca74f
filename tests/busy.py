"""Requests to a service that may be busy, as on a machine that runs several checks at once."""

import time
import urllib.error
import urllib.request

# How often a busy service is asked, in all. It has changed nothing, and says when to come back: `Retry-After`.
ATTEMPTS = 5
BUSY = 503

# The service is on this machine: no proxy stands between.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answer_to(request, timeout):
    """The answer, after another attempt for each one that says that the service is busy."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as refusal:
            if refusal.code != BUSY or attempt == ATTEMPTS:
                raise
            with refusal:
                time.sleep(int(refusal.headers.get("Retry-After") or 1))
