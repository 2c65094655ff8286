"""What schemathesis does not know about our server: how a message is packed, who asks, and what no answer may do."""

import itertools
import json
import os
import re
from pathlib import Path

import msgpack
import schemathesis
import zstandard
from schemathesis.core.failures import Failure

FOLDER = Path(os.environ["ZOUFANG_DESCRIBED"])
WORLD = json.loads((FOLDER / "world.json").read_text())
DESCRIPTION = json.loads((FOLDER / "openapi.json").read_text())
MEDIA_TYPE = "application/vnd.zoufang"

# How the description writes bytes.
DIGITS = re.compile("([0-9a-f]{2})*")

# A text of so many letters that comes back is no accident.
REPEATED = 8

# The code of a message the server could not read.
MALFORMED = "malformed"

# Where a whole message may still be none: what lies packed inside it, or does not fit together.
READ_FURTHER = {
    "/enrol/start",
    "/enrol/reveal",
    "/enrolments/confirm",
    "/snapshot",
    "/devices/revoke",
    "/handover/trail",
    "/handover/remains",
    "/handover/receipt",
    "/audit/bring",
    "/audit/list",
    "/cases/answer",
    "/cases/ask",
    "/countersign",
    "/erasures/request",
    "/erasures/decide",
    "/erasures/hold",
    "/exports/request",
    "/people/end",
    "/people/recuse",
    "/reports/bring",
    "/review/decide",
    "/session/open",
    "/unit-keys/keep",
}


def shape(path):
    """The schema of what a route takes."""
    return DESCRIPTION["paths"][path]["post"]["requestBody"]["content"][MEDIA_TYPE]["schema"]



def words(schema):
    """Every constant the description names."""
    if isinstance(schema, dict):
        yield from (json.dumps(word) for word in schema.get("enum", []))
        for inner in schema.values():
            yield from words(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from words(inner)


WORDS = set(words(DESCRIPTION))


def takes(schema, value):
    """How well a value goes with a schema, as far as it decides which of several is meant."""
    wanted = schema.get("type")
    if value is None:
        return wanted == "null"
    if isinstance(value, str):
        return (wanted == "string") + (value in schema.get("enum", ()))
    if isinstance(value, dict):
        return (wanted == "object") * (1 + len(value.keys() & schema.get("properties", {}).keys()))
    if isinstance(value, list):
        return wanted == "array"
    return wanted in ("integer", "number", "boolean")


def packed(value, schema):
    """A value as the message has it: bytes where the description says digits of them, whole numbers as such."""
    ways = schema.get("anyOf")
    if ways:
        schema = max(ways, key=lambda way: takes(way, value))
    if isinstance(value, str):
        if schema.get("contentEncoding") == "base16":
            # What is no digits is no bytes; and a text might be taken for some.
            return bytes.fromhex(value) if DIGITS.fullmatch(value) else {value: None}
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, float) and schema.get("type") == "integer" and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        if schema.get("type") not in ("integer", "number", None):
            # A word's place in its list is read as the word; a number with a fraction is nothing but one.
            return value + 0.5 if abs(value) < 2**32 else str(value)
        # What no message can say is said as a text.
        return value if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, dict):
        inner = schema.get("properties", {})
        return {key: packed(part, inner.get(key, {})) for key, part in value.items()}
    if isinstance(value, list):
        inner = schema.get("items", {})
        return [packed(part, inner) for part in value]
    return value


def unpacked(value):
    """The other way: bytes as their digits."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: unpacked(part) for key, part in value.items()}
    if isinstance(value, list):
        return [unpacked(part) for part in value]
    return value


def inflated(body):
    return zstandard.ZstdDecompressor().decompressobj().decompress(body)


@schemathesis.serializer(MEDIA_TYPE)
def serialize(context, value):
    if isinstance(value, bytes):
        return value
    raw = msgpack.packb(packed(value, shape(context.case.operation.path)), unicode_errors="surrogatepass")
    return zstandard.ZstdCompressor(level=1).compress(raw)


@schemathesis.deserializer(MEDIA_TYPE)
def deserialize(_context, response):
    return unpacked(msgpack.unpackb(inflated(response.content), strict_map_key=False))


# Heads may ask most, so they ask every other time.
TOKENS = itertools.cycle(
    itertools.chain.from_iterable(zip(itertools.cycle(WORLD["heads"]), WORLD["directors"], strict=False))
)


@schemathesis.auth(refresh_interval=None)
class Proof:
    """Another device each time, so that none is slowed for asking too fast."""

    def get(self, _case, _context):
        return next(TOKENS)

    def set(self, case, data, _context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


# Names of things are sixteen bytes; the rest is any text.
NAMED = re.compile("[0-9a-f]{32}")
KNOWN = {
    "unit": WORLD["units"],
    "to": WORLD["units"],
    "scope": WORLD["units"],
    "device": WORLD["devices"],
    "enrolment": WORLD["enrolments"],
    "region": ["310199201201", "310199202202"],
    "on": ["2026-03-05"],
    "moved_on": ["2026-03-05"],
}


def sensible(value):
    """Half of what could name something the server knows does."""
    if isinstance(value, list):
        return [sensible(part) for part in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, part in value.items():
        known = KNOWN.get(key)
        # What is wrong about it stays wrong.
        fits = known and isinstance(part, str) and (NAMED.fullmatch(part) or not NAMED.fullmatch(known[0]))
        if fits and sum(part.encode(errors="replace")) % 2 == 0:
            made[key] = known[len(json.dumps(value)) % len(known)]
        else:
            made[key] = sensible(part)
    return made


@schemathesis.hook
def map_body(_context, body):
    return sensible(body)


def texts(value):
    """Every text somebody made up in a body."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


FIELDS = {name for name in json.dumps(DESCRIPTION).split('"') if name}


class Repeated(Failure):
    """A refusal that says what was asked."""


@schemathesis.check
def nothing_is_repeated(_context, response, case):
    if response.status_code < 400:
        return
    try:
        said = inflated(response.content)
    except zstandard.ZstdError:
        said = response.content
    for text in texts(case.body):
        made = text.encode(errors="surrogatepass")
        if len(text) >= REPEATED and text not in FIELDS and (made in said or made in response.content):
            raise Repeated(operation=case.operation.label, title="Repeated", message="the refusal repeats the request")


class Unread(Failure):
    """The description says it is a message, and the server does not read it."""


@schemathesis.check
def what_is_described_is_read(_context, response, case):
    path = case.operation.path
    is_whole = case.meta is not None and case.meta.generation.mode.is_positive
    if not is_whole or response.status_code != 400 or path in READ_FURTHER:
        return
    if response.json().get("code") == MALFORMED:
        raise Unread(operation=case.operation.label, title="Not read", message="described, and refused as malformed")
