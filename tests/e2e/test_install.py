"""The chart on a node, with each of its values files."""
import pathlib
import tarfile

from harness import NAME, PODS, PLURALS, Release, World, process

NO_PROMETHEUS = {'prometheus__serviceMonitor__enabled': 'false', 'prometheus__prometheusRule__enabled': 'false'}


def said(path):
    """The lines of a file of /proc as name -> value."""
    return dict(line.split(':\t', 1) for line in pathlib.Path(path).read_text().splitlines() if ':\t' in line)


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

    def check_process(self, pid):
        """What the kernel says of it, not what the pod asks for."""
        status = said(f'/proc/{pid}/status')
        self.assertEqual(set(status['Uid'].split() + status['Gid'].split()), {'65532'})
        for kind in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
            self.assertEqual(int(status[kind], 16), 0, kind)
        self.assertEqual((status['Seccomp'], status['NoNewPrivs']), ('2', '1'))
        root = next(line.split() for line in pathlib.Path(f'/proc/{pid}/mountinfo').read_text().splitlines() if line.split()[4] == '/')
        self.assertEqual(root[5].split(',')[0], 'ro')

    def test_with_its_own_values(self):
        self.check(None)

    def test_for_development(self):
        # No registry is there, from which an image could come always.
        self.check('dev', image__pullPolicy='IfNotPresent')

    def test_with_an_emulator(self):
        self.check('localstack')

    def test_for_production(self):
        self.check('production', replicas=2, **NO_PROMETHEUS)

    def test_pod_security_is_in_force(self):
        status, answer = self.kube.request('POST', PODS, {
            'metadata': {'name': 'root'}, 'spec': {'containers': [{'name': 'root', 'image': 'none', 'securityContext': {'runAsUser': 0}}]}})
        self.assertEqual(status, 403, answer)
        self.assertIn('violates PodSecurity "restricted', answer['message'])


class Image(Release):
    def test_it_is_small(self):
        self.assertLess(World.image.stat().st_size, 15_000_000)

    def test_the_node_runs_what_was_made(self):
        self.install()
        with tarfile.open(World.image.parent / 'rootfs.tar') as tar:
            program = tar.extractfile('infra-operator').read()
        self.assertEqual(pathlib.Path(f'/proc/{process(self.pods()[0])}/exe').read_bytes(), program)


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
