"""The command line.

`edgelab lab` opens the workbook, `edgelab doctor` checks what it stands on; for who teaches,
`edgelab hand-out` copies the pages without solutions, `edgelab collect` tells what a class has
answered, and `edgelab site` keeps the pages for a browser alone.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from edgelab import __version__, doctor

FIRST_PAGE = Path("notebooks", "01-cricstream-live.ipynb")


def workbook():
    """Return the folder that holds the notebooks: where we stand, else this checkout, else None."""
    places = (Path.cwd(), Path(__file__).resolve().parent.parent)
    return next((place for place in places if (place / FIRST_PAGE).is_file()), None)


def lab_command(root, *, browser=True, port=None):
    """Return the command that starts JupyterLab on the first page.

    The token stays on, only this machine can connect, and nothing asks the network for news,
    updates or extensions.

    Parameters
    ----------
    root : pathlib.Path
        The folder that holds `notebooks/`.
    browser : bool
        Whether JupyterLab opens a browser.
    port : int, optional
        Exactly this port; without it, the first free one from 8888.

    Returns
    -------
    list of str
    """
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={root}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.answer_yes=True",  # one Ctrl-C ends it, without a question
        f"--LabApp.default_url=/lab/tree/{FIRST_PAGE.as_posix()}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--ServerApp.allow_root=True")  # the usual case in a container
    if not browser:
        command.append("--no-browser")
    if port is not None:
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    return command


def warm():
    """Compile what the first page needs, or load it from the cache, and count aloud."""
    from edgelab import kernels

    def progress(done, total, name):
        counted = f"Kernels: {done} of {total}  {name}"
        if sys.stdout.isatty():
            print(f"\r{counted:60}", end="" if done < total else "\n", flush=True)
        else:
            print(counted, flush=True)

    start = perf_counter()
    kernels.warm(progress, kernels.FIRST)
    others = len(kernels.STEPS) - len(kernels.FIRST)
    took = f"The first page is ready in {perf_counter() - start:.1f} s"
    print(f"{took}; {others} other kernels follow behind it.", flush=True)


@contextmanager
def warming_behind():
    """Compile all the kernels, or see that they are there, in a process that yields to others."""
    program = (
        "import sys, psutil; from edgelab import kernels; "
        "low = psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == 'win32' else 10; "
        "psutil.Process().nice(low); kernels.warm()"
    )
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    with subprocess.Popen([sys.executable, "-c", program], **quiet) as child:
        try:
            yield
        finally:
            child.terminate()


def run(command):
    """Run a command to its end and return its exit code, passing on what asks it to stop.

    Ctrl-C reaches the whole group of processes, so here it is only kept from ending this one first.
    """
    # The front end asks whether to fetch news unless its announcements are switched off.
    config = [str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    environment = os.environ | {
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, config)),
    }
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        child = subprocess.Popen(command, env=environment)
        before_term = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            code = child.wait()
        finally:
            signal.signal(signal.SIGTERM, before_term)
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


def pages(command):
    """Return the folder that holds the notebooks, or say that they are not here."""
    root = workbook()
    if root is None:
        print(
            f"edgelab is installed, but its notebooks are not here: no {FIRST_PAGE.as_posix()} "
            f"beside {Path(__file__).resolve().parent} nor in {Path.cwd()}.\n"
            "A wheel brings the library only. Change into a clone of the project (the folder that "
            f"holds README.md) and run there:  edgelab {command}",
            file=sys.stderr,
        )
    return root


def hand_out(options):
    """Copy the pages without solutions, and say what became of each; return the exit code."""
    from edgelab.classroom.hand_out import hand_out

    root = pages("hand-out")
    if root is None:
        return 1
    try:
        for path, done in hand_out(root / "notebooks", options.folder):
            print(f"{done}: {path}", flush=True)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Students open it with:  cd {shlex.quote(str(options.folder))} && edgelab lab")
    return 0


def collect(options):
    """Run a class's notebooks and write what their checks said; return the exit code."""
    import pandas as pd

    from edgelab.classroom.collect import collect, publish, submissions

    root = pages("collect")
    if root is None:
        return 1
    print(
        "Submissions are code, and run with your rights. In an account of its own they reach "
        "nothing of yours:  sudo -u ACCOUNT edgelab collect FOLDER",
        flush=True,
    )
    frames = []
    try:
        total = len(submissions(options.folder))
        given = (options.folder, root / "notebooks", options.seconds, options.memory_gb)
        for frame in collect(*given):
            frames.append(frame)
            states = ", ".join(f"{n} {state}" for state, n in frame["state"].value_counts().items())
            print(f"{len(frames)} of {total}  {frame['file'].iat[0]}: {states}", flush=True)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:  # what was collected is kept, also when Ctrl-C ends the rest
        if frames:
            written = publish(pd.concat(frames), options.folder)
            print("Written:", *written, flush=True)
    return 0


