"""Explaining a trained net: class activation maps, boxes from them, its mistakes (section 5.1)."""
