"""A base for images without an OCI hub: a minimal Debian from this machine's own mirror."""

import logging
import subprocess
from pathlib import Path

from depth2seg.containers.build import run_logged
from depth2seg.errors import UserError

logger = logging.getLogger(__name__)

PACKAGES = ("ca-certificates", "libatomic1", "python3", "python3-venv")
TARGETS = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(SIGNED_BY)"


def debian_tree(suite: str, folder: Path) -> Path:
    """Install a minimal Debian ``suite`` with Python into ``folder``/tree.tar, its mirror and settings this machine's.

    As root and as an ordinary user alike, in a user namespace, and without device nodes, which could not be unpacked
    under fakeroot.

    Raises:
        UserError: there is no mmdebstrap or no Debian mirror here, or the installation failed.
    """
    tree = folder / "tree.tar"
    command = ["mmdebstrap", "--quiet", "--mode=unshare", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += [
        "--skip=output/dev",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
    ]
    settings = _apt_settings(folder)
    logger.info("installing a minimal Debian %s", suite)
    run_logged([*command, f"--aptopt={settings}", suite, str(tree), debian_mirror()], what="installing Debian")
    return tree


def debian_mirror() -> str:
    """The address of the Debian mirror in this machine's package sources."""
    try:
        printed = subprocess.run(
            ["apt-get", "indextargets", "--format", TARGETS, "Created-By: Packages"], capture_output=True, text=True
        ).stdout
    except FileNotFoundError:
        raise UserError("containers.bootstrap: debootstrap needs a Debian machine; use an OCI image: docker") from None
    for line in printed.splitlines():
        address, _, component, *_ = line.split()
        if component == "main" and address.rstrip("/").endswith("/debian"):
            return address
    raise UserError("containers.bootstrap: debootstrap, but this machine's package sources name no Debian mirror")


def _apt_settings(folder: Path) -> Path:
    """apt's network settings (proxy, certificates) of this machine, as a file that mmdebstrap hands on."""
    printed = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    lines = [line for line in printed.splitlines() if line.startswith(("Acquire::http", "Acquire::Retries"))]
    path = folder / "apt.conf"
    path.write_text("\n".join(lines) + "\n")
    return path
