"""Quorums: PBS's published figures, an independent simulation in NumPy, closed forms, bad input."""

import numpy as np
import pytest

import edgelab as el
from edgelab.core import datasets
from edgelab.topics.kv import quorum
from edgelab.topics.kv.pbs import MEASURES
from edgelab.topics.kv.quorum import NETWORKS, Quorum, QuorumNetwork

FIGURES = datasets.pbs()
ROWS = [tuple(row) for row in FIGURES.itertuples(index=False)]
T_ROWS = [row for row in ROWS if row[4] == "t_p999_ms"]
name_of = lambda row: "-".join(map(str, row[:5]))  # noqa: E731


def draws(parts, rng, shape):
    """One way's times, drawn by NumPy's own generators."""
    which = rng.choice(len(parts), shape, p=[part[0] for part in parts])
    out = np.zeros(shape)
    for k, (_, kind, *more) in enumerate(parts):
        some = which == k
        if kind == "pareto":
            out[some] = more[0] * (1 + rng.pareto(more[1], some.sum()))
        else:
            out[some] = rng.exponential(1 / more[0], some.sum())
    return out


def independent(store, trials, seed):
    """Latencies of reads and writes, and the waits, of the same model in NumPy."""
    rng, net, n = np.random.default_rng(seed), store.messages, store.n
    w, a, r, s = (draws(getattr(net, way), rng, (trials, n)) for way in quorum.WAYS)
    if net.apart_ms:
        writer, reader = rng.integers(0, n, (2, trials, 1))
        k = np.arange(n)
        w, a = (x + net.apart_ms * (k != writer) for x in (w, a))
        r, s = (x + net.apart_ms * (k != reader) for x in (r, s))
    commit = np.sort(w + a, axis=1)[:, store.w - 1]
    order = np.argsort(r + s, axis=1)[:, : store.r]
    answer = np.take_along_axis(r + s, order, axis=1)[:, -1]
    ahead = np.take_along_axis(w - r, order, axis=1).min(axis=1)
    return answer, commit, np.maximum(ahead - commit, 0)


OWN = QuorumNetwork(
    write=((0.2, "pareto", 2, 2.5), (0.3, "exponential", 0.5), (0.5, "pareto", 0.5, 4)),
    ack=((1, "exponential", 2),),
    request=((0.5, "exponential", 1), (0.5, "exponential", 0.1)),
    reply=((1, "pareto", 0.1, 3),),
)
STORES = [
    Quorum(n=3, network="LNKD-DISK"),
    Quorum(n=5, r=2, w=2, network="YMMR"),
    Quorum(n=5, r=1, w=3, network="WAN"),
    Quorum(n=7, r=3, w=2, network=OWN),
    Quorum(n=16, r=2, w=5, network="exponential"),
    Quorum(n=1, network="LNKD-SSD"),
]


@pytest.mark.parametrize("store", STORES, ids=lambda s: f"{s.n}-{s.r}-{s.w}")
def test_agrees_with_the_same_model_in_numpy(store):
    trials, drawn = 1_000_000, 200_000
    answer, commit, wait = independent(store, drawn, 1)
    ours = store.latencies(trials)
    levels = np.array([0.5, 0.99, 0.999])
    for operation, theirs in (("read", answer), ("write", commit)):
        # How many of theirs lie below our quantile is binomial; a bin is 1/128 of its value wide.
        low, high = (
            np.mean(theirs[:, None] <= times * ours.loc[operation].to_numpy(), axis=0)
            for times in (127 / 128, 129 / 128)
        )
        error = 4.5 * np.sqrt(levels * (1 - levels) * (1 / drawn + 1 / trials))
        assert (low - error <= levels).all() and (levels <= high + error).all()
    for since in (0.0, *np.quantile(wait, [0.5, 0.9, 0.99, 0.999])):
        share, theirs = store.seen_share(since, trials), np.mean(wait <= since)
        error = np.sqrt(max(theirs * (1 - theirs), 1 / drawn) * (1 / drawn + 1 / trials))
        # A bin is 1/128 of its value wide.
        slack = abs(
            store.seen_share(since * 1.008, trials) - store.seen_share(since / 1.008, trials)
        )
        assert abs(share - theirs) <= 4.5 * error + slack + 1e-4


def test_the_published_tables_are_all_there():
    assert len(FIGURES) == 4 * 6 * 3 + 4 + 4
    assert set(FIGURES["network"]) == set(NETWORKS) - {"exponential"}
    assert NETWORKS["YMMR"].write[0][-1] == 3.5


#: Draws behind the independent figures.
THEIRS = 2_000_000


