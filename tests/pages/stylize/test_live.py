"""The addresses of the desk: what the page paints, and a sentence for what cannot be painted."""

import asyncio
import json
import threading
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from core import images, uploads
from core.style import painter
from core.style.paint_settings import PaintRecord, PaintSettings, record_in
from pages.stylize import live, painting
from pages.stylize.paint_queue import PaintQueue
from tests.asynchronous import finish
from tests.painting import picture, ship
from web.visitor import COOKIE, new_id

HOSTILE = "<script>x</script>"


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch) -> Iterator[None]:
    ship(tmp_path / "weights", monkeypatch)
    painting.painted.cache_clear()
    renew_queues(monkeypatch)
    yield
    painting.painted.cache_clear()
    painter.shipped.cache_clear()


def renew_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the addresses lines of their own: one belongs to the event loop of its first request."""
    monkeypatch.setattr(live, "QUEUE", PaintQueue())
    monkeypatch.setattr(live, "PRINTS", PaintQueue())


def request(visitor: str = "", *, gone: bool = False, **query: str) -> Request:
    """Return a request with this query by a visitor, who went away before the answer where they are `gone`."""

    async def receive() -> dict:
        if not gone:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    headers = [(b"cookie", f"{COOKIE}={visitor}".encode())] if visitor else []
    return Request(
        {"type": "http", "method": "GET", "path": "/", "query_string": urlencode(query).encode(), "headers": headers},
        receive,
    )


def answer(endpoint, **query: str) -> Response:
    """Return the answer to a request with this query."""
    answers: list[Response] = []

    async def ask() -> None:
        answers.append(await endpoint(request(**query)))

    finish(ask())
    return answers[0]


def sentence(response: Response) -> str:
    return json.loads(bytes(response.body))["error"]


def jpeg(seed: int = 0) -> bytes:
    return images.encode(picture(60, 90, seed))


def test_the_painting_is_the_one_that_the_painter_makes_of_the_same_values():
    id = uploads.keep(jpeg(), "holiday.jpg", "ann").id
    response = answer(
        live.painting, photo=id, net="tiny", styles="dots:0.5,night:1", strength="0.5", colours="true", stroke="0.4"
    )
    settings = PaintSettings(0.5, 0.4, True)
    expected = painter.shipped("tiny").paint(images.decode(jpeg()), {"dots": 0.5, "night": 1.0}, settings)
    assert response.status_code == 200 and response.media_type == "image/jpeg"
    assert bytes(response.body) == images.encode(expected)
    assert float(response.headers["server-timing"].split("dur=")[1]) > 0


@pytest.mark.parametrize("side", ["128", "256", "512"])
def test_the_longer_side_is_the_one_that_was_asked_for(side):
    shape = images.decode(bytes(answer(live.painting, styles="dots", side=side).body)).shape
    assert max(shape[:2]) == int(side)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"styles": "monet:1"}, "no style with a weight"),
        ({"styles": "dots:-1"}, "no style with a weight"),
        ({"styles": "dots:nan"}, "no style with a weight"),
        ({"styles": "dots:0"}, "All style weights are zero"),
        ({"styles": HOSTILE}, "no style with a weight"),
        ({"styles": "x" * 5000}, "no style with a weight"),
        ({"net": "../tiny"}, "no shipped weights named"),
        ({"net": "monet"}, "no shipped weights named"),
        ({"strength": "nan"}, "strength is nan"),
        ({"strength": "1e999"}, "strength is inf"),
        ({"strength": "much"}, "strength is 'much'"),
        ({"stroke": "-0.1"}, "stroke size is -0.1"),
        ({"colours": "yes"}, "give true or false"),
        ({"side": "40000"}, "The size is '40000'"),
        ({"side": "nan"}, "The size is 'nan'"),
        ({"side": ""}, "The side is ''"),
        ({"sample": "../../etc/passwd"}, "no sample"),
        ({"sample": "\x00"}, "no sample"),
    ],
)
def test_a_value_that_cannot_be_used_is_400_and_a_sentence(query, words):
    response = answer(live.painting, **query)
    assert response.status_code == 400 and words in sentence(response)
    assert len(sentence(response)) < 300


@pytest.mark.parametrize("id", ["", "../x", "\x00", "A" * 22, HOSTILE])
def test_an_upload_that_is_not_there_is_404_and_a_sentence(id):
    response = answer(live.painting, photo=id)
    assert response.status_code == 404 and "no longer here" in sentence(response)


def test_whoever_has_the_id_of_an_upload_sees_it_until_its_owner_deletes_it():
    id = uploads.keep(jpeg(), "holiday.jpg", "ann").id
    assert answer(live.painting, photo=id, visitor=new_id()).status_code == 200
    uploads.delete_all("ann")
    assert answer(live.painting, photo=id).status_code == 404, "a painting in memory is no way around it"


def test_two_uploads_of_one_name_are_two_pictures():
    ids = [uploads.keep(jpeg(seed), "holiday.jpg", owner).id for seed, owner in enumerate(("ann", "bob"))]
    first, second = (bytes(answer(live.painting, photo=id, strength="0").body) for id in ids)
    assert np.array_equal(images.decode(first), images.decode(images.encode(images.decode(jpeg(0)))))
    assert first != second


def test_a_newer_request_of_a_desk_drops_the_one_that_waits_but_none_of_another_visitor(monkeypatch):
    queue, gate, begun = PaintQueue(), threading.Event(), threading.Event()
    monkeypatch.setattr(live, "QUEUE", queue)
    ann, bob = new_id(), new_id()
    statuses: list[int] = []

    def block() -> None:
        begun.set()
        assert gate.wait(10)

    async def drag() -> None:
        blocking = asyncio.ensure_future(queue.paint("blocking", block))
        requests = [(ann, "0.5"), (bob, "0.6"), (ann, "0.7")]
        tasks = []
        for place, (visitor, weight) in enumerate(requests):
            asked = request(visitor, styles=f"dots:{weight}", desk="one", side="128")
            tasks.append(asyncio.ensure_future(live.painting(asked)))
            while place < 2 and len(queue._line) <= place:
                await asyncio.sleep(0.005)
        while not queue.counts.dropped:
            await asyncio.sleep(0.005)
        gate.set()
        statuses.extend(response.status_code for response in await asyncio.gather(*tasks))
        await blocking

    finish(drag())
    assert statuses == [409, 200, 200] and queue.counts.dropped == 1


def test_a_crowd_is_answered_with_503(monkeypatch):
    monkeypatch.setattr(live, "QUEUE", PaintQueue(most_waiting=0))
    response = answer(live.painting)
    assert response.status_code == 503 and "try again" in sentence(response)


def test_a_style_without_a_painting_has_a_sample_in_its_place_and_an_unknown_one_a_sentence():
    assert images.decode(bytes(answer(live.swatch, style="munch_scream").body)).shape == (160, 160, 3)
    assert bytes(answer(live.swatch, style="dots", net="tiny").body) == painter.swatch("dots", "tiny")
    assert answer(live.swatch, style="monet", net="tiny").status_code == 400


def test_paintings_in_memory_are_bounded():
    assert painting.painted.cache_info().maxsize == painting.KEPT


def streamed(asked: Request) -> bytes:
    """Return all of the answer to a request for a download."""
    pieces: list[bytes] = []

    async def read() -> None:
        response = await live.download(asked)
        assert isinstance(response, StreamingResponse)
        pieces.extend([bytes(piece) async for piece in response.body_iterator])

    finish(read())
    return b"".join(pieces)


def lines_and_file(stream: bytes) -> tuple[list[dict], bytes]:
    lines = []
    while stream.startswith(b"{"):
        line, _, stream = stream.partition(b"\n")
        lines.append(json.loads(line))
        if "bytes" in lines[-1]:
            break
    return lines, stream


@pytest.mark.parametrize(("format", "suffix"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")])
def test_a_download_has_the_full_size_and_says_how_it_was_painted(format, suffix):
    id = uploads.keep(images.encode(picture(700, 900)), "holiday.jpg", "ann").id
    lines, file = lines_and_file(streamed(request(photo=id, styles="dots:0.5,night:1", side="256", format=format)))
    assert lines[-1]["bytes"] == len(file) and lines[-1]["name"] == f"holiday-dots-night.{suffix}"
    assert images.decode(file).shape == (700, 900, 3)
    record = PaintRecord({"dots": 0.5, "night": 1.0}, PaintSettings(), "tiny")
    assert record_in(images.description(file)) == record


def test_a_download_reports_its_progress_and_ends_when_nobody_waits_for_it(monkeypatch):
    gate, outcome = threading.Event(), []

    def slow(commission, format, progress) -> bytes:
        progress(0.5)
        gate.wait(10)
        try:
            progress(0.75)
        except live.Cancelled:
            outcome.append("cancelled")
            raise
        outcome.append("painted")
        return b"file"

    monkeypatch.setattr(live, "full_size", slow)
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.02)
    assert not streamed(request(gone=True))
    gate.set()
    live.PRINTS._threads.submit(lambda: None).result(10)
    assert outcome == ["cancelled"]
    renew_queues(monkeypatch)
    lines, file = lines_and_file(streamed(request()))
    assert outcome == ["cancelled", "painted"] and lines[-1]["bytes"] == 4 and file == b"file"


def test_a_download_that_fails_is_a_sentence(monkeypatch):
    monkeypatch.setattr(live, "full_size", partial(fail, uploads.UploadGone()))
    lines, rest = lines_and_file(streamed(request()))
    assert "no longer here" in lines[-1]["error"] and not rest
    response = answer(live.download, format="BMP")
    assert response.status_code == 400 and "PNG, JPEG, WEBP" in sentence(response)


def fail(error: Exception, *_: object) -> bytes:
    raise error
