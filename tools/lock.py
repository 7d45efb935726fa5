"""
Make the locks in `requirements/` from pyproject.toml: `python3 tools/lock.py [--upgrade]`.

One hashed file per use, for every supported Python and system, naming no index: whoever installs
brings their own. `dev` is locked first and bounds the others, so that a package has one version
everywhere and a use can be added to an environment that has another. Needs uv.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USES = ("dev", "all", "base", "brief", "dask", "lab", "spark")  # dev first: it contains the others
HEADER = "# Made from pyproject.toml by `make lock`; not to be edited.\n"


FIXED = (
    "--generate-hashes --universal --fork-strategy fewest --python-version 3.11 --no-config --quiet "
    "--no-emit-index-url --no-emit-find-links --no-annotate --no-header"
)


def compile_lock(uv: str, name: str, sources: list[str], options: list[str], stdin: str = "") -> None:
    """Write requirements/NAME.txt; pins that still fit are kept unless the options say --upgrade."""
    path = ROOT / "requirements" / f"{name}.txt"
    command = [uv, "pip", "compile", *sources, *FIXED.split(), *options, "--output-file", str(path)]
    # a local folder of packages has fewer files, so fewer hashes, than the index
    local = {"UV_FIND_LINKS", "UV_INDEX", "UV_EXTRA_INDEX_URL"}
    environment = {key: value for key, value in os.environ.items() if key not in local}
    subprocess.run(command, check=True, cwd=ROOT, env=environment, input=stdin, text=True, stdout=sys.stderr)
    body = path.read_text(encoding="utf-8").removeprefix(HEADER)
    path.write_text(HEADER + body, encoding="utf-8")
    print(f"requirements/{name}.txt: {sum(line[0].isalnum() for line in body.splitlines())} packages")


def main() -> int:
    parser = argparse.ArgumentParser(prog="lock", description="Make requirements/*.txt from pyproject.toml.")
    parser.add_argument(
        "--upgrade", action="store_true", help="take the newest versions instead of keeping the pins"
    )
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    uv = shutil.which("uv", path=str(ROOT / ".tools")) or shutil.which("uv")
    if uv is None:
        print(
            "lock: uv is needed to make the locks and is not on PATH; install it, then run this again.",
            file=sys.stderr,
        )
        return 1
    backend = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    try:
        compile_lock(uv, "build", ["-"], upgrade, "\n".join(backend))
        for use in USES:
            extra = [] if use == "base" else ["--extra", use]
            bound = [] if use == USES[0] else ["--constraint", f"requirements/{USES[0]}.txt"]
            compile_lock(uv, use, ["pyproject.toml"], [*extra, *bound, *upgrade])
    except subprocess.CalledProcessError as error:
        print(
            f"lock: uv could not resolve it (exit {error.returncode}), for the reason above.", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
