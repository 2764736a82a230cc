"""The other front door: `python gradio_app.py` paints and explains by Gradio, with a webcam and an HTTP API.

What is painted and computed is core's; here are fields, and one endpoint for each of the two. Nothing is loaded from
or sent to another host.
"""

import argparse
import base64
import binascii
import functools
import html
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import fastapi
import gradio as gr
import uvicorn
from gradio.data_classes import ImageData
from gradio.processing_utils import save_bytes_to_cache

from core import images
from core.errors import UserError
from core.explain import boxes, view
from core.images import Picture
from core.runs.values import is_number
from core.style import painter
from core.style.paint_settings import PaintRecord, PaintSettings, quoted
from core.trainers import trained as nets
from core.trainers.trained import TrainedClassifier
from web.headers import SecurityHeaders

PORT = 7860
CLASSIFIER = "efficientnet_lite0"
SAMPLE = "temple"
START = "vangogh_starry_night"
SIDES = (256, 2048, 64)  # least, most and step of the painting's longer side on the page, px
SIDE, LIVE_SIDE = 768, 384
SHOWN = 6  # sliders before the rest is folded away
HEIGHT = "45vh"  # of a picture on the page, at most half of the screen
TOP = 5  # classes beside a map
STREAM_SECONDS = 0.1  # between two frames of the camera; those that come while one is painted are left out
LARGEST_FILE = "50mb"  # as the other front door
KEPT_SECONDS = 3600  # of pictures on the disk, which are looked through as often
Work = TypeVar("Work", bound=Callable[..., Any])
ICON = Path(__file__).parent / "ui" / "icon.png"


@dataclass(frozen=True)
class Painted:
    """A picture for the browser; `record` is what a saved painting says of itself, `live` leaves no file behind."""

    picture: Picture
    record: str = ""
    live: bool = False


def sent(work: Work) -> Work:
    """Return the function with its UserErrors as Gradio's, which a client of the API receives as text."""
    return _with_sentences(work, str)


def shown(work: Work) -> Work:
    """Return the function with its UserErrors as Gradio's, which the page shows as HTML."""
    return _with_sentences(work, lambda error: html.escape(str(error)))


def _with_sentences(work: Work, text: Callable[[UserError], str]) -> Work:
    @functools.wraps(work)
    def attempt(*values: Any) -> Any:
        try:
            return work(*values)
        except UserError as error:
            raise gr.Error(text(error), print_exception=False) from error

    return cast(Work, attempt)


# Pictures in and out


def read_field(payload: ImageData | None) -> Picture | None:
    """Return the picture of a field, uint8 (H, W, 3); None where it is empty. Raises ImageError for an unusable one."""
    return None if payload is None else images.decode(content(payload))


def content(payload: ImageData) -> bytes:
    """Return the bytes of a picture, which Gradio has put into a file or into a data address."""
    if payload.url is None or not payload.url.startswith("data:"):
        return Path(str(payload.path)).read_bytes()  # Gradio has checked that it is an uploaded one
    try:
        return base64.b64decode(payload.url.partition(",")[2], validate=True)
    except binascii.Error as error:
        raise UserError("The picture's data address is not base64: send the picture as a file.") from error


def write_field(cache: str, value: Painted | None) -> ImageData | None:
    """Return a picture as a field shows it: live as JPEG in the answer itself, else as a PNG file in `cache`."""
    if value is None:
        return None
    if value.live:
        text = base64.b64encode(images.encode(value.picture)).decode()
        return ImageData(url=f"data:image/jpeg;base64,{text}")
    data = images.encode(value.picture, "PNG", description=value.record)
    return ImageData(path=save_bytes_to_cache(data, "atelier.png", cache), orig_name="atelier.png")


def picture_field(label: str, **options: Any) -> gr.Image:
    """Return a field for a picture that is read and written by core.images, and not by Gradio."""
    # Without the button that shares a picture with another host.
    buttons: list[Any] = ["fullscreen"] if options.get("interactive", True) else ["download", "fullscreen"]
    field = gr.Image(label=label, height=HEIGHT, buttons=buttons, **options)
    # A subclass would make Gradio write a stub file beside this module.
    field.preprocess = shown(read_field)  # type: ignore[method-assign]
    field.postprocess = functools.partial(write_field, field.GRADIO_CACHE)  # type: ignore[method-assign]
    return field


# What is done


def stylize(
    picture: Picture | None, styles: dict[str, float], strength: float, stroke: float, colours: bool, side: float
) -> Painted:
    """Paint a picture with styles, {name: weight}, from strength 0 to 1 and stroke size 0 to 1, `side` px long at most.

    `colours` keeps the colours of the picture. The names are those of `python -m core styles`.
    """
    if picture is None:
        raise UserError("There is no picture to paint: give one.")
    if not isinstance(styles, dict):
        raise UserError('The styles are no names with weights: give them as in {"munch_scream": 1}.')
    return paint(picture, styles, PaintSettings(strength, stroke, colours), side)


