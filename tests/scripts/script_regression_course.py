# homework: regression with hand-written layers, weight decay, dropout off in eval, learning-rate finder, residual block
import math
from collections import OrderedDict, defaultdict

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.utils.data as data

rng = np.random.default_rng(21)


class SinDataset(data.Dataset):
    def __init__(self, n, noise=0.05, transform=None):
        self.x = np.linspace(-2, 2, n, dtype=np.float32)[:, None]
        self.y = np.sin(3 * self.x) + noise * rng.standard_normal((n, 1)).astype(np.float32)
        self.transform = transform

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        x, y = self.x[i], self.y[i]
        if self.transform:
            x = self.transform(x)
        return x, y


class MyLinear(nn.Module):
    __constants__ = ["in_features"]

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features = in_features
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = nn.init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in)
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, input):
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self):
        return f"in_features={self.in_features}"


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.block = nn.Sequential(OrderedDict([("norm", nn.LayerNorm(width)), ("fc", MyLinear(width, width)),
                                                ("act", nn.Softplus(beta=2)), ("drop", nn.Dropout(0.5))]))
        self.scale = nn.Parameter(torch.ones(1) * 0.1)

    def forward(self, x):
        return x + self.scale * self.block(x)


net = nn.Sequential(MyLinear(1, 24), nn.Tanh(), Residual(24), Residual(24), MyLinear(24, 1, bias=False))
print(net)
for name, p in net.named_parameters():
    if name.endswith("weight") and p.ndim == 2:
        p.data.copy_(torch.from_numpy(rng.normal(0, 1 / math.sqrt(p.shape[1]), tuple(p.shape))))
    elif name.endswith("fc.bias") or name == "0.bias":
        p.data.copy_(torch.from_numpy(rng.normal(0, 0.5, tuple(p.shape))))
decay, no_decay = [], []
for name, p in net.named_parameters():
    (decay if p.ndim > 1 else no_decay).append(p)
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": no_decay, "weight_decay": 0.0}],
                              lr=3e-3)
warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 10))
loader = data.DataLoader(SinDataset(128, transform=lambda x: x / 2), batch_size=32, shuffle=False, num_workers=0)
log = defaultdict(list)
net.eval()  # so that dropout, which draws other numbers, does nothing
for epoch in range(15):
    for xb, yb in loader:
        pred = net(xb)
        loss = F.smooth_l1_loss(pred, yb, beta=0.5)
        l1 = sum(p.abs().sum() for p in decay)
        (loss + 1e-4 * l1).backward()
        log["grad"].append(math.sqrt(sum(float(p.grad.pow(2).sum()) for p in net.parameters())))
        optimizer.step()
        optimizer.zero_grad()
        warmup.step()
        log["loss"].append(loss.item())
    if epoch % 5 == 4:
        print(f"{epoch} {np.mean(log['loss'][-4:]):.4f} {np.mean(log['grad'][-4:]):.3f} {warmup.get_last_lr()}")
with torch.no_grad():
    grid = torch.linspace(-1, 1, 5).reshape(-1, 1)
    print(torch.round(net(grid).squeeze(), decimals=2).tolist())
net.train()
a, b = net(grid), net(grid)
print((a != b).any().item(), net[2].block.drop.training, list(net.children())[1])
net.eval()
x = torch.tensor([[0.3]], requires_grad=True)
dydx, = torch.autograd.grad(net(x).sum(), x, create_graph=True)
d2, = torch.autograd.grad(dydx.sum(), x)
print(f"{dydx.item():.3f} {d2.item():.2f}")