def within(row, trials):
    """Whether our figure agrees with a published one as the issue asks: shown, if not."""
    network, n, r, w, measure, paper, theirs = row
    store = Quorum(network=network, n=n, r=r, w=w)
    ours = MEASURES[measure](store, trials)
    if measure == "seen_at_once":
        assert abs(ours - theirs) <= 0.005 and abs(ours - paper) <= 0.0051, ours
    elif theirs == 0:
        assert ours == 0 and paper == 0
    elif measure == "t_p999_ms":
        low, high = store.t_visibility((0.999,), THEIRS).iloc[0, 1:]
        assert low <= theirs <= high or abs(ours / theirs - 1) <= 0.03, ours
        assert abs(ours / paper - 1) <= 0.2, ours
    else:
        # Theirs are rounded to hundredths, and the last of a million is worth two percent.
        tail = 3 / np.sqrt(0.001 * THEIRS) / 1.51 if measure == "write_p999_ms" else 0
        assert abs(ours / theirs - 1) <= max(0.03, tail), ours
        assert abs(ours / paper - 1) <= 0.05, ours


@pytest.mark.parametrize("row", [row for row in ROWS if row[4] != "t_p999_ms"], ids=name_of)
def test_latencies_and_consistency_at_once_are_the_published_ones(row):
    within(row, 4_000_000)


@pytest.mark.slow
@pytest.mark.parametrize("row", T_ROWS, ids=name_of)
def test_t_visibility_is_the_converged_one(row):
    # Two replicas: the independent figure is 52.9, ours 50.5; see the test below.
    if row[:2] != ("LNKD-DISK", 2):
        within(row, 20_000_000)


@pytest.mark.slow
def test_t_visibility_of_two_replicas_by_numpy():
    store = Quorum(n=2)
    waits = [independent(store, 1_000_000, seed)[2] for seed in range(12)]
    theirs = np.quantile(np.concatenate(waits), 0.999)
    ours = store.t_visibility((0.999,), 20_000_000)["t_ms"].iloc[0]
    assert ours == pytest.approx(theirs, rel=0.02)
    assert ours == pytest.approx(50.5, rel=0.02)


def test_t_visibility_of_the_quick_rows():
    for row in T_ROWS:
        if row[0] != "LNKD-DISK" or row[1] == 3:
            within(row, 4_000_000)


def test_the_papers_search_stops_early_and_finds_the_papers_figures():
    """Medians of the search, grid .01, .1 and 1 ms, beside the paper's column."""
    for network, step, paper in (("LNKD-SSD", 0.01, 1.85), ("LNKD-DISK", 0.1, 45.5)):
        store = Quorum(network=network)
        median = store.first_passage(step)["t_ms"].median()
        assert median == pytest.approx(paper, rel=0.04)
        assert median < 0.97 * store.t_visibility((0.999,), 4_000_000)["t_ms"].iloc[0]
    store = Quorum(network="YMMR")
    assert store.first_passage(1.0)["t_ms"].median() == pytest.approx(1364, rel=0.04)


def test_a_search_with_more_reads_is_less_early():
    store = Quorum()
    few, many = (store.first_passage(reads=n)["t_ms"].median() for n in (50_000, 5_000_000))
    t = store.t_visibility((0.999,), 4_000_000)["t_ms"].iloc[0]
    assert few < many < t * 1.01 and many > 0.96 * t


def test_k_staleness_is_the_closed_form():
    found = Quorum().k_staleness(10)["seen_share"]
    np.testing.assert_allclose(
        found[[1, 2, 3, 5, 10]], [1 / 3, 5 / 9, 0.7037, 0.8683, 0.9827], atol=5e-5
    )
    found = Quorum(r=2).k_staleness()["seen_share"]
    np.testing.assert_allclose(found[[1, 2, 5]], [2 / 3, 8 / 9, 0.9959], atol=5e-5)
    assert (Quorum(r=2, w=2).k_staleness()["seen_share"] == 1).all()


def test_exponential_ways_as_published():
    at_rest = [(4.0, 0.94), (0.1, 0.41)]
    for rate, published in at_rest:
        net = QuorumNetwork(((1, "exponential", rate),), *[((1, "exponential", 1),)] * 3)
        store = Quorum(network=net)
        assert store.seen_share(0) == pytest.approx(published, abs=0.011)
    # By the independent simulation 0.999 is reached after 63.3 ms.
    assert store.t_visibility(trials=4_000_000).loc[0.999, "t_ms"] == pytest.approx(63.3, rel=0.03)


def test_consistency_falls_from_the_share_that_is_stale_at_once():
    frame = Quorum().consistency()
    assert frame["since_commit_ms"].iloc[0] == 0
    assert frame["seen_share"].iloc[0] == Quorum().seen_share(0)
    assert frame["since_commit_ms"].is_monotonic_increasing
    assert frame["seen_share"].is_monotonic_increasing
    assert frame["seen_share"].iloc[-1] == pytest.approx(1, abs=1e-5)
    strict = Quorum(r=2, w=2).consistency()
    assert (strict["stale_share"] == 0).all()


