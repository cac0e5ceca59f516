"""Vocos. Read in this order: ``config``, ``model``, ``checkpoint``."""
