"""What servers for tests have in common: one port of this machine, taken by the kernel unless it is given, and a thread."""
import http.server
import threading


class Loopback:
    """Mixed into a socketserver. It serves from when it is made until it is closed."""
    daemon_threads = True
    scheme = 'http'

    def __init__(self, handler, host='127.0.0.1', port=0):
        super().__init__((host, port), handler)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f'{self.scheme}://{self.server_address[0]}:{self.server_address[1]}'

    def close(self):
        self.shutdown()
        self.server_close()
        self.thread.join()


class QuietHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *words):
        pass
