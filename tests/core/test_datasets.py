"""The loader reads the real files, hands out copies, and refuses a damaged one by its place."""

import csv
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal

import edgelab as el
from edgelab.core import constants, datasets

DATA = Path(__file__).resolve().parents[2] / "data"
LOADERS = {
    "places.csv": datasets.places,
    "pops.csv": datasets.pops,
    "rtt_azure.csv": datasets.cloud_rtt,
    "rtt_azure_regions.csv": datasets.cloud_rtt,
    "hubs.csv": datasets.hubs,
    "corridors.csv": datasets.corridors,
    "front_ends_microsoft.csv": datasets.front_ends,
    "coastline.json": datasets.coastline,
}


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """A function that loads a damaged copy of a file and gives the text of its refusal."""
    for name in LOADERS:
        shutil.copy(DATA / name, tmp_path)
    monkeypatch.setattr(datasets, "data_path", lambda name: tmp_path / name)

    def load(name, content):
        raw = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(constants.DataError) as error:
            LOADERS[name].__wrapped__()
        return str(error.value)

    return load


def lines_of(name):
    return (DATA / name).read_text(encoding="utf-8").splitlines(keepends=True)


# -- the real files ------------------------------------------------------------------------


def test_the_nights_28_million_viewers_are_there():
    places = el.data.places()
    assert places.groupby("group")["viewers"].sum().to_dict() == {
        "India": 24_000_000,
        "diaspora": 4_000_000,
    }
    abroad = places[places["group"] == "diaspora"]
    assert set(abroad["place"]) == {"Singapore", "Dubai", "London", "Bay Area"}
    assert (abroad["viewers"] == 1_000_000).all()
    assert (places["group"] == "India").equals(places["cca2"] == "IN")
    assert places.loc[places["route"] == "detour", "place"].tolist() == ["Chennai"]


def test_500_pops_stand_in_order_the_operators_before_the_hypothetical_ones():
    pops = el.data.pops()
    assert pops["rank"].tolist() == list(range(1, 501))
    assert not pops["hypothetical"][:312].any()
    assert pops["hypothetical"].sum() == 163
    assert pops["hypothetical"].dtype == bool
    namibia = pops[pops["city"] == "Windhoek"]
    assert namibia["cca2"].tolist() == ["NA"], "Namibia is no missing value"


def test_no_value_is_missing_and_every_coordinate_is_on_the_globe():
    for frame in (el.data.places(), el.data.pops(), el.data.cloud_rtt()):
        assert len(frame) and not frame.isna().any().any()
        for column in frame.filter(regex="^lat"):
            assert frame[column].abs().max() <= 90
        for column in frame.filter(regex="^lon"):
            assert frame[column].abs().max() <= 180


def test_cloud_round_trips_know_their_distance_and_keep_to_light():
    table = el.data.cloud_rtt()
    assert (table["rtt_ms"] + 0.5 >= 2 * table["distance_km"] / 199.86).all()
    row = table.set_index(["region_a", "region_b"]).loc[("Australia Central", "Brazil South")]
    assert row["rtt_ms"] == 302 and row["distance_km"] == pytest.approx(13_324, rel=1e-3)
    assert (row["lat_a"], row["lon_b"]) == (-35.2809, -47.0608)


def test_the_coastline_is_one_stroke_on_the_globe_with_the_pen_lifted():
    lon, lat = datasets.coastline()
    assert lon.shape == lat.shape and lon.size > 3000
    assert_array_equal(np.isnan(lon), np.isnan(lat))
    assert np.nanmax(np.abs(lon)) <= 180 and np.nanmax(np.abs(lat)) <= 90
    assert np.isnan(lon).sum() > 50 and np.isnan(lon[-1])
    assert np.nanmax(np.abs(np.diff(lon))) < 180, "a line jumps over the map"
    for place in ("Mumbai", "Singapore", "London"):  # no country is missing
        at = el.data.places().set_index("place").loc[place]
        assert np.nanmin(np.hypot(lon - at["lon"], lat - at["lat"])) < 3


def test_nagpur_bears_its_own_name():
    # The operator's list had "Naqpur"; GeoNames 1262180 is Nagpur.
    assert el.data.pops().set_index("code").loc["NAG", "city"] == "Nagpur"


