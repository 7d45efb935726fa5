"""
The traffic sample: a week of an invented city, with its truth.

`DATA` holds the tables (`<table>.csv`, `<table>.parquet` or a folder of parts), `gtfs.zip`, and what is
declared of them, which is `ABOUT`; `TRUTH` tells what they hide; `workbench sample traffic` and
`data_samples.traffic.generate` make more of it.
"""

from pathlib import Path

DATA = Path(__file__).parent / "data"
TRUTH = Path(__file__).parent / "truth.json"
ABOUT = Path(__file__).parent / "about.yaml"

__all__ = ["ABOUT", "DATA", "TRUTH"]
