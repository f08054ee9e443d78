"""libCacheSim's LRU store as an oracle: traces, and its misses by its fastest way from Python.

It is GPL, so it stays in the tests. Its wheels are for Linux, and need the system's GLib.
"""

import time
from importlib import import_module

import numpy as np

from edgelab.kernels import lru, zipf
from edgelab.kernels.draws import stream_key

#: A record of a binary trace in libCacheSim's "oracleGeneral" form.
RECORD = np.dtype([("time", "<u4"), ("id", "<u8"), ("size", "<u4"), ("next", "<i8")])


def zipf_ids(objects, exponent, requests, seed=0):
    ids = np.empty(requests, np.int32)
    table = zipf.aliases(zipf.weights(objects, exponent))
    zipf.sample(0, stream_key(seed, 0), *table, ids)
    return ids


def traces(requests):
    """Name to objects, bytes of each, and bytes of the store."""
    rng = np.random.default_rng(11)
    ones = np.ones(200_000, np.int64)
    made = {
        f"Zipf {exponent}": (zipf_ids(100_000, exponent, requests), ones[:100_000], 5_000)
        for exponent in (0.6, 0.8, 1.0, 1.2)
    }
    sizes = np.maximum(rng.lognormal(9, 1, 50_000), 1).astype(np.int64)
    made["Zipf 0.9, sizes"] = zipf_ids(50_000, 0.9, requests), sizes, 100_000_000
    # One in ten thousand larger than the store: never kept.
    huge = np.where(rng.random(50_000) < 1e-4, 2_000_000, sizes)
    made["Zipf 0.9, some too large"] = zipf_ids(50_000, 0.9, requests), huge, 1_000_000
    made["uniform"] = rng.integers(0, 20_000, requests).astype(np.int32), ones[:20_000], 7_000
    made["scan"] = (np.arange(requests) % 150_000).astype(np.int32), ones[:150_000], 10_000
    made["loop that fits"] = (np.arange(requests) % 9_000).astype(np.int32), ones[:9_000], 9_000
    # A popular part, and a scan through all else in between.
    mixed = np.where(
        np.arange(requests) % 3 == 0,
        20_000 + np.arange(requests) % 100_000,
        zipf_ids(20_000, 1.0, requests),
    ).astype(np.int32)
    made["Zipf 1.0 with a scan"] = mixed, ones[:120_000], 8_000
    made["Zipf 0.8, large"] = zipf_ids(200_000, 0.8, requests), ones, 100_000
    return made


def written(path, ids, sizes, times=None):
    """The trace as a file that libCacheSim maps into memory."""
    record = np.zeros(len(ids), RECORD)
    record["time"] = 0 if times is None else times
    record["id"], record["size"], record["next"] = ids + 1, sizes[ids], -1
    record.tofile(path)
    return str(path)


def theirs(path, requests, capacity, hash_bits=24):
    """Misses of libCacheSim's LRU, and the seconds that `process_trace` took.

    `hash_bits` is the size of its hash table, by default its own; a smaller one may be faster.
    """
    their = import_module("libcachesim")
    reader = their.TraceReader(path, their.TraceType.ORACLE_GENERAL_TRACE)
    store = their.LRU(int(capacity), hashpower=hash_bits)
    start = time.perf_counter()
    miss_ratio, _ = store.process_trace(reader)
    return round(miss_ratio * requests), time.perf_counter() - start


def ours(ids, sizes, capacity):
    """Misses of the kernel, and its seconds."""
    links, used = lru.empty(len(sizes))
    hits = np.empty(len(ids), np.bool_)
    start = time.perf_counter()
    lru.replay(ids, sizes, capacity, links, used, hits)
    seconds = time.perf_counter() - start
    return int(np.count_nonzero(~hits)), seconds
