"""The image as files: what is in it, and that nothing but the program decides its bytes."""
import hashlib
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sha256(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.said = cls.make('one')

    @classmethod
    def make(cls, folder, program=b'a program'):
        place = pathlib.Path(cls.place.name)
        (place / 'program').write_bytes(program)
        done = subprocess.run([sys.executable, ROOT / 'tools/image.py', place / 'program', '1.0.0', 'abc', place / folder],
                              capture_output=True, text=True, check=True)
        return done.stdout

    def file(self, name, folder='one'):
        return (pathlib.Path(self.place.name) / folder / name).read_bytes()

    def blob(self, digest):
        with tarfile.open(pathlib.Path(self.place.name) / 'one/infra-operator.oci.tar') as tar:
            data = tar.extractfile('blobs/sha256/' + digest.removeprefix('sha256:')).read()
        self.assertEqual(sha256(data), digest)
        return data

    def manifest(self):
        with tarfile.open(pathlib.Path(self.place.name) / 'one/infra-operator.oci.tar') as tar:
            index = json.load(tar.extractfile('index.json'))
        return index['manifests'][0], json.loads(self.blob(index['manifests'][0]['digest']))

    def test_it_holds_the_program_certificates_and_the_user_alone(self):
        with tarfile.open(pathlib.Path(self.place.name) / 'one/rootfs.tar') as tar:
            modes = {entry.name: (entry.mode, entry.uid, entry.mtime) for entry in tar}
            self.assertEqual(tar.extractfile('infra-operator').read(), b'a program')
            self.assertIn(b':65532:65532:', tar.extractfile('etc/passwd').read())
        self.assertEqual(modes, {'etc/passwd': (0o644, 0, 0), 'etc/group': (0o644, 0, 0),
                                 'etc/ssl/certs/ca-certificates.crt': (0o644, 0, 0), 'infra-operator': (0o755, 0, 0)})

    def test_it_runs_as_nobody_in_particular(self):
        _, manifest = self.manifest()
        config = json.loads(self.blob(manifest['config']['digest']))
        self.assertEqual((config['config']['User'], config['config']['Entrypoint'], config['config']['Cmd']),
                         ('65532:65532', ['/infra-operator'], ['run']))
        self.assertEqual(config['rootfs']['diff_ids'], [sha256(self.file('rootfs.tar'))])
        self.assertEqual(config['config']['Labels']['org.opencontainers.image.version'], '1.0.0')

    def test_the_chart_names_it(self):
        named, _ = self.manifest()
        values = (ROOT / 'chart/values.yaml').read_text()
        name = named['annotations']['io.containerd.image.name']
        self.assertEqual(name.rpartition(':')[2], '1.0.0')
        for part in name.rpartition(':')[0].split('/', 1):
            self.assertIn(part, values)
        self.assertIn(named['digest'], self.said)

    def test_the_program_alone_decides_its_bytes(self):
        self.make('again')
        self.make('other', b'another program')
        for name in ('infra-operator.oci.tar', 'rootfs.tar', 'infra-operator.cdx.json'):
            self.assertEqual(self.file(name), self.file(name, 'again'), name)
            self.assertNotEqual(self.file(name), self.file(name, 'other'), name)

    def test_what_it_is_made_of(self):
        bill = json.loads(self.file('infra-operator.cdx.json'))
        named, _ = self.manifest()
        self.assertEqual('sha256:' + bill['metadata']['component']['hashes'][0]['content'], named['digest'])
        names = {one['name'] for one in bill['components']}
        self.assertLessEqual({'awscrt', 'libssl-dev', 'ca-certificates', 'zlib1g-dev'}, names)
        self.assertTrue(all(one['version'] for one in bill['components']))
