"""What runs in the cluster as pods: names (CoreDNS), how much pods use (metrics-server), and certificates (cert-manager)."""
import pathlib
import shutil

import stack
from cluster import images
from cluster.place import NODE

MANIFESTS = pathlib.Path(__file__).resolve().parent / 'manifests'


def up(place):
    from_manifests(place)
    certificates(place)


def from_manifests(place):
    place.kubectl('wait', '--for=create', '--timeout=60s', 'serviceaccount/default', '-n', 'default')
    place.kubectl('apply', '--server-side', '-f', MANIFESTS)
    place.kubectl('wait', '-n', 'kube-system', '--for=condition=Available', '--timeout=120s', 'deployment', '--all')
    usage = f'/apis/metrics.k8s.io/v1beta1/nodes/{NODE}'
    stack.wait_until('metrics-server knows the node', lambda: place.kube().request('GET', usage)[0] == 200, 120)


def certificates(place):
    """By its own chart, which in the module has no name yet, and its kinds beside it."""
    chart, module = place.folder / 'cert-manager', pathlib.Path(place.tools['cert-manager-module'])
    shutil.rmtree(chart, ignore_errors=True)
    shutil.copytree(module / 'deploy/charts/cert-manager', chart, copy_function=shutil.copyfile)
    (chart / 'Chart.template.yaml').rename(chart / 'Chart.yaml')
    for kind in (module / 'deploy/crds').glob('crd-*.yaml'):
        shutil.copyfile(kind, chart / 'templates' / kind.name)
    stack.must_run([place.tools['helm'], '--kubeconfig', place.kubeconfig('admin'), 'upgrade', 'cert-manager', chart, '--install', '--wait',
                    '--namespace', 'cert-manager', '--create-namespace', '--set', 'startupapicheck.enabled=false',
                    *image_of('', 'controller'), *image_of('webhook.', 'webhook'), *image_of('cainjector.', 'cainjector')])


def image_of(part, program):
    repository, tag = images.name_of(f'cert-manager-{program}').rsplit(':', 1)
    return '--set-string', f'{part}image.repository={repository},{part}image.tag={tag}'
