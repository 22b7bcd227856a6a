"""Starts a function as Lambda does, hands it events, and counts what it takes.

The first time a call is made, its requests to AWS go on to the shop's tables and queues, and what they answered is kept. Every
other time the same event gets the same answers at once. So what is measured is the function alone, the same each time: what
DynamoDB takes on top is Amazon's, some milliseconds a round trip.
"""
import base64
import collections
import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import zipfile

# Of answers, for each start: the first, and these after it.
WARM = 50
# Under callgrind, which is fifty times slower and always the same.
WARM_COUNTED = 10
PATIENCE = 60
# What is called where somebody else's work begins. Building, signing, sending and reading of a request are inside of the SDK's;
# asking Lambda for events, reading them and giving answers inside of its runtime's. A connection is a task of its own: the SDK's
# where it comes to TLS (a worker's connections to providers count with these), or the runtime's.
SDK = "aws_smithy_runtime::client::orchestrator::invoke_with_stop_point::{{closure}}::{{closure}}::{{closure}}"
# The future that polls it has the SDK's preparation and clearing away inlined; a worker's own job is polled by one of that name.
SPAN = "<tracing::instrument::Instrumented<T> as core::future::future::Future>::poll"
RUNTIME = re.compile(r"\w+::main::\{\{closure\}\}")
CONNECTION = "<futures_util::future::future::Map<Fut,F> as core::future::future::Future>::poll"
TLS = "rustls::"
HASH = re.compile(r"::h[0-9a-f]{16}$")
FORWARDED = ("content-type", "x-amz-crc32", "x-amzn-requestid")


def sizes(binary):
    """Of a binary as it is deployed, without symbols, and of the zip that `sam deploy` makes of it."""
    packed = io.BytesIO()
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, binary], check=True)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(stripped.name, "bootstrap")
        return {"binary": os.path.getsize(stripped.name), "zip": packed.tell()}


def instructions(counts):
    """Of what callgrind counted: all of them, those outside of the AWS SDK, and of these the handler's, which are neither the
    runtime's nor its connection's. It knows them by name where there are symbols."""
    total, calls = 0, collections.Counter()
    named, caller, called = {}, None, None
    for line in counts:
        if line.startswith(("summary:", "totals:")):
            total = total or int(line.split()[1])
        elif line.startswith("cfn="):
            number, _, name = line[4:].rstrip().partition(" ")
            called = named.setdefault(number, name)
        elif line.startswith("fn="):
            number, _, name = line[3:].rstrip().partition(" ")
            caller = named.setdefault(number, name)
        elif line.startswith("calls="):
            # What the call took is in the next line, behind its place.
            calls[caller, called] += int(next(counts).split()[-1])
    names, callees = demangled(named.values()), collections.defaultdict(set)
    for caller, called in calls:
        callees[caller].add(called)
    encrypted = {symbol for symbol, name in names.items() if name == CONNECTION and comes_to(symbol, callees, names, TLS)}
    counted = collections.Counter()
    for (caller, called), count in calls.items():
        counted["sdk" if called in encrypted else whose(names[caller], names[called])] += count
    own = total - counted["sdk"]
    return {"total": total, "own": own, "handler": own - counted["others"]}


def demangled(symbols):
    """The names that symbols stand for. Connections of two clients are one name and two symbols."""
    symbols = sorted(set(symbols))
    told = subprocess.run(["c++filt"], input="\n".join(symbols), capture_output=True, check=True, text=True)
    return dict(zip(symbols, (HASH.sub("", name) for name in told.stdout.splitlines()), strict=True))


def comes_to(symbol, callees, names, what):
    """Whether a function of that name is called, however deep."""
    seen, ahead = {symbol}, [symbol]
    while ahead:
        for called in callees[ahead.pop()] - seen:
            if what in names[called]:
                return True
            seen.add(called)
            ahead.append(called)
    return False


def whose(caller, function):
    if function == SDK or caller == SPAN and "aws_" in function:
        return "sdk"
    return "others" if function == CONNECTION or RUNTIME.fullmatch(function) else None


