"""etcd, the API server, the controllers and the scheduler."""
import json
import urllib.request

from cluster.daemons import Daemon
from cluster.place import API_PORT, ETCD, LOOPBACK, NODE_IP, SERVICE_RANGE

ISSUER = 'https://kubernetes.default.svc.cluster.local'
# In the order in which they are started.
NAMES = ('etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler')


def up(place):
    start_etcd(place)
    start_apiserver(place)
    start_controllers(place)


def start_etcd(place):
    etcd, peer = Daemon(place, 'etcd'), f'http://{LOOPBACK}:2380'
    etcd.start([
        place.tools['etcd'], '--data-dir', place.folder / 'etcd', '--unsafe-no-fsync', '--log-level', 'warn',
        '--listen-client-urls', ETCD, '--advertise-client-urls', ETCD, '--listen-peer-urls', peer,
        '--initial-advertise-peer-urls', peer, '--initial-cluster', f'default={peer}'])
    etcd.wait_until('answers', lambda: answers(f'{ETCD}/health'))


def start_apiserver(place):
    key = place.key
    apiserver = Daemon(place, 'kube-apiserver')
    apiserver.start([
        place.tools['kube-apiserver'], '--etcd-servers', ETCD, '--bind-address', NODE_IP, '--advertise-address', NODE_IP,
        '--secure-port', API_PORT, '--tls-cert-file', key('apiserver.crt'), '--tls-private-key-file', key('apiserver.key'),
        '--client-ca-file', key('ca.crt'), '--token-auth-file', key('tokens.csv'), '--authorization-mode', 'Node,RBAC',
        '--enable-admission-plugins', 'NodeRestriction', '--service-cluster-ip-range', SERVICE_RANGE,
        '--service-account-issuer', ISSUER, '--service-account-key-file', key('accounts.key'),
        '--service-account-signing-key-file', key('accounts.key'), '--kubelet-preferred-address-types', 'InternalIP',
        '--kubelet-client-certificate', key('to-kubelet.crt'), '--kubelet-client-key', key('to-kubelet.key'),
        '--kubelet-certificate-authority', key('ca.crt'), '--requestheader-client-ca-file', key('ca.crt'),
        '--requestheader-allowed-names', 'front-proxy', '--requestheader-username-headers', 'X-Remote-User',
        '--requestheader-group-headers', 'X-Remote-Group', '--requestheader-extra-headers-prefix', 'X-Remote-Extra-',
        '--proxy-client-cert-file', key('front-proxy.crt'), '--proxy-client-key-file', key('front-proxy.key'),
        '--enable-aggregator-routing', '--audit-policy-file', audit_policy(place), '--audit-log-path', audit_log(place)])
    apiserver.wait_until('is ready', place.kube().answers, 120)


def audit_log(place):
    return place.folder / 'log/audit.log'


def audit_policy(place):
    """Puts down what ServiceAccounts ask for, but for those of the cluster itself. A watch is put down when it begins."""
    return place.conf('audit-policy.json', json.dumps({
        'apiVersion': 'audit.k8s.io/v1', 'kind': 'Policy', 'omitStages': ['RequestReceived'], 'rules': [
            {'level': 'None', 'userGroups': ['system:serviceaccounts:kube-system']},
            {'level': 'Metadata', 'userGroups': ['system:serviceaccounts']},
            {'level': 'None'}]}))


def start_controllers(place):
    start_controller(place, 'controller-manager', '--use-service-account-credentials', '--root-ca-file', place.key('ca.crt'),
                     '--service-account-private-key-file', place.key('accounts.key'))
    start_controller(place, 'scheduler')


def start_controller(place, name, *more):
    config = place.kubeconfig(name)
    Daemon(place, f'kube-{name}').start([
        place.tools[f'kube-{name}'], '--kubeconfig', config, '--authentication-kubeconfig', config,
        '--authorization-kubeconfig', config, '--bind-address', LOOPBACK, '--leader-elect=false', *more])


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
