"""Where the cluster is: addresses that only this machine has, and one folder."""
import json
import pathlib

import stack

NODE = 'node'
NODE_BRIDGE, POD_BRIDGE = 'infra-node', 'infra-pods'
NODE_IP, POD_GATEWAY, POD_RANGE = '10.99.0.1', '10.244.0.1', '10.244.0.0/24'
SERVICE_RANGE, KUBERNETES_IP, DNS_IP = '10.96.0.0/16', '10.96.0.1', '10.96.0.10'
# Not 127.0.0.1, where the tests' own servers are.
LOOPBACK = '127.0.99.1'
API_PORT = 6443
SERVER = f'https://{NODE_IP}:{API_PORT}'
ETCD = f'http://{LOOPBACK}:2379'


class Place:
    """The folder; and, for who has only that, the paths of the tools that it was made with."""

    def __init__(self, folder, tools=None):
        self.folder = pathlib.Path(folder)
        self.noted = self.folder / 'tools.json'
        self.tools = tools or (json.loads(self.noted.read_text()) if self.noted.exists() else {})
        self.socket = self.folder / 'run/containerd.sock'

    def prepare(self):
        for name in ('conf', 'log', 'pods', 'run'):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.noted.write_text(json.dumps(self.tools))

    def conf(self, name, text):
        """A file of settings. It is written only if it changes: kube-proxy ends when it sees its own being written."""
        path = self.folder / 'conf' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    def key(self, name):
        return self.folder / 'keys' / name

    def kubeconfig(self, name):
        return self.key(f'{name}.kubeconfig')

    def kube(self):
        return stack.Kube(SERVER, self.key('admin.token').read_text(), self.key('ca.crt'))

    def kubectl(self, *words, **options):
        return stack.must_run([self.tools['kubectl'], '--kubeconfig', self.kubeconfig('admin'), *words], **options)