@pytest.mark.parametrize(
    "load", [el.data.places, el.data.pops, el.data.cloud_rtt, el.data.hubs, el.data.corridors]
)
def test_a_frame_is_the_callers_own(load):
    before, mine = load().copy(), load()
    mine.iloc[:, :] = mine.iloc[::-1].to_numpy()
    mine["more"] = 1
    assert not mine.iloc[:, :-1].equals(before)
    assert_frame_equal(load(), before)


def test_the_coastline_is_the_callers_own_or_cannot_be_written():
    before = datasets.coastline()[0].copy()
    mine = datasets.coastline()[0]
    with pytest.raises(ValueError, match="read-only"):
        mine[0] = before[0] + 1


# -- damaged files -------------------------------------------------------------------------

NUMBER = "allowed a number from"
CELLS = [
    ("places.csv", 3, "lat", "north", f"{NUMBER} -90 to 90"),
    ("places.csv", 2, "lat", "91", f"{NUMBER} -90 to 90"),
    ("places.csv", 2, "lat", "NaN", f"{NUMBER} -90 to 90"),
    ("places.csv", 9, "lon", "-180.01", f"{NUMBER} -180 to 180"),
    ("places.csv", 9, "lon", "", f"{NUMBER} -180 to 180"),
    ("places.csv", 4, "viewers", "1.5", "allowed a whole number from 1 to 2e+08"),
    ("places.csv", 4, "viewers", "0", "allowed a whole number from 1 to 2e+08"),
    ("places.csv", 4, "viewers", "nan", "allowed a whole number from 1 to 2e+08"),
    ("places.csv", 5, "catchment_km", "inf", f"{NUMBER} 0.1 to 300"),
    ("places.csv", 5, "catchment_km", "-3", f"{NUMBER} 0.1 to 300"),
    ("places.csv", 2, "group", "Asia", "allowed one of India, diaspora"),
    ("places.csv", 2, "access", "mobile", "allowed one of fibre, mixed, cable"),
    ("places.csv", 2, "route", "", "allowed one of model, detour"),
    ("places.csv", 7, "place", "", "allowed a text that is not empty"),
    ("places.csv", 7, "place", "  ", "allowed a text that is not empty"),
    ("pops.csv", 400, "continent", "Atlantis", "allowed one of Africa, Asia, Europe"),
    ("pops.csv", 2, "hypothetical", "True", "allowed yes or no"),
    ("pops.csv", 2, "rank", "first", "allowed a whole number from 1 to 10000"),
    ("pops.csv", 11, "rank", "11", "allowed 10: ranks run from 1 without a gap"),
    ("pops.csv", 501, "rank", "501", "allowed 500: ranks run from 1 without a gap"),
    ("rtt_azure.csv", 6, "rtt_ms", "-1", f"{NUMBER} 0 to 1000"),
    ("rtt_azure.csv", 6, "rtt_ms", "fast", f"{NUMBER} 0 to 1000"),
    ("rtt_azure.csv", 8, "region_a", "Moon", "allowed a region of rtt_azure_regions.csv"),
    ("rtt_azure.csv", 3, "region_b", "Moon", "allowed a region of rtt_azure_regions.csv"),
    ("hubs.csv", 4, "kind", "village", "allowed one of city, landing, passage"),
    ("hubs.csv", 4, "lon", "east", f"{NUMBER} -180 to 180"),
    ("corridors.csv", 4, "kind", "air", "allowed one of sea, land, thin"),
    ("corridors.csv", 4, "along", "", "allowed a text that is not empty"),
    ("corridors.csv", 4, "along", "SAFE", "allowed a cable that goes on from Off Abidjan"),
    ("corridors.csv", 4, "source", "heard", "allowed one of map, announced, assumed"),
    ("corridors.csv", 5, "hub_a", "Moon", "allowed a hub of hubs.csv"),
    ("corridors.csv", 5, "hub_b", "Aalborg", "allowed a hub of hubs.csv"),
    ("corridors.csv", 5, "hub_b", "Abidjan", "allowed a hub that comes after 'A"),
    ("rtt_azure_regions.csv", 4, "lat", "-91", f"{NUMBER} -90 to 90"),
    *[
        ("places.csv", 4, "viewers", text, "allowed a whole number")
        for text in ("1_271_844", " 1271844", "१२७१८४४")
    ],
]


