"""The one place that holds the jit flags and the kernels' cache.

numba's cache of a kernel does not see an edit in another file that the kernel
calls, so the cache directory is named by a hash of every file in this folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numba
import platformdirs

__all__ = ["cache_dir", "kernel"]


def _digest() -> str:
    """Hash of every source file in this folder and of numba's version."""
    text = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        text.update(path.name.encode() + b"\0" + path.read_bytes())
    return text.hexdigest()[:16]


@cache
def cache_dir() -> Path | None:
    """Directory that holds the compiled kernels, or None if it can't be written.

    It lies under the user's cache directory, or under ``EDGELAB_CACHE_DIR``
    where that is set, so that a read-only install is served too.
    """
    root = os.environ.get("EDGELAB_CACHE_DIR") or platformdirs.user_cache_dir("edgelab", False)
    path = Path(root) / "kernels" / _digest()
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError:
        return None
    return path


def kernel(function: Callable) -> Callable:
    """Compile `function` on its first call: no GIL, cached on disk, nothing parallel.

    Under ``NUMBA_DISABLE_JIT=1`` the plain Python function comes back.
    """
    path = cache_dir()
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(path or "")
    try:
        return numba.njit(nogil=True, cache=path is not None)(function)
    finally:
        numba.config.CACHE_DIR = before
