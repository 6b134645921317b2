# a GAN on points of the plane; the noise is drawn in NumPy so that it can be repeated
import numpy as np
import torch
import torch.nn as nn

rng = np.random.RandomState(7)


def noise(n, d):
    return torch.from_numpy(rng.randn(n, d).astype("float32"))


def real(n):
    angle = rng.rand(n) * 2 * np.pi
    return torch.from_numpy(np.stack([2 * np.cos(angle), np.sin(angle)], 1).astype("float32"))


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Linear") != -1:
        m.weight.data.copy_(noise(*m.weight.shape) * 0.2)
        nn.init.constant_(m.bias.data, 0)


class Generator(nn.Module):
    def __init__(self, latent=4, hidden=16):
        super(Generator, self).__init__()
        self.main = nn.Sequential(nn.Linear(latent, hidden), nn.LeakyReLU(0.2, inplace=True), nn.Linear(hidden, hidden),
                                  nn.Tanh(), nn.Linear(hidden, 2))

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self, hidden=16):
        super(Discriminator, self).__init__()
        self.main = nn.Sequential(nn.Linear(2, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, hidden), nn.ELU(),
                                  nn.Linear(hidden, 1), nn.Sigmoid())

    def forward(self, x):
        return self.main(x)


netG, netD = Generator(), Discriminator()
netG.apply(weights_init)
netD.apply(weights_init)
print(netG, netD)
criterion = nn.BCELoss()
optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=2e-3, betas=(0.5, 0.999))
real_label, fake_label = 1.0, 0.0
b_size = 64
for i in range(60):
    netD.zero_grad()
    label = torch.full((b_size,), real_label, dtype=torch.float)
    output = netD(real(b_size)).view(-1)
    errD_real = criterion(output, label)
    errD_real.backward()
    D_x = output.mean().item()
    fake = netG(noise(b_size, 4))
    label.fill_(fake_label)
    output = netD(fake.detach()).view(-1)
    errD_fake = criterion(output, label)
    errD_fake.backward()
    D_G_z1 = output.mean().item()
    errD = errD_real + errD_fake
    optimizerD.step()
    netG.zero_grad()
    label.fill_(real_label)
    output = netD(fake).view(-1)
    errG = criterion(output, label)
    errG.backward()
    D_G_z2 = output.mean().item()
    optimizerG.step()
    if i % 20 == 19:
        print("[%d] Loss_D: %.4f Loss_G: %.4f D(x): %.4f D(G(z)): %.4f / %.4f"
              % (i, errD.item(), errG.item(), D_x, D_G_z1, D_G_z2))

# a gradient penalty, as in WGAN-GP
real_x, fake_x = real(b_size), netG(noise(b_size, 4)).detach()
alpha = torch.from_numpy(rng.rand(b_size, 1).astype("float32"))
mixed = (alpha * real_x + (1 - alpha) * fake_x).requires_grad_(True)
scores = netD(mixed)
gradients = torch.autograd.grad(outputs=scores, inputs=mixed, grad_outputs=torch.ones_like(scores), create_graph=True,
                                retain_graph=True, only_inputs=True)[0]
penalty = ((gradients.norm(2, dim=1) - 1) ** 2).mean()
netD.zero_grad()
penalty.backward()
print(f"penalty {penalty.item():.4f}", f"{netD.main[0].weight.grad.norm():.4f}")
