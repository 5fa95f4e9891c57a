"""A Hub of our own on this machine: the four questions that huggingface_hub asks, answered from a dictionary."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """`repositories`: 'models/owner/name' or 'datasets/owner/name' -> {file: bytes}. `asked`: files sent so far."""

    def __init__(self, repositories: dict[str, dict[str, bytes]]) -> None:
        self.repositories = repositories
        self.asked: list[str] = []
        self.cut_short = False

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        path = path.partition("?")[0]
        if found := re.fullmatch(r"/api/(models|datasets)/([^/]+/[^/]+)/(revision|tree)/([^/]+)", path):
            folder, name, what, revision = found.groups()
            files = self.repositories.get(f"{folder}/{name}")
            if files is None:
                return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
            if revision not in ("main", COMMIT):
                return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
            tree = [
                {"type": "file", "path": file, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for file, content in files.items()
            ]
            content = {"id": name, "sha": COMMIT, "siblings": []} if what == "revision" else tree
            return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()
        if found := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/resolve/[^/]+/(.+)", path):
            folder, name, file = found.groups()
            content = self.repositories.get(f"{'datasets' if folder else 'models'}/{name}", {}).get(file)
            if content is None:
                return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, b""
            return 200, {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": COMMIT}, content
        return 404, {}, b""


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    """Serve `hub`; yields the address for HF_ENDPOINT."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            status, headers, content = hub.answer(self.path)
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                if "/resolve/" in self.path:
                    hub.asked.append(self.path.rpartition(f"/{COMMIT}/")[2])
                    content = content[: len(content) // 2] if hub.cut_short else content
                self.wfile.write(content)

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
