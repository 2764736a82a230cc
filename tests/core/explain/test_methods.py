"""The methods against arithmetic done by hand, against each other where the maths demands it, and against two peers."""

import threading

import pytest
import torch
from torch import nn

from core.errors import UserError
from core.explain import cam, methods
from core.models import catalogue
from core.vision import torchvision  # noqa: F401  (the peers import it, which fails unless it was imported here)
from tests.core.explain.nets_by_hand import IMAGE, ConnectedNet, PoolingNet

pytestmark = pytest.mark.slow

NETS = ["baseline", "nin", "bn_nin", "bn_vgg", "resnet20", "densenet_40_12", "speedrun"]
CONNECTED_AND_POOLED = ["baseline", "bn_vgg", "resnet20", "densenet_40_12"]


class Features(nn.Module):
    """The features of a net as one layer, which the peers can hook."""

    def __init__(self, net):
        super().__init__()
        self.net = [net]  # in a list, so that its layers are not registered twice

    def forward(self, x):
        return self.net[0].features(x)


class Layered(nn.Module):
    """A net as the peers want it: a layer that gives the feature maps, then the head."""

    def __init__(self, net):
        super().__init__()
        self.layer = Features(net)
        self.inside = net
        self.eval()

    def forward(self, x):
        return self.inside.head(self.layer(x))


def by(name, net, x, *classes):
    return methods.maps(name, net, x, torch.tensor(classes))


def a_net(name, side=32):
    torch.manual_seed(0)
    net = catalogue.build(name, classes=5, channels=1, side=side).eval()
    return net, torch.randn(3, 1, side, side)


def test_by_hand():
    net = PoolingNet()
    # class 2 is 2 f1 - f2 - 3, f1 the image and f2 twice the mirrored one
    assert by("cam", net, IMAGE, 2)[0].tolist() == [[-1.0, -5.0], [-11.0, 5.0]]
    # the head is linear, its gradient a quarter of the weights; the bias is no evidence of a place
    assert by("grad-cam", net, IMAGE, 2)[0].tolist() == [[0.5, -0.5], [-2.0, 2.0]]
    assert by("hirescam", net, IMAGE, 2)[0].tolist() == [[0.5, -0.5], [-2.0, 2.0]]
    # only the first map speaks for class 2
    assert by("layercam", net, IMAGE, 2)[0].tolist() == [[0.5, 0.0], [0.0, 2.0]]
    # Grad-CAM++: g = 2/4, sum of the map 5: a share of g^2 / (2 g^2 + 5 g^3) = 1 / 4.5 at 4 places, times g: 4/9
    torch.testing.assert_close(by("grad-cam++", net, IMAGE, 2)[0], IMAGE[0, 0] * 4 / 9)
    # the score is the mean of 2 x - 2 flip(x) over four places: to every pixel it is indifferent
    assert by("saliency", net, IMAGE, 2)[0].tolist() == [[0, 0], [0, 0]]
    assert by("saliency", net, IMAGE, 0)[0].tolist() == [[0.25, 0.25], [0.25, 0.25]]
    # hiding a pixel takes a quarter of it from the score of class 0
    assert by("occlusion", net, IMAGE, 0)[0].tolist() == [[0.25, 0], [0, 1]]


def test_occlusion_is_signed():
    net = PoolingNet(((-1.0, 0.0), (0.0, 1.0), (2.0, -1.0)))
    assert by("occlusion", net, IMAGE, 0)[0].tolist() == [[-0.25, 0], [0, -1]]


def test_occlusion_points_at_the_place_that_is_hidden():
    x = torch.zeros(1, 1, 32, 32)
    x[..., 20, 4] = 8.0
    map = by("occlusion", PoolingNet(), x, 0)[0]
    assert map.shape == (8, 8) and map.nonzero().tolist() == [[4, 0], [4, 1], [5, 0], [5, 1]]


def test_score_cam_by_hand():
    net = PoolingNet()
    first, second = IMAGE / 4, IMAGE.flip(-1) / 4  # the maps, scaled to 1
    scores = torch.stack([(IMAGE * mask).mean() + 0.5 for mask in (first, second)])
    weights = scores.softmax(0)
    expected = weights[0] * IMAGE + weights[1] * 2 * IMAGE.flip(-1)
    torch.testing.assert_close(by("score-cam", net, IMAGE, 0), expected[:, 0])


