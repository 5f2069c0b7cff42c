# SPDX-License-Identifier: Apache-2.0
"""A log behind a proxy that changes what it answers, so that a check of it can be seen to fail."""

import http.client
import http.server
import threading


class Altered:
    """The log behind a proxy that changes what `alter(path, answer)` gives for it."""

    def __init__(self, port, alter):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", self.path)
                answer = connection.getresponse()
                body = answer.read()
                connection.close()
                if answer.status == 200:
                    changed = alter(self.path, body)
                    outer.changes += changed != body
                    body = changed
                self.send_response(answer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.changes = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
