"""torch.nn.functional's face: PyTorch's signatures over the operations, a file per family.

No file has the name of a function, which it would hide.
"""

from typing import TYPE_CHECKING

from minigrad.names import package_getattr
from minigrad.nn.functional import (
    activations,
    arrangements,
    class_losses,
    convolutions,
    distances,
    dropouts,
    lookups,
    losses,
    noises,
    norms,
    pads,
    pools,
    r_drops,
    structures,
    weight_noises,
)
from minigrad.nn.functional.activations import *
from minigrad.nn.functional.arrangements import *
from minigrad.nn.functional.class_losses import *
from minigrad.nn.functional.convolutions import *
from minigrad.nn.functional.distances import *
from minigrad.nn.functional.dropouts import *
from minigrad.nn.functional.lookups import *
from minigrad.nn.functional.losses import *
from minigrad.nn.functional.noises import *
from minigrad.nn.functional.norms import *
from minigrad.nn.functional.pads import *
from minigrad.nn.functional.pools import *
from minigrad.nn.functional.r_drops import *
from minigrad.nn.functional.structures import *
from minigrad.nn.functional.weight_noises import *
from minigrad.ops.linear import linear as linear

if not TYPE_CHECKING:  # which can't read a computed list: to it, all names here are public
    __all__ = [
        "linear",
        *activations.__all__,
        *arrangements.__all__,
        *class_losses.__all__,
        *convolutions.__all__,
        *distances.__all__,
        *dropouts.__all__,
        *lookups.__all__,
        *losses.__all__,
        *noises.__all__,
        *norms.__all__,
        *pads.__all__,
        *pools.__all__,
        *r_drops.__all__,
        *structures.__all__,
        *weight_noises.__all__,
    ]

    __getattr__ = package_getattr("minigrad.nn.functional", {
        "ctc_loss": "losses of sequences are not offered",
        "linear_cross_entropy": "use cross_entropy(linear(input, weight), target)",
        **dict.fromkeys(("scaled_dot_product_attention", "multi_head_attention_forward"),
                        "attention is not offered: compose softmax(q @ k.mT / d ** 0.5, -1) @ v"),
        **dict.fromkeys(("conv3d", "conv_transpose3d", "max_pool3d", "avg_pool3d", "adaptive_avg_pool3d",
                         "adaptive_max_pool3d"),
                        "convolutions and pooling over 1 and 2 dimensions are offered"),
        **dict.fromkeys(("interpolate", "upsample", "grid_sample", "affine_grid"), "resampling is not offered"),
    })
