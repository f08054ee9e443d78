"""Slow start: how long a sender that knows nothing of the path takes over its bytes."""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel

__all__ = ["BURSTS", "send"]

#: Bursts that a sender may need: far more than any answer of the models does.
BURSTS = 4096


@kernel
def send(ready_ms, ready_bytes, window_bytes, rtt_ms, sent_ms, sent_bytes):
    """Send bytes as soon as they are ready and the congestion window has room.

    Slow start without a loss: each acknowledgment makes the window larger by the bytes that it
    acknowledges, if the window was full when they were sent (RFC 5681, section 3.1; RFC 9002,
    section 7.8). It comes one round trip after they went.

    Parameters
    ----------
    ready_ms : float64 ndarray, (n,)
        When some bytes become ready, not decreasing.
    ready_bytes : int64 ndarray, (n,)
        How many become ready then.
    window_bytes : int
        Congestion window at first, over 0.
    rtt_ms : float
        Round trip to the receiver.
    sent_ms : float64 ndarray, (BURSTS,)
        Written in place: when each burst leaves.
    sent_bytes : int64 ndarray, (BURSTS,)
        Written in place: how many bytes it has.

    Returns
    -------
    bursts : int
        How many bursts were written; `BURSTS` or fewer.
    window_bytes : int
        Congestion window when all is acknowledged.
    """
    full = np.zeros(sent_ms.size, np.bool_)
    bursts = acknowledged = ready = 0
    waiting = in_flight = 0
    while True:
        now = ready_ms[ready] if ready < ready_ms.size else np.inf
        if acknowledged < bursts:
            now = min(now, sent_ms[acknowledged] + rtt_ms)
        if now == np.inf or bursts == sent_ms.size:
            return bursts, window_bytes
        while acknowledged < bursts and sent_ms[acknowledged] + rtt_ms <= now:
            in_flight -= sent_bytes[acknowledged]
            if full[acknowledged]:
                window_bytes += sent_bytes[acknowledged]
            acknowledged += 1
        while ready < ready_ms.size and ready_ms[ready] <= now:
            waiting += ready_bytes[ready]
            ready += 1
        burst = min(waiting, window_bytes - in_flight)
        if burst > 0:
            waiting -= burst
            in_flight += burst
            sent_ms[bursts] = now
            sent_bytes[bursts] = burst
            full[bursts] = in_flight == window_bytes
            bursts += 1
