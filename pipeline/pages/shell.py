"""Render a page that stands by itself: no request leaves it, and nothing in it runs but its own script.

Templates escape what they are given (Jinja2's autoescape). The page's policy (Content Security Policy Level 3)
allows its one script by hash, styles, and pictures that lie in the page; so that markup which slipped
through would still neither run nor load.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.ground.files import GENERATOR

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
# Okabe & Ito 2008, in the order of the figures; the second is for dark pages.
COLOURS = (
    ("#0072B2", "#5CB8EE"),
    ("#D55E00", "#FF9248"),
    ("#009E73", "#3CCFA4"),
    ("#CC79A7", "#E5A1C6"),
    ("#56B4E9", "#8CCEF2"),
    ("#E69F00", "#F5BC47"),
)


@cache
def environment() -> "Environment":
    """Make the environment of all templates: everything escaped, a misspelt name an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(
    template: str, *, styles: tuple[str, ...] = (), script: str | tuple[str, ...] = (), about: str = "", **values: Any
) -> str:
    """Render a template that extends `base.html.j2`; `styles` and `script` name files beside it, which are inlined.

    The template gets `values`; it may use what `environment` knows. Several scripts become one. The page says what
    kind it is by the template's name and, where given, what it is `about`.
    """
    code = "\n".join(_read(name) for name in ((script,) if isinstance(script, str) else script) if name)
    css = "\n".join(_read(name) for name in ("shell.css", *styles))
    policy = _policy(code)
    head = {"generator": f"{GENERATOR} {template.partition('.')[0]}", "about": about}
    page = environment().get_template(template)
    return page.render(css=css, script=code, policy=policy, colours=COLOURS, **head, **values)


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _policy(code: str) -> str:
    """Allow this script by its hash and no other; no request of any kind."""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    scripts = f"'sha256-{digest}'" if code else "'none'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
