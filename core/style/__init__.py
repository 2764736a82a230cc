"""Painting: the perceptual losses, the pastiche network and the blending of its styles (chapter 5)."""
