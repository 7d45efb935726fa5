"""
Scenario files and questions that `workbench simulate traffic.headways` must refuse, and what it says.

`python tests/broken/scenarios.py DIR` writes them all, so that they can be tried by hand.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """
    One scenario file and what is asked of it.

    Attributes
    ----------
    name
        What is wrong.
    text
        The file; None where there is none.
    said
        The sentence; `FILE` stands for the file's path.
    more
        Further words of the command; `DIR` stands for a small folder with the lines 7 and 8.
    code
        Exit code.
    """

    name: str
    text: str | None
    said: str
    more: tuple[str, ...] = ()
    code: int = 2


def one(fields: str) -> str:
    """Write a file with a good scenario and one with some fields, on line 3."""
    return f"scenarios:\n  now: {{headway_s: 600}}\n  b: {{{fields}}}\n"


def field(name: str, fields: str, said: str) -> Case:
    """Make a case of one bad scenario."""
    return Case(name, one(fields), f"FILE:3: scenarios.b{said}")


def held(stops: str) -> str:
    """Write a file with a good scenario, and holding at some stops on line 7."""
    block = "  b:\n    headway_s: 600\n    control:\n      policy: forward_headway\n"
    return f"scenarios:\n  now: {{headway_s: 600}}\n{block}      stops: {stops}\n"


def days(*extra: str) -> tuple[str, ...]:
    """Ask with the small folder."""
    return ("--data", "DIR", *(f"--set={each}" for each in extra))


CASES = (
    # values
    field("negative headway", "headway_s: -600", ".headway_s: must be at least 1, is -600"),
    field("no headway", "headway_s: 0", ".headway_s: must be at least 1, is 0"),
    field("endless headway", "headway_s: 1.0e12", ".headway_s: must be at most 86400, is 1000000000000.0"),
    field("tiny headway", "headway_s: 0.001", ".headway_s: must be at least 1, is 0.001"),
    field("nan", "headway_s: .nan", ".headway_s: must be a finite number, is the number nan"),
    field("inf", "headway_s: .inf", ".headway_s: must be at most 86400, is inf"),
    field("too large for a float", "headway_s: 1.0e400", ".headway_s: must be at most 86400, is inf"),
    field("nan without a dot", "headway_s: nan", ".headway_s: must be a number or empty, is text 'nan'"),
    field("text", "headway_s: ten", ".headway_s: must be a number or empty, is text 'ten'"),
    field(
        "quoted",
        'headway_s: "600"',
        ".headway_s: must be a number or empty, is text '600'; write it without quotes",
    ),
    field("no room", "capacity: 0", ".capacity: must be at least 1, is 0"),
    field("capacity empty", "capacity: null", ".capacity: must be a whole number, is empty"),
    field("capacity beyond all", f"capacity: 1{24 * '0'}", ".capacity: must be at most 1000000, is 1"),
    field("part of a rider", "capacity: 80.5", ".capacity: must be a whole number, is the number 80.5"),
    field("more seats than room", "capacity: 20, seats: 30", ": seats must be at most the capacity of 20"),
    field("no fleet", "headway_s: 600, fleet: 0", ".fleet: must be at least 1, is 0"),
    field(
        "fleet", "headway_s: 600, fleet: 3", ".fleet: Line 12 0 is open, so fleet does not apply; leave it"
    ),
    field("crowds", "demand_factor: 1.0e9", ".demand_factor: must be at most 100, is 1000000000.0"),
    field("no time", "running_time_factor: 0", ".running_time_factor: must be at least 0.01, is 0"),
    field(
        "nobody",
        "headway_s: 300, demand_factor: 0",
        ".demand_factor: A demand_factor of 0 leaves nobody to wait",
    ),
    # keys
    field("unknown key", "headwai_s: 600", ".headwai_s: unknown key. Nearest: headway_s."),
    field(
        "key twice", "headway_s: 300, headway_s: 600", ": the key 'headway_s' is given twice, first on line 3"
    ),
    Case(
        "scenario twice",
        "scenarios:\n  now: {headway_s: 600}\n  now: {headway_s: 300}\n",
        "FILE:3: scenarios: the key 'now' is given twice, first on line 2",
    ),
    Case("no scenarios", "scenarios: {}\n", "FILE:1: scenarios: must not be empty"),
    Case("nothing below", "scenarios:\n", "FILE:1: scenarios: must be a mapping of keys, is empty"),
    Case("empty file", "", "FILE: is empty; write its content"),
    Case("base alone", "base: {headway_s: 600}\n", "FILE:1: names no scenario: write `scenarios:`"),
    Case(
        "list",
        "scenarios:\n  - {headway_s: 600}\n",
        "FILE:1: scenarios: must be a mapping of keys, is a list",
    ),
    Case(
        "scenario empty", "scenarios:\n  now:\n", "FILE:2: scenarios.now: must be a mapping of keys, is empty"
    ),
    Case(
        "one alone", "scenarios:\n  now: {headway_s: 600}\n", "FILE:2: scenarios.now: It is the only option"
    ),
    Case(
        "blank name",
        'scenarios:\n  now: {headway_s: 600}\n  " ": {headway_s: 300}\n',
        "FILE:3: scenarios. : the name of a scenario must not be blank",
    ),
    Case(
        "baseline",
        f"baseline: nwo\n{one('headway_s: 300')}",
        "FILE:1: baseline: no scenario is called 'nwo'.",
    ),
    Case(
        "baseline a number",
        f"baseline: 5\n{one('headway_s: 300')}",
        "baseline: must be text, is the number 5",
    ),
    Case(
        "grid",
        "base: {capacity: 80}\ngrid: {headway_s: [-5, 600]}\n",
        "FILE:2: grid.headway_s[1]: must be at least 1",
    ),
    Case("tab", "scenarios:\n\tnow: {headway_s: 600}\n", "FILE:2: is not YAML: "),
    # stops and controls
    Case(
        "no such stop",
        held("[nowhere]"),
        "FILE:7: scenarios.b.control.stops[1]: No stop of line 12 0 is called",
    ),
    Case(
        "no such place",
        held("[3, 99]"),
        "FILE:7: scenarios.b.control.stops[2]: No stop of line 12 0 is called '99'",
    ),
    Case(
        "stop twice",
        held("[P003, P003]"),
        "FILE:7: scenarios.b.control.stops[1]: The stop 'P003' of line 12 0 is",
    ),
    Case(
        "stop twice over",
        held("[2, P003]"),
        "FILE:7: scenarios.b.control.stops[1]: The stop '2' of line 12 0 is",
    ),
    Case(
        "stop of the base",
        "base: {control: {policy: forward_headway, stops: [nowhere]}}\n" + one("headway_s: 300"),
        "FILE:1: base.control.stops[1]: Option 'now': No stop of line 12 0 is called 'nowhere'.",
    ),
    field(
        "unknown policy",
        "control: {policy: forward}",
        ".control.policy: 'forward' is not known here. Nearest:",
    ),
    field("no policy", "control: {alpha: 1}", ".control: `policy` is missing"),
    field(
        "closed lines only",
        "control: {policy: two_way}",
        ": TwoWay is for closed lines, and line 12 0 is open",
    ),
    field(
        "held twice",
        "control: [{policy: forward_headway}, {policy: schedule_holding}]",
        ".control: control takes one holding policy, not 2",
    ),
    # times
    field("departures before midnight", "departures_s: [-5]", ".departures_s[1]: must be at least 0, is -5"),
    field(
        "no time of day",
        'departures_s: ["7h"]',
        ".departures_s[1]: is text '7h': write \"HH:MM\", or seconds",
    ),
    field("sixty minutes", "departures_s: ['07:60']", ".departures_s[1]: is text '07:60': write \"HH:MM\""),
    field(
        "departure after the day",
        "departures_s: ['50:00']",
        ".departures_s: The departure at 50:00 is outside of line 12 0's hours of service: give",
    ),
    field("two timetables", "headway_s: 600, departures_s: ['07:00']", ": give departures_s or headways"),
    field(
        "bands overlap",
        "headway_s: 600, bands: [{from_s: '06:00', to_s: '09:00', headway_s: 300}, "
        "{from_s: '08:00', to_s: '10:00', headway_s: 300}]",
        ": two bands overlap at 08:00: let one end where the next begins",
    ),
    field(
        "band ends early",
        "headway_s: 600, bands: [{from_s: '09:00', to_s: '06:00', headway_s: 300}]",
        ".bands[1]: it must end after it begins, not run from 09:00 to 06:00",
    ),
    field(
        "bands leave a gap",
        "bands: [{from_s: '05:00', to_s: '09:00', headway_s: 300}]",
        ": No headway is given for line 12 0 at 09:00: give headway_s, or bands for all of its hours",
    ),
    field(
        "band at night",
        "headway_s: 600, bands: [{from_s: '30:00', to_s: '31:00', headway_s: 300}]",
        ".bands: The band from 30:00 to 31:00 is outside of the departures of line 12 0, which are from",
    ),
    # Chinese
    Case(
        "chinese value",
        "scenarios:\n  现状: {headway_s: -600}\n",
        "FILE:2: scenarios.现状.headway_s: must be at least",
    ),
    Case(
        "chinese baseline",
        "baseline: 现壮\nscenarios:\n  现状: {headway_s: 600}\n  加密: {headway_s: 300}\n",
        "FILE:1: baseline: no scenario is called '现壮'. Known: 现状, 加密.",
    ),
    Case(
        "chinese colon",
        "scenarios：\n  现状: {headway_s: 600}\n",
        "write a colon and a space (: ) instead of the full-",
    ),
    # the command
    Case("no file", None, "FILE: there is no such file", ("--scenarios", "FILE")),
    Case(
        "given twice",
        one("headway_s: 300"),
        "Scenarios are given twice: leave out --scenarios or --set scenarios.",
        ("--set=scenarios={c: {headway_s: 300}}",),
    ),
    Case("set empty", None, "Parameter 'scenarios'", ("--set=scenarios={}",)),
    Case("set wrong", None, "Parameter 'scenarios.c.headway_s'", ("--set=scenarios={c: {headway_s: -3}}",)),
    Case("no such day", None, "must be a date, written as YYYY-MM-DD, not", ("--set=date=2026-02-30",)),
    Case("third direction", None, "must be a whole number from 0 to 1, not 2", ("--set=direction=2",)),
    Case("no precision", None, "must be a number above 0.001 and at most 0.5, not 0", ("--precision", "0")),
    Case("house baseline", None, "No option is called 'todai'. Nearest: today.", ("--set=baseline=todai",)),
    # the data
    Case("no such line", None, "No line with riders is called '9'. Known: 7.", days("route=9")),
    Case(
        "no taps of the line",
        None,
        "Line 8 is in the timetable, but no rider of the taps",
        days("route=8"),
        3,
    ),
    Case(
        "nobody that way", None, "No rider of line 7 goes in direction 1: set", days("route=7", "direction=1")
    ),
    Case(
        "no service",
        None,
        "Route 7 direction 0 has no trips on 2026-03-09; the nearest day with trips is 2026-03-07.",
        days("date=2026-03-09"),
    ),
    Case(
        "taps of other days",
        None,
        "no service on any day of its taps (2026-03-12): give the",
        ("--data", "LATE"),
        3,
    ),
    Case("no taps at all", None, "taps", ("--data", "NONE"), 3),
    Case("weekend riders", None, "No tap of line 7 lies on the days judged", ("--data", "SATURDAY"), 3),
)


def folders(place: Path) -> dict[str, str]:
    """Write small folders: lines 7 and 8 to the north, riders on 7 alone; as the names of the cases say."""
    calls = [
        "service_date,trip_id,stop_sequence,route_id,direction_id,stop_id,arrival_timestamp,departure_timestamp"
    ]
    for day in ("2026-03-02", "2026-03-03", "2026-03-07"):
        for route in "78":
            for trip in range(12):
                for stop in range(3):
                    at = f"{day} {7 + trip // 4:02d}:{trip % 4 * 15 + stop * 4:02d}:00"
                    calls.append(f"{day},{day}-{route}-{trip},{stop},{route},0,{route}{stop},{at},{at}")
    head = "transaction_id,service_date,event_timestamp,stop_id,alight_stop_id,route_id,direction_id"
    made = {}
    for name, dates in {
        "DIR": ("2026-03-02", "2026-03-03"),
        "LATE": ("2026-03-12",),
        "SATURDAY": ("2026-03-07",),
        "NONE": (),
    }.items():
        folder = place / name.lower()
        folder.mkdir(parents=True)
        taps = [
            f"{day}-{rider},{day},{day} {7 + rider // 20:02d}:{rider % 20 * 2:02d}:00,7{rider % 2},72,7,0"
            for day in dates
            for rider in range(60)
        ]
        (folder / "timetable.csv").write_text("\n".join(calls) + "\n", encoding="utf-8")
        (folder / "taps.csv").write_text("\n".join([head, *taps]) + "\n", encoding="utf-8")
        made[name] = str(folder)
    return made


if __name__ == "__main__":
    where = Path(sys.argv[1])
    folders(where)
    for each in CASES:
        if each.text is not None:
            (where / f"{each.name.replace(' ', '-')}.yaml").write_text(each.text, encoding="utf-8")
