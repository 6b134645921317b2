"""The methods of Tensor, by family: a line each where an operation in ops/ does the work."""

from minigrad.methods.become import become, in_place
from minigrad.methods.inplace import InPlaceMethods
from minigrad.methods.math import MathMethods
from minigrad.methods.new import NewMethods
from minigrad.methods.operators import Operators
from minigrad.methods.select import SelectMethods
from minigrad.methods.shape import ShapeMethods
