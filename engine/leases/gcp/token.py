"""Who asks: google-auth where it is installed and knows somebody, else the user's own `gcloud`. Never written down."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from engine.errors import Unusable
from engine.leases.gcp.errors import Denied
from engine.runner import notice

SCOPE = "https://www.googleapis.com/auth/compute"
GCLOUD_S = 30.0
KEEP_S = 1800.0
"""A token of gcloud lives an hour when it is fresh, and may be half used when it is handed out."""
NOBODY = (
    'no way to sign in to Google: pip install "training-cockpit[gcp]" and '
    "gcloud auth application-default login, or install gcloud and gcloud auth login"
)


class Tokens:
    """`bearer` is a token that should be good now; `renew` after one was refused."""

    def __init__(self) -> None:
        self._token: str | None = None
        self._until = 0.0

    def bearer(self) -> str:
        if self._token is None or time.monotonic() >= self._until:
            self.renew()
        assert self._token is not None
        return self._token

    def renew(self) -> None:
        found = _library()
        token, keep_s = found if found is not None else (_gcloud(), KEEP_S)
        self._token, self._until = token, time.monotonic() + keep_s


def _library() -> tuple[str, float] | None:
    """A token and how long it is good; None where the library is missing or knows nobody."""
    try:
        import google.auth
        import google.auth.exceptions
        import google.auth.transport.requests
    except ImportError:
        return None
    if not _somebody():
        return None
    try:
        found, _ = google.auth.default(scopes=[SCOPE])
        found.refresh(  # type: ignore[no-untyped-call]
            google.auth.transport.requests.Request()
        )
    except google.auth.exceptions.DefaultCredentialsError:
        return None
    except google.auth.exceptions.GoogleAuthError as error:
        if shutil.which("gcloud"):
            return None
        raise Denied(
            f"Google refused to sign in: {error}"[:400], "gcloud auth application-default login"
        ) from None
    return str(found.token), KEEP_S


def _somebody() -> bool:
    """The library would find credentials. Elsewhere it asks the network for a Google machine's, for many seconds."""
    if os.environ.get("GOOGLE_APPLICATION_CREDENTIALS") or notice.server() is not None:
        return True
    folder = os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud"
    return (Path(folder) / "application_default_credentials.json").exists()


def _gcloud() -> str:
    program = shutil.which("gcloud")
    if program is None:
        raise Unusable(NOBODY)
    words = [program, "auth", "print-access-token", "--quiet"]
    try:
        said = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=GCLOUD_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Denied(f"gcloud gave no token: {type(error).__name__}", "gcloud auth login") from None
    token = said.stdout.decode("ascii", "replace").strip()
    if said.returncode or not token or not token.isprintable() or " " in token:
        raise Denied(f"gcloud gave no token, exit status {said.returncode}", "gcloud auth login")
    return token
