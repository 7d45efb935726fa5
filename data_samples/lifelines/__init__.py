"""
The lifelines sample: the networks of an invented city, a week of their readings, and its truth.

`DATA` holds the tables (`<table>.csv`, `<table>.parquet` or a folder of parts) and what is declared of them,
which is `ABOUT`; `TRUTH` tells what they hide; `workbench sample lifelines` and
`data_samples.lifelines.generate` make more of it.
"""

from pathlib import Path

DATA = Path(__file__).parent / "data"
TRUTH = Path(__file__).parent / "truth.json"
ABOUT = Path(__file__).parent / "about.yaml"

__all__ = ["ABOUT", "DATA", "TRUTH"]
