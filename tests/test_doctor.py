"""Each check of the doctor in health and in sickness, and the command line around it."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from importlib import metadata
from pathlib import Path

import platformdirs
import psutil
import pytest

from edgelab import __main__ as command_line
from edgelab import doctor, kernels
from edgelab.stage.browser import BrowserError, browser


@pytest.mark.parametrize("check", [c for c in doctor.CHECKS if c is not doctor.browser])
def test_this_environment_is_well(check):
    found = check()
    assert (found.state, found.mend) == ("ok", ""), found


def test_old_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    found = doctor.python()
    assert found.state == "mend" and "3.10.4, wanted >=3.11" in found.detail


def test_old_and_missing_packages_are_named(monkeypatch):
    real = metadata.version

    def version(name):
        if name == "plotly":
            raise metadata.PackageNotFoundError(name)
        return "1.5.3" if name == "pandas" else real(name)

    monkeypatch.setattr(metadata, "version", version)
    found = doctor.packages()
    assert found.state == "mend" and found.mend == doctor.install_command()
    assert "plotly is missing" in found.detail
    assert "pandas 1.5.3, wanted" in found.detail
    assert "numpy" not in found.detail


@pytest.mark.parametrize("name", doctor.WIDGET_EXTENSIONS)
@pytest.mark.parametrize("sickness", ["absent", "switched off"])
def test_widget_extension(monkeypatch, name, sickness):
    seen = dict.fromkeys(doctor.WIDGET_EXTENSIONS)
    info = {"federated_extensions": seen, "disabled": {}}
    if sickness == "absent":
        del seen[name]
    else:
        info["disabled"][name] = True
    monkeypatch.setattr("jupyterlab.commands.get_app_info", lambda options: info)
    found = doctor.widgets()
    assert found.state == "mend" and name in found.detail and found.mend


@pytest.fixture
def shell(monkeypatch):
    """A function that does what the doctor says, as a reader does in a shell."""
    if sys.platform == "win32":
        pytest.skip("the mends are lines for a POSIX shell")

    def do(line):
        tell = "import json, os; print(json.dumps(dict(os.environ)))"
        tell = f"{shlex.quote(sys.executable)} -c {shlex.quote(tell)}"
        done = subprocess.run(
            ["sh", "-ec", f"{line} >&2\n{tell}"], stdout=subprocess.PIPE, text=True, check=True
        )
        now = json.loads(done.stdout)
        for name in os.environ.keys() - now.keys():
            monkeypatch.delenv(name)
        for name, value in now.items():
            monkeypatch.setenv(name, value)

    return do


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Kernel specs of an environment with nothing in it."""
    prefix = tmp_path / "an environment"
    monkeypatch.setattr("jupyter_core.paths.ENV_JUPYTER_PATH", [str(prefix / "share" / "jupyter")])
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "mine"))
    return prefix


def spec(place, program):
    """Write a kernel spec below a folder."""
    folder = place / "share" / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    about = {"argv": [str(program), "-m", "ipykernel_launcher"], "display_name": "Python 3"}
    (folder / "kernel.json").write_text(json.dumps(about))


@pytest.mark.parametrize("in_the_way", [False, True], ids=["its own", "before its own"])
def test_kernel_of_another_environment(monkeypatch, tmp_path, environment, shell, in_the_way):
    place = tmp_path / "that other one" if in_the_way else environment
    spec(place, tmp_path / "bin" / "python")
    if in_the_way:
        monkeypatch.setenv("JUPYTER_PATH", str(place / "share" / "jupyter"))
    found = doctor.kernel()
    assert found.state == "mend" and str(tmp_path / "bin") in found.detail
    shell(found.mend.replace("--sys-prefix", f"--prefix {shlex.quote(str(environment))}"))
    assert doctor.kernel().state == "ok"


@pytest.mark.parametrize("program", ["python", sys.executable])
def test_kernel_of_this_environment(environment, program):
    spec(environment, program)
    assert doctor.kernel().state == "ok"


def test_jupyterlab_of_another_environment(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    found = doctor.kernel()
    assert found.state == "mend" and "jupyterlab comes from" in found.detail


def keep():
    """Write into the kernels' cache as a kernel does; return the path, and the error if any."""
    path = kernels.cache_dir() / "some.kernel"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"compiled")
    except OSError as error:
        return path, error
    return path, None


