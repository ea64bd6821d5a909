"""Entries and logs as text, by Jinja templates that a user can replace. A template reaches nothing.

`NAME.md.j2` is looked for in `templates/` beside hosts.toml, in the project's `profiles/templates/`, then among ours.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.display import display
from engine.errors import Unusable
from engine.report.said import MARK, Said
from engine.secrets import settings_folder

if TYPE_CHECKING:  # the templates' library is loaded when something is rendered
    from jinja2 import Environment

OURS = Path(__file__).parent / "templates"
TEXT = 600
ABSENT = "reports are written by jinja2, which is not installed"


def render(
    name: str, hide: Callable[[str], str], template: Path | None = None, **values: Any
) -> str:
    """The page. `hide` takes secrets out of all that came from outside."""
    environment = _environment(hide, template)
    import jinja2

    wanted = template.name if template is not None else f"{name}.md.j2"
    try:
        text = environment.get_template(wanted).render(**values)
    except jinja2.TemplateNotFound as error:
        raise Unusable(f"there is no template {error}", f"ours are in {OURS}") from None
    except jinja2.TemplateSyntaxError as error:
        where = f"{error.filename or wanted}:{error.lineno}"
        raise Unusable(f"{where}: {error.message}", "correct the template, or remove it") from None
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise Unusable(
            f"the template {wanted} failed: {error}", "correct it, or remove it"
        ) from None
    return text.rstrip("\n") + "\n"


def _environment(hide: Callable[[str], str], template: Path | None) -> Environment:
    try:
        import jinja2
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        raise Unusable(ABSENT, "pip install jinja2; engine report RUN --json needs none") from None
    folders = [settings_folder() / "templates", Path("profiles/templates"), OURS]
    if template is not None:
        if not template.is_file():
            raise Unusable(f"no template {template}", f"ours are in {OURS}")
        folders.insert(0, template.absolute().parent)
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader([str(folder) for folder in folders]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: shown(value, hide),
    )
    return environment


class Made(str):
    """Text of ours that is taken as it is."""


def shown(value: object, hide: Callable[[str], str]) -> str:
    """Any value as one harmless piece of Markdown: no line, cell, tag, link or mark of ours can begin in it."""
    if isinstance(value, Made):
        return value
    if isinstance(value, Said):
        other = f" (typed: {cell(value.other, hide)} {MARK})" if value.other is not None else ""
        return f"{cell(value.text, hide)}{f' {MARK}' if value.typed else ''}{other}"
    return cell(str(value), hide)


def cell(text: str, hide: Callable[[str], str]) -> str:
    text = display(" ".join(hide(text).split()), TEXT)
    for character, harmless in (
        ("\\", "\\\\"),
        ("|", "\\|"),
        ("<", "&lt;"),
        ("[", "\\["),
        ("]", "\\]"),
    ):
        text = text.replace(character, harmless)
    return text
