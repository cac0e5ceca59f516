"""WaveGlow, a normalizing flow. Read in this order: ``config``, ``flow``, ``model``, ``loss``.

How synthesis is made fast: ``inference``. What is published, and how it is read: ``layouts``,
``checkpoint``.
"""
