"""
A signature on a run: Ed25519 over the bytes of run.json, which holds the hash of every other file.

The signature is `run.json.sig`, 64 bytes, that other tools check as well:
`openssl pkeyutl -verify -rawin -pubin -inkey PUBLIC -in run.json -sigfile run.json.sig`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import EngineMissing, WorkbenchError
from workbench.runs._finding import Finding
from workbench.runs.kept import read_kept
from workbench.runs.record import RECORD, SIGNATURE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAKE = "`openssl genpkey -algorithm ed25519 -out KEY` makes one"
PUBLIC = "`openssl pkey -in KEY -pubout -out PUBLIC` writes it"


def sign(folder: str | Path, key: str | Path) -> Path:
    """
    Sign a run that is whole and unchanged; a signature that is there is replaced.

    Parameters
    ----------
    folder
        The run folder, or a file in it.
    key
        Private Ed25519 key, PEM, without a passphrase.

    Returns
    -------
    path
        The signature.

    Raises
    ------
    WorkbenchError
        There is no such run or it was changed, or the key cannot be used.
    EngineMissing
        The package `cryptography` is not installed.
    """
    private = _private(key)
    place = read_kept(folder).folder
    path = place / SIGNATURE
    try:
        path.write_bytes(private.sign((place / RECORD).read_bytes()))
    except OSError as error:
        raise WorkbenchError(f"The signature cannot be written to '{path}' ({error.strerror}).") from error
    return path


def check_signature(folder: Path, key: str | Path, findings: list[Finding]) -> str:
    """
    Check the signature of a run folder against a public key.

    Returns
    -------
    state
        "none", "good" or "bad"; but for "good" a finding is added.
    """
    public = _public(key)
    path = folder / SIGNATURE
    if not path.is_file():
        findings.append(Finding(SIGNATURE, "is missing: the run is not signed"))
        return "none"
    from cryptography.exceptions import InvalidSignature

    record = folder / RECORD
    try:
        public.verify(path.read_bytes(), record.read_bytes() if record.is_file() else b"")
    except InvalidSignature:
        said = f"is not a signature of {RECORD} by the key '{key}': one of the three was changed"
        findings.append(Finding(SIGNATURE, said))
        return "bad"
    return "good"


def _private(key: str | Path) -> Ed25519PrivateKey:
    text = _read(key)
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as error:
        raise _missing() from error
    try:
        found = load_pem_private_key(text, password=None)
    except TypeError as error:
        raise WorkbenchError(
            f"The key '{key}' has a passphrase: give one without, or sign run.json with openssl pkeyutl."
        ) from error
    except ValueError as error:
        raise WorkbenchError(f"'{key}' holds no private key in PEM form: {MAKE}.") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise WorkbenchError(f"The key '{key}' is not an Ed25519 key: {MAKE}.")
    return found


def _public(key: str | Path) -> Ed25519PublicKey:
    text = _read(key)
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError as error:
        raise _missing() from error
    try:
        found = load_pem_public_key(text)
    except ValueError as error:
        raise WorkbenchError(f"'{key}' holds no public key in PEM form: {PUBLIC}.") from error
    if not isinstance(found, Ed25519PublicKey):
        raise WorkbenchError(f"The key '{key}' is not an Ed25519 key: {PUBLIC}.")
    return found


def _read(key: str | Path) -> bytes:
    try:
        return Path(key).read_bytes()
    except OSError as error:
        raise WorkbenchError(f"The key '{key}' cannot be read ({error.strerror}): name its file.") from error


def _missing() -> EngineMissing:
    return EngineMissing(
        "Signatures need the Python package 'cryptography', which is not installed: "
        "pip install 'lived-workbench[sign]'."
    )
