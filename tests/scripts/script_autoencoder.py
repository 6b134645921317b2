import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import CosineAnnealingLR

rng = np.random.default_rng(11)
data = torch.from_numpy((rng.random((128, 3)) @ rng.random((3, 20))).astype(np.float32))
data = (data - data.mean(dim=0, keepdim=True)) / data.std(dim=0, keepdim=True)
print(f"{data.mean().abs() < 1e-5} {data.std(unbiased=False):.3f}")


class AutoEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.encoder = nn.Sequential(*[layer for i, o in zip(sizes, sizes[1:]) for layer in (nn.Linear(i, o), nn.GELU())])
        self.mu = nn.Linear(sizes[-1], 2)
        self.logvar = nn.Linear(sizes[-1], 2)
        self.decoder = nn.ModuleDict({"hidden": nn.Linear(2, 16), "out": nn.Linear(16, sizes[0])})
        self.register_buffer("calls", torch.zeros(1))

    def reparameterize(self, mu, logvar, eps):
        return mu + eps * torch.exp(0.5 * logvar)

    def forward(self, x, eps):
        self.calls += 1
        h = self.encoder(x)
        mu, logvar = self.mu(h), self.logvar(h).clamp(-5, 5)
        z = self.reparameterize(mu, logvar, eps)
        return self.decoder["out"](F.silu(self.decoder["hidden"](z))), mu, logvar


model = AutoEncoder([20, 12, 6])
for name, p in sorted(model.named_parameters()):
    values = rng.normal(size=tuple(p.shape)) * (0.3 if "weight" in name else 0.0)
    with torch.no_grad():
        p.copy_(torch.as_tensor(values))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = CosineAnnealingLR(optimizer, T_max=20)
for epoch in range(20):
    for i, batch in enumerate(torch.split(data, 32)):
        eps = torch.from_numpy(rng.normal(size=(len(batch), 2)).astype(np.float32))
        recon, mu, logvar = model(batch, eps)
        reconstruction = F.mse_loss(recon, batch, reduction="sum") / len(batch)
        kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()) / len(batch)
        loss = reconstruction + 0.1 * kld
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    scheduler.step()
    if epoch % 5 == 0:
        print(f"epoch: {epoch:>3} loss {loss:.4f} kld {kld:.4f} lr {scheduler.get_last_lr()[0]:.6f}")
print(model.calls, [tuple(t.shape) for t in model.state_dict().values()])
z = torch.stack(torch.meshgrid(torch.linspace(-1, 1, 3), torch.linspace(-1, 1, 2), indexing="ij"), -1).reshape(-1, 2)
with torch.inference_mode():
    out = model.decoder["out"](F.silu(model.decoder["hidden"](z)))
print(out.shape, out.requires_grad, np.round(out.numpy().mean(), 2))
U, S = np.linalg.svd(data.numpy(), full_matrices=False)[:2]
print(np.round(S[:3], 2))
