"""Counts and shares in words, and that every count goes through the one helper."""

import re
from pathlib import Path

import numpy as np
import pytest

import edgelab
import edgelab as el
from edgelab.core.words import counted, in_digits, percent


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "PoP", "0 PoPs"),
        (1, "PoP", "1 PoP"),
        (1200, "server", "1,200 servers"),
        ("1", "request", "1 request"),
        ("0.05", "request", "0.05 requests"),
        (1, "history", "1 history"),
        (5, "history", "5 histories"),
    ],
)
def test_one_is_not_many(number, noun, text):
    assert counted(number, noun) == text


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0, 2, "0 %"),
        (0.0875, 2, "8.8 %"),
        (0.312, 3, "31.2 %"),
        (0.997, 2, "more than 99 %"),
        (0.999999, 3, "more than 99.9 %"),
        (1, 2, "100 %"),
        (12.5, 2, "1,250 %"),
        (4e-14, 2, "under 0.0001 %"),
    ],
)
def test_less_than_all_is_not_all(share, digits, text):
    assert percent(share, digits) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.123456, "0.123"),
        (99.94, "99.9"),
        (-1234.5, "-1,234"),
        (6e6, "6,000,000"),
        (np.inf, "never"),
    ],
)
def test_a_figure_has_no_power_of_ten(number, text):
    assert in_digits(number) == text


def test_no_other_plural_is_made_by_hand():
    for path in Path(edgelab.__file__).parent.rglob("*.py"):
        found = re.findall(r"\{['\"]s['\"] \* \(.* != ", path.read_text("utf-8"))
        assert not found, path


def test_what_models_say_of_one_and_of_nearly_all():
    one = el.EdgeCache(ttl_s=3600, origin_servers=1, origin_service_ms=1).in_words()
    assert "1 server," in one and "1 servers" not in one
    night = el.CricStream(pops=1, origin_servers=1).in_words()
    assert "From 1 PoP," in night and "1 servers" not in night
    assert el.CricStream.knobs()["origin_servers"].text(1) == "1 server"
    assert el.Quorum.knobs()["n"].text(1) == "1 replica"
    busy = el.DurableObject(requests_per_s=999.999).in_words()
    assert "more than 99.9 % busy" in busy
    assert "31.2 % busy" in el.DurableObject().in_words()


def test_what_never_comes_is_said_in_words():
    cache = el.EdgeCache(capacity_mb=1, object_kb=500)
    assert "Neither the p50 nor the p99 ever comes" in cache.in_words()
    assert "inf" not in cache.in_words() and "inf" not in cache._repr_html_()
    late = el.EdgeKV(copies="fetched", kv_delay_ms=60_000, rebalancing_share=0.05)
    assert "99 of 100 PoPs after more than two minutes" in late.in_words()
    assert "inf" not in late.in_words()
