"""What MiniStack hasn't of SQS: moving dead letters back (StartMessageMoveTask, ListMessageMoveTasks).

`infra/redrive` is run as it is, against a door in front of MiniStack that takes these two calls itself and hands every other one on.
A move is what SQS makes of it: each letter is sent to the queue that it came from, then deleted here.
"""

import contextlib
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import boto3


@contextlib.contextmanager
def door(emulator):
    """The address of SQS as it should be, for as long as it is needed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.behind, server.moved = urlsplit(emulator.url).netloc, {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Door(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.headers.get("X-Amz-Target", "").rpartition(".")[2]:
            case "StartMessageMoveTask":
                letters = json.loads(body)["SourceArn"]
                self.server.moved[letters] = move(letters)
                self.answer(200, json.dumps({"TaskHandle": "at-once"}).encode())
            case "ListMessageMoveTasks":
                moved = self.server.moved.get(json.loads(body)["SourceArn"])
                done = [] if moved is None else [{"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": moved}]
                self.answer(200, json.dumps({"Results": done}).encode())
            case _:
                self.answer(*self.handed_on(body))

    def handed_on(self, body):
        connection = http.client.HTTPConnection(self.server.behind, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        connection.request("POST", self.path, body, headers)
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        return answer.status, raw

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def move(arn):
    """Every letter back to the queue whose dead letters these are; how many."""
    sqs = boto3.client("sqs")
    letters = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    (queue,) = [url for url in sqs.list_queues()["QueueUrls"] if dead_letters_of(sqs, url) == arn]
    moved = 0
    while batch := sqs.receive_message(QueueUrl=letters, MaxNumberOfMessages=10).get("Messages"):
        for letter in batch:
            sqs.send_message(QueueUrl=queue, MessageBody=letter["Body"])
            sqs.delete_message(QueueUrl=letters, ReceiptHandle=letter["ReceiptHandle"])
            moved += 1
    return moved


def dead_letters_of(sqs, url):
    """Where a queue's letters go when they are given up; nowhere for dead letters themselves."""
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"]).get("Attributes", {}).get("RedrivePolicy")
    return policy and json.loads(policy)["deadLetterTargetArn"]