@pytest.mark.parametrize("name", catalogue.names())
def test_the_mean_of_a_class_map_with_its_bias_is_the_logit(name):
    net, x = a_net(name, 32 if name == "bn_vgg" else 12)
    if not net.ends_in_gap:
        assert methods.fitting(net)[0].name == "grad-cam"
        return
    with torch.no_grad():
        logits = net(x[:1])
    for chosen in (0, 4):
        torch.testing.assert_close(
            by("cam", net, x[:1], chosen).mean((-2, -1)), logits[:, chosen], rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("name", ["nin", "bn_nin", "resnet20", "densenet_40_12"])
def test_grad_cam_and_hirescam_are_the_cam_of_a_pooled_net(name):
    net, x = a_net(name)
    chosen = (3, 0, 3)
    bias = 0 if "nin" in name else net.output.bias[list(chosen)][:, None, None]
    plain = by("cam", net, x, *chosen)
    places = plain[0].numel()
    for other in ("grad-cam", "hirescam"):
        torch.testing.assert_close(places * by(other, net, x, *chosen), plain - bias, rtol=1e-3, atol=1e-4)


def test_hirescam_of_a_linear_head_adds_up_to_the_logit():
    net = ConnectedNet()
    logit = net(IMAGE)[0, 1] - net.output.bias[1]
    torch.testing.assert_close(by("hirescam", net, IMAGE, 1).sum(), logit)


@pytest.mark.parametrize("name", NETS)
def test_every_fitting_method_gives_finite_maps_image_by_image(name):
    net, x = a_net(name, 32)
    large = name in ("bn_vgg", "densenet_40_12")  # too large for showing it hundreds of altered images here
    before = {key: value.clone() for key, value in net.state_dict().items()}
    net.requires_grad_(False)
    for method in methods.fitting(net):
        if large and method.name in ("score-cam", "occlusion"):
            continue
        together = methods.maps(method.name, net, x[:2], torch.tensor([0, 3]))
        alone = torch.cat(
            [methods.maps(method.name, net, x[i : i + 1], torch.tensor([c])) for i, c in ((0, 0), (1, 3))]
        )
        assert together.ndim == 3 and together.dtype == torch.float32 and together.isfinite().all(), method.name
        torch.testing.assert_close(together, alone, rtol=1e-2, atol=1e-4)
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key])
    assert not net.training and not any(parameter.grad is not None for parameter in net.parameters())
    assert not any(module._forward_hooks or module._backward_hooks for module in net.modules())


def test_the_first_that_fits_is_the_one_that_explain_uses():
    for name in ("resnet20", "baseline"):
        net, x = a_net(name, 16)
        first = methods.fitting(net)[0]
        usual = cam.explain(net, x)
        assert usual.method == first.title
        by_name = methods.explain(net, x, None, first.name)
        torch.testing.assert_close(by_name.maps, usual.maps)
        torch.testing.assert_close(by_name.logits, usual.logits)


def test_explain_gives_maps_of_several_classes():
    net, x = a_net("resnet20", 16)
    wanted = torch.tensor([[0, 1], [2, 2], [4, 3]])
    explanation = methods.explain(net, x, wanted, "layercam")
    assert explanation.method == "LayerCAM" and explanation.maps.shape == (3, 2, 4, 4)
    torch.testing.assert_close(explanation.maps[2, 1], by("layercam", net, x[2:], 3)[0])
    assert methods.explain(net, x, wanted).method == "CAM"


def test_each_says_what_it_measures_in_one_sentence():
    for name in methods.names():
        sentence = methods.named(name).measures
        assert sentence.endswith(".") and sentence.replace("et al.", "").count(". ") == 0 and len(sentence) < 250, name


@pytest.mark.parametrize("name", methods.names())
def test_constant_and_dark_images_have_finite_maps(name):
    net, _ = a_net("resnet20", 16)
    for value in (0.0, 1.0):
        assert by(name, net, torch.full((1, 1, 16, 16), value), 0).isfinite().all()
    dead = PoolingNet()
    assert by(name, dead, torch.zeros(1, 1, 4, 4), 1).isfinite().all()


def test_works_inside_inference_mode_and_on_its_tensors():
    net, x = a_net("baseline", 16)
    expected = {method.name: by(method.name, net, x, 0, 1, 2) for method in methods.fitting(net)}
    with torch.inference_mode():
        shown = x.clone()
        for name, maps in expected.items():
            torch.testing.assert_close(by(name, net, shown, 0, 1, 2), maps)


