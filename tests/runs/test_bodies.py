"""The body of a stream, taken over from requests: no byte lost, none waited for, over plain sockets and TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from coasty_api.body import Body, Broken, Dechunker


def chunked(*pieces, trailer=b""):
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailer + b"\r\n"


@pytest.mark.parametrize("trailer", [b"", b"X-Sum: 1\r\n"])
def test_chunks_come_off_wherever_they_are_cut(trailer):
    raw = chunked(b"hello ", b"w\r\nrld", "é".encode(), trailer=trailer)
    for at in range(len(raw) + 1):
        dechunker = Dechunker()
        assert dechunker.feed(raw[:at]) + dechunker.feed(raw[at:]) == "hello w\r\nrldé".encode()
        assert dechunker.is_complete


@pytest.mark.parametrize("raw", [b"zz\r\nhello\r\n", b"5\r\nhelloXX\r\n", b"1" * 2000])
def test_framing_that_makes_no_sense_is_said_to_be_broken(raw):
    with pytest.raises(Broken):
        Dechunker().feed(raw)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


class Speaker:
    """A server for one connection that says what it is told, when it is told."""

    def __init__(self, certificate=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.ready = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        plain, _ = self.listener.accept()
        self.socket = self.context.wrap_socket(plain, server_side=True) if self.context else plain
        self.socket.recv(65_536)
        self.ready.set()

    def say(self, data):
        self.ready.wait(5)
        self.socket.sendall(data)

    def end(self):
        self.socket.close()
        self.listener.close()


@pytest.fixture(params=["plain", "TLS"])
def opened(request, certificate):
    """(speaker, body): the head and the first bytes of the body have come in one piece."""

    made = []

    def open_stream(head, first=b""):
        is_secure = request.param == "TLS"
        speaker = Speaker(certificate if is_secure else None)
        scheme, port = ("https" if is_secure else "http"), speaker.listener.getsockname()[1]
        threading.Thread(
            target=speaker.say, args=[b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + first], daemon=True
        ).start()
        response = requests.get(f"{scheme}://127.0.0.1:{port}/", stream=True, timeout=5, verify=str(certificate))
        body = Body(response)
        made.append((speaker, body))
        return speaker, body

    yield open_stream
    for speaker, body in made:
        body.close()
        speaker.end()


def read(body, until, expected):
    got = b""

    def is_all():
        nonlocal got
        got += body.read() or b""
        return got == expected

    until(is_all)


def test_what_came_with_the_head_is_not_lost_and_the_rest_does_not_wait(opened, until):
    speaker, body = opened(b"Transfer-Encoding: chunked\r\n", b"5\r\nfirst\r\n")
    read(body, until, b"first")
    assert body.read() is None, "nothing has come, so it says so at once"
    speaker.say(b"6\r\nsecond")
    read(body, until, b"second")
    speaker.say(b"\r\n0\r\n\r\n")
    until(lambda: body.read() == b"")
    assert body.is_complete


def test_a_cut_is_told_from_an_end(opened, until):
    speaker, body = opened(b"Transfer-Encoding: chunked\r\n", b"5\r\nfir")
    read(body, until, b"fir")
    speaker.end()

    def is_over():
        try:
            return body.read() == b""
        except OSError:
            return True

    until(is_over)
    assert not body.is_complete


def test_a_body_that_ends_with_the_connection(opened, until):
    speaker, body = opened(b"Connection: close\r\n", b"all of ")
    read(body, until, b"all of ")
    speaker.say(b"it")
    read(body, until, b"it")


def test_a_body_of_a_told_length(opened, until):
    _speaker, body = opened(b"Content-Length: 5\r\n", b"12345")
    read(body, until, b"12345")
    assert body.read() == b""
    assert body.is_complete


def test_a_large_burst_comes_through_whole(opened, until):
    speaker, body = opened(b"Transfer-Encoding: chunked\r\n")
    burst = bytes(range(256)) * 4000
    threading.Thread(target=speaker.say, args=[chunked(burst)], daemon=True).start()
    read(body, until, burst)
