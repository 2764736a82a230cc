"""Models, trainers, explanations and styles: everything Atelier computes, free of any user interface."""
