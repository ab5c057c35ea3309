"""The node: containerd, kubelet, kube-proxy and kube-router; and how all that they leave behind goes away."""
import json
import pathlib
import shutil
import stat
import subprocess

import stack
from cluster import images
from cluster.control_plane import answers
from cluster.daemons import Daemon
from cluster.place import DNS_IP, LOOPBACK, NODE, NODE_IP, POD_BRIDGE, POD_GATEWAY, POD_RANGE, SERVICE_RANGE

NAMES = ('containerd', 'kubelet', 'kube-proxy', 'kube-router')
PLUGINS = '/usr/lib/cni'  # of Debian's containernetworking-plugins
ROUTER = ('--run-router=false', '--run-service-proxy=false', '--run-firewall=true', '--enable-cni=false', '--hostname-override', NODE,
          '--service-cluster-ip-range', SERVICE_RANGE)
ROUTER_HEALTH_PORT = '20244'
CGROUPS = pathlib.Path('/sys/fs/cgroup')


def start_containerd(place):
    containerd = Daemon(place, 'containerd')
    folder = pathlib.Path(place.tools['containerd']).parent  # it looks for its shim on the path
    containerd.start([place.tools['containerd'], '--config', containerd_settings(place)], path=folder)
    containerd.wait_until('answers', lambda: images.ctr(place, 'version').returncode == 0)


def containerd_settings(place):
    """Without the right CAP_SYS_RESOURCE, as in a container, a process cannot be made less likely to be killed."""
    place.conf('network/bridge.conflist', json.dumps({'cniVersion': '1.0.0', 'name': 'pods', 'plugins': [
        {'type': 'bridge', 'bridge': POD_BRIDGE, 'isGateway': True, 'hairpinMode': True, 'ipam': {
            'type': 'host-local', 'dataDir': str(place.folder / 'run/addresses'), 'routes': [{'dst': '0.0.0.0/0'}],
            'ranges': [[{'subnet': POD_RANGE, 'gateway': POD_GATEWAY}]]}}]}))
    # An image that is not here is asked for at a port where nobody listens, and so fails at once.
    place.conf('registries/_default/hosts.toml', 'server = "http://127.0.0.1:1"\n')
    return place.conf('containerd.toml', f'''version = 2
root = "{place.folder}/containerd"
state = "{place.folder}/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
address = "{place.socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{images.name_of('pause')}"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{place.folder}/conf/registries"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{PLUGINS}"
conf_dir = "{place.folder}/conf/network"
''')


def start_kubelet(place):
    Daemon(place, 'kubelet').start([
        place.tools['kubelet'], '--config', kubelet_settings(place), '--kubeconfig', place.kubeconfig('kubelet'),
        '--hostname-override', NODE, '--node-ip', NODE_IP, '--root-dir', place.folder / 'kubelet', '--oom-score-adj', '0'])


def kubelet_settings(place):
    """What the machine has to spare is no matter for tests: no image is dropped, and no pod is evicted, for want of disk or memory."""
    resolve = place.conf('resolv.conf', 'options ndots:1\n')
    return place.conf('kubelet.json', json.dumps({
        'apiVersion': 'kubelet.config.k8s.io/v1beta1', 'kind': 'KubeletConfiguration', 'failCgroupV1': False,
        'cgroupDriver': 'cgroupfs', 'containerRuntimeEndpoint': f'unix://{place.socket}', 'address': NODE_IP,
        'healthzBindAddress': LOOPBACK, 'authentication': {
            'anonymous': {'enabled': False}, 'webhook': {'enabled': True}, 'x509': {'clientCAFile': str(place.key('ca.crt'))}},
        'authorization': {'mode': 'Webhook'}, 'tlsCertFile': str(place.key('kubelet.crt')),
        'tlsPrivateKeyFile': str(place.key('kubelet.key')), 'clusterDomain': 'cluster.local', 'clusterDNS': [DNS_IP],
        'resolvConf': str(resolve), 'failSwapOn': False, 'podLogsDir': str(place.folder / 'pods'),
        'volumePluginDir': str(place.folder / 'kubelet/plugins'), 'imageGCHighThresholdPercent': 100,
        'evictionHard': {name: '0%' for name in ('memory.available', 'nodefs.available', 'nodefs.inodesFree', 'imagefs.available')},
        'makeIPTablesUtilChains': False, 'syncFrequency': '10s'}))  # so that pods soon see a new Secret


