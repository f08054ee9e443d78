"""The one place that holds the jit flags and the kernels' cache.

numba's own cache of a kernel does not see an edit in another file that the kernel calls, and an
error of a file in it ends the call. So the kernels have their own: its directory is named by a
hash of every file in this folder, and no error of a file in it reaches the reader.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import sys
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import platformdirs
from numba.core.caching import FunctionCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

__all__ = ["TROUBLES", "cache_dir", "kernel"]

#: What went wrong with the cache in this process: "read" or "written", the file, and the error.
TROUBLES: list[tuple[str, Path, Exception]] = []


@cache
def _digest() -> str:
    """Hash of every source file in this folder, and of Python's and numba's version."""
    text = hashlib.sha256(f"{sys.implementation.cache_tag} {numba.__version__}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        text.update(path.name.encode() + b"\0" + path.read_bytes())
    return text.hexdigest()[:16]


def cache_dir() -> Path:
    """Directory that holds the compiled kernels, whether it is there or not.

    It lies under the user's cache directory, or under ``EDGELAB_CACHE_DIR`` where that is set. One
    that nobody may write to is read all the same.
    """
    root = os.environ.get("EDGELAB_CACHE_DIR") or platformdirs.user_cache_dir("edgelab", False)
    return Path(root) / "kernels" / _digest()


def _trouble(what: str, path: Path, error: Exception) -> None:
    """Note what went wrong, and say it once. A line in the log fails nobody; a warning could."""
    TROUBLES.append((what, path, error))
    if len(TROUBLES) == 1:
        logging.getLogger(__name__).warning(
            "The cache of compiled kernels does not serve, so they are compiled now: "
            "%s is not %s (%s: %s)",
            *(path, what, type(error).__name__, error),
        )


class _Cache(FunctionCache):
    """A compiled function a file, below a checksum of it: a damaged one could do anything."""

    def __init__(self, function: Callable) -> None:
        self._py_func = function
        self._cache_path = str(cache_dir())

    def flush(self) -> None:
        """Nothing is taken away: a file is replaced when its function is compiled again."""

    def _path(self, signature: Any, codegen: Any) -> Path:
        about = self._py_func.__module__, self._py_func.__qualname__
        key = repr((*about, *self._index_key(signature, codegen)))
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        return Path(self._cache_path) / f"{name}.kernel"

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        target_context.refresh()
        path = self._path(sig, target_context.codegen())
        try:
            kept = path.read_bytes()
            if hashlib.sha256(kept[32:]).digest() != kept[:32]:
                raise ValueError("the file is damaged")
            return CompileResult._rebuild(target_context, *pickle.loads(kept[32:]))
        except FileNotFoundError:
            return None
        except Exception as error:
            _trouble("read", path, error)
            return None

    def save_overload(self, sig: Any, data: CompileResult) -> None:
        if data.library.has_dynamic_globals:  # addresses of this process
            return
        path = self._path(sig, data.codegen)
        part = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            text = dumps(data._reduce())
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                part.write_bytes(hashlib.sha256(text).digest() + text)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        except Exception as error:
            _trouble("written", path, error)


def kernel(function: Callable) -> Callable:
    """Compile `function` on its first call: no GIL, cached on disk, nothing parallel.

    Under ``NUMBA_DISABLE_JIT=1`` the plain Python function comes back.
    """
    compiled = numba.njit(nogil=True)(function)
    if not numba.config.DISABLE_JIT:
        compiled._cache = _Cache(function)
    return compiled
