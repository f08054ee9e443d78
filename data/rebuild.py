"""Rebuild what is derived in ``data/``: ``python data/rebuild.py [files | rtt | fit]``.

files  places.csv, pops.csv, rtt_azure.csv, rtt_azure_regions.csv, coastline.json
       from ``data/sources``
rtt    the three numbers of the round-trip model, in cricstream.toml, with held-out errors
fit    the scenario's fitted numbers, in cricstream.toml, with residuals and leave-one-out

Without an argument: all three, in this order. Nothing is fetched.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).resolve().parent
SOURCES = DATA / "sources"
sys.path.insert(0, str(DATA.parent))

from edgelab.core.constants import value  # noqa: E402
from edgelab.core.datasets import cities  # noqa: E402
from edgelab.core.sphere import great_circle_km  # noqa: E402
from edgelab.kernels.placement import greedy_order  # noqa: E402

#: The operator's list speaks of sales regions; the model of KV delays of continents.
CONTINENT = {"Asia Pacific": "Asia", "Middle East": "Asia"}
CONTINENT_CORRECTED = {c: "North America" for c in ("CR", "GD", "HN", "PA", "TT")} | {
    "GU": "Oceania"
}
#: Continents of the countries that have a hypothetical PoP and none of the operator's.
CONTINENT_OF = {
    "AF": "Asia", "CU": "North America", "GN": "Africa", "IR": "Asia", "KP": "Asia",
    "LR": "Africa", "LY": "Africa", "MA": "Africa", "ML": "Africa", "MM": "Asia", "NE": "Africa",
    "SD": "Africa", "SO": "Africa", "SY": "Asia", "TD": "Africa", "TG": "Africa",
    "UY": "South America", "UZ": "Asia", "VE": "South America", "YE": "Asia",
}  # fmt: skip
#: Places abroad: centre and radius of the disc that has the built-up region's area, from
#: public land areas: Singapore 735 km2, Dubai's built-up coast about 1,500 km2, Greater
#: London 1,572 km2, the nine counties of the Bay Area 17,900 km2.
ABROAD = [
    ("Singapore", "SG", 1.28967, 103.85007, 15.3, "fibre"),
    ("Dubai", "AE", 25.07725, 55.30927, 21.9, "fibre"),
    ("London", "GB", 51.50853, -0.12574, 22.4, "mixed"),
    ("Bay Area", "US", 37.56, -122.10, 75.5, "cable"),
]


def read(name: str) -> pd.DataFrame:
    """A source file; NA is Namibia's code and no missing value."""
    return pd.read_csv(SOURCES / name, keep_default_na=False)


def write(frame: pd.DataFrame, name: str) -> None:
    frame.to_csv(DATA / name, index=False, lineterminator="\n", encoding="utf-8")
    print(f"{name}: {len(frame)} rows")


def distances_km(a: pd.DataFrame, b: pd.DataFrame) -> np.ndarray:
    """Every pair of the two frames' rows, (len(a), len(b))."""
    return great_circle_km(
        a["lat"].to_numpy()[:, None], a["lon"].to_numpy()[:, None], b["lat"], b["lon"]
    )


def share_out(total: int, weight: np.ndarray) -> np.ndarray:
    """Whole numbers in proportion to `weight` that add up to `total` (largest remainder)."""
    exact = total * weight / weight.sum()
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - whole.sum()]] += 1
    return whole


def build_places() -> pd.DataFrame:
    """Indian cities, suburbs folded into them, and the four places abroad."""
    indian = cities()
    indian = indian[indian["cca2"] == "IN"].sort_values("population", ascending=False)
    near = distances_km(indian, indian) < value("fold_km")
    heads: list[int] = []
    population = np.zeros(len(indian))
    for i, people in enumerate(indian["population"]):
        home = next((h for h in heads if near[i, h]), None)
        if home is None:
            heads.append(i)
            home = i
        population[home] += people
    india = indian.iloc[heads].rename(columns={"name": "place"})
    people = population[heads]
    india = india.assign(
        group="India",
        viewers=share_out(int(value("viewers_india")), people),
        catchment_km=np.sqrt(people / (np.pi * value("city_density_per_km2"))).round(1),
        access="fibre",
        route=np.where(india["place"] == "Chennai", "detour", "model"),
    )
    abroad = pd.DataFrame(ABROAD, columns=["place", "cca2", "lat", "lon", "catchment_km", "access"])
    abroad = abroad.assign(
        group="diaspora",
        viewers=share_out(int(value("viewers_abroad")), np.ones(len(abroad))),
        route="model",
    )
    columns = ["place", "group", "cca2", "lat", "lon", "viewers", "catchment_km", "access", "route"]
    return pd.concat([india, abroad])[columns]


