"""Pages of nbgrader that hold what students wrote: nothing in them acts, and nothing is loaded."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Any

import bleach
from bleach.css_sanitizer import CSSSanitizer
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat.notebooknode import NotebookNode

from grader.nbgrader.pictures import Attachments, find_picture
from grader.text import visible

# what Markdown makes, and what the notebooks use beside it
_TAGS = frozenset(
    """
    a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p
    pre s small span strong sub summary sup table tbody td th thead tr u ul
    """.split()  # noqa: SIM905 - one line each would hide them
)
_CLASS = re.compile(r"language-[\w+-]+|highlight|anchor-link|[a-z][a-z0-9]{0,2}")  # of code
_IMAGE = re.compile(r"<img\b[^>]*>", re.I)
_SOURCE = re.compile(r"""(?<![\w-])src\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.I)
_ACTIVE = re.compile(r"<script\b.*?</script\s*>|<link\b[^>]*>|<!--.*?-->", re.I | re.S)
# for a page that is read without network, or after years: no request leaves it
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def _allowed(tag: str, name: str, value: str) -> bool:
    """Whether a tag may have an attribute; whatever could look like a part of the page may not."""
    if name == "class":
        return bool(_CLASS.fullmatch(value))
    if name == "id":
        return tag in ("h1", "h2", "h3", "h4", "h5", "h6")
    if tag == "a":
        return name in ("href", "title") and not value.strip().lower().startswith("data:")
    if tag == "img":  # no picture from elsewhere: it would tell who looks at it, and when
        return name in ("alt", "title") or (name == "src" and value.startswith("data:image/"))
    return name == "style"


def harmless(html: str) -> str:
    """Return HTML with all that acts, loads or leads astray shown as text."""
    return bleach.clean(
        html,
        tags=_TAGS,
        attributes=_allowed,
        protocols=["http", "https", "mailto", "data"],
        css_sanitizer=CSSSanitizer(allowed_css_properties=["text-align"]),
    )


class _Renderer(IPythonRenderer):
    """Leaves attachments to :func:`_show_pictures`; nbconvert stops at one that is missing."""

    def _embed_image_or_attachment(self, src: str) -> str:
        return src


def _show_pictures(html: str, attachments: Attachments) -> tuple[str, dict[str, str]]:
    """Put marks in the place of attached pictures, and text where there is none.

    Returns:
        the HTML, and the content of each mark in base64.
    """
    contents: dict[str, str] = {}

    def show(match: re.Match[str]) -> str:
        tag = match[0]
        source = _SOURCE.search(tag)
        reference = unescape(next(filter(None, source.groups()), "") if source else "").strip()
        if source is None or not reference.lower().startswith("attachment:"):
            return tag
        name = reference[len("attachment:") :]
        found = find_picture(attachments, name)
        if found is None:
            return escape(f"[a picture that is not there: {visible(name, limit=100)}]")
        mark = f"picture{len(contents)}of{len(html)}"
        contents[mark] = found[1]
        start, end = source.span()
        return f'{tag[:start]}src="data:{found[0]};base64,{mark}"{tag[end:]}'

    return _IMAGE.sub(show, html), contents


@pass_context
def markdown_to_html(context: Any, source: str) -> str:
    """Stand in for the filter of nbconvert's pages: Markdown may hold any HTML, a page may not.

    What students write is looked at by graders: here it is shown, and it does not act. What cannot
    be rendered is shown as it was typed.
    """
    attachments = (context.get("cell") or {}).get("attachments") or {}
    try:
        html = MarkdownWithMath(renderer=_Renderer(escape=False)).render(source)
        html, contents = _show_pictures(html, attachments)
        html = harmless(html)
    except Exception:  # nesting without end, and whatever else the parsers stop at
        return f"<pre>{escape(visible(source, limit=100_000))}</pre>"
    for mark, content in contents.items():
        html = html.replace(f";base64,{mark}", f";base64,{content}", 1)
    return html


class FeedbackExporter(HTMLExporter):
    """Makes pages that need nothing from elsewhere.

    nbconvert's pages load MathJax and more from servers. Formulas are shown as they are typed.
    """

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **more: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert a notebook."""
        html, resources = super().from_notebook_node(nb, resources, **more)
        html = _ACTIVE.sub("", html)
        policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        return re.sub(
            r"<head\b[^>]*>", lambda head: f"{head[0]}\n{policy}", html, count=1
        ), resources
