"""Apptainer on this machine: whether it will do, and what a job in an image sees of the host."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from depth2seg.errors import UserError

MINIMUM = (1, 4)  # its --mksquashfs-args choose the compression
INSTALL = "containers/install-apptainer.sh installs it for Debian and Ubuntu; see the README's part on containers"
# Locks on GPUs have to be seen by all jobs of a machine, in containers and out of them.
LEASES = Path("/tmp/depth2seg-leases")
# What a job needs of its environment: the devices that a scheduler gave it, the way to the network, and the account.
PASSED_ON = (
    *("CUDA_VISIBLE_DEVICES", "CITYSCAPES_USERNAME", "CITYSCAPES_PASSWORD"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
CA_INSIDE = "/etc/depth2seg-ca.crt"
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def check() -> None:
    """Raise UserError, with the way out, unless Apptainer can run and build images here."""
    program = shutil.which("apptainer")
    if program is None:
        raise UserError(f"--use-apptainer: there is no apptainer in PATH. {INSTALL}")
    printed = subprocess.run([program, "--version"], capture_output=True, text=True)
    found = re.search(r"(\d+)\.(\d+)[\w.-]*", printed.stdout)
    if printed.returncode or found is None:
        raise UserError(f"{program} --version failed: {(printed.stderr or printed.stdout).strip()}. {INSTALL}")
    if (int(found[1]), int(found[2])) < MINIMUM:
        wanted = ".".join(map(str, MINIMUM))
        raise UserError(f"{program} is version {found[0]}, too old: {wanted} or newer is needed. {INSTALL}")
    if not _setuid(program) and not user_namespaces():
        raise UserError(
            "this machine gives an ordinary user no user namespaces, without which Apptainer cannot start a container. "
            "As root: sysctl user.max_user_namespaces=15000 (Debian before 11: kernel.unprivileged_userns_clone=1; "
            "Ubuntu 24.04: kernel.apparmor_restrict_unprivileged_userns=0), or install Apptainer's setuid package"
        )


def user_namespaces() -> bool:
    """Whether this user can make a user namespace, by making one."""
    tried = subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True)
    return tried.returncode == 0


def _setuid(program: str) -> bool:
    printed = subprocess.run([program, "buildcfg"], capture_output=True, text=True).stdout
    return "APPTAINER_SUID_INSTALL=1" in printed and bool(list(_libexec(printed).glob("**/starter-suid")))


def _libexec(buildcfg: str) -> Path:
    found = re.search(r"^LIBEXECDIR=(.+)$", buildcfg, flags=re.MULTILINE)
    return Path(found[1]) if found else Path("/nonexistent")


def leases() -> Path:
    """The folder of the locks on this machine's GPUs, open to every user like /tmp itself."""
    try:
        LEASES.mkdir()
        LEASES.chmod(0o1777)  # whatever the umask
    except FileExistsError:
        pass
    return LEASES


def job_environment(folders: list[Path], read_only: list[Path]) -> dict[str, str]:
    """Variables that make Apptainer start every job alike: isolated, with these folders and the GPU if there is one.

    Jobs see the folder that they run in (Snakemake binds it), ``folders`` and ``read_only``, and nothing else of the
    host: no home, no environment, no other processes, a /tmp of their own.
    """
    binds = [f"{path}" for path in [*folders, leases()]] + [f"{path}:{path}:ro" for path in read_only]
    variables = {"APPTAINER_CONTAINALL": "1"}
    if os.getuid() == 0:  # whose containers ask for every capability, which no job needs and a sandboxed root has not
        variables["APPTAINER_NO_PRIVS"] = "1"
    if NVIDIA_DRIVER.exists():
        variables["APPTAINER_NV"] = "1"
    for name in PASSED_ON:
        if name in os.environ:
            variables[f"APPTAINERENV_{name}"] = os.environ[name]
    bundle = next((os.environ[name] for name in CA_BUNDLES if Path(os.environ.get(name, "")).is_file()), None)
    if bundle:
        binds.append(f"{Path(bundle).resolve()}:{CA_INSIDE}:ro")
        variables |= {f"APPTAINERENV_{name}": CA_INSIDE for name in CA_BUNDLES}
    return variables | {"APPTAINER_BIND": ",".join(binds)}
