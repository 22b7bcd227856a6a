"""What is expected, said so that a failure explains itself; and how often it was."""

import time

PATIENCE = 60
"""Seconds that what happens by itself (a stream, a queue, a worker) may take."""

checked = 0


class Unexpected(Exception):
    """Something is not as it should be."""


def equal(actual, expected, what):
    """`what` is exactly so."""
    global checked
    if actual != expected:
        raise Unexpected(f"{what}: {actual!r}, and should be {expected!r}")
    checked += 1


def true(condition, what):
    """`what` holds."""
    equal(bool(condition), True, what)


def contains(items, expected, what):
    """Every one of `expected` is among `items`."""
    global checked
    missing = [item for item in expected if item not in items]
    if missing:
        raise Unexpected(f"{what}: {missing!r} missing in {items!r}")
    checked += 1


def eventually(look, expected, what, patience=PATIENCE):
    """What `look()` finds becomes exactly so, and soon."""
    until = time.monotonic() + patience
    while (found := look()) != expected and time.monotonic() < until:
        time.sleep(0.3)
    equal(found, expected, f"{what}, after {patience} s" if found != expected else what)