def paint(picture: Picture, styles: dict[str, float], settings: PaintSettings, side: float) -> Painted:
    """Return a picture, shrunk to `side` px, as it is painted. Raises UserError as `painter.stylise` and for `side`."""
    if not is_number(side) or not images.MIN_SIDE <= side <= images.MAX_PIXELS:
        raise UserError(f"The longer side is {quoted(side)}; give a number of pixels, at least {images.MIN_SIDE}.")
    net = painter.net_of(styles)
    painting = painter.stylise(images.fit(picture, int(side)), styles, net=net, settings=settings)
    return Painted(painting, PaintRecord(styles, settings, net).as_text())


def explain(picture: Picture | None, class_name: str, threshold: float) -> tuple[Painted, dict[str, float], str]:
    """Return the map of a class over a picture, with its box, the most probable classes, and how the map was made.

    `class_name` is one of the thousand of ImageNet, or the predicted one where it is empty; `threshold`, 0 to 1, is the
    share of the maximum above which all evidence is in the box.
    """
    if picture is None:
        raise UserError("There is no picture to explain: give one.")
    net = classifier()
    classes = (view.class_named(net, class_name.strip()),) if class_name and class_name.strip() else None
    seen = view.of_picture(net, images.fit(picture, images.LONGEST_TO_NET), classes)
    probabilities = {net.classes[i]: float(seen.probabilities[i]) for i in seen.top(TOP)}
    name = net.classes[seen.classes[0]]
    words = [f"{seen.method} of {name}: evidence {seen.evidence()}.", seen.why, *seen.remarks()]
    return Painted(seen.heat(threshold=threshold)), probabilities, " ".join(words)


@functools.cache
def classifier() -> TrainedClassifier:
    """Return the net that explains photographs, opened once."""
    return nets.open_named(CLASSIFIER)


# The page


@dataclass(frozen=True)
class Controls:
    """The fields that say how is painted; a slider for each style, by its name."""

    sliders: dict[str, gr.Slider]
    strength: gr.Slider
    stroke: gr.Slider
    colours: gr.Checkbox

    def all(self) -> list[Any]:
        """Return all fields, in the order in which `read` receives their values."""
        return [self.strength, self.stroke, self.colours, *self.sliders.values()]

    def read(self, *values: Any) -> tuple[dict[str, float], PaintSettings]:
        """Return the styles that have a weight, all where none has, and the settings, from the values of the fields."""
        strength, stroke, colours, *weights = values
        styles = dict(zip(self.sliders, weights, strict=True))
        chosen = {name: weight for name, weight in styles.items() if weight > 0}
        return chosen or styles, PaintSettings(strength, stroke, colours)


def choose() -> Controls:
    """Draw the sliders."""
    strength = gr.Slider(0, 1, 1.0, step=0.05, label="Strength")
    stroke = gr.Slider(0, 1, 0.0, step=0.1, label="Stroke size", info="0 paints in one pass, 1 from coarse to fine.")
    colours = gr.Checkbox(False, label="Original colours")
    rows = painter.styles_of(painter.net_of({}))
    sliders = {}
    with gr.Accordion("Styles"):
        for row in rows[:SHOWN]:
            sliders[row["name"]] = weight_of(row)
    with gr.Accordion(f"{len(rows) - SHOWN} more styles", open=False, visible=len(rows) > SHOWN):
        for row in rows[SHOWN:]:
            sliders[row["name"]] = weight_of(row)
    return Controls(sliders, strength, stroke, colours)


def weight_of(row: dict[str, str]) -> gr.Slider:
    """Draw the slider of a style."""
    weight = 1.0 if row["name"] == START else 0.0
    return gr.Slider(0, 1, weight, step=0.05, label=row["title"], info=f"{row['artist']}, {row['year']}")


