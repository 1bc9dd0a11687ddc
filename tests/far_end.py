"""Servers out there, for tests of what asks them: on addresses of this machine.

WORLD stands for the world where a test names it in OUTBOUND_INTERNAL, INSIDE for what is inside.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORLD, INSIDE = "127.0.0.2", "127.0.0.1"


class Server:
    """Answers what `answers` has for a path: (status, headers, body), or a function that does. What
    was POSTed lies in `bodies`."""

    def __init__(self, host, tls=None):
        self.heard, self.bodies, self.answers = [], [], {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                size = int(self.headers.get("Content-Length", 0))
                outer.bodies.append(self.rfile.read(size))
                self.do_GET()

            def do_GET(self):
                said = {name.title(): text for name, text in self.headers.items()}
                outer.heard.append((self.path, said))
                answer = outer.answers[self.path]
                if callable(answer):
                    answer(self)
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path="/feed", host=WORLD, scheme="http"):
        return f"{scheme}://{host}:{self.port}{path}"
