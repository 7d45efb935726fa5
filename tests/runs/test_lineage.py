"""A run is told to a lineage server only where there is an address, and no server can fail a run."""

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from workbench.runs.lineage import event, send

QUICK = ("brief", "traffic.congestion", "--set", "resamples=200", "--no-bounds")


@pytest.fixture
def server(monkeypatch):
    """A server on this machine that keeps what it is told, and answers with `status`."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(serving.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    serving = HTTPServer(("127.0.0.1", 0), Handler)
    serving.status = 201
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    serving.told = told
    serving.url = f"http://127.0.0.1:{serving.server_port}"
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


class TestEvent:
    def test_what_the_specification_asks_for(self, made):
        told = event(made())
        assert told["eventType"] == "COMPLETE"
        assert told["eventTime"].endswith("Z")
        assert told["schemaURL"].endswith("/2-0-2/OpenLineage.json#/$defs/RunEvent")
        assert told["producer"].startswith("urn:lived-workbench:")
        uuid.UUID(told["run"]["runId"])
        assert (told["job"]["namespace"], told["job"]["name"]) == ("lived-workbench", "traffic.congestion")
        parts = [told["run"], told["job"], *told["inputs"], *told["outputs"]]
        facets = [facet for part in parts for facet in part["facets"].values()]
        assert all({"_producer", "_schemaURL"} <= set(facet) for facet in facets)

    def test_what_was_read_and_written_with_hashes(self, made):
        run, told = made(), event(made())
        inputs = {one["name"]: one["facets"]["version"]["datasetVersion"] for one in told["inputs"]}
        sha = next(one["sha256"] for one in run.record["inputs"] if one["table"] == "segments")
        assert inputs["traffic/segments/segments.csv"] == f"sha256:{sha}"
        assert len(told["outputs"]) == len(run.record["files"])

    def test_one_run_told_twice_is_one_run(self, made):
        assert event(made()) == event(made())
        assert event(made())["run"]["runId"] != event(made(k=2, hours=(7, 8)))["run"]["runId"]


class TestSend:
    def test_it_arrives(self, made, server):
        assert send(made(), server.url) == ""
        ((path, kind, told),) = server.told
        assert (path, kind, told) == ("/api/v1/lineage", "application/json", event(made()))

    @pytest.mark.parametrize("path", ["/", "/api/v1/lineage", "/marquez/api/v1/lineage/"])
    def test_an_address_may_name_its_path(self, made, server, path):
        assert send(made(), server.url + path) == ""
        assert server.told[0][0].endswith("/api/v1/lineage")

    def test_a_server_that_refuses(self, made, server):
        server.status = 500
        assert "answered 500" in send(made(), server.url)

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:9", "http://127.0.0.1:99999", "http://[", "http://no host/"]
    )
    def test_a_server_that_is_not_there(self, made, url, monkeypatch):
        monkeypatch.setenv("NO_PROXY", "*")
        assert send(made(), url).startswith(f"Lineage was not sent: '{url}' cannot be reached")

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x", "localhost:5000"])
    def test_an_address_of_another_kind(self, made, url):
        assert "begins with http://" in send(made(), url)


class TestCommand:
    def test_nothing_is_sent_unasked(self, cli, server, tmp_path, monkeypatch):
        monkeypatch.delenv("OPENLINEAGE_URL", raising=False)
        assert cli(*QUICK, "--out", tmp_path)[0] == 0
        assert server.told == []

    def test_the_option(self, cli, server, tmp_path):
        assert cli(*QUICK, "--out", tmp_path, "--lineage-url", server.url)[0] == 0
        assert server.told[0][2]["job"]["name"] == "traffic.congestion"

    def test_the_environment(self, cli, server, tmp_path, monkeypatch):
        monkeypatch.setenv("OPENLINEAGE_URL", server.url)
        assert cli("measure", "traffic", "--out", tmp_path)[0] == 0
        assert server.told[0][2]["job"]["name"] == "measure.traffic"

    def test_an_empty_environment_is_none(self, cli, server, tmp_path, monkeypatch):
        monkeypatch.setenv("OPENLINEAGE_URL", "")
        code, _, err = cli(*QUICK, "--out", tmp_path)
        assert (code, "warning" in err) == (0, False)

    def test_a_failure_is_a_warning(self, cli, server, tmp_path):
        server.status = 503
        code, out, err = cli(*QUICK, "--out", tmp_path, "--lineage-url", server.url)
        assert code == 0
        assert out.endswith("brief.en.html\n")
        assert f"warning: Lineage was not sent: '{server.url}' answered 503" in err