@pytest.mark.parametrize(("name", "line", "column", "cell", "allowed"), CELLS)
def test_a_damaged_cell_is_named_by_file_line_and_column(
    refused, tmp_path, name, line, column, cell, allowed
):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows[line - 1][rows[0].index(column)]) > 0
    rows[line - 1][rows[0].index(column)] = cell
    with (tmp_path / "damaged").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    text = refused(name, (tmp_path / "damaged").read_bytes())
    where = f"{name}, line {line}, column {column}: got"
    assert text.startswith((f"{where} {cell!r}, ", f"{where} {cell}, "))
    assert allowed in text


def test_a_round_trip_faster_than_light_is_refused(refused):
    lines = lines_of("rtt_azure.csv")
    assert lines[4] == "Australia Central,Brazil South,302\n"
    lines[4] = "Australia Central,Brazil South,120\n"
    text = refused("rtt_azure.csv", "".join(lines))
    assert text.startswith("rtt_azure.csv, line 5, column rtt_ms: got 120 ms between Australia")
    assert "light's floor" in text and "allowed at least 13" in text


def test_corridors_that_leave_a_hub_alone_are_refused(refused):
    alone = [line for line in lines_of("corridors.csv") if "Anchorage" not in line]
    text = refused("corridors.csv", "".join(alone))
    assert text == "corridors.csv: no way leads from Abidjan to Anchorage"


DAMAGES = {
    "empty": (lambda lines: [], "no row after the header"),
    "header alone": (lambda lines: lines[:1], "no row after the header"),
    "no header": (lambda lines: lines[1:], "line 1: got columns ['"),
    "missing column": (lambda ls: [x.partition(",")[2] for x in ls], "line 1: got columns ['"),
    "byte order mark": (lambda lines: ["\ufeff", *lines], "line 1: got columns ['\\ufeff"),
    "extra cell": (lambda ls: [*ls[:3], "9," + ls[3]], "line 4: got {more} cells, allowed {n}"),
    "missing cell": (lambda ls: [ls[0], ls[1].partition(",")[2]], "line 2: got {less} cells"),
    "blank line": (lambda ls: [*ls[:3], "\n", *ls[3:]], "line 4: got 0 cells, allowed {n}"),
    "cut off": (lambda ls: [*ls[:7], ls[7].split(",")[0]], "line 8: got 1 cells, allowed {n}"),
    "open quote": (
        lambda ls: [*ls[:-1], '"' + ls[-1].replace('"', "")],
        "unexpected end of data, allowed one row",
    ),
    "duplicate": (lambda ls: [*ls[:5], ls[2], *ls[5:]], "line 6, column {key}: "),
}
LATER_DAMAGES = {
    "not UTF-8": lambda lines: [*lines[:2], "\udcff" + lines[2]],
    "endless cell": lambda lines: [*lines[:2], "x" * 200_000 + lines[2]],
    "line end in a cell": lambda lines: [*lines[:2], '"A\n' + lines[2].replace(",", '",', 1)],
}


@pytest.mark.parametrize("name", [name for name in LOADERS if name.endswith(".csv")])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_is_refused(refused, name, damage):
    lines = lines_of(name)
    keys = {
        "pops.csv": "code",
        "rtt_azure.csv": "region_a, region_b",
        "corridors.csv": "hub_a, hub_b",
    }
    key, n = keys.get(name, lines[0].partition(",")[0]), lines[0].count(",") + 1
    change, where = DAMAGES[damage]
    text = refused(name, "".join(change(lines)))
    where = where.format(n=n, more=n + 1, less=n - 1, key=key)
    assert text.startswith(name) and where in text
    if damage == "duplicate":
        assert text.endswith("stands in line 3 already")


@pytest.mark.parametrize("damage", LATER_DAMAGES)
def test_a_table_damaged_in_its_bytes_is_refused(refused, damage):
    lines = LATER_DAMAGES[damage](lines_of("places.csv"))
    text = refused("places.csv", "".join(lines).encode(errors="surrogateescape"))
    assert text.startswith("places.csv, line ")


