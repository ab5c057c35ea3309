"""Stand-ins for what gives out the credentials of a machine: the metadata service of EC2, version 2, and the agent of a container
(EKS Pod Identity). They want their tokens, as the real ones do, and their keys expire.
"""
import contextlib
import datetime
import http.server
import json
import pathlib
import threading

from loopback import Loopback, QuietHandler

ROLE = 'node-role'
KEYS = f'/latest/meta-data/iam/security-credentials/{ROLE}'
LIFETIME = datetime.timedelta(hours=6)


class Source(Loopback, http.server.ThreadingHTTPServer):
    """Gives keys that are called PREFIX1, PREFIX2 ..., good for `lifetime`."""

    def __init__(self, prefix, handler):
        self.prefix, self.given, self.lifetime = prefix, 0, LIFETIME
        self.refused = []  # what was asked for in a wrong way
        self.broken = None  # (status, body) instead of an answer
        self.awake = threading.Event()  # cleared: it takes requests, and answers none
        self.awake.set()
        super().__init__(handler)

    def keys(self):
        self.given += 1
        until = datetime.datetime.now(datetime.timezone.utc) + self.lifetime
        return json.dumps({'Code': 'Success', 'AccessKeyId': f'{self.prefix}{self.given}', 'SecretAccessKey': 'secret-of-the-node',
                           'Token': 'token-of-the-node', 'Expiration': until.strftime('%Y-%m-%dT%H:%M:%SZ')})

    def close(self):
        self.awake.set()
        super().close()


class Handler(QuietHandler):
    def answer(self, status, body=''):
        self.server.awake.wait()
        if self.server.broken:
            status, body = self.server.broken
        if status >= 400 and not self.server.broken:
            self.server.refused.append(f'{self.command} {self.path}')
        data = body.encode()
        with contextlib.suppress(OSError):  # who waits no longer
            self.send_response(status)
            self.send_header('Content-Length', str(len(data)))
            self.end_headers()
            self.wfile.write(data)


class InstanceHandler(Handler):
    token = 'token-of-imds'

    def do_PUT(self):
        wanted = self.path == '/latest/api/token' and self.headers.get('X-aws-ec2-metadata-token-ttl-seconds', '').isdigit()
        self.answer(*((200, self.token) if wanted else (400,)))

    def do_GET(self):
        if self.headers.get('X-aws-ec2-metadata-token') != self.token:
            self.answer(401)
        elif self.path == KEYS.removesuffix(ROLE):
            self.answer(200, ROLE)
        else:
            self.answer(*((200, self.server.keys()) if self.path == KEYS else (404,)))


class ContainerHandler(Handler):
    def do_GET(self):
        wanted = pathlib.Path(self.server.token_file).read_text().strip()
        self.answer(*((200, self.server.keys()) if self.headers.get('Authorization') == wanted else (401, 'no such token')))


def instance():
    return Source('AKIANODE', InstanceHandler)


def container(token_file):
    source = Source('AKIAPOD', ContainerHandler)
    source.token_file = token_file
    return source
