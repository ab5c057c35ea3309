"""A way to the API server that can be cut."""
import contextlib
import socket
import socketserver
import threading

from loopback import Loopback


class Wire(Loopback, socketserver.ThreadingTCPServer):
    """Passes bytes on to a port of this machine, until it is cut: then nothing arrives on either side, and nothing breaks."""
    scheme = 'https'

    def __init__(self, port):
        self.port = port
        self.whole = threading.Event()
        self.whole.set()
        super().__init__(Relay)

    def cut(self):
        self.whole.clear()

    def close(self):
        """Whoever waits for it may end."""
        self.whole.set()
        super().close()


class Relay(socketserver.BaseRequestHandler):
    def handle(self):
        with socket.create_connection(('127.0.0.1', self.server.port)) as far:
            back = threading.Thread(target=self.pass_on, args=(far, self.request), daemon=True)
            back.start()
            self.pass_on(self.request, far)
            back.join()

    def pass_on(self, source, target):
        with contextlib.suppress(OSError):  # connections that break
            while data := source.recv(65536):
                self.server.whole.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
