"""A signature says whose run it is; any change of the record breaks it."""

import json
import shutil
import subprocess
import sys

import pytest

from workbench.errors import EngineMissing, WorkbenchError
from workbench.runs.sign import sign
from workbench.runs.verify import verify

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


@pytest.fixture
def keys(tmp_path):
    """A pair of keys, as files."""

    def pair(name="key", locked=b""):
        private = ed25519.Ed25519PrivateKey.generate()
        lock = serialization.BestAvailableEncryption(locked) if locked else serialization.NoEncryption()
        secret, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub.pem"
        secret.write_bytes(private.private_bytes(PEM, PKCS8, lock))
        public.write_bytes(private.public_key().public_bytes(PEM, SPKI))
        return secret, public

    return pair


def test_signed_and_checked(run, keys):
    secret, public = keys()
    path = sign(run, secret)
    assert (path.name, path.stat().st_size) == ("run.json.sig", 64)
    found = verify(run, key=public)
    assert (found.signature, found.findings) == ("good", ())
    assert verify(run).signature == "not checked"
    assert "give --key" in verify(run).as_text()


def test_the_signature_changes_no_hash(run, keys):
    before = (run / "run.json").read_bytes()
    sign(run, keys()[0])
    assert (run / "run.json").read_bytes() == before


def test_openssl_agrees(run, keys):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    secret, public = keys()
    sign(run, secret)
    asked = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public]
    files = ["-in", run / "run.json", "-sigfile", run / "run.json.sig"]
    done = subprocess.run([*asked, *files], capture_output=True, text=True, check=False)
    assert "Verified Successfully" in done.stdout, done.stderr


def test_hashing_again_does_not_deceive_who_has_the_key(run, keys, deceive):
    secret, public = keys()
    sign(run, secret)
    deceive(run, "screening.en.html", lambda text: text + " ")
    assert verify(run).findings == ()
    found = verify(run, key=public)
    assert [each.file for each in found.findings] == ["run.json.sig"]
    assert found.signature == "bad"


def test_one_byte_of_the_signature(run, keys):
    secret, public = keys()
    path = sign(run, secret)
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    assert [each.file for each in verify(run, key=public).findings] == ["run.json.sig"]
    path.write_bytes(b"")
    assert [each.file for each in verify(run, key=public).findings] == ["run.json.sig"]


def test_somebody_elses_key(run, keys):
    sign(run, keys()[0])
    assert verify(run, key=keys("other")[1]).signature == "bad"


def test_not_signed(run, keys):
    (found,) = verify(run, key=keys()[1]).findings
    assert (found.file, found.says) == ("run.json.sig", "is missing: the run is not signed")


def test_a_changed_run_is_not_signed(run, keys):
    (run / "brief.en.html").write_text("")
    with pytest.raises(WorkbenchError, match="was changed after it was made"):
        sign(run, keys()[0])


class TestKeys:
    @pytest.mark.parametrize(
        ("content", "said"), [(b"", "holds no private key"), (b"-----BEGIN", "holds no private key")]
    )
    def test_no_key(self, run, tmp_path, content, said):
        path = tmp_path / "none.pem"
        path.write_bytes(content)
        with pytest.raises(WorkbenchError, match=said):
            sign(run, path)
        with pytest.raises(WorkbenchError, match="holds no public key"):
            verify(run, key=path)

    def test_not_there(self, run, tmp_path):
        with pytest.raises(WorkbenchError, match="cannot be read"):
            sign(run, tmp_path / "none.pem")

    def test_with_a_passphrase(self, run, keys):
        with pytest.raises(WorkbenchError, match="has a passphrase"):
            sign(run, keys(locked=b"open")[0])

    def test_the_wrong_one_of_the_pair(self, run, keys):
        secret, public = keys()
        with pytest.raises(WorkbenchError, match="holds no private key"):
            sign(run, public)
        with pytest.raises(WorkbenchError, match="holds no public key"):
            verify(run, key=secret)

    def test_of_another_kind(self, run, tmp_path):
        ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
        key = ec.generate_private_key(ec.SECP256R1())
        path = tmp_path / "ec.pem"
        path.write_bytes(key.private_bytes(PEM, PKCS8, serialization.NoEncryption()))
        with pytest.raises(WorkbenchError, match="is not an Ed25519 key"):
            sign(run, path)

    def test_without_the_package(self, run, keys, monkeypatch):
        secret, public = keys()
        for name in [name for name in sys.modules if name.startswith("cryptography.hazmat.primitives")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
        for ask in (lambda: sign(run, secret), lambda: verify(run, key=public)):
            with pytest.raises(EngineMissing, match=r"pip install 'lived-workbench\[sign\]'"):
                ask()


class TestCommand:
    def test_sign_and_verify(self, cli, run, keys):
        secret, public = keys()
        code, out, _ = cli("sign", run, "--key", secret)
        assert (code, out) == (0, f"{run / 'run.json.sig'}\n")
        code, out, _ = cli("verify", run, "--key", public)
        assert code == 0
        assert "Its signature is that of the key." in out

    def test_json(self, cli, run, keys):
        secret, public = keys()
        told = json.loads(cli("sign", run, "--key", secret, "--json")[1])
        assert told == {"signature": str(run / "run.json.sig")}
        assert json.loads(cli("verify", run, "--key", public, "--json")[1])["signature"] == "good"

    def test_not_signed(self, cli, run, keys):
        assert cli("verify", run, "--key", keys()[1])[0] == 4

    def test_no_key(self, cli, run, tmp_path):
        assert cli("sign", run)[0] == 2
        assert cli("sign", run, "--key", tmp_path / "none")[0] == 2
