"""The chart on a node, with each of its values files."""
import pathlib
import tarfile

from harness import NAME, PODS, PLURALS, Release, World, process
from objects import ROOT


class Install(Release):
    def check(self, preset, replicas=1, **values):
        self.install(preset, **values)
        pods = self.pods()
        self.assertEqual(len(pods), replicas)
        for pod in pods:
            self.assertEqual(pod['status']['containerStatuses'][0]['restartCount'], 0)
            self.check_process(process(pod))
        self.make_first('one')
        self.assertEqual(self.queues(), ['one'])
        self.assertIn('Succeeded', self.helm('test', NAME))
        self.delete_everything()

    def test_with_its_own_values(self):
        self.check(None)

    def test_for_development(self):
        # No registry is there, from which an image could come always.
        self.check('dev', image__pullPolicy='IfNotPresent')

    def test_with_an_emulator(self):
        self.check('localstack')

    def test_for_production(self):
        self.check('production', replicas=2)

    def test_pod_security_is_in_force(self):
        status, answer = self.kube.request('POST', PODS, {
            'metadata': {'name': 'root'}, 'spec': {'containers': [{'name': 'root', 'image': 'none', 'securityContext': {'runAsUser': 0}}]}})
        self.assertEqual(status, 403, answer)
        self.assertIn('violates PodSecurity "restricted', answer['message'])


class Image(Release):
    def test_it_is_small(self):
        self.assertLess(World.image.stat().st_size, 15_000_000)

    def program(self):
        with tarfile.open(World.image.parent / 'rootfs.tar') as tar:
            return tar.extractfile('infra-operator').read()

    def test_the_node_runs_what_was_made(self):
        self.install()
        self.assertEqual(pathlib.Path(f'/proc/{process(self.pods()[0])}/exe').read_bytes(), self.program())

    def test_it_is_the_same_wherever_it_is_built(self):
        """No folder of this machine is in it."""
        program = self.program()
        for folder in (f'{ROOT}/', f'{World.place.folder.parent}/', '/tmp/tmp.'):
            self.assertNotIn(folder.encode(), program)


class Samples(Release):
    def test_all_become_ready_and_go(self):
        self.install()
        World.stack.apply_samples(World.door.url, '--namespace', self.ns)
        names = {kind: [one['metadata']['name'] for one in self.items(kind)] for kind in PLURALS}
        self.assertEqual({kind for kind, found in names.items() if not found}, set())
        for kind, found in names.items():
            for name in found:
                self.wait_ready(kind, name, 120)
        self.delete_everything()
