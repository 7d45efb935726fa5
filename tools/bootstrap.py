"""
Make or refresh `.venv` for a named use: `python3 tools/bootstrap.py brief`.

Needs nothing but Python: uv does the work where it is found (on PATH or in `.tools/`), else the
standard venv module and pip. What goes in is `requirements/USE.txt`, hash by hash, and this project,
editable. A stamp in `.venv`, written last, says which uses it is ready for; a use that contains
another (dev contains brief) serves for it. Why it is so: docs/decisions/0002-locks-and-bootstrap.md.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the one place that meets an older Python
    found = ".".join(map(str, sys.version_info[:2]))
    sys.exit(f"bootstrap: Python 3.11 or newer is needed, this is {found}; name one: make PYTHON=python3.12")

import argparse
import configparser
import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
FORMAT = 1  # raise it when an older .venv must be refreshed whatever its stamp says
WINDOWS = sys.platform == "win32"


class SetupError(Exception):
    """What went wrong and what to do about it, in one sentence."""


class Killed(SetupError):
    """An installer was killed and may have left things half done."""


# --- what the project asks for ---------------------------------------------------------------


def project(root: Path) -> dict[str, Any]:
    """The parts of pyproject.toml that decide what is installed."""
    try:
        tables = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"pyproject.toml cannot be read: {error}") from error
    return {
        "build-system": tables.get("build-system", {}),
        "project": tables["project"],
        "setuptools": tables.get("tool", {}).get("setuptools", {}),
    }


def uses(root: Path) -> list[str]:
    """The uses that have a lock."""
    return sorted(path.stem for path in (root / "requirements").glob("*.txt") if path.stem != "build")


def contains(root: Path, use: str) -> set[str]:
    """The uses that are ready once `use` is: itself, base, and the extras it names."""
    table = project(root)["project"]
    extras, self_name = table.get("optional-dependencies", {}), table["name"] + "["
    found, waiting = {"base"}, [use]
    while waiting:
        extra = waiting.pop()
        found.add(extra)
        own = [line for line in extras.get(extra, []) if line.startswith(self_name)]
        named = {name.strip() for line in own for name in line[len(self_name) : line.index("]")].split(",")}
        waiting += named - found
    return found


def fingerprint(root: Path, use: str, python: str) -> str:
    """Changes when an environment made for `use` has to be refreshed."""
    digest = hashlib.sha256(f"{FORMAT} {root} {python}".encode())
    digest.update(json.dumps(project(root), sort_keys=True).encode())
    for lock in ("build", use):
        digest.update((root / "requirements" / f"{lock}.txt").read_bytes())
    return digest.hexdigest()


# --- what is there ---------------------------------------------------------------------------


def interpreter(root: Path) -> Path:
    return root / ".venv" / ("Scripts/python.exe" if WINDOWS else "bin/python")


def venv_python(root: Path) -> str | None:
    """Version ("3.12") of a `.venv` that works, None where there is none or it is broken."""
    python, show = interpreter(root), "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [python, "-I", "-S", "-c", show], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = done.stdout.strip()
    site = root / ".venv" / ("Lib/site-packages" if WINDOWS else f"lib/python{version}/site-packages")
    whole = done.returncode == 0 and (root / ".venv" / "pyvenv.cfg").is_file() and site.is_dir()
    return version if whole and tuple(map(int, version.split("."))) >= OLDEST else None


def stamp_file(root: Path) -> Path:
    return root / ".venv" / "workbench-stamp.json"


def read_stamp(root: Path) -> dict[str, Any]:
    """The stamp, empty where there is none or it cannot be read."""
    try:
        stamp = json.loads(stamp_file(root).read_text(encoding="utf-8"))
        return stamp if isinstance(stamp["uses"], dict) and isinstance(stamp["root"], str) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_stamp(root: Path, marks: Mapping[str, str]) -> None:
    draft = stamp_file(root).with_suffix(".new")
    draft.write_text(json.dumps({"root": str(root), "uses": marks}, indent=1) + "\n", encoding="utf-8")
    draft.replace(stamp_file(root))


def current(root: Path, python: str) -> dict[str, str]:
    """The uses that `.venv` was made for and still serves, each with its fingerprint."""
    marks, known = read_stamp(root).get("uses", {}), set(uses(root))
    return {
        use: mark for use, mark in marks.items() if use in known and mark == fingerprint(root, use, python)
    }


def ready(root: Path, use: str) -> bool:
    """Whether `.venv` serves for `use` as it stands."""
    python = venv_python(root) if read_stamp(root) else None
    return python is not None and any(use in contains(root, made) for made in current(root, python))


# --- making it -------------------------------------------------------------------------------


def set_up(root: Path, use: str) -> None:
    """Bring `.venv` to `use`; a run that was killed on the way leaves a mark, and the next starts afresh."""
    unfinished = root / ".tools" / "unfinished"
    moved = read_stamp(root).get("root", str(root)) != str(root)
    if unfinished.exists() or moved or venv_python(root) is None:
        remove_venv(root, ours=unfinished.exists())
    install = Uv.found(root) or Pip(root)
    say(f"setting up .venv for '{use}' with {install.name} (the first time takes a minute or more)")
    unfinished.touch()
    try:
        if not interpreter(root).exists():
            install.make()
        python = venv_python(root)
        if python is None:
            raise SetupError(f"{root / '.venv'} was made but does not run; delete it and run this again")
        write_stamp(root, current(root, python))  # what is out of date is no longer vouched for
        install.add("build")
        install.add(use)
        install.add_project()
        write_stamp(root, {**current(root, python), use: fingerprint(root, use, python)})
    except Killed:
        raise
    except SetupError:
        unfinished.unlink()  # it ended by itself, so what was there before still stands
        raise
    unfinished.unlink()


def remove_venv(root: Path, *, ours: bool) -> None:
    venv = root / ".venv"
    if venv.is_symlink():
        venv.unlink()
    elif venv.exists():
        if not ours and not (venv / "pyvenv.cfg").exists() and any(venv.iterdir()):
            raise SetupError(f"{venv} is not a virtual environment; move it away, then run this again")
        say("the .venv that is there is broken, moved or for another Python: making it afresh")
        shutil.rmtree(venv)


class Installer:
    """What makes `.venv` and fills it."""

    name: str
    environment: dict[str, str]

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self) -> None:
        raise NotImplementedError

    def install(self, what: str, *options: str) -> None:
        raise NotImplementedError

    def add(self, lock: str) -> None:
        file = f"requirements/{lock}.txt"
        self.install(f"installing {file}", "--require-hashes", "--no-deps", "-r", file)

    def add_project(self) -> None:
        self.install("installing the project", "--no-deps", "-e", ".")

    def run(self, what: str, *command: str | Path) -> None:
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            close_fds=False,  # hands the lock on: an installer whose parent was killed keeps it until it ends
            check=False,
        )
        if done.returncode < 0:
            raise Killed(f"{what} with {self.name} was killed (signal {-done.returncode}); run this again")
        if done.returncode:
            raise SetupError(
                f"{what} with {self.name} failed (exit {done.returncode}), for the reason above; if the "
                "package index was not reached, check the network or set PIP_INDEX_URL; then run this again"
            )


class Uv(Installer):
    name = "uv"

    def __init__(self, root: Path, program: str) -> None:
        super().__init__(root)
        self.program = program
        self.environment = {**clean_environment(), **uv_settings(os.environ, pip_settings(os.environ))}

    @classmethod
    def found(cls, root: Path) -> Installer | None:
        """With the first uv that runs, if any does."""
        places = [shutil.which("uv", path=str(root / ".tools")), shutil.which("uv")]
        return next((cls(root, place) for place in places if place and answers(place, "--version")), None)

    def make(self) -> None:
        self.run(
            "making .venv", self.program, "venv", "--quiet", "--python", base_python(), self.root / ".venv"
        )

    def install(self, what: str, *options: str) -> None:
        python = interpreter(self.root)
        self.run(what, self.program, "pip", "install", "--python", python, "--no-build-isolation", *options)


class Pip(Installer):
    """The venv module and pip, the machine's own pip where venv has none to give."""

    name = "pip"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.environment = clean_environment()
        self.bundled = importlib.util.find_spec("ensurepip") is not None  # Debian keeps it in python3-venv
        if not self.bundled and not answers(base_python(), "-m", "pip", "--version"):
            raise SetupError(
                f"{base_python()} can make no virtual environment (no ensurepip, no pip) and there is no uv: "
                "install one of them (Debian and Ubuntu: apt install python3-venv), then run this again"
            )

    def make(self) -> None:
        without = [] if self.bundled else ["--without-pip"]
        self.run("making .venv", base_python(), "-m", "venv", *without, self.root / ".venv")

    def install(self, what: str, *options: str) -> None:
        python = interpreter(self.root)
        pip: tuple[str, ...] = (str(python), "-I", "-m", "pip")
        if not self.bundled:
            pip = (base_python(), "-m", "pip", "--python", str(python))
        elif not answers(*pip, "--version"):  # made by uv, or half made
            self.run("putting pip into .venv", python, "-I", "-m", "ensurepip")
        self.run(what, *pip, "install", "--no-build-isolation", *options)