def test_threads_may_share_a_net():
    net, x = a_net("baseline", 16)
    chosen = [method.name for method in methods.fitting(net) if method.needs_gradient]
    expected = [[by(name, net, x[i : i + 1], i) for name in chosen] for i in range(3)]
    wrong = []

    def ask_often(i):
        for _ in range(3):
            for name, maps in zip(chosen, expected[i], strict=True):
                if not torch.allclose(by(name, net, x[i : i + 1], i), maps, rtol=1e-3, atol=1e-5):
                    wrong.append(name)

    threads = [threading.Thread(target=ask_often, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("name", methods.names())
def test_a_class_that_the_net_does_not_have_is_refused(name):
    for wrong in (3, -1):
        with pytest.raises(UserError, match=f"3 classes.*0 to 2.*{wrong} is none"):
            by(name, PoolingNet(), IMAGE, wrong)


def test_cam_wants_pooling_and_names_what_fits():
    net, x = a_net("baseline", 16)
    with pytest.raises(UserError, match=r"CAM needs.*global average pooling.*Grad-CAM, Grad-CAM\+\+"):
        by("cam", net, x, 0, 1, 2)
    assert "cam" not in [method.name for method in methods.fitting(net)]


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match="no method.*grad-cam.*occlusion"):
        methods.named("magic")


def test_a_net_in_training_mode_is_refused():
    with pytest.raises(ValueError, match="evaluation mode"):
        by("grad-cam", PoolingNet().train(), IMAGE, 0)


# The peers: torchcam 0.5.0 and pytorch-grad-cam 1.5.7. Left out: torchcam's Grad-CAM++, which there divides a copy
# and so never by equation 19's divisor.


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [
        ("resnet20", "cam", "CAM"),
        ("densenet_40_12", "cam", "CAM"),
        *(
            (net, *method)
            for net in CONNECTED_AND_POOLED
            for method in (("grad-cam", "GradCAM"), ("layercam", "LayerCAM"))
        ),
    ],
)
def test_torchcam_agrees(name, ours, theirs):
    peers = pytest.importorskip("torchcam.methods")
    net, x = a_net(name)
    layered, chosen = Layered(net), [0, 4, 2]
    made = {"fc_layer": "inside.output"} if ours == "cam" else {}
    with getattr(peers, theirs)(layered, "layer", **made) as extractor:
        scores = layered(x)
        (found,) = extractor(chosen, scores, normalized=False)
    maps = by(ours, net, x, *chosen)
    maps = maps - net.output.bias[chosen][:, None, None] if ours == "cam" else maps.relu()
    torch.testing.assert_close(maps, found.detach(), rtol=1e-3, atol=1e-4 * float(maps.detach().abs().max()))


def test_torchcam_agrees_on_score_cam():
    peers = pytest.importorskip("torchcam.methods")
    torch.manual_seed(1)
    # Features of the image's size: torchcam scales the masks before it enlarges them, the paper afterwards.
    net, x = PoolingNet(), torch.rand(2, 1, 6, 6)
    layered = Layered(net)
    with peers.ScoreCAM(layered, "layer", input_shape=(1, 6, 6)) as extractor:
        scores = layered(x)
        (found,) = extractor([2, 1], scores, normalized=False)
    torch.testing.assert_close(by("score-cam", net, x, 2, 1), found, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CONNECTED_AND_POOLED)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("grad-cam", "GradCAM"),
        ("grad-cam++", "GradCAMPlusPlus"),
        ("layercam", "LayerCAM"),
        ("hirescam", "HiResCAM"),
    ],
)
def test_pytorch_grad_cam_agrees(name, ours, theirs):
    peers = pytest.importorskip("pytorch_grad_cam")
    targets = pytest.importorskip("pytorch_grad_cam.utils.model_targets")
    net, x = a_net(name)
    layered, chosen = Layered(net), [0, 4, 2]
    if ours == "grad-cam++":
        # It adds 1e-6 to a divisor of squared gradients: larger scores make that small.
        with torch.no_grad():
            net.output.weight *= 100
    with getattr(peers, theirs)(layered, [layered.layer]) as extractor:
        found = torch.from_numpy(extractor(x, [targets.ClassifierOutputTarget(one) for one in chosen]))
    enlarged = cam.upsample(by(ours, net, x, *chosen).relu(), (32, 32))  # it scales every picture to 0 to 1
    low, high = enlarged.amin((1, 2), keepdim=True), enlarged.amax((1, 2), keepdim=True)
    torch.testing.assert_close((enlarged - low) / (high - low).clamp(min=1e-12), found, rtol=1e-3, atol=1e-3)


def test_altered_copies_of_a_large_image_go_in_parts(monkeypatch):
    (net, x), classes = a_net("bn_nin", 28), torch.tensor([3, 0, 4])
    whole = {name: methods.maps(name, net, x, classes) for name in ("score-cam", "occlusion")}
    monkeypatch.setattr(methods, "FORWARD_PIXELS", 5 * 28 * 28)
    sizes, forward = [], net.features
    monkeypatch.setattr(net, "features", lambda batch: (sizes.append(len(batch)), forward(batch))[1])
    for name, maps in whole.items():
        torch.testing.assert_close(methods.maps(name, net, x, classes), maps)
    assert max(sizes) == 5
