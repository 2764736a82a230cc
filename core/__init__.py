"""Everything Atelier computes, free of any user interface: models, trainers, explanations and styles."""

import os

# Read when torch loads its threads. With the usual busy waiting, two threads on cores that a training also wants took
# 2.5 s for a picture that takes 0.3 s when they sleep instead.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