def base_python() -> str:
    """The Python that runs this, or the one its virtual environment was made from."""
    return getattr(sys, "_base_executable", None) or sys.executable


def answers(*command: str | Path) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


# --- where packages come from ----------------------------------------------------------------


def clean_environment() -> dict[str, str]:
    """This environment without what would lead pip or uv past `.venv`."""
    leave = {
        "PYTHONPATH",
        "PYTHONHOME",
        "PIP_TARGET",
        "PIP_PREFIX",
        "UV_SYSTEM_PYTHON",
        "UV_TARGET",
        "UV_PREFIX",
    }
    kept = {name: value for name, value in os.environ.items() if name not in leave}
    return {**kept, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """`index-url` and `cert` as pip would read them: its files, weakest first, then the environment."""
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "/")
    user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [
        Path(folder, "pip/pip.conf")
        for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)
    ]
    files += [
        Path("/etc/pip.conf"),
        home / ".pip/pip.conf",
        home / "Library/Application Support/pip/pip.conf",
    ]
    files += [user / "pip/pip.conf", Path(environ.get("APPDATA", home), "pip/pip.ini")]
    named = environ.get("PIP_CONFIG_FILE")
    if named:
        files = [Path(named)] if named == os.devnull else [*files, Path(named)]
    reader = configparser.RawConfigParser(strict=False)
    with contextlib.suppress(configparser.Error, UnicodeDecodeError):
        reader.read(files, encoding="utf-8")
    found: dict[str, str] = {}
    for key in ("index-url", "cert"):
        for section in ("global", "install"):
            found[key] = reader.get(section, key, fallback=found.get(key, ""))
        found[key] = environ.get("PIP_" + key.upper().replace("-", "_")) or found[key]
    return found


