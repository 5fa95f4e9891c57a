"""A small Hub on this machine: the few answers that huggingface_hub asks a data set for."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlparse

NAME = "AstroMLCore/AstroM3Processed"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class LocalHub(ThreadingHTTPServer):
    """Serves a folder as the data set `NAME`; counts what was asked for."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.asked: list[str] = []
        self.card: dict[str, object] = {}
        self.breaks_off = ""
        """A file of this name is never sent to its end."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def sent(self) -> list[str]:
        """Names of the files whose content was asked for."""
        return [path.split(COMMIT + "/", 1)[1] for path in self.asked if "/resolve/" in path and path[:4] == "GET "]


class _Handler(BaseHTTPRequestHandler):
    server: LocalHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        """Silent."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlparse(self.path).path)
        self.server.asked.append(f"{self.command} {path}")
        files = {p.relative_to(self.server.folder).as_posix(): p for p in self.server.folder.rglob("*.*")}
        if path.startswith(f"/datasets/{NAME}/resolve/"):
            revision, name = path.removeprefix(f"/datasets/{NAME}/resolve/").split("/", 1)
            if name in files and revision in ("main", COMMIT):
                self._file(name, files[name].read_bytes(), body)
                return
        known = path in (f"/api/datasets/{NAME}", f"/api/datasets/{NAME}/revision/main")
        if known or path == f"/api/datasets/{NAME}/revision/{COMMIT}":
            listed = [{"rfilename": name, "size": p.stat().st_size} for name, p in files.items()]
            self._json({"id": NAME, "sha": COMMIT, "siblings": listed, "cardData": self.server.card})
        elif path.startswith(f"/api/datasets/{NAME}/tree/{COMMIT}"):
            listed = [
                {"type": "file", "path": name, "size": p.stat().st_size, "oid": _etag(p.read_bytes())}
                for name, p in files.items()
            ]
            self._json(listed)
        elif path == f"/api/datasets/{NAME}/commits/main":
            day = {"title": "Upload dataset", "message": "", "authors": [], "date": "2025-02-11T10:00:00.000Z"}
            self._json([{"id": COMMIT, **day}])
        else:
            code = "RevisionNotFound" if path.startswith(f"/api/datasets/{NAME}/revision/") else "RepoNotFound"
            self._json({"error": code}, status=404, headers={"X-Error-Code": code})

    def _json(self, content: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        for key, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _file(self, name: str, content: bytes, body: bool) -> None:
        self.send_response(200)
        self.send_header("ETag", f'"{_etag(content)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not body:
            return
        if name == self.server.breaks_off:
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return
        self.wfile.write(content)


def _etag(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


@contextmanager
def local_hub(folder: Path) -> Iterator[LocalHub]:
    """Serve `folder` while the block runs."""
    server = LocalHub(folder)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