def site(options):
    """Run the pages and keep them as a site, and say how large each is; return the exit code."""
    if names := doctor.lacking("site"):
        print(f"The site needs {', '.join(names)}: {doctor.extra_command('site')}", file=sys.stderr)
        return 1
    from nbclient.exceptions import CellExecutionError

    from edgelab.classroom.site import site

    root = pages("site")
    if root is None:
        return 1
    try:
        for path, size_mb in site(root / "notebooks", options.folder):
            print(f"{path}: {size_mb:.1f} MB", flush=True)
    except (CellExecutionError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Open it:  {options.folder / 'index.html'}")
    return 0


def lab(options):
    """Start JupyterLab on the first page; return its exit code."""
    root = pages("lab")
    if root is None:
        return 1
    try:
        warm()
    except Exception as error:
        print(
            f"The kernels do not compile ({error}). What to mend:  edgelab doctor", file=sys.stderr
        )
        return 1
    with warming_behind():
        return run(lab_command(root, browser=options.browser, port=options.port))


def examine(options):
    """Print one line per check; return 1 if any asks to be mended."""
    failed = False
    for check in doctor.examine():
        print(check, flush=True)
        failed |= check.state == "mend"
    return int(failed)


def port(text):
    """Return a port from 1 to 65535, or raise ValueError."""
    number = int(text)
    if not 1 <= number <= 65_535:
        raise ValueError(text)
    return number


def positive(text):
    """Return a number above 0, or raise ValueError."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError(text)
    return number


def parser():
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="edgelab", description="A JupyterLab workbook that teaches edge compute"
    )
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(required=True, metavar="command")
    sub = commands.add_parser("lab", help="open the workbook in JupyterLab")
    sub.add_argument(
        "--no-browser", dest="browser", action="store_false", help="print the address only"
    )
    sub.add_argument(
        "--port", type=port, help="exactly this port (default: first free one from 8888)"
    )
    sub.set_defaults(call=lab)
    sub = commands.add_parser("hand-out", help="copy the pages for students, without solutions")
    sub.add_argument("folder", type=Path, help="the students' folder; what they changed stays")
    sub.set_defaults(call=hand_out)
    sub = commands.add_parser("collect", help="run a class's notebooks, and tell what checks say")
    sub.add_argument("folder", type=Path, help="with a folder for each student")
    sub.add_argument(
        "--seconds", type=positive, default=600, help="for each notebook (default: 600)"
    )
    sub.add_argument("--memory-gb", type=positive, default=3, help="for each notebook (default: 3)")
    sub.set_defaults(call=collect)
    sub = commands.add_parser("site", help="keep the pages, executed, as a site without Python")
    sub.add_argument("folder", type=Path, help="a new folder, or a site that was made before")
    sub.set_defaults(call=site)
    sub = commands.add_parser("doctor", help="check what the workbook stands on, with the mends")
    sub.set_defaults(call=examine)
    return top


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        The arguments; those of this process by default.

    Returns
    -------
    int
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a path may hold what an old console cannot print
            stream.reconfigure(errors="backslashreplace")
    options = parser().parse_args(argv)
    try:
        return options.call(options)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