def uv_settings(environ: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    """What uv, which does not read pip's settings, has to be told."""
    told = {}
    own = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_NO_INDEX")
    if pip["index-url"] and not any(environ.get(name) for name in own):
        told["UV_DEFAULT_INDEX"] = pip["index-url"]
    if pip["cert"] and not environ.get("SSL_CERT_FILE"):
        told["SSL_CERT_FILE"] = pip["cert"]
    return told


# --- one at a time ---------------------------------------------------------------------------


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Wait until no other set-up is under way in this folder. The lock goes when its holder does."""
    (root / ".tools").mkdir(exist_ok=True)
    with (root / ".tools" / "lock").open("w", encoding="utf-8") as held:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(held.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another set-up is under way in this folder: waiting for it")
                fcntl.flock(held, fcntl.LOCK_EX)
        os.set_inheritable(held.fileno(), True)
        yield


def say(message: str) -> None:
    print(f"bootstrap: {message}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(prog="bootstrap", description="Make or refresh .venv for a named use.")
    parser.add_argument("use", choices=uses(root))
    use = parser.parse_args(arguments).use
    try:
        if not ready(root, use):
            with alone(root):
                if not ready(root, use):
                    set_up(root, use)
    except (SetupError, OSError) as error:
        say(f"{error}.")
        return 1
    except KeyboardInterrupt:
        say("stopped; the next run starts afresh.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
