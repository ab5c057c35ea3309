"""Who is who: one authority, certificates for what is called over TLS, and a token with a kubeconfig for everything that calls."""
import secrets

import stack
from cluster.place import KUBERNETES_IP, NODE, NODE_IP, SERVER

CALLERS = {'admin': ('admin', 'system:masters'), 'controller-manager': ('system:kube-controller-manager', ''),
           'scheduler': ('system:kube-scheduler', ''), 'kube-proxy': ('system:kube-proxy', ''),
           'kubelet': (f'system:node:{NODE}', 'system:nodes')}
SERVICE = 'kubernetes.default.svc'


def make(place):
    done = place.key('complete')
    if done.exists():
        return
    done.parent.mkdir(mode=0o700, exist_ok=True)
    certificate(place, 'ca', '/CN=infra-operator-cluster', 'keyUsage=critical,keyCertSign,digitalSignature')
    names = [f'IP:{NODE_IP}', f'IP:{KUBERNETES_IP}', *(f'DNS:{name}' for name in ('kubernetes', 'kubernetes.default', SERVICE))]
    signed(place, 'apiserver', '/CN=kube-apiserver', 'serverAuth', names)
    signed(place, 'kubelet', f'/CN=system:node:{NODE}', 'serverAuth', [f'IP:{NODE_IP}'])
    signed(place, 'to-kubelet', '/O=system:masters/CN=kube-apiserver', 'clientAuth')
    signed(place, 'front-proxy', '/CN=front-proxy', 'clientAuth')
    stack.must_run(['openssl', 'genrsa', '-out', place.key('accounts.key'), '2048'])
    give_tokens(place)
    done.touch()


def certificate(place, name, subject, *extensions, signer=()):
    stack.must_run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650',
                    '-subj', subject, '-keyout', place.key(f'{name}.key'), '-out', place.key(f'{name}.crt'), *signer,
                    *(word for one in extensions for word in ('-addext', one))])


def signed(place, name, subject, use, names=()):
    alternative = [f'subjectAltName={",".join(names)}'] if names else []
    certificate(place, name, subject, 'basicConstraints=critical,CA:FALSE', f'extendedKeyUsage={use}', *alternative,
                signer=('-CA', place.key('ca.crt'), '-CAkey', place.key('ca.key')))


def give_tokens(place):
    rows = []
    for name, (user, group) in CALLERS.items():
        token = secrets.token_hex(16)
        rows.append(f'{token},{user},{user}' + (f',{group}' if group else ''))
        place.key(f'{name}.token').write_text(token)
        place.kubeconfig(name).write_text(stack.kubeconfig(SERVER, place.key('ca.crt'), token))
    place.key('tokens.csv').write_text('\n'.join(rows) + '\n')
