"""The hyperparameters of a training as one record, and what they may be."""

from dataclasses import dataclass

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam", "adagrad", "adadelta", "rmsprop", "muon")
SCHEDULES = ("constant", "step", "cosine", "one_cycle", "linear")
PRECISIONS = ("auto", "float32", "bfloat16")
FLIPS = ("random", "alternating")
BORDERS = ("black", "reflect")
VIEWS = (1, 2, 3, 6)


@dataclass(frozen=True)
class ClassifierRecipe:
    """Hyperparameters of a training.

    `momentum` belongs to the optimisers "momentum", "nesterov" and "muon" (`core.trainers.muon`). `milestones` belong
    to the step schedule: at the start of epoch `e` (counted from 0) the rate becomes `learning_rate * factor`, for
    each `(e, factor)`.
    `weight_decay` is the L2 penalty's gradient factor. `augment` is the thesis' "+": pad by `padding` pixels
    of black or, with the `border` "reflect", of what lies inside the border,
    crop at random and, where `mirror` holds, flip horizontally; `flip` "random" flips with probability 1/2 each time,
    "alternating" draws only for the first epoch and from then on flips every image every second time.
    `dropout` is the drop probability of every dropout layer, None leaves each the net's own. `bfloat16` says whether
    precision "auto" may take it: the baseline, which has no normalisation layers, ended at 0.77% error on MNIST with
    it and at 0.52% without.

    `weight_average` is the decay per step of an exponential moving average of the weights, which is what evaluation and
    the saved net then take; 0 takes the weights themselves. `bias_rate` multiplies the learning rate of the biases of
    normalisation layers; with Muon, of everything but the filters. `test_views` is how many views of an image
    evaluation averages over: see `core.trainers.evaluation`.
    """

    optimizer: str = "nesterov"
    learning_rate: float = 0.1
    momentum: float = 0.9
    schedule: str = "step"
    milestones: tuple[tuple[float, float], ...] = ()
    epochs: int = 30
    batch_size: int = 128
    weight_decay: float = 1e-4
    label_smoothing: float = 0.0
    augment: bool = False
    dropout: float | None = None
    bfloat16: bool = True
    weight_average: float = 0.0
    flip: str = "random"
    padding: int = 4
    border: str = "black"
    mirror: bool = True
    bias_rate: float = 1.0
    test_views: int = 1
