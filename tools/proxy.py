"""A server that stands between the operator and the AWS emulator, and may answer in the emulator's place.

For ./dev demo and the integration tests. Standard library only.
"""
import contextlib
import http.client
import http.server
import threading
import time
import urllib.parse

from loopback import Loopback, QuietHandler


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.at = time.monotonic()

    @property
    def operation(self):
        """Action of a query service, or what the X-Amz-Target says; empty for the rest."""
        target = self.headers.get('X-Amz-Target', '')
        if target:
            return target.rsplit('.', 1)[1]
        return urllib.parse.parse_qs(self.body.decode(errors='replace')).get('Action', [''])[0]

    @property
    def scope(self):
        """Key, date, region, service and an end; shorter if the request is not signed."""
        return self.headers.get('Authorization', '').partition('Credential=')[2].partition(',')[0].split('/')

    @property
    def service(self):
        """The name that the request is signed for; empty if it is not signed."""
        return self.scope[3] if len(self.scope) > 3 else ''

    @property
    def key(self):
        """The access key that it is signed with; empty if it is not signed."""
        return self.scope[0]

    def parameters(self):
        """Those of a query service."""
        return dict(urllib.parse.parse_qsl(self.body.decode()))


class Reply:
    def __init__(self, status=200, body=b'', headers=None, close=False, promised=None):
        self.status, self.headers = status, dict(headers or {})
        self.body = body.encode() if isinstance(body, str) else body
        self.close = close        # break the connection instead of answering
        self.promised = promised  # a Content-Length that is not true


def query_error(code, message):
    """As a query service such as RDS words an error."""
    return Reply(400, f'<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>'
                      '<RequestId>r</RequestId></ErrorResponse>', {'Content-Type': 'text/xml'})


class Proxy(Loopback, http.server.ThreadingHTTPServer):
    """`rule(request)` gives back None to let a Request pass, a Reply, or a function of the emulator's true Reply."""

    def __init__(self, emulator_port, host='127.0.0.1'):
        self.emulator_port = emulator_port
        self.rule = lambda request: None
        self.under_way = 0
        self.lock = threading.Lock()
        super().__init__(Handler, host)

    def note(self, request):
        """Told of each request that arrives."""

    def count(self, change):
        with self.lock:
            self.under_way += change

    def handle_error(self, request, client_address):
        """Connections that break are what this server is for."""


class Handler(QuietHandler):
    def forward(self, request):
        upstream = http.client.HTTPConnection('127.0.0.1', self.server.emulator_port, timeout=30)
        with contextlib.closing(upstream):
            upstream.request(request.method, request.path, request.body, dict(request.headers))
            answer = upstream.getresponse()
            return Reply(answer.status, answer.read(), answer.getheaders())

    def serve(self):
        self.server.count(1)
        try:
            self.answer()
        finally:
            self.server.count(-1)

    def answer(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        request = Request(self.command, self.path, self.headers, body)
        self.server.note(request)
        verdict = self.server.rule(request)
        reply = verdict if isinstance(verdict, Reply) else self.forward(request)
        if callable(verdict):
            reply = verdict(reply)
        if reply.close:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in ('content-length', 'connection', 'transfer-encoding', 'date', 'server'):
                self.send_header(name, value)
        self.send_header('Content-Length', str(reply.promised or len(reply.body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(reply.body)
        if reply.promised:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = serve
