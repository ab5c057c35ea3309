"""The node's address on a bridge without ports, and a rule that keeps pods on this machine."""
import pathlib
import subprocess

import stack
from cluster.place import NODE_BRIDGE, NODE_IP, POD_BRIDGE, POD_RANGE

GUARD = 'infra-guard'
# What the kubelet sets, and pods need.
KERNEL = ('net/ipv4/ip_forward', 'net/bridge/bridge-nf-call-iptables', 'vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops')


def up(place):
    note_kernel(place)
    if not exists(NODE_BRIDGE):
        stack.must_run(['ip', 'link', 'add', NODE_BRIDGE, 'type', 'bridge'])
    stack.must_run(['ip', 'address', 'replace', f'{NODE_IP}/24', 'dev', NODE_BRIDGE])
    stack.must_run(['ip', 'link', 'set', NODE_BRIDGE, 'up'])
    setting('net/ipv4/ip_forward').write_text('1')
    # What pods say to each other passes the rules of policies too.
    setting('net/bridge/bridge-nf-call-iptables').write_text('1')
    # Made anew, so that it is there once.
    stack.must_run(['nft', '-f', '-'], input=f'''
table inet {GUARD}
delete table inet {GUARD}
table inet {GUARD} {{
  chain forward {{
    type filter hook forward priority -10;
    ip saddr {POD_RANGE} oifname != {{ "{POD_BRIDGE}", "{NODE_BRIDGE}", "lo" }} drop
  }}
}}
''')


def down(place):
    for family, table in (('inet', GUARD), ('ip', 'kube-proxy'), ('ip6', 'kube-proxy')):
        subprocess.run(['nft', 'delete', 'table', family, table], capture_output=True)
    for link in (POD_BRIDGE, NODE_BRIDGE):
        if exists(link):
            stack.must_run(['ip', 'link', 'delete', link])
    if kernel_note(place).exists():
        for line in kernel_note(place).read_text().splitlines():
            name, value = line.split('=')
            setting(name).write_text(value)


def exists(link):
    return pathlib.Path('/sys/class/net', link).exists()


def setting(name):
    return pathlib.Path('/proc/sys', name)


def kernel_note(place):
    return place.folder / 'kernel.before'


def note_kernel(place):
    if not kernel_note(place).exists():
        kernel_note(place).write_text(''.join(f'{name}={setting(name).read_text().strip()}\n' for name in KERNEL))
