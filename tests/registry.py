"""A registry of OCI images on loopback: Debian's docker-registry, started in a folder, and an image pushed to it."""

import contextlib
import gzip
import hashlib
import json
import shutil
import socket
import subprocess
import time
from pathlib import Path

import requests

PROGRAM = shutil.which("docker-registry")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@contextlib.contextmanager
def serving(folder: Path):
    """The address (host:port) of an empty registry that lives as long as the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = folder / "registry.json"  # which is YAML too
    storage = {"filesystem": {"rootdirectory": str(folder / "registry")}}
    settings.write_text(json.dumps({"version": 0.1, "storage": storage, "http": {"addr": address}}))
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen([PROGRAM, "serve", settings], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"http://{address}/v2/", timeout=5).raise_for_status()
                break
            time.sleep(0.1)
        yield address
    finally:
        process.kill()
        process.wait()


def push(address: str, name: str, tree: bytes) -> None:
    """Push the tar archive of a root file system as the image ``name``:latest."""
    layer = gzip.compress(tree, 1)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"]},
        "rootfs": {"type": "layers", "diff_ids": [_digest(tree)]},
    }
    blobs = [(json.dumps(config).encode(), CONFIG), (layer, LAYER)]
    described = []
    for blob, kind in blobs:
        begun = requests.post(f"http://{address}/v2/{name}/blobs/uploads/", timeout=60)
        begun.raise_for_status()
        sent = requests.put(begun.headers["Location"], params={"digest": _digest(blob)}, data=blob, timeout=300)
        sent.raise_for_status()
        described.append({"mediaType": kind, "digest": _digest(blob), "size": len(blob)})
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
    url = f"http://{address}/v2/{name}/manifests/latest"
    requests.put(url, data=json.dumps(manifest), headers={"Content-Type": MANIFEST}, timeout=60).raise_for_status()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
