"""Keras's face: models, layers, losses, optimizers and metrics by Keras's names, on top of nn and optim."""
