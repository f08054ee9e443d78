"""`edgelab lab` as a reader starts it, on a copy of the checkout that no user's settings touch."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
START_S = 300


@contextmanager
def lab_server(home):
    """Start it, yield its address with the token, and end it.

    It serves a copy in `home`, since JupyterLab saves an open notebook by itself.
    """
    rubbish = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for folder in ("edgelab", "data", "notebooks"):
        shutil.copytree(ROOT / folder, home / "copy" / folder, ignore=rubbish, dirs_exist_ok=True)
    mine = "DATA_DIR RUNTIME_DIR CONFIG_DIR LAB_SETTINGS_DIR LAB_WORKSPACES_DIR".split()
    mine = {f"JUPYTER{'' if n.startswith('LAB') else '_'}{n}": str(home / n) for n in mine}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")} | mine
    environment |= {"PYTHONPATH": str(home / "copy"), "IPYTHONDIR": str(home / "ipython")}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "edgelab", "lab", "--no-browser", "--port", str(port)]
    log = home / "lab.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command, cwd=home / "copy", env=environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        address = re.compile(rf"http://127\.0\.0\.1:{port}/lab\S*token=\w+")
        deadline = time.monotonic() + START_S
        while not (found := address.search(log.read_text())):
            assert server.poll() is None, f"edgelab lab ended:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"no address in {START_S} s:\n{log.read_text()}"
            time.sleep(0.1)
        yield found.group()
    finally:
        server.terminate()
        server.wait(120)
