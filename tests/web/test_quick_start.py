"""A page says at once where its server is and which scripts it needs; whatever else is asked for passes unchanged."""

import gzip
import json

import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.asynchronous import finish
from web import quick_start
from web.quick_start import QuickStart

PAGE = (
    "<!DOCTYPE html><html><head><title>Streamlit</title>"
    '<script type="module" src="./static/js/index.abc.js"></script></head><body></body></html>'
)
SETTINGS = {"allowedOrigins": ["https://a.example"], "useExternalAuthToken": False, "metricsUrl": "</script>"}


class App:
    """An app under `base` that answers with the page, its settings and scripts, and remembers what it was asked."""

    def __init__(self, base: str = "") -> None:
        self.base = base
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.asked.append((path, {name.decode(): value.decode() for name, value in scope["headers"]}))
        kind, body, status = "text/html; charset=utf-8", PAGE.encode(), 200
        if path.endswith(".js"):
            kind, body, status = "text/javascript", b"export {}", 404 if "absent" in path else 200
        elif "_stcore" in path:
            kind, body = "application/json", json.dumps(SETTINGS).encode()
            status = 200 if path == f"{self.base}/_stcore/host-config" else 404
        headers = [(b"content-type", kind.encode()), (b"etag", b'"x"'), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def get(app: QuickStart, path: str, **headers: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of the answer to a browser."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asked = {"accept": "text/html,*/*"} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode()) for name, value in asked.items()]
    finish(app({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": raw}, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}, body


def settings_in(page: str) -> dict:
    """Return the settings that a browser reads in the page."""
    return json.loads(page.split("HOST_CONFIG: ")[1].split("}</script>")[0])


def test_a_page_carries_the_settings_and_the_scripts_that_earlier_visitors_needed():
    app = QuickStart(App(), ("", "explain"))
    for script in ("Slider.1.js", "Chart.2.js", "index.abc.js", "absent.js"):
        get(app, f"/static/js/{script}", referer="http://127.0.0.1/explain?net=a")
    page = get(app, "/explain")[1].decode()
    assert settings_in(page) == SETTINGS
    assert [part.split('"')[0] for part in page.split('crossorigin href="./static/js/')[1:]] == [
        "Slider.1.js",
        "Chart.2.js",  # neither the one that the page names itself nor the one that is not there
    ]
    assert "modulepreload" not in get(app, "/")[1].decode()


def test_what_is_written_into_the_page_closes_no_script_early():
    page = get(QuickStart(App(), ("",)), "/")[1].decode()
    assert page.count("</script>") == PAGE.count("</script>") + 1 and settings_in(page)["metricsUrl"] == "</script>"


def test_the_changed_page_is_sent_whole_and_never_taken_for_an_older_one():
    app = App()
    headers, body = get(QuickStart(app, ("",)), "/", accept_encoding="gzip", if_none_match='"x"', range="bytes=0-9")
    assert headers["content-encoding"] == "gzip" and "Accept-Encoding" in headers["vary"] and "etag" not in headers
    assert int(headers["content-length"]) == len(body) and PAGE[-20:] in gzip.decompress(body).decode()
    assert not {"accept-encoding", "if-none-match", "range"} & set(app.asked[0][1])
    headers, body = get(QuickStart(App(), ("",)), "/")
    assert "content-encoding" not in headers and int(headers["content-length"]) == len(body)


def test_settings_are_asked_for_once_and_left_out_where_the_app_is_served_elsewhere():
    served = App("/atelier")
    app = QuickStart(served, ("", "explain"))
    assert settings_in(get(app, "/atelier/explain")[1].decode()) == settings_in(get(app, "/atelier/")[1].decode())
    assert [path for path, _ in served.asked].count("/atelier/_stcore/host-config") == 1
    assert "__streamlit" not in get(app, "/other/explain")[1].decode()


@pytest.mark.parametrize("path", ["/_stcore/health", "/static/js/Slider.1.js", "/media/a.png", "/unknown"])
def test_anything_else_passes_unchanged(path):
    served = App()
    headers, body = get(QuickStart(served, ("", "explain")), path, accept_encoding="gzip")
    assert headers["etag"] == '"x"' and b"__streamlit" not in body
    assert served.asked[0][1]["accept-encoding"] == "gzip"


def test_scripts_are_kept_for_known_pages_and_no_more_than_a_page_can_need(monkeypatch):
    monkeypatch.setattr(quick_start, "MOST_SCRIPTS", 2)
    app = QuickStart(App(), ("", "explain"))
    for number in range(4):
        get(app, f"/static/js/a{number}.js", referer="http://h/explain")
        get(app, f"/static/js/b{number}.js", referer=f"http://h/made-up-{number}")
    assert get(app, "/explain")[1].decode().count("modulepreload") == 2