class Shop:
    """`tests/bench/main.rs`, which says what there is to call."""

    def __init__(self, root):
        command = [*self.program(root), "serve"]
        self.process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = self.line()
        self.calls, self.services = told["calls"], told["services"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(PATIENCE)

    @staticmethod
    def program(root):
        command = ["cargo", "test", "-q", "--locked", "-p", "tests", "--test", "bench"]
        subprocess.run([*command, "--no-run"], cwd=root, check=True)
        return [*command, "--"]

    @staticmethod
    def scale(root):
        told = subprocess.run([*Shop.program(root), "scale"], cwd=root, check=True, stdout=subprocess.PIPE, text=True)
        return [json.loads(line) for line in told.stdout.splitlines()]

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the shop is gone; what it said is above")
        return json.loads(line)

    def ask(self, call):
        """The environment of its function, and the event."""
        self.process.stdin.write(call + "\n")
        self.process.stdin.flush()
        return self.line()


def request(reader):
    """One HTTP request: its first line, its headers, its body; none at the end."""
    line = reader.readline()
    if not line:
        return None
    headers = {}
    while (header := reader.readline()) not in (b"\r\n", b""):
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return line.decode("latin-1"), headers, reader.read(int(headers.get("content-length", 0)))


def answer(status, headers, body):
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Server:
    """Answers requests on a port of this machine, a thread for each connection."""

    def __init__(self, respond, tls=None):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.respond, self.tls = respond, tls
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection = self.socket.accept()[0]
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            reader = connection.makefile("rb")
            while (asked := request(reader)) is not None:
                at = time.perf_counter_ns()
                told = self.respond(*asked, at)
                if told is None:
                    break
                connection.sendall(told)
        except OSError:
            # The function was ended.
            pass
        finally:
            connection.close()


class Runtime:
    """Lambda's runtime API, as far as a function uses it."""

    def __init__(self):
        self.begin(b"", 0)

    def begin(self, event, answers, held=False):
        """With `held`, the second event waits for `go`."""
        self.event, self.wanted = event, answers
        self.polled = None
        self.handed, self.took, self.said, self.failed = 0, [], None, None
        self.first, self.done, self.go = threading.Event(), threading.Event(), threading.Event()
        if not held:
            self.go.set()

    def respond(self, line, headers, body, at):
        if line.startswith("GET /2018-06-01/runtime/invocation/next"):
            self.polled = self.polled or at
            if self.handed == 1:
                self.first.set()
                self.go.wait(PATIENCE)
            if self.handed >= self.wanted:
                # Now it waits, as it would for the next event.
                self.done.set()
                time.sleep(PATIENCE)
                return None
            self.handed += 1
            self.sent = time.perf_counter_ns()
            return answer("200 OK", {
                "content-type": "application/json",
                "lambda-runtime-aws-request-id": f"8476a536-e9f4-11e8-9739-2dfe598c{self.handed:04}",
                "lambda-runtime-deadline-ms": str(int(time.time() * 1000) + 60_000),
                "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:123456789012:function:measured",
                "lambda-runtime-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
            }, self.event)
        if line.startswith("POST") and "/response" in line:
            self.took.append(at - self.sent)
            self.said = body
        elif line.startswith("POST"):
            self.failed = body
            self.done.set()
        return answer("202 Accepted", {"content-type": "application/json"}, b'{"status":"OK"}')


class Aws:
    """What a function takes for AWS: asks the shop's tables and queues once, and answers the same from then on."""

    def __init__(self, services):
        self.services = services
        self.lock = threading.Lock()
        self.record()

    def record(self):
        self.kept, self.recording = [], True
        self.under_way, self.round_trips = 0, 0

    def replay(self):
        self.recording = False
        self.again()

    def again(self):
        self.turns, self.answered = {}, 0

    def respond(self, line, headers, body, _at):
        target = headers.get("x-amz-target", line.split("?")[0])
        asked = meaning(body)
        method, path, _ = line.split(" ", 2)
        if self.recording:
            return self.ask(target, method, path, headers, body)
        with self.lock:
            self.answered += 1
            # Two of a kind at once don't always come in the same order. What has the time in it is never asked twice alike.
            alike = [told for known, before, told in self.kept if (known, before) == (target, asked)]
            answers = alike or [told for known, _, told in self.kept if known == target]
            kind = (target, json.dumps(asked, sort_keys=True) if alike else None)
            turn = self.turns.get(kind, 0)
            self.turns[kind] = turn + 1
        if not answers:
            print(f"asked for {target}, which it did not ask for the first time", file=sys.stderr)
            return None
        return answers[turn % len(answers)]

    def ask(self, target, method, path, headers, body):
        service = "dynamodb" if "DynamoDB" in target else "sqs" if "AmazonSQS" in target else "ses"
        with self.lock:
            # Those that are asked for while another is under way are waited for together.
            self.round_trips += service == "dynamodb" and self.under_way == 0
            self.under_way += service == "dynamodb"
        connection = http.client.HTTPConnection(self.services[service].split("//")[1], timeout=PATIENCE)
        passed = {name: value for name, value in headers.items() if name not in ("host", "content-length", "connection")}
        connection.request(method, path, body, passed)
        told = connection.getresponse()
        text = told.read()
        connection.close()
        kept = {name: value for name, value in told.getheaders() if name.lower() in FORWARDED}
        whole = answer(f"{told.status} {told.reason}", kept, text)
        with self.lock:
            self.under_way -= service == "dynamodb"
            self.kept.append((target, meaning(body), whole))
        return whole


def meaning(body):
    """What a request says; its fields come in any order."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("latin-1")


def capacity(kept):
    """Read and write units that DynamoDB said it took."""
    read = write = 0.0
    for target, _, told in kept:
        if "DynamoDB" not in target:
            continue
        consumed = json.loads(told.partition(b"\r\n\r\n")[2] or b"{}").get("ConsumedCapacity") or []
        units = sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed]))
        if target.rsplit(".")[-1] in ("GetItem", "BatchGetItem", "Query", "Scan"):
            read += units
        else:
            write += units
    return read, write


class Machine:
    """Where functions run."""

    def __init__(self, root, services):
        self.directory = tempfile.mkdtemp(prefix="bench-")
        here = os.path.join(root, "tests/bench")
        # Amazon's own roots, as in a deployed function, and ours.
        self.roots = os.path.join(self.directory, "roots.pem")
        with open(self.roots, "w") as roots:
            for file in (os.path.join(root, "shared/api/src/amazon-roots.pem"), os.path.join(here, "root.pem")):
                with open(file) as pem:
                    roots.write(pem.read())
        key = os.path.join(self.directory, "key.pem")
        with open(os.path.join(root, "tests/it/rsa-test-key.b64")) as encoded, open(key, "w") as pem:
            lines = "\n".join(textwrap.wrap(encoded.read().replace("\n", ""), 64))
            pem.write(f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\n")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(os.path.join(here, "chain.pem"), key)
        tls.set_alpn_protocols(["http/1.1"])
        self.slow_clock = os.path.join(self.directory, "slow_clock.so")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self.slow_clock, os.path.join(here, "slow_clock.c")], check=True)
        self.runtime, self.aws = Runtime(), Aws(services)
        self.runtime_port = Server(self.runtime.respond).port
        self.aws_port = Server(self.aws.respond, tls).port
        cpus = sorted(os.sched_getaffinity(0))
        self.cpu = cpus[-1]
        if len(cpus) > 1:
            os.sched_setaffinity(0, set(cpus[:-1]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)

    def start(self, binary, call, answers, before=(), more=None, held=False):
        """One instance of the function, with so many events for it."""
        self.runtime.begin(json.dumps(call["event"]).encode(), answers, held)
        environment = call["environment"] | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.runtime_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "measured",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/measured",
            "AWS_LAMBDA_LOG_STREAM_NAME": "measured",
            "AWS_ENDPOINT_URL": f"https://127.0.0.1:{self.aws_port}",
            "AWS_CA_BUNDLE": self.roots,
        } | (more or {})
        command = [*before, binary]
        self.log = os.path.join(self.directory, "log")
        with open(self.log, "w") as log:
            # Not by `subprocess`: what it does after the fork would be counted.
            actions = [(os.POSIX_SPAWN_DUP2, log.fileno(), 1), (os.POSIX_SPAWN_DUP2, log.fileno(), 2)]
            mine = os.sched_getaffinity(0)
            os.sched_setaffinity(0, {self.cpu})
            self.spawned = time.perf_counter_ns()
            pid = os.posix_spawnp(command[0], command, environment, file_actions=actions)
            os.sched_setaffinity(0, mine)
        return pid

    def wait(self, pid, call):
        if not self.runtime.done.wait(PATIENCE) or self.runtime.failed or not self.succeeded(call):
            os.kill(pid, signal.SIGKILL)
            with open(self.log) as log:
                sys.exit(f"{self.runtime.failed or self.runtime.said}\n{log.read()[-2000:]}")

    def succeeded(self, call):
        told = json.loads(self.runtime.said or b"null")
        if "rawPath" not in call["event"]:
            return not (told or {}).get("batchItemFailures")
        return told["statusCode"] == 404 if call["event"]["rawPath"] == "/api/nothing" else told["statusCode"] < 300

    def record(self, binary, call):
        """Once, on the shop's own tables."""
        self.aws.record()
        pid = self.start(binary, call, 1)
        self.wait(pid, call)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.aws.replay()
        read, write = capacity(self.aws.kept)
        sent = sum("AmazonSQS" in target for target, _, _ in self.aws.kept)
        # A function knows which of its calls it waits for together; a worker doesn't say, so there it is seen from here.
        with open(self.log) as log:
            said = [json.loads(line)["round_trips"] for line in log if '"round_trips":' in line]
        trips = said[0] if said else self.aws.round_trips
        return {"round_trips": trips, "read": read, "write": write, "sqs": sent, "over_http": "rawPath" in call["event"]}

    def measure(self, binary, call, rounds):
        """Everything about a call. Of times the least of the starts: what else the machine does can only add. Of memory the most."""
        row = sizes(binary) | self.record(binary, call)
        starts = [self.time(binary, call) for _ in range(rounds + 1)][1:]
        row |= {what: (max if what == "memory" else min)(start[what] for start in starts) for what in starts[0]}
        row |= {f"{what}_instructions": count for what, count in self.counted(binary, call).items()}
        if self.aws.kept and row["own_instructions"] == row["warm_instructions"]:
            sys.exit(f"{binary} has no symbols: build it with CARGO_PROFILE_RELEASE_STRIP=none")
        # Instructions of one process take alike, near enough.
        shares = {what: row[f"{what}_instructions"] / row["warm_instructions"] for what in ("own", "handler")}
        return row | {f"{what}_cpu_us": row["warm_cpu_us"] * share for what, share in shares.items()}

    def time(self, binary, call):
        self.aws.again()
        pid = self.start(binary, call, 1 + WARM, held=True)
        self.runtime.first.wait(PATIENCE)
        # While it waits: on a busy machine this may come late, and would take some of its work for done before.
        before = ran(pid)
        self.runtime.go.set()
        self.wait(pid, call)
        spent = ran(pid) - before
        peak = peak_memory(pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return {
            "start_ms": (self.runtime.polled - self.spawned) / 1e6,
            "first_ms": self.runtime.took[0] / 1e6,
            "warm_ms": statistics.median(self.runtime.took[1:]) / 1e6,
            "warm_cpu_us": spent / 1e3 / WARM,
            "memory": peak,
        }

    def count(self, binary, call):
        self.record(binary, call)
        return self.counted(binary, call)

    def counted(self, binary, call):
        """Instructions from spawn to the first answer, of a warm one, of it outside of the AWS SDK, and in the handler."""
        first, more = self.callgrind(binary, call, 1), self.callgrind(binary, call, 1 + WARM_COUNTED)
        warm, own, handler = ((more[what] - first[what]) // WARM_COUNTED for what in ("total", "own", "handler"))
        return {"first": first["total"], "warm": warm, "own": own, "handler": handler}

    def callgrind(self, binary, call, answers):
        self.aws.again()
        out = os.path.join(self.directory, "callgrind")
        command = ["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={out}"]
        pid = self.start(binary, call, answers, command, {"LD_PRELOAD": self.slow_clock})
        self.wait(pid, call)
        most = answers * len(self.aws.kept)
        if self.aws.answered > most:
            sys.exit(f"{binary}: asked AWS {self.aws.answered} times, {most} would do: its counts are of several tries")
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        with open(out) as counts:
            return instructions(counts)


def ran(pid):
    """Nanoseconds that a process has run."""
    threads = f"/proc/{pid}/task"
    total = 0
    for thread in os.listdir(threads):
        with open(f"{threads}/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total


def peak_memory(pid):
    """In bytes."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
