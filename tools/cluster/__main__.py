"""A real Kubernetes with one node on this machine. Run by ./dev cluster.

usage: python3 -m cluster up|down FOLDER [NAME=PATH ...]     (the tools, for `up`)
"""
import os
import sys
import time

from cluster import addons, certificates, control_plane, images, network, node
from cluster.daemons import Daemon
from cluster.place import Place

# What is done, in the order in which it is.
STEPS = (('keys', certificates.make), ('network', network.up), ('container runtime', node.start_containerd),
         ('control plane', control_plane.up), ('images', images.load_own), ('node', node.up), ('names, metrics and certificates', addons.up))


def up(place):
    """Also for a cluster that is there, or there in part."""
    place.prepare()
    started = time.monotonic()
    for what, step in STEPS:
        step(place)
        print(f'{time.monotonic() - started:5.1f} s  {what}', flush=True)
    print(f'The node is ready: export KUBECONFIG={place.kubeconfig("admin")}')


def down(place):
    if not place.folder.exists():
        print('There is no cluster.')
        return
    node.down(place)
    for name in reversed(control_plane.NAMES):
        Daemon(place, name).stop()
    network.down(place)
    node.clean(place)
    print('The cluster is gone.')


def main():
    command, folder, *tools = sys.argv[1:]
    if os.geteuid() != 0:
        sys.exit('A node makes networks and mounts: run this as root.')
    place = Place(folder, dict(word.split('=', 1) for word in tools))
    {'up': up, 'down': down}[command](place)


if __name__ == '__main__':
    main()
