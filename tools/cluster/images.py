"""The images that the cluster itself needs, made of the programs; and how an image comes to the node."""
import pathlib
import subprocess

import oci

OWN = ('pause', 'coredns', 'metrics-server', 'cert-manager-controller', 'cert-manager-webhook', 'cert-manager-cainjector')
USER = '65532:65532'


def name_of(program):
    return f'registry.local/{program}:1'


def ctr(place, *words):
    return subprocess.run([place.tools['ctr'], '--address', str(place.socket), '--namespace', 'k8s.io', *map(str, words)],
                          capture_output=True, text=True)


def listed(place, what):
    return ctr(place, what, 'list', '--quiet').stdout.split()


def load(place, archive):
    done = ctr(place, 'images', 'import', archive)
    if done.returncode:
        raise RuntimeError(f'{archive} is not imported: {done.stderr}')


def load_own(place):
    there = listed(place, 'images')
    for program in OWN:
        if name_of(program) not in there:
            archive = place.folder / f'{program}.tar'
            archive.write_bytes(make(program, place.tools[program]))
            load(place, archive)
            archive.unlink()


def make(program, path):
    root = oci.tar_of([(program, pathlib.Path(path).read_bytes(), 0o755)])
    # It goes to this machine only, so nothing is won by making it small.
    return oci.image(name_of(program), root, {'User': USER, 'Entrypoint': [f'/{program}']}, level=0)[0]
