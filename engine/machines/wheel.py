"""This program as a wheel, made from the running install: the same bytes from the same sources, wherever they lie.

A machine gets what runs here and not what an index has under the same version.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import engine

DISTRIBUTION = "training-cockpit"
EPOCH = (1980, 1, 1, 0, 0, 0)
LEFT_OUT = (".pyc", ".pyo")
WHEEL = "Wheel-Version: 1.0\nGenerator: engine\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def name() -> str:
    return f"training_cockpit-{engine.__version__}-py3-none-any.whl"


def build() -> bytes:
    """Everything below `engine`; a machine has no screens."""
    root = Path(engine.__file__).parent
    found = {
        f"engine/{path.relative_to(root).as_posix()}": path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix not in LEFT_OUT
    }
    info = f"training_cockpit-{engine.__version__}.dist-info"
    found[f"{info}/METADATA"] = _metadata().encode()
    found[f"{info}/WHEEL"] = WHEEL.encode()
    record = "".join(_recorded(path, data) for path, data in found.items())
    found[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in found.items():
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return buffer.getvalue()


def requirements(extra: str) -> list[str]:
    """What the trainer needs, as pip reads it: of the base and of this extra, each with its own marker."""
    found = []
    for line in distribution(DISTRIBUTION).requires or ():
        need, _, marker = (part.strip() for part in line.partition(";"))
        if need.startswith(SCREENS):
            continue
        if "extra ==" not in marker:
            found.append(line)
        elif f'extra == "{extra}"' in marker.replace("'", '"'):
            found.append(need)
    return found


SCREENS = ("textual", "rich", "paramiko")
"""What only the user's side needs."""


def _metadata() -> str:
    return distribution(DISTRIBUTION).read_text("METADATA") or ""


def _recorded(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}\n"
