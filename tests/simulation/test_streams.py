"""Random streams: the same numbers everywhere, found by name, unlike one another."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from workbench.errors import BadParameter
from workbench.simulation import Streams


def test_first_draws_are_pinned():
    draws = Streams(seed=42, replication=3).generator("dwell", "line 12", 7).random(3)
    assert draws.tolist() == [0.03854245677634083, 0.6063890535597198, 0.034853528949491785]


def test_raw_numbers_are_pinned_for_a_child():
    raw = Streams(20260302).child("line", 12).generator("dwell", 7).bit_generator.random_raw(2)
    assert raw.tolist() == [9923985006533556629, 18408084054890663569]


def test_a_stream_does_not_depend_on_what_was_asked_before():
    alone = Streams(1).generator("arrivals", 5).random(4)
    streams = Streams(1)
    for other in range(20):
        streams.generator("arrivals", other).random(100)
    assert (streams.generator("arrivals", 5).random(4) == alone).all()


def test_every_part_of_the_key_matters():
    keys = [
        Streams(1).generator("a"),
        Streams(2).generator("a"),
        Streams(1, 1).generator("a"),
        Streams(1).generator("b"),
        Streams(1).generator("a", 1),
        Streams(1).generator("a", "1"),
        Streams(1).generator("a", 1, 2),
        Streams(1).generator("a", 12),
        Streams(1).generator("a", -1),
        Streams(1).generator("a", ""),
        Streams(1).generator("ab"),
        Streams(1).generator("a", "b"),
        Streams(1).child("a").generator("b"),
        Streams(1).child("a", "b").generator("a"),
        Streams(1).child("a").child("b").generator("a"),
        Streams(11).generator("a"),
        Streams(1, 11).generator("a"),
        Streams(1).generator("人民路"),
    ]
    assert len({each.bit_generator.random_raw() for each in keys}) == len(keys)


def test_ten_thousand_streams_are_all_different_and_uniform():
    first = np.array([Streams(7, n % 10).generator("x", n // 10).random(2) for n in range(10_000)])
    assert len(np.unique(first[:, 0])) == 10_000
    assert abs(first.mean() - 0.5) < 4 / np.sqrt(12 * first.size)
    counts = np.bincount((first[:, 0] * 20).astype(int), minlength=20)
    assert ((counts - 500) ** 2 / 500).sum() < 50  # chi-squared, 19 degrees of freedom, p about 0.0001
    for lag in (1, 10):
        assert abs(np.corrcoef(first[lag:, 0], first[:-lag, 0])[0, 1]) < 0.04


def test_whole_numbers_of_numpy_are_whole_numbers():
    plain = Streams(5, 2).generator("x", 3).random()
    assert Streams(np.int64(5), np.uint8(2)).generator("x", np.int32(3)).random() == plain
    assert type(Streams(np.int64(5)).seed) is int


def test_streams_travel_to_workers():
    streams = Streams(5, 2).child("line", 12)
    for same in (pickle.loads(pickle.dumps(streams)), copy.deepcopy(streams)):
        assert same == streams
        assert same.generator("x").random() == streams.generator("x").random()


@pytest.mark.parametrize(
    "bad", [True, -1, 2**63, pytest.param(10**5000, id="huge"), 1.0, "1", None, np.float64(2)]
)
@pytest.mark.parametrize("what", ["seed", "replication"])
def test_bad_seeds_are_refused(what, bad):
    with pytest.raises(BadParameter, match=rf"The {what} must be .*2\*\*63 - 1") as error:
        Streams(**{"seed": 1, what: bad})
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("name", ["", None, 3, b"x"])
def test_bad_names_are_refused(name):
    with pytest.raises(BadParameter, match="named by a text"):
        Streams(1).generator(name)


@pytest.mark.parametrize("entity", [True, 1.5, None, ("a",), b"x", np.float64(1)])
def test_bad_entities_are_refused(entity):
    with pytest.raises(BadParameter, match="texts and whole numbers"):
        Streams(1).child("x", entity)


def test_the_largest_seed_works():
    assert 0 <= Streams(2**63 - 1, 2**63 - 1).generator("x").random() < 1


def test_importing_streams_imports_no_numpy():
    code = "import sys, workbench.simulation; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