def build_pops() -> pd.DataFrame:
    """The operator's metros in greedy order, then the largest cities not yet served."""
    metros = read("pops_cloudflare.csv").rename(columns={"iata": "code"})
    corrected = metros["cca2"].map(CONTINENT_CORRECTED)
    metros["continent"] = corrected.fillna(metros["region"].replace(CONTINENT))
    towns = cities()
    named = towns["name"].iloc[distances_km(metros, towns).argmin(axis=1)].to_numpy()
    metros["city"] = np.where(metros["city"] == "", named, metros["city"])
    # Each metro also counts as a small demand of its own: the list of cities ends at 570,000
    # people, and without it the order of the last metros would be that of their codes.
    demand = pd.concat([towns, metros.assign(population=value("metro_population"))])
    order = greedy_order(
        distances_km(demand, metros), demand["population"].to_numpy(float), len(metros)
    )
    metros = metros.iloc[order]
    chosen = towns.iloc[:0]
    gap = distances_km(towns, metros).min(axis=1)
    while len(metros) + len(chosen) < 500:
        left = towns["population"].where(gap > value("served_km"), 0)
        if not left.any():
            raise SystemExit("no city is left that is further than served_km from every PoP")
        city = towns.loc[[left.idxmax()]]
        chosen = pd.concat([chosen, city])
        gap = np.minimum(gap, distances_km(towns, city)[:, 0])
    continent = dict(zip(metros["cca2"], metros["continent"], strict=True))
    hypothetical = chosen.assign(
        code=[f"+{geonameid}" for geonameid in chosen["geonameid"]],
        city=chosen["name"],
        continent=[continent.get(c) or CONTINENT_OF[c] for c in chosen["cca2"]],
    )
    frame = pd.concat([metros, hypothetical], ignore_index=True)
    frame["rank"] = np.arange(1, len(frame) + 1)
    frame["hypothetical"] = np.where(frame["rank"] > len(metros), "yes", "no")
    return frame[["rank", "code", "city", "cca2", "continent", "lat", "lon", "hypothetical"]]


def build_coastline() -> list[list[list[float]]]:
    """The arcs of the land polygons as plain lines, Antarctica left out."""
    topology = json.loads((SOURCES / "land-110m.json").read_text(encoding="utf-8"))
    scale, move = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    lines = []
    for arc in topology["arcs"]:
        line = (np.cumsum(arc, axis=0) * scale + move).round(2).clip([-180, -90], [180, 90])
        # Lift the pen where a line jumps from one edge of the map to the other.
        lines += np.split(line, np.flatnonzero(np.abs(np.diff(line[:, 0])) > 180) + 1)
    return [line.tolist() for line in lines if len(line) > 1 and line[:, 1].max() > -60]


def build_files() -> None:
    write(build_places(), "places.csv")
    write(build_pops(), "pops.csv")
    rtt = read("azure_rtt.csv").rename(columns={"rtt_ms_p50": "rtt_ms"})
    write(rtt[["region_a", "region_b", "rtt_ms"]], "rtt_azure.csv")
    write(read("azure_regions.csv"), "rtt_azure_regions.csv")
    lines = build_coastline()
    note = (
        "Natural Earth 110m land (public domain), through the npm package world-atlas 2.0.2 (ISC)"
    )
    text = json.dumps({"source": note, "unit": "degrees, [lon, lat]", "lines": lines})
    (DATA / "coastline.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    print(f"coastline.json: {len(lines)} lines")


def set_constant(name: str, number: float) -> None:
    """Write one fitted value into cricstream.toml, and nothing else of it."""
    path = DATA / "cricstream.toml"
    text, count = re.subn(
        rf"(?m)(^\[{name}\]\nvalue = )\S+$",
        rf"\g<1>{float(f'{number:.4g}')}",  # a whole one keeps its point, or it reads as an int
        path.read_text(encoding="utf-8"),
    )
    if count != 1:
        raise SystemExit(f"cricstream.toml: found {count} entries [{name}] with a value")
    path.write_text(text, encoding="utf-8", newline="\n")


def fit_rtt() -> None:
    from edgelab.world import calibration

    for name, number in calibration.fit_rtt().items():
        set_constant(name, number)
        print(f"{name} {number:.4g}")
    for seed in range(5):
        error = calibration.rtt_held_out(seed)["error"].abs()
        print(f"held out, seed {seed}: median {error.median():.1%}, {(error <= 0.2).mean():.0%}")


def fit_scenario() -> None:
    from edgelab.topics.night import calibration

    fitted = calibration.fit()
    for name, number in fitted.items():
        set_constant(name, number)
    rounded = {name: float(f"{number:.4g}") for name, number in fitted.items()}
    print(calibration.residuals(rounded).to_string(), "\n", rounded)
    print(calibration.leave_one_out().to_string())


if __name__ == "__main__":
    steps = {"files": build_files, "rtt": fit_rtt, "fit": fit_scenario}
    chosen = sys.argv[1:] or list(steps)
    if set(chosen) - set(steps):
        raise SystemExit(__doc__)
    if len(chosen) == 1:
        steps[chosen[0]]()
    else:
        # Each in a process of its own: a step must read what the one before it wrote.
        for step in chosen:
            subprocess.run([sys.executable, __file__, step], check=True)
