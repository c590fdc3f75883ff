"""Publishers of data sets on loopback: they serve archives, and misbehave in the ways that real servers do."""

import contextlib
import hashlib
import io
import json
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = b"\n<!DOCTYPE html><html><p>Log in</html>"


class Publisher(ThreadingHTTPServer):
    """Serves files by the last part of their path, after the troubles that ``script`` lists, one a request.

    Attributes:
        files: contents by name; every other name has ``contents``, or is not found if that is None.
        script: answers to the next requests for files: callables on the handler, None for a good one.
        always: the answer once the script is at its end; None for a good one.
        version: sent as entity tag; None sends none.
        ranges, paths: what was asked for, in order.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes] | None = None, contents: bytes | None = None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.contents, self.version = files or {}, contents, None
        self.script: list = []
        self.always = None
        self.ranges: list[str | None] = []
        self.paths: list[str] = []
        self.lock = threading.Lock()

    @property
    def mirror(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/mirror"

    def handle_error(self, request, client_address):
        """A client that hangs up is part of the tests."""


class Portal(Publisher):
    """Cityscapes' portal: a login form, the account's packages, their md5, and the packages by number.

    Attributes:
        accounts: passwords by user name.
        sessions: cookies of who is logged in; emptied, everyone has to log in again.
        logins: number of times that the form was sent.
    """

    def __init__(self, files: dict[str, bytes], accounts: dict[str, str]):
        super().__init__(files)
        self.accounts, self.sessions, self.logins = accounts, set(), 0

    @property
    def mirror(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    @property
    def body(self) -> bytes | None:
        return self.server.files.get(self.name, self.server.contents)

    def do_GET(self):
        self.name = unquote(self.path.rsplit("/", 1)[-1])
        if isinstance(self.server, Portal) and not self.portal():
            return
        with self.server.lock:
            self.server.ranges.append(self.headers.get("Range"))
            self.server.paths.append(self.path)
            trouble = self.server.script.pop(0) if self.server.script else self.server.always
        if self.body is None:
            trouble = status(404)
        (trouble or whole)(self)

    def portal(self) -> bool:
        """Answer all of a portal but its packages; True if this is one, with its name set."""
        address = urlsplit(self.path)
        names = sorted(self.server.files)
        if address.path == "/login":
            send(self, PAGE, content_type="text/html")
        elif self.headers.get("Cookie", "").removeprefix("session=") not in self.server.sessions:
            status(302, Location="/login")(self)
        elif address.path == "/downloads/":
            listed = [{"name": name, "packageID": str(number), "size": "1KB"} for number, name in enumerate(names, 1)]
            send(self, json.dumps(listed).encode(), content_type="application/json")
        else:
            self.name = names[int(parse_qs(address.query)["packageID"][0]) - 1]
            if address.path == "/file-handling/":
                return True
            send(self, f"{hashlib.md5(self.body).hexdigest()}  {self.name}\n".encode(), content_type="text/plain")
        return False

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.logins += 1
        if self.server.accounts.get(form["username"][0]) != form["password"][0]:
            send(self, PAGE, content_type="text/html")
            return
        cookie = f"{self.server.logins}-{time.monotonic_ns()}"
        self.server.sessions.add(cookie)
        status(302, Location="/", Set_Cookie=f"session={cookie}; path=/")(self)


@contextlib.contextmanager
def serving(server: Publisher) -> Iterator[Publisher]:
    """Let a publisher serve while the block lasts, reached directly whatever proxy the environment names."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.lower().endswith("_proxy")}
    try:
        with server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            yield server
            server.shutdown()
    finally:
        os.environ.update(kept)


def send(handler, body, start=0, cut=None, content_type="application/zip"):
    """Send a body from ``start`` on; ``cut``: hang up after so many bytes."""
    handler.send_response(206 if start else 200)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(body) - start))
    if handler.server.version:
        handler.send_header("ETag", handler.server.version)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
    handler.end_headers()
    handler.wfile.write(body[start : start + cut] if cut else body[start:])
    if cut:
        handler.close_connection = True


def whole(handler, body=None, start=None, cut=None, content_type="application/zip"):
    """Answer as a good server does, byte ranges included."""
    body = handler.body if body is None else body
    asked, version = handler.headers.get("Range"), handler.headers.get("If-Range")
    begin = int(asked[len("bytes=") : -1]) if asked and version in (None, handler.server.version) else 0
    if start is None and begin >= len(body) > 0:
        status(416, Content_Range=f"bytes */{len(body)}")(handler)
    else:
        send(handler, body, begin if start is None else start, cut, content_type)


def cut_after(count):
    """Hang up after so many bytes."""
    return lambda handler: whole(handler, cut=count)


def ignoring_ranges(handler):
    """Send everything, whatever was asked for."""
    whole(handler, start=0)


def wrong_bytes(handler):
    """Send something as long as the file."""
    middle = len(handler.body) // 2
    whole(handler, handler.body[:middle] + bytes(b ^ 0xFF for b in handler.body[middle:]))


def login_page(handler):
    """Send a page, and call it an archive."""
    send(handler, PAGE)


def status(code, **headers):
    """Answer with a status alone."""

    def answer(handler):
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


def hanging_up(handler):
    """Close the connection without a word."""
    handler.close_connection = True


def stalling(handler):
    """Send a part of it, and then nothing."""
    whole(handler, cut=min(100_000, len(handler.body) // 3))
    time.sleep(1)


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip archive of files by name, the same bytes each time."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, contents in files.items():
            archive.writestr(zipfile.ZipInfo(name), contents, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
