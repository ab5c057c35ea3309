"""A way to the API server that can be cut. For ./dev soak and the integration tests."""
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
        self.connections = set()
        self.whole = threading.Event()
        self.whole.set()
        super().__init__(Relay)

    def cut(self):
        self.whole.clear()

    def break_connections(self):
        """All that there are, in the middle of what they carry; new ones are taken."""
        for connection in list(self.connections):
            break_off(connection)

    def handle_error(self, request, client_address):
        """Where the API server is away, the connection ends, and that is all."""

    def close(self):
        """Whoever waits for it may end."""
        self.whole.set()
        super().close()


class Relay(socketserver.BaseRequestHandler):
    def setup(self):
        self.server.connections.add(self.request)

    def finish(self):
        self.server.connections.discard(self.request)

    def handle(self):
        with socket.create_connection(('127.0.0.1', self.server.port)) as far:
            back = threading.Thread(target=self.pass_on, args=(far, self.request), daemon=True)
            back.start()
            self.pass_on(self.request, far)
            back.join()

    def pass_on(self, source, target):
        try:
            while data := source.recv(65536):
                self.server.whole.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # what breaks on one side breaks on the other
            self.server.whole.wait()
            break_off(source)
            break_off(target)


def break_off(connection):
    with contextlib.suppress(OSError):  # it has ended already
        connection.shutdown(socket.SHUT_RDWR)
