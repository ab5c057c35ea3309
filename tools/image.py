#!/usr/bin/env python3
"""Makes the operator's image without a registry or a container engine. Run by ./dev image.

usage: image.py PROGRAM VERSION REVISION FOLDER

Into FOLDER go rootfs.tar (what deploy/Containerfile adds), infra-operator.oci.tar (the image, for `ctr images import`, skopeo
or crane) and infra-operator.cdx.json (what it is made of). The same program gives the same bytes: no time of day is written.
"""
import pathlib
import re
import subprocess
import sys

import oci

ROOT = pathlib.Path(__file__).resolve().parent.parent
CERTIFICATES = pathlib.Path('/etc/ssl/certs/ca-certificates.crt')
USER = 65532
NAME = 'ghcr.io/andrebassi/aws-infra-operator'
# Debian packages whose libraries the static program holds, beside the packages in third_party/sources.txt and data.txt.
LINKED = ['libboost-json1.81-dev', 'libboost-url1.81-dev', 'libboost1.81-dev', 'libc6-dev', 'libcli11-dev', 'libfmt-dev',
          'libpugixml-dev', 'libssl-dev', 'libstdc++-12-dev', 'libyaml-cpp-dev', 'zlib1g-dev']


def root_files(program):
    """All that the image holds; a passwd, so that tools have a name for the user."""
    return oci.tar_of([('etc/passwd', f'nonroot:x:{USER}:{USER}:nonroot:/:/sbin/nologin\n'.encode(), 0o644),
                       ('etc/group', f'nonroot:x:{USER}:\n'.encode(), 0o644),
                       (str(CERTIFICATES)[1:], CERTIFICATES.read_bytes(), 0o644),
                       ('infra-operator', program, 0o755)])


def labels(version, revision):
    return {'org.opencontainers.image.title': 'infra-operator',
            'org.opencontainers.image.description': 'Runs AWS infrastructure from Kubernetes',
            'org.opencontainers.image.version': version, 'org.opencontainers.image.revision': revision,
            'org.opencontainers.image.licenses': 'Apache-2.0'}


def image(files, version, revision):
    config = {'User': f'{USER}:{USER}', 'Entrypoint': ['/infra-operator'], 'Cmd': ['run'], 'WorkingDir': '/',
              'Labels': labels(version, revision)}
    return oci.image(f'{NAME}:{version}', files, config, labels(version, revision))


def debian_packages(names):
    out = subprocess.run(['dpkg-query', '-W', '-f', '${Package} ${Version}\n', *names], capture_output=True, text=True, check=True)
    return [line.split() for line in out.stdout.splitlines()]


def components():
    found = [{'type': 'library', 'name': name, 'version': version, 'purl': f'pkg:deb/debian/{name}@{version}?distro=debian-12'}
             for name, version in debian_packages(LINKED + ['ca-certificates'])]
    pins = ''.join((ROOT / 'third_party' / name).read_text() for name in ('sources.txt', 'data.txt'))
    for name, version in re.findall(r'^([\w-]+)==(\S+)', pins, re.MULTILINE):
        found.append({'type': 'library', 'name': name, 'version': version, 'purl': f'pkg:pypi/{name}@{version}'})
    return sorted(found, key=lambda one: one['name'])


def bill_of_materials(version, of_image):
    return oci.encoded({'bomFormat': 'CycloneDX', 'specVersion': '1.5', 'version': 1,
                    'metadata': {'component': {'type': 'container', 'name': 'infra-operator', 'version': version,
                                               'hashes': [{'alg': 'SHA-256', 'content': of_image.removeprefix('sha256:')}]}},
                    'components': components()})


def main():
    program, version, revision, folder = sys.argv[1:]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = root_files(pathlib.Path(program).read_bytes())
    archive, of_image = image(files, version, revision)
    (folder / 'rootfs.tar').write_bytes(files)
    (folder / 'infra-operator.oci.tar').write_bytes(archive)
    (folder / 'infra-operator.cdx.json').write_bytes(bill_of_materials(version, of_image))
    print(f'{NAME}:{version}@{of_image}')
    print(f'{len(files) / 1e6:.1f} MB, {len(archive) / 1e6:.1f} MB packed, in {folder}')


if __name__ == '__main__':
    main()
