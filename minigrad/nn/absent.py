"""What PyTorch's torch.nn has and minigrad does not: why, or what to use instead."""

from __future__ import annotations

__all__ = ["ABSENT"]

_RECURRENT = "recurrent networks are not offered: loop over time with nn.Linear"
_ATTENTION = "attention is not offered: compose softmax(q @ k.mT / d ** 0.5) @ v of nn.Linear's results"
_VOLUMES = "only signals (1d) and images (2d) are offered"
_LAZY = "give the sizes: lazy modules are not offered"
_UPSAMPLING = "use repeat_interleave, or ConvTranspose2d"
ABSENT = {
    **dict.fromkeys(("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell", "RNNBase", "RNNCellBase"), _RECURRENT),
    **dict.fromkeys(("Transformer", "TransformerEncoder", "TransformerDecoder", "TransformerEncoderLayer",
                     "TransformerDecoderLayer", "MultiheadAttention"), _ATTENTION),
    **dict.fromkeys(("Conv3d", "ConvTranspose3d", "MaxPool3d", "AvgPool3d", "AdaptiveAvgPool3d", "AdaptiveMaxPool3d",
                     "LPPool3d", "ReflectionPad3d", "ReplicationPad3d", "ConstantPad3d", "ZeroPad3d", "CircularPad3d",
                     "FractionalMaxPool3d", "MaxUnpool3d"), _VOLUMES),
    **dict.fromkeys(("LazyLinear", "UninitializedParameter", "UninitializedBuffer", *(
        f"Lazy{kind}{dims}d" for dims in (1, 2, 3) for kind in (
            "Conv", "ConvTranspose", "BatchNorm", "InstanceNorm"))), _LAZY),
    **dict.fromkeys(("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"), _UPSAMPLING),
    **dict.fromkeys(("MaxUnpool1d", "MaxUnpool2d"), "put the elements back with scatter, at MaxPool's indices"),
    **dict.fromkeys(("DataParallel", "SyncBatchNorm"), "there is one device, the CPU; kernels use its cores already"),
    "FractionalMaxPool2d": "use AdaptiveMaxPool2d",
    "CTCLoss": "losses of sequences are not offered",
    "AdaptiveLogSoftmaxWithLoss": "use CrossEntropyLoss",
    "NLLLoss2d": "use NLLLoss",
}
