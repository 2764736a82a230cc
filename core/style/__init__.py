"""Painting: the perceptual losses, the style network and the blending of its styles (chapter 5)."""