def draw_photograph(controls: Controls, in_front: gr.State, page: gr.Blocks) -> None:
    """Draw the tab of a photograph, which is painted anew where a field changes and it is `in_front`."""
    with gr.Row():
        photograph = picture_field("Photograph", sources=["upload", "clipboard", "webcam"])
        painting = picture_field("Painting", interactive=False, alt_text="The painting")
    with gr.Row():
        sample = choose_sample(photograph, SAMPLE)
        side = gr.Slider(*SIDES[:2], SIDE, step=SIDES[2], label="Longer side, px")

    @shown
    def from_fields(in_front: bool, picture: Picture | None, side: float, *values: Any) -> Painted | None:
        return paint(picture, *controls.read(*values), side) if in_front and picture is not None else None

    fields = controls.all()
    gr.on(
        [in_front.change, photograph.change, *(field.input for field in (side, *fields))],
        from_fields,
        [in_front, photograph, side, *fields],
        painting,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    page.load(shown(read_sample), sample, photograph, api_visibility="private")


def choose_sample(field: gr.Image, value: str | None = None) -> gr.Dropdown:
    """Draw the choice of a sample photograph, which goes into `field`."""
    sample = gr.Dropdown(list(images.sample_names()), label="Sample photograph", value=value)
    sample.input(shown(read_sample), sample, field, api_visibility="private")
    return sample


def read_sample(name: str) -> Painted:
    """Return a sample photograph."""
    return Painted(images.sample(name))


def draw_camera(controls: Controls) -> None:
    """Draw the tab of the webcam, which is painted frame by frame."""
    options = gr.WebcamOptions(constraints={"video": {"width": 640, "height": 480}})
    with gr.Row():
        camera = picture_field("Camera", sources=["webcam"], streaming=True, webcam_options=options)
        painting = picture_field("Painting", interactive=False, alt_text="The painted camera picture")
    note = gr.Markdown()

    def frame(picture: Picture | None, *values: Any) -> tuple[Painted | None, str]:
        if picture is None:
            return None, ""
        try:
            painted = paint(picture, *controls.read(*values), LIVE_SIDE)
        except UserError as error:  # an error would end the stream
            return Painted(picture, live=True), html.escape(str(error))
        return Painted(painted.picture, live=True), ""

    camera.stream(
        frame,
        [camera, *controls.all()],
        [painting, note],
        stream_every=STREAM_SECONDS,
        concurrency_limit=None,
        show_progress="hidden",
        api_visibility="private",
    )


def draw_explanation() -> None:
    """Draw the tab that classifies a picture; the API's endpoint `explain` uses its fields."""
    with gr.Row():
        picture = picture_field("Picture", sources=["upload", "clipboard", "webcam"])
        heat = picture_field("Class activation map", interactive=False, alt_text="The map on the picture")
        with gr.Column():
            choose_sample(picture)
            label = gr.Label(label="Predicted", num_top_classes=TOP)
            name = gr.Textbox(label="Class", placeholder="the predicted one", submit_btn="Explain")
            threshold = gr.Slider(0.05, 0.95, boxes.THRESHOLD, step=0.05, label="Threshold of the box")
    words = gr.Textbox(label="How the map was made", interactive=False)
    outputs = [heat, label, words]

    @shown
    def at_once(picture: Picture | None, name: str, threshold: float) -> tuple:
        return (None, None, "") if picture is None else explain(picture, name, threshold)

    gr.on(
        [picture.change, name.submit, threshold.input],
        at_once,
        [picture, name, threshold],
        outputs,
        trigger_mode="always_last",
        api_visibility="private",
    )


def add_endpoints() -> None:
    """Add the endpoints of the API: what a client sends and receives are fields that the page does not show."""
    with gr.Group(visible=False):
        picture, result = picture_field("Picture"), picture_field("Result")
        painting = (
            gr.JSON(label="Styles, {name: weight}"),
            gr.Number(1.0, label="Strength, 0 to 1"),
            gr.Number(0.0, label="Stroke size, 0 to 1"),
            gr.Checkbox(False, label="Keep the colours"),
            gr.Number(SIDE, label="Longer side, px"),
        )
        class_name, threshold = gr.Textbox("", label="Class"), gr.Number(boxes.THRESHOLD, label="Threshold, 0 to 1")
        label, words = gr.Label(label="Probabilities"), gr.Textbox(label="Explanation")
        button = gr.Button()
    button.click(sent(stylize), [picture, *painting], result, api_name="stylize")
    button.click(sent(explain), [picture, class_name, threshold], [result, label, words], api_name="explain")


def build() -> gr.Blocks:
    """Return the page with its tabs and the endpoints `/stylize` and `/explain`."""
    with gr.Blocks(title="Atelier", analytics_enabled=False, delete_cache=(KEPT_SECONDS, KEPT_SECONDS)) as page:
        gr.Markdown("# Atelier")
        with gr.Tab("Paint"), gr.Row():
            with gr.Column(scale=3, min_width=280):
                photograph, camera = gr.Tab("Photograph"), gr.Tab("Webcam")
                in_front = gr.State(True)  # whether the photograph is; what nobody sees is not painted
                photograph.select(lambda: True, None, in_front, api_visibility="private")
                camera.select(lambda: False, None, in_front, api_visibility="private")
            with gr.Column(scale=1, min_width=280):
                controls = choose()
            with photograph:
                draw_photograph(controls, in_front, page)
            with camera:
                draw_camera(controls)
        with gr.Tab("Explain"):
            draw_explanation()
        add_endpoints()
    return page


def server() -> fastapi.FastAPI:
    """Return the application of `build` with the security headers of the other front door."""
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SecurityHeaders)
    page = build()
    page.has_launched = True  # else a mounted page reads whatever file of this machine a client names
    return gr.mount_gradio_app(
        app,
        page,
        "/",
        footer_links=["api"],
        run_history=False,
        show_error=False,
        max_file_size=LARGEST_FILE,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        favicon_path=str(ICON),
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
    )


def main() -> None:
    """Serve the page until it is stopped; the pictures of its visitors are deleted then."""
    parser = argparse.ArgumentParser(description="Paint and explain pictures by Gradio, on a page and by an HTTP API.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=PORT, help="the port to listen on (default %(default)s)")
    args = parser.parse_args()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the folder is deleted then, too
    with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        uvicorn.run(server(), host=args.host, port=args.port, log_level="warning")


if __name__ == "__main__":
    main()