def test_a_network_of_any_scale_is_told_as_exactly():
    """Microseconds or days: the histogram is scaled to the network."""
    frames = []
    for unit in (1e-3, 1.0, 1e5):
        net = QuorumNetwork(((0.5, "pareto", unit, 3), (0.5, "exponential", 0.5 / unit)))
        store = Quorum(network=net)
        t = store.t_visibility((0.9, 0.99)).to_numpy() / unit
        frames.append(np.append(t, store.latencies().to_numpy() / unit))
    np.testing.assert_allclose(frames[0], frames[1], rtol=0.005)
    np.testing.assert_allclose(frames[2], frames[1], rtol=0.005)


def test_a_quantile_that_the_trials_do_not_tell_is_infinite():
    """A thousandth of a percent of a thousand trials is none of them; by 4e7 it is 1,370 ms."""
    levels = (0.9, 0.99, 0.999, 0.9991, 0.99999)
    found = Quorum().t_visibility(levels, 1000)
    assert np.isfinite(found["t_ms"]).tolist() == [True, True, True, False, False]
    assert np.isinf(found.loc[0.99999, ["t_ms", "high_ms"]]).all()
    assert (found["low_ms"] <= found["t_ms"]).all() and (found["t_ms"] <= found["high_ms"]).all()
    assert np.isfinite(Quorum().latencies(100)).to_numpy().tolist() == [[True, True, False]] * 2
    # No trial waits, and still they tell nothing of one in 100,000; a strict quorum is sure.
    few = Quorum(network="LNKD-SSD", w=2)
    assert few.t_visibility((0.5, 0.99999), 10)["t_ms"].tolist() == [0, np.inf]
    assert (Quorum(r=2, w=2).t_visibility((0.5, 0.99999), 10) == 0).all(axis=None)


def test_ours_beside_theirs_in_one_frame():
    frame = el.evidence.quorums(20_000)
    assert len(frame) == len(FIGURES) and frame["ours"].notna().all()
    row = frame[(frame["paper"] > 0)].iloc[0]
    assert row["off_paper"] == row["ours"] / row["paper"] - 1


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Quorum(n=17), "n: got 17, allowed a whole number from 1 to 16"),
        (lambda: Quorum(r=4), "r: got 4, allowed a whole number from 1 to n, here 3"),
        (lambda: Quorum(n=2, w=3), "w: got 3, allowed a whole number from 1 to n, here 2"),
        (lambda: Quorum(network="LAN"), "network: got 'LAN', allowed 'LNKD-SSD' or"),
        (lambda: QuorumNetwork(()), "write: got (), allowed a sequence of"),
        (lambda: QuorumNetwork(((0.5, "pareto", 1, 2),)), "write: got ((0.5, 'pareto', 1, 2),)"),
        (lambda: QuorumNetwork(((1, "normal", 1, 2),)), "write: got ((1, 'normal', 1, 2),)"),
        (lambda: QuorumNetwork(((1, "pareto", 1),)), "write: got"),
        (lambda: QuorumNetwork(((1, "pareto", 1, -2),)), "write: got"),
        (lambda: QuorumNetwork(((1, "exponential", np.nan),)), "write: got"),
        (lambda: QuorumNetwork(((1, "exponential", 1),), ack=3), "ack: got 3, allowed"),
        (lambda: QuorumNetwork(((1, "exponential", 1),), apart_ms=-1), "apart_ms: got -1, allowed"),
        (lambda: Quorum().latencies(0), "trials: got 0, allowed a whole number from 1 to"),
        (lambda: Quorum().latencies(1.5), "trials: got 1.5"),
        (lambda: Quorum().t_visibility((1,)), "levels: got 1, allowed a number above 0 and"),
        (lambda: Quorum().t_visibility((np.nan,)), "levels: got nan"),
        (lambda: Quorum().seen_share(-1), "since_commit_ms: got -1"),
        (lambda: Quorum().k_staleness(0), "k: got 0, allowed a whole number from 1 to 1000"),
        (lambda: Quorum().first_passage(0), "step_ms: got 0"),
        (lambda: Quorum().first_passage(level=1.0), "level: got 1.0"),
        (
            lambda: Quorum().first_passage(level=0.99999, trials=1000),
            "level: got 0.99999, allowed what 1,000 trials can tell",
        ),
        (
            lambda: Quorum().first_passage(reads=0.5),
            "reads: got 0.5, allowed a whole number from 1",
        ),
        (lambda: Quorum().first_passage(repeats=10**5), "repeats: got 100000, allowed a whole"),
        (lambda: Quorum().first_passage(1e-9), "step_ms: got 1e-09, allowed at least"),
    ],
)
def test_bad_input_is_named(make, text):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value).startswith(text)


def test_a_wrong_kind_is_named():
    with pytest.raises(TypeError, match="since_commit_ms: got '1', allowed a number"):
        Quorum().seen_share("1")
    with pytest.raises(TypeError, match=r"levels: got 0\.999, allowed a sequence"):
        Quorum().t_visibility(0.999)
    with pytest.raises(ValueError, match="write: got"):
        QuorumNetwork(((True, "exponential", "1"),))
