"""Who asks, where the token may go, and what an answer that is none comes to."""

from __future__ import annotations

import builtins
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Unusable
from engine.leases.gcp import api, errors, names
from engine.leases.gcp.errors import Denied, NoRoom, Quota, Rejected, Unclear
from engine.leases.gcp.token import Tokens
from tests.engine.leases.gcps import WANTED, ZONES, client, gcloud, signed_in
from tests.support import gcp_schema as schema
from tests.support.gcp import TOKEN, Fault, Google


def account(folder: Path, google: Google) -> Path:
    """A service account as Google hands it out, of which our own server is the one that signs in."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    path = folder / "account.json"
    told = {
        "type": "service_account",
        "project_id": "elson-33a95",
        "private_key_id": "1",
        "private_key": pem,
        "client_email": "ann@elson-33a95.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{google.url}/token",
    }
    path.write_text(json.dumps(told))
    return path


def test_google_auth_signs_in_where_it_knows_somebody(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("google.auth")
    google.token = "ya29.by-the-library"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account(tmp_path, google)))
    assert client().listed().complete


def test_gcloud_signs_in_where_the_library_is_missing(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    without_library(monkeypatch)
    assert client().listed().complete


def without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("google.auth")]:
        monkeypatch.delitem(sys.modules, name)
    known = builtins.__import__

    def missing(name: str, *more: Any, **words: Any) -> Any:
        if name.startswith("google"):
            raise ImportError(name)
        return known(name, *more, **words)

    monkeypatch.setattr(builtins, "__import__", missing)


def test_nobody_to_ask_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_library(monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unusable) as said:
        Tokens().bearer()
    assert "training-cockpit[gcp]" in str(said.value) and "\n" not in str(said.value)


def test_a_gcloud_that_knows_nobody_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gcloud(tmp_path / "sdk", monkeypatch, "''; echo secret-word >&2; exit 1")
    with pytest.raises(Denied) as said:
        Tokens().bearer()
    assert said.value.fix == "gcloud auth login" and "secret-word" not in str(said.value)


def test_a_token_that_ran_out_is_renewed_once(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vms = client()
    assert vms.listed().complete
    google.token = "ya29.new"
    gcloud(tmp_path / "sdk", monkeypatch, "ya29.new")
    assert vms.listed().complete
    google.token = "ya29.newer"
    with pytest.raises(Denied):
        vms.listed()


def test_a_token_goes_nowhere_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_GCP_URL", "http://proxy.example.com")
    with pytest.raises(Unusable):
        api.base()
    for near in ("http://127.0.0.1:9", "https://proxy.example.com/compute/v1/"):
        monkeypatch.setenv("COCKPIT_GCP_URL", near)
        assert api.base().endswith("/compute/v1") and api.base().count("/compute/v1") == 1
    monkeypatch.delenv("COCKPIT_GCP_URL")
    assert api.base() == "https://compute.googleapis.com/compute/v1"


def test_a_redirection_is_not_followed_with_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another server that would get it stands by; it hears nothing."""
    heard: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers.get("Authorization", ""))
            self.send_response(302 if "compute" in self.path else 200)
            self.send_header("Location", f"http://localhost:{port}/thief")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    gcloud(tmp_path / "sdk", monkeypatch)
    monkeypatch.setenv("COCKPIT_GCP_URL", f"http://127.0.0.1:{port}")
    with pytest.raises(Rejected):
        client().find("us-central1-a", "x")
    server.shutdown()
    server.server_close()
    assert heard == [f"Bearer {TOKEN}"]


def test_patience_with_a_service_that_is_down_ends(google: Google) -> None:
    google.faults.append(Fault("get", "503", 99))
    vms = client()
    with pytest.raises(Unclear):
        vms.find("us-central1-a", "x")
    assert vms.api.calls == api.TRIES


def test_retry_after_is_obeyed(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    vms = client()
    monkeypatch.setattr(vms.api, "pause", pauses.append)
    google.faults.append(Fault("get", "429"))
    vms.find("us-central1-a", "x")
    assert pauses == [1.0]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", NoRoom),
        ("QUOTA_EXCEEDED", Quota),
        ("quotaExceeded", Quota),
        ("rateLimitExceeded", Unclear),
        ("accessNotConfigured", Denied),
        ("forbidden", Denied),
        ("somethingNew", Rejected),
    ],
)
def test_each_code_has_its_problem(code: str, kind: type[Exception]) -> None:
    problem = errors.of(code, "words \x1b[31m of theirs", "us-central1-a")
    assert type(problem) is kind and "\x1b" not in str(problem)


def test_names_are_as_google_takes_them_and_stay_apart() -> None:
    runs = [
        "a" * 60 + "-20261121-000000-abcd",
        "a" * 60 + "-20261121-000000-abce",
        "x.y_z",
        "x-y-z",
    ]
    slugs = [names.slug(run) for run in runs]
    assert len(set(slugs)) == len(runs)
    pattern = schema.METHODS["get"]["parameters"]["instance"]["pattern"]
    assert all(schema.re.fullmatch(pattern, slug) and len(slug) <= 63 for slug in slugs)
    assert names.request("a", 1) == names.request("a", 1) != names.request("a", 2)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": 1}, "is no string"),
    ({"nmae": "x"}, "no field nmae"),
    ({"scheduling": {"provisioningModel": "CHEAP"}}, "is none of"),
    ({"scheduling": {"maxRunDuration": {"seconds": 3600}}}, "is no string"),
    ({"scheduling": {"maxRunDuration": {"seconds": "1h"}}}, "no whole number"),
    ({"scheduling": {"automaticRestart": "false"}}, "is no boolean"),
]


@pytest.mark.parametrize(("body", "words"), WRONG)
def test_what_the_document_does_not_know_is_found(body: dict[str, Any], words: str) -> None:
    found = list(schema.wrong(body, {"$ref": "Instance"}, "insert"))
    assert len(found) == 1 and words in found[0]


def test_a_client_that_asks_wrongly_fails_its_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server notices: a field that is not there, and a change without an id."""
    with pytest.raises(AssertionError, match="no field cheap"):
        with signed_in(tmp_path, monkeypatch):
            path = f"zones/{ZONES[0]}/instances"
            client().api.change("POST", path, names.request("x"), {"name": "x", "cheap": True})
    with pytest.raises(AssertionError, match="usable requestId"):
        with signed_in(tmp_path, monkeypatch) as google:
            google.project.machines[ZONES[0], "x"] = {"status": "TERMINATED", "id": "1", "zone": ""}
            client().api.ask(f"zones/{ZONES[0]}/instances/x/start", {})


def test_the_wish_of_these_tests_is_a_lawful_one() -> None:
    from engine.leases.gcp import bodies

    body = bodies.instance(WANTED, ZONES[0])
    assert list(schema.wrong(body, {"$ref": "Instance"}, "insert")) == []
