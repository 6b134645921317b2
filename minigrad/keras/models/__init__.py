"""Models: Sequential, functional and subclassed."""

from minigrad.keras.models.cloning import clone_model, model_from_json
from minigrad.keras.models.model import Functional, Model
from minigrad.keras.models.sequential import Sequential
from minigrad.keras.saving import MODELS, load_model, save_model

MODELS.objects.update(Functional=Functional, Model=Model, Sequential=Sequential)

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]
