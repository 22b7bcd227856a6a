"""Calls of the deployed API, by whoever has a token for it."""

import base64
import hashlib
import hmac
import http.client
import json
import time
from urllib.parse import urlencode, urlsplit

import expect


class Answer:
    """What came back."""

    def __init__(self, call, status, headers, raw):
        self.call, self.status, self.headers, self.raw = call, status, headers, raw

    @property
    def json(self):
        return json.loads(self.raw)

    def ok(self, status=200):
        """The body of what must have succeeded."""
        if self.status != status:
            raise expect.Unexpected(f"{self.call}: {self.status} {self.raw[:500]!r}, and should be {status}")
        return self.json

    def refused(self, status, code):
        """It was refused as a problem (RFC 9457), for this reason and no other."""
        kind = self.headers.get("content-type", "")
        body = self.json if "json" in kind else {}
        expect.equal((self.status, body.get("code"), kind), (status, code, "application/problem+json"), f"{self.call} {self.raw[:300]!r}")


class Api:
    """Where the API is. `connect` is where its name leads to, when no name server knows that."""

    def __init__(self, url, secret, connect=None):
        parts = urlsplit(url)
        self.host, self.tls = parts.netloc, parts.scheme == "https"
        self.connect, self.secret = connect or parts.netloc, secret

    def caller(self, role, number):
        """Somebody of this role."""
        return Caller(self, token(self.secret, role, number))

    def nobody(self):
        """Somebody without a token."""
        return Caller(self, None)


class Caller:
    """Somebody who calls the API."""

    def __init__(self, api, bearer):
        self.api, self.bearer = api, bearer

    def get(self, path, **query):
        return self.call("GET", path, query)

    def post(self, path, body, **headers):
        return self.call("POST", path, {}, json.dumps(body).encode(), headers)

    def put(self, path, body, **query):
        return self.call("PUT", path, query, json.dumps(body).encode())

    def call(self, method, path, query, body=None, headers=None):
        kind = http.client.HTTPSConnection if self.api.tls else http.client.HTTPConnection
        connection = kind(self.api.connect, timeout=60)
        sent = {"Host": self.api.host} | {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if self.bearer:
            sent["Authorization"] = f"Bearer {self.bearer}"
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        address = path + ("?" + urlencode(query) if query else "")
        try:
            connection.request(method, address, body, sent)
            answer = connection.getresponse()
            received = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(f"{method} {address}", answer.status, received, answer.read())
        finally:
            connection.close()


def token(secret, role, number):
    """A token as the shop's identity service signs it, good for an hour."""
    now = int(time.time())
    claims = {"id": number, "email": f"{role.lower()}-{number}@example.com", "role": role, "iat": now, "exp": now + 3600}
    message = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    return f"{message}.{encoded(hmac.digest(secret.encode(), message.encode(), hashlib.sha256))}"


def part(value):
    return encoded(json.dumps(value).encode())


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
