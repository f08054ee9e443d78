"""Each check of the doctor in health and in sickness, and the command line around it."""

import os
import signal
import subprocess
import sys
import threading
import time
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgelab import __main__ as command_line
from edgelab import doctor, kernels


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


def spec(monkeypatch, program):
    monkeypatch.setattr(
        "jupyter_client.kernelspec.KernelSpecManager.get_kernel_spec",
        lambda self, name: SimpleNamespace(argv=[str(program), "-m", "ipykernel_launcher"]),
    )


def test_kernel_of_another_environment(monkeypatch, tmp_path):
    spec(monkeypatch, tmp_path / "bin" / "python")
    found = doctor.kernel()
    assert found.state == "mend" and str(tmp_path) in found.detail
    assert "ipykernel install --sys-prefix" in found.mend


@pytest.mark.parametrize("program", ["python", sys.executable])
def test_kernel_of_this_environment(monkeypatch, program):
    spec(monkeypatch, program)
    assert doctor.kernel().state == "ok"


def test_jupyterlab_of_another_environment(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    found = doctor.kernel()
    assert found.state == "mend" and "jupyterlab comes from" in found.detail


@pytest.mark.parametrize("place", [None, Path("no", "such", "folder")])
def test_cache_that_cannot_be_written(monkeypatch, place):
    monkeypatch.setattr(kernels, "cache_dir", lambda: place)
    found = doctor.cache()
    assert found.state == "mend" and "not writable" in found.detail and "edgelab" in found.mend


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
    monkeypatch.setattr(doctor, "find_browser", lambda: None)
    found = doctor.browser()
    assert found.state == "note" and found.mend.endswith(command)


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
        kernels, "warm", lambda progress: progress(1, 2, "a") or done.append("warm")
    )
    monkeypatch.setattr(command_line, "workbook", lambda: tmp_path)
    monkeypatch.setattr(command_line, "run", lambda command: done.append(command) or 7)
    assert command_line.main(["lab", "--no-browser"]) == 7
    assert done == ["warm", command_line.lab_command(tmp_path, browser=False)]
    assert "Kernels: ready in" in capsys.readouterr().out


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
    def warm(progress):
        raise ValueError("broken")

    monkeypatch.setattr(kernels, "warm", warm)
    monkeypatch.setattr(command_line, "workbook", lambda: tmp_path)
    assert command_line.main(["lab"]) == 1
    assert "edgelab doctor" in capsys.readouterr().err


def test_exit_code_is_passed_on():
    assert command_line.run([sys.executable, "-c", "raise SystemExit(5)"]) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_request_to_stop_is_passed_on_and_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    start = time.monotonic()
    assert command_line.run([sys.executable, "-c", "import time; time.sleep(30)"]) == 128 + 15
    assert time.monotonic() - start < 20
    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))


def test_the_module_runs():
    done = subprocess.run(
        [sys.executable, "-m", "edgelab", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == metadata.version("edgelab")
