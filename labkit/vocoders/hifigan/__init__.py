"""HiFi-GAN's generator. Read in this order: ``config``, ``model``, ``checkpoint``."""
