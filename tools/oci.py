"""Container images as files, without a registry or a container engine: one layer, and no time of day in it."""
import gzip
import hashlib
import io
import json
import tarfile

PLATFORM = {'architecture': 'amd64', 'os': 'linux'}


def digest(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def encoded(value):
    return json.dumps(value, indent=1, sort_keys=True).encode()


def tar_of(files):
    """Of a list of name, bytes and mode."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.USTAR_FORMAT) as tar:
        for name, data, mode in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = mode
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def descriptor(media_type, data, **more):
    return {'mediaType': f'application/vnd.oci.image.{media_type}', 'digest': digest(data), 'size': len(data), **more}


def image(name, root, config, annotations=None, level=9):
    """The archive of an image that has the files of a tar, and the digest by which registries and nodes know the image."""
    layer = gzip.compress(root, level, mtime=0)
    described = encoded({**PLATFORM, 'rootfs': {'type': 'layers', 'diff_ids': [digest(root)]}, 'config': config})
    manifest = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',
                'config': descriptor('config.v1+json', described), 'layers': [descriptor('layer.v1.tar+gzip', layer)]}
    manifest = encoded({**manifest, 'annotations': annotations} if annotations else manifest)
    named = {'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name.rpartition(':')[2]}
    index = encoded({'schemaVersion': 2, 'manifests': [descriptor('manifest.v1+json', manifest, platform=PLATFORM, annotations=named)]})
    blobs = [('blobs/sha256/' + digest(blob).removeprefix('sha256:'), blob, 0o644) for blob in (layer, described, manifest)]
    return tar_of([('oci-layout', b'{"imageLayoutVersion": "1.0.0"}', 0o644), ('index.json', index, 0o644), *blobs]), digest(manifest)
