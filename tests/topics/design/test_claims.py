"""Notebook 11's ledger figure, found another way."""

import edgelab as el
from edgelab.ledger import FIGURES


def test_what_the_legs_add_is_what_each_event_says():
    def sunk(design):
        return set(design.sunk_by().query("sunk").index)

    article, legs = sunk(el.Design()), sunk(el.Design.three_legs())
    assert legs < article
    assert FIGURES["edge-is-one-leg"]() == len(article - legs) == 3
    # Each of them is saved by the leg that the verdict names.
    assert sunk(el.Design(regions=4, converge="CRDT")) == article - {"region lost"}
    assert sunk(el.Design(rule="2 windows, each")) == article - {"PoP lost"}
    assert sunk(el.Design(limiter="grow-only counters")) == article - {"attack"}


def test_the_page_leaves_no_row_open():
    assert "not yet tested" not in set(el.claims(page=11)["verdict"])
    assert el.claims(page=11).loc["edge-is-one-leg", "verdict"] == "holds when"