def start_proxy(place):
    settings = place.conf('kube-proxy.json', json.dumps({
        'apiVersion': 'kubeproxy.config.k8s.io/v1alpha1', 'kind': 'KubeProxyConfiguration', 'mode': 'nftables',
        'bindAddress': NODE_IP, 'healthzBindAddress': f'{LOOPBACK}:10256', 'metricsBindAddress': f'{LOOPBACK}:10249',
        'clientConnection': {'kubeconfig': str(place.kubeconfig('kube-proxy'))}, 'hostnameOverride': NODE, 'clusterCIDR': POD_RANGE,
        'nodePortAddresses': ['primary'], 'oomScoreAdj': 0,
        'conntrack': {'maxPerCore': 0, 'min': 0, 'tcpEstablishedTimeout': '0s', 'tcpCloseWaitTimeout': '0s'}}))
    proxy = Daemon(place, 'kube-proxy')
    proxy.start([place.tools['kube-proxy'], '--config', settings])
    proxy.wait_until('answers', lambda: answers(f'http://{LOOPBACK}:10256/healthz'))


def start_policies(place):
    """kube-router does nothing but what NetworkPolicy objects say. It sets rules of iptables, which `clean` takes away."""
    router = Daemon(place, 'kube-router')
    router.start([place.tools['kube-router'], *ROUTER, '--kubeconfig', place.kubeconfig('admin'), '--health-port', ROUTER_HEALTH_PORT])
    router.wait_until('answers', lambda: answers(f'http://{NODE_IP}:{ROUTER_HEALTH_PORT}/healthz'))


def up(place):
    start_kubelet(place)
    kubelet = Daemon(place, 'kubelet')
    kubelet.wait_until('registers the node', lambda: place.kube().request('GET', f'/api/v1/nodes/{NODE}')[0] == 200)
    start_proxy(place)
    start_policies(place)
    place.kubectl('wait', '--for=condition=Ready', f'node/{NODE}', '--timeout=60s')


def down(place):
    """As when the machine loses power: no pod is told."""
    Daemon(place, 'kubelet').stop()
    if Daemon(place, 'containerd').pid():
        kill_containers(place)
    for name in reversed(NAMES):
        Daemon(place, name).stop()


def kill_containers(place):
    for task in images.listed(place, 'tasks'):
        images.ctr(place, 'tasks', 'kill', '--signal', 'SIGKILL', task)
    for task in images.listed(place, 'tasks'):
        # Waits for its end.
        images.ctr(place, 'tasks', 'delete', '--force', task)


def clean(place):
    """Mounts, name spaces of networks, and control groups. After down()."""
    subprocess.run([place.tools['kube-router'], *ROUTER, '--cleanup-config'], capture_output=True)
    for mount in mounts(place):
        subprocess.run(['umount', '--lazy', mount], check=True)
    for space in pathlib.Path('/run/netns').glob('cni-*'):
        stack.must_run(['ip', 'netns', 'delete', space.name])
    for group in CGROUPS.glob('*/kubepods'):
        for folder in [*sorted(group.rglob('*'), reverse=True), group]:
            if stat.S_ISDIR(folder.lstat().st_mode):
                folder.rmdir()
    shutil.rmtree(place.folder)


def mounts(place):
    """The newest first: one may lie within another."""
    lines = pathlib.Path('/proc/self/mountinfo').read_text().splitlines()
    points = [line.split()[4] for line in lines]
    return [point for point in reversed(points) if point.startswith((f'{place.folder}/', '/run/netns/cni-'))]
