"""What was measured, as tables of Markdown."""
import json
import math
import os
import re

with open(os.path.join(os.path.dirname(__file__), "prices.json")) as file:
    PRICES = json.load(file)


CALL = [
    "endpoint or worker", "call", "instructions K", "CPU µs", "outside the SDK µs", "handler µs", "round trips", "read units",
    "write units", "$ a million",
]


def table(head, rows, words=1):
    """The first columns are words, the others are figures."""
    lines = [head, ["---"] * words + ["---:"] * (len(head) - words), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def functions(rows):
    """A table of the functions, each by its first call, and one of the calls."""
    first = {}
    for row in rows:
        first.setdefault(row["function"], row)
    starts = [
        [
            f"`{name}`",
            f"{row['binary'] / 1e6:.2f}",
            f"{row['zip'] / 1e6:.2f}",
            f"{row['start_ms']:.1f}",
            f"{row['first_ms']:.1f}",
            f"{row['warm_ms']:.2f}",
            f"{row['memory'] / 1e6:.1f}",
            f"{row['first_instructions'] / 1e6:.2f}",
        ]
        for name, row in first.items()
    ]
    calls = [
        [
            f"`{' '.join(row['operation'] or [row['function']])}`",
            row["call"],
            f"{row['warm_instructions'] / 1e3:,.0f}",
            f"{row['warm_cpu_us']:.0f}",
            f"{row['own_cpu_us']:.0f}",
            f"{row['handler_cpu_us']:.0f}",
            row["round_trips"],
            f"{row['read']:g}",
            f"{row['write']:g}",
            f"{1e6 * cost(row):.2f}",
        ]
        for row in rows
    ]
    return "\n\n".join([
        table(["function", "binary MB", "zip MB", "start ms", "first ms", "warm ms", "peak MB", "instructions M"], starts),
        table(CALL, calls, words=2),
    ])


def cost(row):
    """Of one warm call, in dollars."""
    billed = math.ceil(row["warm_cpu_us"] / 1e3 + row["round_trips"] * PRICES["ms_per_round_trip"]) / 1e3
    return (
        PRICES["api_gateway_request"] * row["over_http"]
        + PRICES["lambda_request"]
        + PRICES["lambda_gb_second"] * PRICES["memory_gb"] * billed
        + PRICES["dynamodb_read_unit"] * row["read"]
        + PRICES["dynamodb_write_unit"] * row["write"]
        + PRICES["sqs_request"] * row["sqs"]
    )


def scale(shops):
    """A row for each call, a column for each size."""
    head = ["call: round trips, read units, write units"] + [f"{shop['orders']:,} orders" for shop in shops]
    rows = []
    for name in shops[0]["calls"]:
        rows.append([name] + ["{round_trips} · {read:g} · {write:g}".format(**shop["calls"][name]) for shop in shops])
    return table(head, rows)


def into_readme(path, what, text):
    """Between the two markers."""
    with open(path) as file:
        readme = file.read()
    begin, end = f"<!-- {what}: made by tests/bench/run -->", f"<!-- {what}: end -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(readme):
        raise SystemExit(f"README.md has no {begin}")
    with open(path, "w") as file:
        file.write(pattern.sub(lambda _: f"{begin}\n\n{text}\n\n{end}", readme))
