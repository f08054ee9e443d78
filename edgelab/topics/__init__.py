"""A page of the workbook each: its model, plots, page, checks and claims, and what is its own."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["TOPICS", "modules", "public"]

#: Every topic, in the order of the pages: the one registry.
TOPICS = (
    *("night", "chain", "pops", "runtimes", "cache", "kv", "rate_limit", "durable_object"),
    *("endpoints", "observability", "design"),
)


def modules(part: str) -> Iterator[ModuleType]:
    """A module of each topic, such as its ``plots``."""
    for topic in TOPICS:
        yield import_module(f"{__name__}.{topic}.{part}")


def public(part: str) -> dict[str, Any]:
    """What that module of each topic makes public, by name."""
    return {name: getattr(module, name) for module in modules(part) for name in module.__all__}
