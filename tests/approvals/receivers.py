"""What notices go to: a webhook's receiver and a push service on a socket, which keep what they got."""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from approvals.notices.push import unpadded


class Receiver:
    """Answers POSTs with `status` and keeps (path, headers, body); `hang` keeps each waiting."""

    def __init__(self):
        self.got, self.status, self.location, self.hang = [], 201, "", threading.Event()
        self.hang.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.got.append((self.path, dict(self.headers), body))
                outer.hang.wait(10)
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hang.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def messages(self):
        return [json.loads(body) for _, _, body in self.got]


class Browser:
    """The keys of one browser's subscription at a push service; it alone can read what comes."""

    def __init__(self, service, name="b1"):
        self.service = service
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        self.path = f"/push/{name}"
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.subscription = {
            "endpoint": service.address + self.path,
            "p256dh": unpadded(point),
            "auth": unpadded(self.auth),
        }

    def read(self):
        mine = [body for path, _, body in self.service.got if path == self.path]
        return [
            json.loads(http_ece.decrypt(b, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))
            for b in mine
        ]
