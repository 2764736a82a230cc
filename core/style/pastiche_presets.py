"""Recipes of style networks by name: that of the shipped net, and the thesis' own (sections 5.4.3 and 5.5.1)."""

from typing import Any

from core.errors import UserError

# The thesis' code weighs 1, 1e-4 and 1e-4 (content, style, total variation), on pictures of 0 to 255 whose total
# variation it sums. Here the loss network sees units of ImageNet's deviation, about 57 of 255, and the variation is a
# mean over pixels in [0, 1]. Divided by the square of that unit, so that the content keeps its weight of 1: features
# are as many times smaller, Gram matrices by its square, and 256 x 256 x 3 numbers are summed.
UNIT = 255 * 0.2254
THESIS_STYLE = 1e-4 * UNIT**2
THESIS_VARIATION = 1e-4 * 255**2 * 256 * 256 * 3 / UNIT**2

PRESETS: dict[str, dict[str, Any]] = {
    "shipped": {
        "network": "compact",
        "batch": 1,
        "crop": 224,
        "min_crop_scale": 0.6,
        "learning_rate": 8e-4,
        "decay": 0.5,
        "style_warmup_steps": 0,
        "style": 2.6,
        "variation": 4.0,
        "shift": 250.0,
        "tone": 5.0,
        "own_tone": True,
        "colour": 2.0,
        "style_scales": 3,
        "draft": 0.5,
        "soft": 0.25,
        "photograph": 100.0,
        "rate_warmup_steps": 100,
        "average": 0.995,
    },
    # Weights were "determined on a per-style-basis"; those of single styles are factors on these.
    "thesis": {
        "network": "vgg16",
        "content_layers": {"relu2_2": 1.0},
        "style_layers": {"relu1_2": 1.0, "relu2_2": 1.0, "relu3_3": 1.0, "relu4_3": 1.0},
        "relative": False,
        "convention": "HW",
        "steps": 40_000,
        "batch": 4,
        "crop": 256,
        "min_crop_scale": 1.0,
        "jitter": 0,
        "uses_per_crop": 1,
        "style_warmup_steps": 0,
        "learning_rate": 1e-3,
        "norm_rate": 1.0,
        "clip": 0.0,
        "decay": 0.0,
        "content": 1.0,
        "style": THESIS_STYLE,
        "variation": THESIS_VARIATION,
        "half": False,
    },
}


def preset(name: str) -> dict[str, Any]:
    """Return the fields of a recipe by name. Raises UserError, listing the names, where there is none."""
    if name not in PRESETS:
        raise UserError(f"There is no recipe {name!r}; choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]
