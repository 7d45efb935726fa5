"""The Python of the lifelines pages runs as it stands, block after block; a reader's files are made here."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference" / "lifelines.md"
READ = ROOT / "docs" / "how-to" / "read-your-network.md"
LONGEST = 10
pytestmark = pytest.mark.slow

GRID = """function mpc = grid
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
    4  3    0  0  0  0  1  1  0  345  1  1.1  0.9;
    5  1   90 30  0  0  1  1  0  345  1  1.1  0.9;
    7  1  100 35  0  0  1  1  0  345  1  1.1  0.9;
    9  1  125 50  0  0  1  1  0  345  1  1.1  0.9;
];
mpc.gen = [
    4  0  0  300  -300  1  100  1  400  10;
];
mpc.branch = [
    4  5  0.017  0.092  0  250  250  250  0  0  1  -360  360;
    4  9  0.010  0.085  0  250  250  250  0  0  1  -360  360;
    4  7  0.009  0.100  0  150  150  150  0  0  1  -360  360;
    4  7  0.009  0.100  0  150  150  150  0  0  1  -360  360;
];
"""
TABLES = {
    "nodes.csv": "id,system,supply,demand\nw,water,9,0\nt,water,0,1\ng,power,9,0\nb,power,0,2\n",
    "edges.csv": "id,system,u,v\np,water,w,t\nl,power,g,b\n",
    "dependencies.csv": "dependee_layer,dependee,depender_layer,depender\npower,b,water,w\n",
    "gas_nodes.csv": "id,supply,demand\na,900.0,0.0\nb,0.0,500.0\n",
    "gas_edges.csv": "id,u,v\nmain,a,b\n",
    "shelby/WaterNodes.csv": "ID,X,Y,Node Type,Demand,population,q (complete DS)\n"
    "0,-89.8,35.0,Storage Tank,70,700,15\n1,-89.9,35.1,Distribution Node,-60,600,17\n",
    "shelby/WaterArcs.csv": "ID,Length (ft),Length (km),Start Node,End Node,u,f,c,Arc Type\n"
    "0,1000,0.305,0,1,40.5,30,31,Water pipe\n",
    "shelby/PowerNodes.csv": "ID,X,Y,Node Type,Demand,population,q (complete DS)\n"
    "0,-89.8,35.0,Gate Station,70,700,15\n1,-89.9,35.1,12 kV Substation,-60,600,17\n",
    "shelby/PowerArcs.csv": "ID,Length (ft),Length (km),Start Node,End Node,u,f,c,Arc Type\n"
    "0,1000,0.305,0,1,40.5,30,31,Power line\n",
    "shelby/Interdep.csv": "Dependee Node,Depender Node,Dependee Network,Depender Network,Type\n"
    "1,0,Power,Water,Physical\n",
    "shelby/damage.csv": 'set,scenario,network,component,value\n1,1,Water,node,0\n1,2,Power,arc,"(0, 1)"\n',
}


def run(page):
    """Run the blocks of a page in one namespace; expressions are worked out and show themselves."""
    names = {"__name__": "page"}
    code = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```python\n(.*?)^```$", code, flags=re.DOTALL | re.MULTILINE):
        assert len(block.splitlines()) <= LONGEST, block
        for node in ast.parse(block).body:
            line = ast.get_source_segment(block, node)
            if isinstance(node, ast.Expr):
                assert repr(eval(line, names)), line
            else:
                exec(line, names)
    return names


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in."""
    pytest.importorskip("wntr")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def files(here):
    """The files that the page on reading names."""
    wntr, pandapower = pytest.importorskip("wntr"), pytest.importorskip("pandapower")
    from pandapower.networks import case9

    shutil.copy(Path(wntr.__file__).parent / "library" / "networks" / "Net3.inp", here / "district.inp")
    pandapower.to_json(case9(), str(here / "grid.json"))
    (here / "grid.m").write_text(GRID, encoding="utf-8")
    graph = nx.MultiGraph()
    graph.add_node("exchange", kind="source")
    graph.add_node("cabinet", demand=1.5, users=400.0)
    graph.add_edge("exchange", "cabinet", bandwidth=10.0)
    nx.write_graphml(graph, here / "telecom.graphml")
    (here / "shelby").mkdir()
    for name, text in TABLES.items():
        (here / name).write_text(text, encoding="utf-8")


def test_the_reference_runs(here):
    names = run(REFERENCE)
    assert names["found"].share < 1
    assert names["choice"].spent == 5
    assert names["double"].reached


def test_reading_runs_from_the_files_to_a_brief(files):
    names = run(READ)
    assert names["power"].arrays.people.sum() == 315_000
    assert names["telecom"].arrays.people.sum() == 400
    assert names["scenarios"].up.shape == (2, 6)
    commands = re.findall(
        r"^    workbench ((?:check|brief) lifelines.*)$", READ.read_text("utf-8"), flags=re.M
    )
    assert [one.split()[0] for one in commands] == ["check", "brief"]
    for command in commands:
        program = [sys.executable, "-m", "workbench.cli", *command.split()]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
