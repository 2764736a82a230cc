"""The addresses below `desk/` that the desk of the page Stylize requests: paintings while a slider moves, the small
pictures of the styles, and downloads at full size.

A painting is named by the same keys as the page's address. What cannot be used is answered with 400 and a sentence.
"""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from core.errors import UserError
from core.style import painter, paintings
from core.style.paint_settings import PaintSettings, quoted
from core.uploads import UploadGone
from pages.stylize import photograph
from pages.stylize.blend import blend_of, start_of
from pages.stylize.paint_queue import PaintQueue, Superseded, TooMany
from pages.stylize.painting import Commission, Painting, full_size, painted
from web.visitor import COOKIE, is_id

SIDES = (128, 256, 384, 512, 768, 1024)  # px, of the longer side
SIDE = 512
FORMATS = {"PNG": ("image/png", "png"), "JPEG": ("image/jpeg", "jpg"), "WEBP": ("image/webp", "webp")}
PRINTS_WAITING = 8
DAY_SECONDS = 24 * 3600
LOOK_SECONDS = 0.2  # between two looks whether a download was cancelled
STREAM = "application/octet-stream"
_DESK = re.compile(r"[A-Za-z0-9_-]{1,22}")
QUEUE = PaintQueue()
PRINTS = PaintQueue(PRINTS_WAITING)


class Cancelled(Exception):
    """A download whose visitor no longer waits for it."""


async def painting(request: Request) -> Response:
    """Answer with a painting as JPEG; 400 for unusable values, 404 without the upload, 409 when superseded."""
    try:
        commission = await run_in_threadpool(commission_of, request.query_params)
        result = await QUEUE.paint(desk_of(request), partial(painted, commission))
    except UserError as error:
        return refusal(error)
    return picture(result)


async def swatch(request: Request) -> Response:
    """Answer with the small picture of a style: its painting, or a sample that the net painted in it."""
    style, net = request.query_params.get("style", ""), request.query_params.get("net", "")
    try:
        jpeg = await run_in_threadpool(paintings.swatch, style)
        if jpeg is None:
            await run_in_threadpool(commission_of, {"net": net, "styles": style})
            jpeg = await QUEUE.paint(f"swatch {style} {net}", partial(painter.swatch, style, net))
    except UserError as error:
        return refusal(error)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": f"private, max-age={DAY_SECONDS}"})


async def download(request: Request) -> Response:
    """Answer with lines of JSON, each with the `part` of the work that is done, and after the last one the file.

    The last line has `bytes`, `name` and `type` of the file, or the `error` that kept it from being painted.
    """
    try:
        commission = await run_in_threadpool(commission_of, request.query_params)
        format = request.query_params.get("format", "PNG")
        if format not in FORMATS:
            raise UserError(f"There is no format {quoted(format)} here; choose one of {', '.join(FORMATS)}.")
    except UserError as error:
        return refusal(error)
    # Without an encoding of its own Streamlit would compress the lines, and keep them back until there are enough.
    headers = {"Cache-Control": "no-store", "Content-Encoding": "identity"}
    return StreamingResponse(printed(request, commission, format), media_type=STREAM, headers=headers)


async def printed(request: Request, commission: Commission, format: str) -> AsyncIterator[bytes]:
    """Yield the lines and the file of a download; painting ends when nobody waits for it any more."""
    parts, cancelled = [0.0], asyncio.Event()

    def report(part: float) -> None:
        if cancelled.is_set():
            raise Cancelled
        parts[0] = part

    work = asyncio.ensure_future(PRINTS.paint(secrets.token_hex(8), partial(full_size, commission, format, report)))
    try:
        while not (await asyncio.wait({work}, timeout=LOOK_SECONDS))[0]:
            if await request.is_disconnected():
                return
            yield line(part=round(parts[0], 3))
        file = work.result()
        mime, suffix = FORMATS[format]
        yield line(part=1.0, bytes=len(file), name=f"{commission.file_stem}.{suffix}", type=mime)
        yield file
    except UserError as error:
        yield line(error=str(error))
    finally:
        cancelled.set()
        work.cancel()


def line(**values: object) -> bytes:
    """Return values as a line of JSON in ASCII."""
    return json.dumps(values).encode() + b"\n"


def commission_of(query: Mapping[str, str]) -> Commission:
    """Return what the values of an address order. Raises UserError where one of them cannot be used."""
    net = query.get("net") or painter.net_of({})
    names = list(painter.shipped(net).names)
    blend = blend_of(query["styles"], names) if query.get("styles") else start_of(names)
    painter.check_styles(blend, names)
    weights = tuple((name, weight) for name, weight in blend.items() if weight > 0)
    if not weights:
        raise UserError("All style weights are zero: raise the slider of at least one style.")
    settings = PaintSettings(
        number(query, "strength", 1.0), number(query, "stroke", 0.0), boolean(query.get("colours", "false"))
    )
    side = number(query, "side", SIDE)
    if side not in SIDES:
        raise UserError(f"The size is {quoted(query['side'])}; choose one of {', '.join(map(str, SIDES))} px.")
    return Commission(photograph.of_address(query.get("photo"), query.get("sample")), net, weights, settings, int(side))


def number(query: Mapping[str, str], key: str, default: float) -> float:
    """Return the number under a key. Raises UserError where there is something else."""
    try:
        return float(query.get(key, default))
    except ValueError as error:
        raise UserError(f"The {key} is {quoted(query[key])}; give a number.") from error


def boolean(text: str) -> bool:
    """Return the truth of "true" or "false". Raises UserError for another text."""
    if text not in ("true", "false"):
        raise UserError(f"Whether colours are kept is {quoted(text)}; give true or false.")
    return text == "true"


def desk_of(request: Request) -> str:
    """Return the name of the desk that requests: of this visitor alone, and new where it gives none or a bad one."""
    desk, visitor = request.query_params.get("desk", ""), request.cookies.get(COOKIE, "")
    if not _DESK.fullmatch(desk):
        return secrets.token_hex(16)
    return f"{visitor if is_id(visitor) else ''} {desk}"


def picture(result: Painting) -> Response:
    """Return a painting as an answer that also says how long it took, in ms."""
    headers = {"Cache-Control": "no-store", "Server-Timing": f"paint;dur={result.milliseconds:.1f}"}
    return Response(result.jpeg, media_type="image/jpeg", headers=headers)


def refusal(error: UserError) -> Response:
    """Return the answer to a request that is not painted: a sentence, and a status by its cause."""
    status = {UploadGone: 404, Superseded: 409, TooMany: 503}.get(type(error), 400)
    return JSONResponse({"error": str(error)}, status, headers={"Cache-Control": "no-store"})
