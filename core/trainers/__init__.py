"""Recipes, schedules, the training loop, evaluation, and nets that are trained already."""
