"""A Hub of our own on this machine: the few questions that huggingface_hub asks, answered from a dictionary."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DAY = {"title": "Upload dataset", "message": "", "authors": [], "date": "2025-02-11T10:00:00.000Z"}


class Hub:
    """What is served, and what was asked for.

    Attributes:
        repositories: 'models/owner/name' or 'datasets/owner/name' -> {file: bytes}.
        card: what their cards say.
        breaks_off: a file of this name is never sent to its end.
        asked: such as 'GET /api/models/owner/name'.
    """

    def __init__(self, repositories: dict[str, dict[str, bytes]]) -> None:
        self.repositories = repositories
        self.card: dict[str, object] = {}
        self.breaks_off = ""
        self.asked: list[str] = []

    @property
    def sent(self) -> list[str]:
        """Names of the files whose content was asked for."""
        return [path.partition(f"/{COMMIT}/")[2] for path in self.asked if re.match("GET .*/resolve/", path)]

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content."""
        if found := re.fullmatch(r"/api/((?:models|datasets)/[^/]+/[^/]+)(?:/(revision|tree|commits)/([^/]+))?", path):
            name, what, revision = found.groups()
            files = self.repositories.get(name)
            if files is None:
                return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
            if revision not in (None, "main", COMMIT):
                return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
            if what == "tree":
                content: object = [
                    {"type": "file", "path": file, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for file, data in files.items()
                ]
            elif what == "commits":
                content = [{"id": COMMIT, **DAY}]
            else:
                siblings = [{"rfilename": file, "size": len(data)} for file, data in files.items()]
                content = {"id": name.partition("/")[2], "sha": COMMIT, "siblings": siblings, "cardData": self.card}
            return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()
        if found := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/resolve/[^/]+/(.+)", path):
            folder, name, file = found.groups()
            data = self.repositories.get(f"{folder or 'models/'}{name}", {}).get(file)
            if data is None:
                return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, b""
            return 200, {"ETag": f'"{hashlib.sha1(data).hexdigest()}"', "X-Repo-Commit": COMMIT}, data
        return 404, {}, b""


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    """Serve `hub`; yields the address for HF_ENDPOINT."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            path = self.path.partition("?")[0]
            hub.asked.append(f"{self.command} {path}")
            status, headers, content = hub.answer(path)
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                broken = hub.breaks_off and path.endswith(f"/{hub.breaks_off}")
                self.wfile.write(content[: len(content) // 2] if broken else content)

        do_GET = do_HEAD = respond

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
