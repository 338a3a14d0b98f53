"""A hub on this machine, which answers what huggingface_hub asks of the real one."""

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote


class Hub:
    """Repositories, {name: {file: bytes}}, all at one commit, which `main` is at."""

    def __init__(self, repositories, commit):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body=b"", **headers):
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def do_GET(self):
                parts = unquote(self.path).partition("?")[0].strip("/").split("/")
                if parts[:2] == ["api", "models"]:
                    name, revision = "/".join(parts[2:4]), parts[-1]
                    if name not in repositories or revision not in ("main", commit):
                        return self.answer(404, X_Error_Code="RepoNotFound")
                    about = {"id": name, "sha": commit, "siblings": [{"rfilename": one} for one in repositories[name]]}
                    return self.answer(200, json.dumps(about).encode(), Content_Type="application/json")
                if parts[2:4] != ["resolve", commit]:
                    return self.answer(404)
                body = repositories["/".join(parts[:2])]["/".join(parts[4:])]
                return self.answer(200, body, ETag=f'"{hashlib.sha256(body).hexdigest()}"', X_Repo_Commit=commit)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
