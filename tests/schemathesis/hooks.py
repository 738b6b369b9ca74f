"""What schemathesis can't know of the service: the caller, which ids are real, which rules span several fields.

Only requests that are meant to be accepted are steered; what is meant to be refused goes out as it was made, except that
the users as whom the run signs in must not be locked out.
"""

import collections
import os
import random
import sys
import threading
from pathlib import Path

import schemathesis

sys.path.insert(0, str(Path(__file__).parent))
from steering import Steering  # noqa: E402
from world import World  # noqa: E402

SEED = int(os.environ["FUZZ_SEED"])
WORLD = World(os.environ["FUZZ_BASE"], os.environ["FUZZ_USERNAME"], SEED)
STEERING = Steering(WORLD)
# One line for each answer: operation, phase, mode, status.
ANSWERS = Path(os.environ["FUZZ_ANSWERS"]).open("w", encoding="utf-8", buffering=1)
LOCK = threading.Lock()
ASKED = collections.Counter()


@schemathesis.auth(refresh_interval=60)
class Bearer:
    """The runner's access token; another one before it ends."""

    def get(self, case, context):
        return WORLD.runner.bearer()

    def set(self, case, data, context):
        case.headers["Authorization"] = data


@schemathesis.deserializer("application/octet-stream")
def octets(context, response):
    """A document's bytes: any are right, and a schema can only say that there are some."""
    return response.content.decode("latin-1")


@schemathesis.deserializer("application/x-ndjson")
def lines(context, response):
    """An export's lines as text: read as JSON, a file of one line would be an object, and a file of two no JSON at all."""
    return response.content.decode("utf-8")


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Clients must bear values of later versions; this version has none but those it lists."""
    left = [raw_schema]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if "x-extensible-enum" in value:
                value["enum"] = value["x-extensible-enum"]
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)


def dice_of(operation_id):
    """The same seed steers the same requests the same way, and no two requests of an operation alike."""
    ASKED[operation_id] += 1
    return random.Random(f"{SEED} {operation_id} {ASKED[operation_id]}")


@schemathesis.hook
def before_call(context, case, kwargs):
    operation_id = case.operation.definition.raw.get("operationId")
    meta = case.meta
    # A request with another method than the operation's is about the path alone.
    is_probe = case.method.upper() != case.operation.method.upper()
    with LOCK:
        if meta is not None and meta.generation.mode.is_positive and not is_probe:
            STEERING.steer(operation_id, case, dice_of(operation_id), meta.phase.name.value)
        STEERING.protect(operation_id, case)


@schemathesis.hook
def after_call(context, case, response):
    operation_id = case.operation.definition.raw.get("operationId")
    meta = case.meta
    is_probe = case.method.upper() != case.operation.method.upper()
    mode = "probe" if is_probe else meta.generation.mode.value if meta else "unknown"
    phase = meta.phase.name.value if meta else "unknown"
    with LOCK:
        ANSWERS.write(f"{operation_id}\t{phase}\t{mode}\t{response.status_code}\n")
        if not is_probe:
            STEERING.learn(operation_id, case, response)
