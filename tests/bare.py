"""The README's two lines on a bare Debian: `python3 tests/bare.py trixie` (as root).

debootstrap makes a minimal system in a folder: Python with pip, git, and nothing else. A clone of
HEAD goes into a home with a space and a letter beyond ASCII, and an ordinary user runs there what
the README has in its first block of sh, as it is printed. The first line ends when the first page
was served and Ctrl-C was pressed.

It leaves with 0 if both lines did what they should, and with 75 if nothing was tried: the mirror
did not answer, or this machine lends no namespaces. Debian's mirror is the one of this machine's
apt, and pip's and uv's settings and the certificates are those of this machine.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIRROR = "http://deb.debian.org/debian"
#: All that a distribution must bring; each of them brings what it needs itself.
PACKAGES = ("python3-pip", "git")
USER, HOME, FOLDER = "zoe", "/home/zoë k", "my course ü"
NOT_TRIED = 75
#: Namespaces of its own for what runs in there.
UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
#: A line that does not end by then never will, in seconds.
ENOUGH_S = 3600
#: How a machine says where packages come from; none of it is in the project.
OURS = re.compile(r"(PIP|UV)_\w+|SSL_CERT_(FILE|DIR)|\w*_proxy", re.IGNORECASE)
FILES = ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/resolv.conf", "/etc/hosts")


def lines():
    """The lines of the README's first block of sh."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1].splitlines()


def mirror():
    """Debian's mirror of this machine, else the usual one."""
    if shutil.which("apt-get"):
        asked = ("$(ORIGIN) $(COMPONENT) $(REPO_URI)", "Identifier: Packages")
        command = ["apt-get", "indextargets", "--format", *asked]
        for line in subprocess.run(command, capture_output=True, text=True).stdout.splitlines():
            if line.startswith("Debian main "):
                return line.split()[2].rstrip("/")
    return MIRROR


def make(suite, root):
    """Make the bare system, or leave where the mirror does not answer."""
    try:
        subprocess.run([*UNSHARE, "true"], check=True)
        with urllib.request.urlopen(f"{mirror()}/dists/{suite}/Release", timeout=60) as answer:
            answer.read()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"\n*** {suite} NOT TRIED: no namespaces, or no answer of the mirror ({error}) ***\n")
        sys.exit(NOT_TRIED)
    include = f"--include={','.join(PACKAGES)}"
    command = ["debootstrap", "--variant=minbase", include, suite, str(root), mirror()]
    with open(f"{root}.log", "w+") as log:
        if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT).returncode:
            log.seek(0)
            sys.exit(f"debootstrap failed:\n{log.read()[-3000:]}")
    for name in filter(os.path.exists, FILES):
        (root / name[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(name, root / name[1:])
    home = root / HOME[1:]
    home.mkdir(parents=True)
    subprocess.run(["git", "clone", "-q", "--no-local", ROOT, home / FOLDER], check=True)
    subprocess.run(["chroot", root, "useradd", "-d", HOME, "-s", "/bin/bash", USER], check=True)
    subprocess.run(["chroot", root, "chown", "-R", f"{USER}:", HOME], check=True)


def command(root, line):
    """The command that runs a line in there: namespaces of its own end with it, mounts too."""
    into = f"set -euo pipefail; cd {shlex.quote(f'{HOME}/{FOLDER}')}; {line}"
    ours = [f"{name}={value}" for name, value in os.environ.items() if OURS.fullmatch(name)]
    about = ["env", "-i", "PATH=/usr/bin:/bin", f"HOME={HOME}", f"USER={USER}", *ours]
    chroot = ["chroot", f"--userspec={USER}", root, *about, "bash", "-c", into]
    # The shell stays and stays root: only so does --kill-child reach it, and with it all others.
    mounts = (
        'mount -t proc proc "$0/proc"; mount -t tmpfs tmpfs "$0/dev/shm"; trap : INT; "$@"; exit'
    )
    return [*UNSHARE, "sh", "-ec", mounts, root, *chroot]


def served(address):
    """Whether there is an answer at the address."""
    try:
        with urllib.request.urlopen(address, timeout=300) as answer:
            return bool(answer.read())
    except OSError:
        return False


def ended(lab):
    """Whether it ends by Ctrl-C; in the middle of an answer JupyterLab needs a second one."""
    for _ in range(5):
        os.killpg(lab.pid, signal.SIGINT)
        try:
            return lab.wait(60) in (0, 128 + signal.SIGINT)
        except subprocess.TimeoutExpired:
            continue
    return False


def opens(root, line):
    """Whether the line that opens the workbook serves the first page, and ends by Ctrl-C."""
    log, answered, end = root.with_suffix(".lab"), False, time.monotonic() + ENOUGH_S
    address = re.compile(r"(http://127\.0\.0\.1:\d+)(/lab/tree)(/\S+)(\?token=\w+)\n")
    with log.open("w") as out:
        lab = subprocess.Popen(
            command(root, line), stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        while not answered and lab.poll() is None and time.monotonic() < end:
            time.sleep(1)
            if found := address.search(log.read_text(encoding="utf-8", errors="replace")):
                server, lab_, page, token = found.groups()
                places = (f"/api/contents{page}", lab_ + page)
                answered = all(served(server + place + token) for place in places)
        return answered and ended(lab)
    finally:
        lab.kill()
        said = log.read_text(encoding="utf-8", errors="replace")
        print(f"{said}(ended with {lab.wait()})", flush=True)


def main():
    # A job in the background is started with it ignored, and so would be all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    suite = sys.argv[1] if len(sys.argv) > 1 else "trixie"
    with tempfile.TemporaryDirectory(prefix="bare-") as folder:
        root = Path(folder) / suite
        make(suite, root)
        subprocess.run(command(root, "cat /etc/debian_version; python3 --version"), check=True)
        open_, test = lines()
        print(f"+ {open_}", flush=True)
        if not opens(root, open_):
            return 1
        print(f"+ {test}", flush=True)
        return subprocess.run(command(root, test), timeout=ENOUGH_S).returncode


if __name__ == "__main__":
    sys.exit(main())
