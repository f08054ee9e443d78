"""Does everything the workbook stands on work here? One check a line, each with its mend.

Imports nothing at the top but the standard library, so that it can speak when a package is missing.
"""

import os
import platform
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from time import perf_counter

WIDGET_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")


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


def setting(name, value):
    """Return the command that sets a variable of the environment."""
    if sys.platform == "win32":
        return f'$env:{name} = "{value}"'
    return f"export {name}={shlex.quote(str(value))}"


def without(name):
    """Return the command that takes a variable out of the environment."""
    return f"Remove-Item Env:{name}" if sys.platform == "win32" else f"unset {name}"


def uv():
    """Return the uv that made this environment, as it can be pasted into a shell, or None."""
    config = Path(sys.prefix) / "pyvenv.cfg"
    if config.is_file() and "\nuv = " in "\n" + config.read_text(encoding="utf-8"):
        return quoted(shutil.which("uv") or os.path.join(".uv", "bin", "uv"))
    return None


def install_command():
    """Return the command that puts this environment right, by the tool that made it."""
    if (Path(sys.prefix) / "conda-meta").is_dir():
        return "conda env update -f environment.yml"
    if found := uv():
        return f"{found} sync --reinstall"
    return f"{quoted(sys.executable)} -m pip install --upgrade --force-reinstall -e ."


def lacking(extra):
    """Return the names of what an extra of edgelab asks for and what is not here."""
    from packaging.requirements import Requirement

    asked = [Requirement(line) for line in metadata.requires("edgelab") or []]
    only = [r for r in asked if r.marker and r.marker.evaluate({"extra": extra})]
    return [r.name for r in only if not list(metadata.distributions(name=r.name))]


def extra_command(extra):
    """Return the command that brings what an extra asks for; the course's own way brings all."""
    if (Path(sys.prefix) / "conda-meta").is_dir() or uv():
        return install_command()
    return f'{quoted(sys.executable)} -m pip install -e ".[{extra}]"'


def browser_command():
    """Return the command that brings a browser, by the system and the tool that made this."""
    try:
        system = platform.freedesktop_os_release()["ID"]
    except OSError:
        system = ""
    if system == "debian":
        return "sudo " * (os.geteuid() != 0) + "apt-get install -y chromium"
    if (Path(sys.prefix) / "conda-meta").is_dir():
        return "plotly_get_chrome -y"
    if found := uv():
        return f"{found} run plotly_get_chrome -y"
    return f"{quoted(Path(sys.executable).with_name('plotly_get_chrome'))} -y"


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
    from jupyter_core.paths import ENV_JUPYTER_PATH

    here = Path(sys.prefix).resolve()
    for name in ("jupyterlab", "ipykernel"):
        place = Path(metadata.distribution(name).locate_file("")).resolve()
        if not place.is_relative_to(here):
            return Check("kernel", "mend", f"{name} comes from {place}", install_command())
    manager = KernelSpecManager()
    spec = manager.get_kernel_spec("python3")
    program = spec.argv[0]
    # Jupyter reads a bare "python" as its own interpreter. Environments may share one interpreter
    # behind links, so it is the folder that tells them apart, not what the link points to.
    ours = Path(sys.executable).parent.resolve()
    if Path(program).name != program and Path(program).parent.resolve() != ours:
        detail = f"notebooks would run in {program}, as {spec.resource_dir} says"
        places = [Path(place).resolve() for place in manager.kernel_dirs]
        found, own = (
            Path(spec.resource_dir).resolve(),
            Path(ENV_JUPYTER_PATH[0], "kernels").resolve(),
        )
        before = places[: places.index(own)] if own in places else places
        mend = f"{quoted(sys.executable)} -m ipykernel install --sys-prefix"
        if found.parent in before:  # ours would stand behind it
            mend = f"mv {shlex.quote(str(found))} {shlex.quote(f'{found}-elsewhere')}"
        return Check("kernel", "mend", detail, mend)
    return Check("kernel", "ok", f"JupyterLab and notebooks both run in {sys.prefix}")


def temporary():
    """Check that files can be made where TMPDIR says: a browser goes nowhere else."""
    named = os.environ.get("TMPDIR")
    try:
        with tempfile.TemporaryFile(dir=named):
            return Check("temporary files", "ok", f"{named or tempfile.gettempdir()} is writable")
    except OSError as error:
        detail = f"TMPDIR names {named}, where no file can be made ({error})"
        if named:
            return Check("temporary files", "mend", detail, without("TMPDIR"))
        return Check("temporary files", "mend", f"{error}", setting("TMPDIR", Path.home()))


def compiling():
    """Compile the kernels, or load them from the cache, time it, and see that they are kept."""
    from edgelab import kernels

    start = perf_counter()
    kernels.warm()
    ready = f"ready in {perf_counter() - start:.1f} s"
    unkept = [(path, error) for what, path, error in kernels.TROUBLES if what == "written"]
    if not unkept:
        return Check("kernels", "ok", f"{ready}, kept in {kernels.cache_dir()}")
    path, error = unkept[0]
    detail = f"{ready}, and again at each start: {path} cannot be written ({error})"
    return Check("kernels", "mend", detail, cache_command(path, error))


def cache_command(path, error):
    """Return the command that lets `path` be kept, by the error that it met."""
    if os.environ.get("EDGELAB_CACHE_DIR"):
        return without("EDGELAB_CACHE_DIR")
    ours = path.parents[2]  # the folder edgelab in the user's cache
    if isinstance(error, PermissionError) and hasattr(os, "geteuid") and os.path.isdir(ours):
        there = next(place for place in path.parents if os.path.exists(place))
        if there.stat().st_uid != os.geteuid():
            return f"sudo chown -R {os.geteuid()} {shlex.quote(str(ours))}"
        return f"chmod -R u+rwX {shlex.quote(str(ours))}"
    return setting("EDGELAB_CACHE_DIR", tempfile.mkdtemp(prefix="edgelab-"))


def find_browser():
    """Return the path of the browser that draws pictures for `el.export`, or None.

    The one that `BROWSER_PATH` names, else the one that kaleido finds: downloaded by
    `plotly_get_chrome`, on the PATH, or in the usual places.
    """
    if named := os.environ.get("BROWSER_PATH"):
        return shutil.which(os.path.expanduser(named))
    try:
        from choreographer.browsers.chromium import Chromium
    except ModuleNotFoundError:  # `lacking` tells
        return None
    return Chromium.find_browser(skip_local=False)


def browser():
    """Look for the browser that draws pictures for `el.export`; doing without is no failure."""
    if names := lacking("slides"):
        detail = f"{', '.join(names)} not installed: only el.export to pictures and slides needs it"
        return Check("browser", "note", detail, extra_command("slides"))
    if found := find_browser():
        return Check("browser", "ok", f"el.export draws PNG, SVG, PDF and slides with {found}")
    named = os.environ.get("BROWSER_PATH")
    missing = f"BROWSER_PATH names {named}, no program" if named else "no Chrome, Chromium or Edge"
    detail = f"{missing}: only el.export to PNG, SVG, PDF and slides needs one"
    return Check("browser", "note", detail, browser_command())


CHECKS = (python, packages, widgets, kernel, temporary, compiling, browser)


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
