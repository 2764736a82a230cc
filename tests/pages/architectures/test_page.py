"""The Architectures page without a browser: what its address shows, and its messages for impossible nets."""

import pytest

from core import weights
from core.models import catalogue
from tests.nets import a_run
from tests.pages.app import errors, texts, visit


def metrics(app) -> list[tuple[str, str]]:
    return [(metric.label, metric.value) for metric in app.metric]


def drawings(app) -> list[str]:
    return [element.proto.json for element in app.get("bidi_component") if "data-stage" in element.proto.json]


def test_it_opens_with_a_net_drawn_and_its_costs_by_stage():
    app = visit("architectures")
    assert not app.exception and not app.error
    assert metrics(app) == [("Parameters", "272K"), ("Multiply-adds", "40.8M"), ("Depth", "20")]
    assert "272,282 parameters; 40,813,184 multiply-adds" in texts(app)
    assert len(drawings(app)) == 1 and len(app.get("vega_lite_chart")) == 2
    (link,) = [link for link in app.main.get("page_link") if link.label == "Train it"]
    assert "net=resnet20" in link.proto.query_string and "dataset=cifar10" in link.proto.query_string


def test_the_address_carries_the_nets_side_by_side():
    query = {"net": "densenet_40_12", "with": "bn_nin", "dataset": "mnist"}
    app = visit("architectures", **query)
    assert not app.exception and not app.error
    assert [metric.value for metric in app.metric][0::3] == ["1.02M", "358K"]
    assert len(drawings(app)) == 2 and len(app.get("vega_lite_chart")) == 2


def test_a_net_that_does_not_fit_the_images_is_a_sentence():
    app = visit("architectures", net="bn_vgg", dataset="mnist")
    assert "BN-VGG cannot take images of 28 x 28 pixels" in errors(app)[0] and not app.exception
    assert len(drawings(app)) == 1, "it is drawn for images that it can take"


def test_depth_and_width_are_free_and_the_address_carries_them():
    app = visit("architectures")
    app.number_input("width of resnet20").set_value(4).run()
    app.number_input("depth of resnet20").set_value(38).run()
    assert metrics(app)[0] == ("Parameters", "8.95M") and "WRN-(40, 4)" in texts(app)
    assert app.metric[0].delta == "32.87 times"
    assert not [link for link in app.main.get("page_link") if link.label == "Train it"]
    again = visit("architectures", width="4", depth="38")
    assert metrics(again) == metrics(app)
    again.number_input("width of resnet20").set_value(1).run()
    assert "width" not in again.query_params


def test_an_impossible_depth_is_a_sentence_with_the_nearest_ones():
    app = visit("architectures", net="densenet_40_12", depth="41")
    assert "the depth is 3n + 4, so 40 or 43" in errors(app)[0] and not app.exception
    assert "Until it fits, DenseNet-(40, 12) is shown unchanged." in texts(app)
    app.toggle("bottleneck of densenet_40_12").set_value(True).run()
    assert "6n + 4, so 40 or 46" in errors(app)[0]


def test_another_net_does_not_inherit_what_was_changed():
    app = visit("architectures", depth="26")
    assert "ResNet-26" in texts(app)
    app.selectbox("choice of net").set_value("resnet32").run()
    assert "depth" not in app.query_params and metrics(app)[2] == ("Depth", "32")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"net": "resnet21"}, "Net in the address is “resnet21”, which cannot be used"),
        ({"depth": "deep"}, "The depth in the address is “deep”, which cannot be used"),
        ({"width": "99999"}, "The width in the address is “99999”, which cannot be used"),
        ({"bottleneck": ["1", "0"]}, "The bottleneck in the address has several values"),
        ({"dataset": "moon"}, "Data set in the address is “moon”"),
        ({"dataset": "folder:/nowhere/at/all"}, "There is no folder or .zip /nowhere/at/all"),
        ({"dataset": "x" * 9000}, "Data set in the address is “xxx"),
        ({"view": "tour"}, "Show in the address is “tour”"),
        ({"with": "![](//a.b/c)"}, "Compare with in the address is “![](//a.b/c)”"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence(query, sentence):
    app = visit("architectures", **query)
    assert not app.exception and not app.error
    assert sentence in texts(app) and metrics(app)[0] == ("Parameters", "272K") and len(drawings(app)) == 1


@pytest.mark.parametrize("query", [{"trained": "gone"}, {"rows": "few"}])
def test_so_it_is_in_the_view_of_figure_4_25(query):
    app = visit("architectures", view="importance", **query)
    assert not app.exception and not app.error
    assert "which cannot be used" in texts(app) and len(app.get("vega_lite_chart")) == 3


def test_a_teacher_s_link_hides_controls_and_keeps_what_they_are_set_to():
    app = visit("architectures", net="resnet32", hide="view,net,actions")
    assert metrics(app)[2] == ("Depth", "32")
    assert not [link for link in app.main.get("page_link") if link.label == "Train it"]


def test_the_tables_have_ours_beside_the_thesis(monkeypatch: pytest.MonkeyPatch):
    few = [row for row in catalogue.rows() if row["name"] in ("baseline", "resnet20")]
    monkeypatch.setattr(catalogue, "rows", lambda: few)
    app = visit("architectures", view="tables")
    assert not app.exception and not app.error
    whole, thin = (frame.value for frame in app.dataframe)
    assert list(whole["net"]) == ["Baseline", "ResNet-20"] and list(thin["net"]) == ["ResNet-20"]
    assert list(whole["parameters"]) == [681_506, 272_282] and list(whole["thesis' error"]) == [0.6, 7.68]
    assert "168" in texts(app)  # the misprints are listed


@pytest.fixture
def no_shipped_densenet(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = {name: card for name, card in weights.cards().items() if "densenet" not in str(card.get("data"))}
    monkeypatch.setattr(
        weights, "cards", lambda kind=None: {n: card for n, card in cards.items() if kind in (None, card["kind"])}
    )


def test_without_a_trained_densenet_there_are_links_to_train_one(no_shipped_densenet):
    app = visit("architectures", view="importance")
    assert not app.exception and "There is none yet" in texts(app)
    links = [link.proto.query_string for link in app.main.get("page_link")]
    assert "net=densenet_40_12&dataset=digits" in links


def test_a_trained_densenet_shows_figure_4_25(no_shipped_densenet):
    a_run("baseline", name="no densenet")
    run = a_run("densenet_40_12", name="my densenet")
    app = visit("architectures", view="importance", trained=run.id)
    assert not app.exception and not app.error
    assert app.selectbox("choice of trained").options == ["my densenet"]
    assert "Importance of input feature maps for my densenet" in texts(app)
    assert len(app.get("vega_lite_chart")) == 3