@pytest.mark.parametrize(
    "content",
    [
        '{"lines": [[[0, 0], [1, 91]]]}',
        '{"lines": [[[0, 0], [-180.5, 1]]]}',
        *[
            content
            for content in (
                "",
                "{",
                "{}",
                '{"lines": []}',
                '{"lines": [[[0, 0], [1]]]}',
                '{"lines": [[[0, 0], [1, "north"]]]}',
            )
        ],
    ],
)
def test_a_damaged_coastline_is_refused(refused, content):
    assert refused("coastline.json", content).startswith("coastline.json")


def test_a_point_off_the_globe_is_named(refused):
    assert "point 1: [1.0, 91.0]" in refused("coastline.json", '{"lines": [[[0, 0], [1, 91]]]}')


# -- constants -----------------------------------------------------------------------------

ENTRY = {"value": "3.0", "unit": '"km"', "kind": '"assumption"', "source": '"a guess"'}
RANGE = {"low": "1.0", "high": "4.0"}


def test_every_constant_says_its_unit_its_kind_and_its_source():
    entries = constants.constants()
    assert len(entries) >= 30
    for name, entry in entries.items():
        assert name == entry.name
        assert math.isfinite(entry.value)
        assert entry.unit.strip() and len(entry.source) > 10 and entry.kind in constants.KINDS
        assert (entry.low is None) == (entry.high is None)
        if entry.kind == "fitted":
            assert entry.low < entry.value < entry.high
        assert constants.value(name) == entry.value == constants.constant(name).value


def text_of(entry):
    return "[reach_km]\n" + "".join(f"{field} = {text}\n" for field, text in entry.items())


@pytest.mark.parametrize("extra", [{}, RANGE, {"value": "1"}, RANGE | {"value": "1.0"}])
def test_a_sound_constant_is_read(tmp_path, extra):
    path = tmp_path / "some.toml"
    path.write_text(text_of(ENTRY | extra), encoding="utf-8")
    found = constants.read_constants(path)["reach_km"]
    assert found.value == float((ENTRY | extra)["value"])
    assert (found.unit, found.kind, found.source) == ("km", "assumption", "a guess")


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        *[
            (text_of({k: v for k, v in ENTRY.items() if k != field}), ["[reach_km]", field])
            for field in ENTRY
        ],
        (text_of(ENTRY | {"note": "1"}), ["[reach_km]", "note"]),
        (text_of(ENTRY | {"kind": '"hearsay"'}), ["[reach_km] kind: got 'hearsay'", "published"]),
        (
            text_of(ENTRY | {"value": '"3"'}),
            ["[reach_km] value: got '3'", "allowed a finite number"],
        ),
        (
            text_of(ENTRY | {"value": "true"}),
            ["[reach_km] value: got True", "allowed a finite number"],
        ),
        (text_of(ENTRY | RANGE | {"value": "0.9"}), ["[reach_km] value: got 0.9", "1.0 to 4.0"]),
        (text_of(ENTRY | RANGE | {"value": "4.1"}), ["[reach_km] value: got 4.1", "1.0 to 4.0"]),
        (
            text_of(ENTRY | RANGE | {"value": "nan"}),
            ["[reach_km] value: got nan", "allowed a finite number"],
        ),
        (text_of(ENTRY) + text_of(ENTRY), ["reach_km", "line 6"]),
        ("reach_km = 3\n", ["[reach_km]"]),
        ("[reach_km\n", ["line 1"]),
        *[
            (content, ["[reach_km]"])
            for content in (
                text_of(ENTRY | {"value": "nan"}),
                text_of(ENTRY | {"value": "inf"}),
                text_of(ENTRY | {"low": "1.0"}),
                text_of(ENTRY | {"high": "1.0"}),
                text_of(ENTRY | {"low": '"1"', "high": '"4"'}),
                text_of(ENTRY | {"source": '""'}),
                text_of(ENTRY | {"unit": "3"}),
            )
        ],
        (b"\xff", []),
    ],
)
def test_a_damaged_constant_is_refused_by_name(tmp_path, content, texts):
    path = tmp_path / "some.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(constants.DataError) as error:
        constants.read_constants(path)
    assert all(text in str(error.value) for text in ["some.toml", *texts])


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(constants.DataError, match=r"data/moon\.csv: file not found"):
        constants.data_path("moon.csv")
