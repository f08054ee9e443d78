"""Does everything the workbook stands on work here? One check a line, each with its mend.

Imports nothing at the top but the standard library, so that it can speak when a package is missing.
"""

import os
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from time import perf_counter

WIDGET_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")

BROWSERS = (
    "google-chrome google-chrome-stable chrome chromium chromium-browser microsoft-edge msedge"
).split()
BROWSER_PLACES = {
    "darwin": [
        f"{home}/Applications/{app}.app/Contents/MacOS/{app}"
        for home in ("", "~")
        for app in ("Google Chrome", "Chromium", "Microsoft Edge")
    ],
    "win32": [
        f"%{root}%\\{app}"
        for root in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")
        for app in (
            "Google\\Chrome\\Application\\chrome.exe",
            "Chromium\\Application\\chrome.exe",
            "Microsoft\\Edge\\Application\\msedge.exe",
        )
    ],
}
BROWSER_MEND = {
    "darwin": "brew install --cask google-chrome",
    "win32": "winget install Google.Chrome",
}


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes
    ----------
    name : str
        What was looked at.
    state : {"ok", "note", "mend"}
        "note" is worth knowing and no failure; "mend" is a failure.
    detail : str
        What was found, in words.
    mend : str
        The one command that mends it; empty when all is well.
    """

    name: str
    state: str
    detail: str
    mend: str = ""

    def __str__(self):
        mend = f"  ->  {self.mend}" if self.mend else ""
        return f"{self.state:4}  {self.name}: {self.detail}{mend}"


def quoted(program):
    """Return a program's path as it can be pasted into a shell."""
    return f'& "{program}"' if sys.platform == "win32" else shlex.quote(str(program))


def install_command():
    """Return the command that puts this environment right, by the tool that made it."""
    prefix = Path(sys.prefix)
    if (prefix / "conda-meta").is_dir():
        return "conda env update -f environment.yml"
    config = prefix / "pyvenv.cfg"
    if config.is_file() and "\nuv = " in "\n" + config.read_text(encoding="utf-8"):
        return f"{quoted(shutil.which('uv') or os.path.join('.uv', 'bin', 'uv'))} sync --reinstall"
    return f"{quoted(sys.executable)} -m pip install --upgrade --force-reinstall -e ."


def python():
    """Check the version of Python against the project's own statement."""
    from packaging.specifiers import SpecifierSet

    version = "{}.{}.{}".format(*sys.version_info[:3])
    wanted = metadata.metadata("edgelab")["Requires-Python"]
    if SpecifierSet(wanted).contains(version):
        return Check("Python", "ok", f"{version} (wanted {wanted})")
    return Check(
        "Python", "mend", f"{version}, wanted {wanted}", "uv run --python 3.13 edgelab lab"
    )


def packages():
    """Check the version of every package that edgelab asks for."""
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in metadata.requires("edgelab") or []]
    wanted = [r for r in wanted if not r.marker or r.marker.evaluate({"extra": ""})]
    wrong = []
    for requirement in wanted:
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
        else:
            if not requirement.specifier.contains(found, prereleases=True):
                wrong.append(f"{requirement.name} {found}, wanted {requirement.specifier}")
    if wrong:
        return Check("packages", "mend", "; ".join(wrong), install_command())
    return Check("packages", "ok", f"{len(wanted)} of {len(wanted)} as wanted")


def widgets():
    """Check that this JupyterLab sees the two extensions that draw live panels, switched on."""
    from jupyter_core.paths import jupyter_path
    from jupyterlab.commands import AppOptions, get_app_info

    info = get_app_info(AppOptions(labextensions_path=jupyter_path("labextensions")))
    for name in WIDGET_EXTENSIONS:
        if name not in info["federated_extensions"]:
            return Check("widgets", "mend", f"JupyterLab does not see {name}", install_command())
        if info["disabled"].get(name):
            mend = f"{quoted(sys.executable)} -m jupyterlab.labextensions enable {name}"
            return Check("widgets", "mend", f"{name} is switched off in JupyterLab", mend)
    versions = " and ".join(
        f"{name} {metadata.version(name)}" for name in ("ipywidgets", "anywidget")
    )
    return Check("widgets", "ok", f"{versions}, and JupyterLab sees both")


def kernel():
    """Check that notebooks run in the environment that JupyterLab and edgelab are in."""
    from jupyter_client.kernelspec import KernelSpecManager

    here = Path(sys.prefix).resolve()
    for name in ("jupyterlab", "ipykernel"):
        place = Path(metadata.distribution(name).locate_file("")).resolve()
        if not place.is_relative_to(here):
            return Check("kernel", "mend", f"{name} comes from {place}", install_command())
    program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    # Jupyter reads a bare "python" as its own interpreter. Environments may share one interpreter
    # behind links, so it is the folder that tells them apart, not what the link points to.
    ours = Path(sys.executable).parent.resolve()
    if Path(program).name != program and Path(program).parent.resolve() != ours:
        mend = f"{quoted(sys.executable)} -m ipykernel install --sys-prefix"
        return Check("kernel", "mend", f"notebooks would run in {program}", mend)
    return Check("kernel", "ok", f"JupyterLab and notebooks both run in {sys.prefix}")


def cache():
    """Check that compiled kernels can be kept for the next start."""
    from platformdirs import user_cache_dir

    from edgelab import kernels

    place = kernels.cache_dir()
    try:
        if place is None:
            raise OSError("found no folder to write to")
        with tempfile.TemporaryFile(dir=place):
            return Check("cache", "ok", f"{place} is writable")
    except OSError as error:
        place = os.environ.get("EDGELAB_CACHE_DIR") or user_cache_dir("edgelab", False)
        mend = f'mkdir "{place}"' if sys.platform == "win32" else f'install -d -m 700 "{place}"'
        detail = f"kernels compile anew at each start, since {place} is not writable ({error})"
        return Check("cache", "mend", detail, mend)


def compiling():
    """Compile the kernels, or load them from the cache, and time it."""
    from edgelab import kernels

    start = perf_counter()
    kernels.warm()
    return Check("kernels", "ok", f"ready in {perf_counter() - start:.1f} s")


def find_browser():
    """Return the path of a Chrome, Chromium or Edge, or None.

    Looked for where kaleido would: `BROWSER_PATH`, then the PATH, then the usual places.
    """
    places = [os.environ.get("BROWSER_PATH", ""), *BROWSERS, *BROWSER_PLACES.get(sys.platform, [])]
    expanded = (os.path.expandvars(os.path.expanduser(place)) for place in places if place)
    return next(filter(None, map(shutil.which, expanded)), None)


def browser():
    """Look for a browser that can write figures to files; doing without one is no failure."""
    if found := find_browser():
        return Check("browser", "ok", f"{found} can write figures to files")
    detail = "no Chrome, Chromium or Edge: only exports to files need one"
    mend = BROWSER_MEND.get(sys.platform, "sudo apt-get install -y chromium")
    return Check("browser", "note", detail, mend)


CHECKS = (python, packages, widgets, kernel, cache, compiling, browser)


def examine():
    """Run every check, in order; one that raises is one that failed.

    Yields
    ------
    Check
        As soon as it is known: compiling the kernels takes seconds.
    """
    for check in CHECKS:
        try:
            yield check()
        except Exception as error:
            detail = " ".join(f"{type(error).__name__}: {error}".split())
            yield Check(check.__name__, "mend", detail, install_command())
