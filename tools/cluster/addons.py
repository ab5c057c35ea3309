"""What runs in the cluster as pods: names (CoreDNS), and how much pods use (metrics-server)."""
import pathlib

import stack
from cluster.place import NODE

MANIFESTS = pathlib.Path(__file__).resolve().parent / 'manifests'


def up(place):
    place.kubectl('wait', '--for=create', '--timeout=60s', 'serviceaccount/default', '-n', 'default')
    place.kubectl('apply', '--server-side', '-f', MANIFESTS)
    place.kubectl('wait', '-n', 'kube-system', '--for=condition=Available', '--timeout=120s', 'deployment', '--all')
    usage = f'/apis/metrics.k8s.io/v1beta1/nodes/{NODE}'
    stack.wait_until('metrics-server knows the node', lambda: place.kube().request('GET', usage)[0] == 200, 120)