@pytest.mark.parametrize("sickness", ["named and no folder", "no folder", "not to be written to"])
def test_cache_that_cannot_be_written(monkeypatch, tmp_path, shell, sickness):
    (tmp_path / "file").touch()
    home = tmp_path / "my cache"
    monkeypatch.delenv("EDGELAB_CACHE_DIR", raising=False)
    monkeypatch.setattr(doctor.tempfile, "tempdir", str(tmp_path))
    if sickness == "named and no folder":
        monkeypatch.setenv("EDGELAB_CACHE_DIR", str(tmp_path / "file" / "below"))
    elif sickness == "no folder":
        home = tmp_path / "file" / "below"
    elif os.geteuid() == 0:
        pytest.skip("nothing is closed to root")
    else:
        (home / "edgelab").mkdir(parents=True)
        (home / "edgelab").chmod(0o500)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_: str(home / "edgelab"))
    path, error = keep()
    monkeypatch.setattr(kernels, "warm", lambda: None)
    monkeypatch.setattr(kernels, "TROUBLES", [("read", path, error), ("written", path, error)])
    found = doctor.compiling()
    assert found.state == "mend" and str(path) in found.detail
    shell(found.mend)
    assert keep()[1] is None


@pytest.mark.skipif(sys.platform == "win32", reason="owners as POSIX has them")
def test_cache_of_another_owner(monkeypatch, tmp_path):
    monkeypatch.delenv("EDGELAB_CACHE_DIR", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    path = tmp_path / "edgelab" / "kernels" / "digest" / "some.kernel"
    path.parent.mkdir(parents=True)
    found = doctor.cache_command(path, PermissionError())
    assert found == f"sudo chown -R 54321 {shlex.quote(str(tmp_path / 'edgelab'))}"
    away = tmp_path / "none" / "kernels" / "digest" / "some.kernel"
    assert "chown" not in doctor.cache_command(away, PermissionError())


def test_a_damaged_file_of_the_cache_asks_for_no_mend(monkeypatch, tmp_path):
    monkeypatch.setattr(kernels, "warm", lambda: None)
    monkeypatch.setattr(kernels, "TROUBLES", [("read", tmp_path / "a", ValueError("damaged"))])
    assert doctor.compiling().state == "ok"


def test_a_folder_for_temporary_files_that_is_not_there(monkeypatch, shell):
    monkeypatch.setenv("TMPDIR", "/no-such")
    found = doctor.temporary()
    assert found.state == "mend" and "TMPDIR names /no-such" in found.detail
    shell(found.mend)
    assert doctor.temporary().state == "ok"


def test_kernels_that_do_not_compile_are_one_line_and_the_rest_goes_on(monkeypatch):
    def warm(progress=None):
        raise TypeError("no such\nlowering")

    monkeypatch.setattr(kernels, "warm", warm)
    monkeypatch.setattr(doctor, "CHECKS", (doctor.compiling, doctor.python))
    sick, well = doctor.examine()
    assert sick.state == "mend" and sick.detail == "TypeError: no such lowering" and sick.mend
    assert well.state == "ok"


@pytest.mark.parametrize(
    ("release", "made_by", "command"),
    [
        ("ID=debian", "pip", "apt-get install -y chromium"),
        ("ID=ubuntu", "uv", "uv run plotly_get_chrome -y"),
        ("", "pip", "plotly_get_chrome -y"),
        ("ID=fedora", "conda", "plotly_get_chrome -y"),
    ],
)
def test_no_browser_is_a_note_with_the_command_of_this_system(
    monkeypatch, tmp_path, release, made_by, command
):
    def os_release():
        if not release:
            raise OSError
        return {"ID": release.removeprefix("ID=")}

    monkeypatch.setattr(doctor.platform, "freedesktop_os_release", os_release)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    (tmp_path / "pyvenv.cfg").write_text("uv = 0.9\n" if made_by == "uv" else "")
    if made_by == "conda":
        (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(doctor.shutil, "which", lambda name: name)
    monkeypatch.setattr(doctor, "find_browser", lambda: None)
    found = doctor.browser()
    assert found.state == "note" and found.mend.endswith(command)


def test_what_only_some_need_is_told_with_what_brings_it(monkeypatch, tmp_path):
    assert doctor.lacking("slides") == doctor.lacking("runtimes") == []
    real = metadata.distributions
    gone = {"kaleido", "wasmtime"}
    monkeypatch.setattr(
        metadata, "distributions", lambda name: () if name in gone else real(name=name)
    )
    assert doctor.lacking("runtimes") == ["wasmtime"]
    monkeypatch.setattr(sys, "prefix", str(tmp_path))  # neither conda's nor uv's
    found = doctor.browser()
    assert found.state == "note" and found.detail.startswith("kaleido not installed")
    assert found.mend.endswith('-m pip install -e ".[slides]"')
    with pytest.raises(BrowserError, match=r"slides need kaleido\. This installs it"):
        with browser():
            pytest.fail("nothing draws")


def test_a_browser_that_is_named_and_not_there(monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", "no/such/chrome")
    found = doctor.browser()
    assert found.state == "note" and "BROWSER_PATH names no/such/chrome" in found.detail


def test_browser_is_found_where_it_is_named(monkeypatch, tmp_path):
    program = tmp_path / "my-chrome.exe"
    program.touch(mode=0o755)
    monkeypatch.setenv("BROWSER_PATH", str(program))
    found = doctor.browser()
    assert found.state == "ok" and str(program) in found.detail


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("note", 0), ("mend", 1)])
def test_doctor_prints_a_line_a_check_and_fails_only_on_a_mend(monkeypatch, capsys, state, code):
    found = [doctor.Check("one", "ok", "fine"), doctor.Check("two", state, "so so", "do this")]
    monkeypatch.setattr(doctor, "examine", lambda: iter(found))
    assert command_line.main(["doctor"]) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["ok    one: fine", f"{state:4}  two: so so  ->  do this"]


def test_lab_command_is_shut_to_the_world_and_asks_it_nothing():
    command = command_line.lab_command(Path("root"), browser=False, port=9123)
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert {
        "--ServerApp.root_dir=root",
        "--ServerApp.ip=127.0.0.1",
        "--LabApp.default_url=/lab/tree/notebooks/01-cricstream-live.ipynb",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
        "--ServerApp.port=9123",
        "--ServerApp.port_retries=0",
        "--no-browser",
    } <= set(command)
    assert not [part for part in command if "token" in part or "password" in part]


def test_lab_command_leaves_browser_and_port_to_jupyter():
    command = command_line.lab_command(Path("root"))
    assert not [part for part in command if "browser" in part or "port" in part]


def test_jupyterlab_takes_our_settings():
    """Spelt right, they reach the traits they name (JupyterLab only warns of the others)."""
    from jupyterlab.handlers.announcements import NeverCheckForUpdate
    from jupyterlab.labapp import LabApp

    app = LabApp()
    app.parse_command_line(command_line.lab_command(Path("root"))[3:])
    assert app.news_url is None
    assert app.check_for_updates_class is NeverCheckForUpdate
    assert app.extension_manager == "readonly"
    assert app.default_url.endswith("/01-cricstream-live.ipynb")


def test_lab_warms_the_kernels_then_starts_jupyterlab(monkeypatch, tmp_path, capsys):
    done = []
    monkeypatch.setattr(
        kernels, "warm", lambda progress, names: progress(1, 2, "a") or done.append(names)
    )
    monkeypatch.setattr(command_line, "workbook", lambda: tmp_path)
    monkeypatch.setattr(command_line, "warming_behind", nullcontext)
    monkeypatch.setattr(command_line, "run", lambda command: done.append(command) or 7)
    assert command_line.main(["lab", "--no-browser"]) == 7
    assert done == [kernels.FIRST, command_line.lab_command(tmp_path, browser=False)]
    out = capsys.readouterr().out
    assert "Kernels: 1 of 2  a\n" in out and "The first page is ready in" in out


def test_the_other_kernels_are_compiled_behind_the_workbook_and_never_outlive_it(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("EDGELAB_CACHE_DIR", str(tmp_path))
    with command_line.warming_behind():
        while not list(tmp_path.rglob("*.kernel")):
            time.sleep(0.1)
        (child,) = psutil.Process().children()
        assert sys.platform == "win32" or child.nice() >= 10
    assert not psutil.Process().children()


def test_lab_without_notebooks_says_the_mend(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "__file__", str(tmp_path / "edgelab" / "__main__.py"))
    assert command_line.main(["lab"]) == 1
    said = capsys.readouterr().err
    assert "notebooks/01-cricstream-live.ipynb" in said and "clone" in said and said.isascii()


def test_lab_finds_the_notebooks_of_the_folder_it_stands_in(monkeypatch, tmp_path):
    monkeypatch.setattr(command_line, "__file__", str(tmp_path / "elsewhere" / "__main__.py"))
    page = tmp_path / command_line.FIRST_PAGE
    page.parent.mkdir()
    page.touch()
    monkeypatch.chdir(tmp_path)
    assert command_line.workbook() == tmp_path


def test_kernels_that_fail_stop_the_lab_in_words(monkeypatch, tmp_path, capsys):
    def warm(progress, names):
        raise ValueError("broken")

    monkeypatch.setattr(kernels, "warm", warm)
    monkeypatch.setattr(command_line, "workbook", lambda: tmp_path)
    assert command_line.main(["lab"]) == 1
    assert "edgelab doctor" in capsys.readouterr().err


def test_exit_code_is_passed_on():
    assert command_line.run([sys.executable, "-c", "raise SystemExit(5)"]) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_request_to_stop_is_passed_on_and_handlers_are_put_back():
    def outside(*_):
        """It came before or after the run."""

    ask = (
        "import os, signal, time\n"
        "while True:\n"
        "    os.kill(os.getppid(), signal.SIGTERM)\n"
        "    time.sleep(0.1)\n"
    )
    whoever = signal.signal(signal.SIGTERM, outside)
    before = outside, signal.getsignal(signal.SIGINT)
    try:
        assert command_line.run([sys.executable, "-c", ask]) == 128 + 15
        assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    finally:
        signal.signal(signal.SIGTERM, whoever)


def test_the_module_runs():
    done = subprocess.run(
        [sys.executable, "-m", "edgelab", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == metadata.version("edgelab")
