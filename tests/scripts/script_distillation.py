# a big network teaches a small one; mixup, gradient accumulation, hooks, freezing
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

rng = np.random.default_rng(5)
x = torch.tensor(rng.normal(size=(200, 6)), dtype=torch.float)
w = torch.tensor(rng.normal(size=(6, 3)), dtype=torch.float)
y = (x @ w + 0.3 * x.square() @ w.flip(0)).argmax(dim=-1)
print(y.bincount(minlength=3).tolist())


def mlp(*sizes):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    for m in net.modules():
        if isinstance(m, nn.Linear):
            m.weight.data = torch.tensor(rng.normal(size=tuple(m.weight.shape)) * np.sqrt(2 / m.in_features)).float()
            nn.init.zeros_(m.bias)
    return net


teacher, student = mlp(6, 32, 32, 3), mlp(6, 8, 3)
opt = torch.optim.Adam(teacher.parameters(), lr=1e-2)
for step in range(60):
    lam = float(rng.beta(0.4, 0.4))
    index = torch.from_numpy(rng.permutation(200))
    mixed = lam * x + (1 - lam) * x[index]
    out = teacher(mixed)
    loss = lam * F.cross_entropy(out, y) + (1 - lam) * F.cross_entropy(out, y[index])
    opt.zero_grad()
    loss.backward()
    opt.step()
teacher.eval()
for p in teacher.parameters():
    p.requires_grad = False
accuracy = (teacher(x).argmax(1) == y).float().mean().item()
print(f"teacher {loss.item():.3f} {accuracy:.2f}")

activations = {}


def save(name):
    def hook(module, inputs, output):
        activations[name] = output.detach()
    return hook


handles = [student[1].register_forward_hook(save("hidden"))]
T, alpha, accumulate = 2.0, 0.7, 4
opt = torch.optim.SGD(student.parameters(), lr=0.2, momentum=0.9, nesterov=True)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.2, total_steps=30)
kl = nn.KLDivLoss(reduction="batchmean")
for epoch in range(30):
    opt.zero_grad()
    for xb, yb in zip(x.chunk(accumulate), y.chunk(accumulate)):
        with torch.no_grad():
            soft = F.softmax(teacher(xb) / T, dim=1)
        logits = student(xb)
        loss = alpha * T * T * kl(F.log_softmax(logits / T, dim=1), soft)
        loss = loss + (1 - alpha) * F.cross_entropy(logits, yb, label_smoothing=0.1)
        (loss / accumulate).backward()
    total = torch.nn.utils.clip_grad_norm_(student.parameters(), max_norm=2.0)
    opt.step()
    sched.step()
    if epoch % 10 == 9:
        print(f"epoch {epoch} loss {loss.item():.4f} norm {total:.3f} lr {sched.get_last_lr()[0]:.5f} "
              f"hidden {activations['hidden'].mean():.4f}")
handles[0].remove()
with torch.no_grad():
    p = student(x).softmax(-1)
    values, order = p.topk(2, dim=1)
    agree = order[:, 0].eq(teacher(x).argmax(1)).float().mean()
confusion = torch.zeros(3, 3, dtype=torch.int64)
for t_, p_ in zip(y.view(-1), order[:, 0].view(-1)):
    confusion[t_.long(), p_.long()] += 1
print(f"agree {agree.item():.2f}", int(confusion.sum()), f"{values[:, 0].mean():.3f}")
print([n for n, q in teacher.named_parameters() if q.requires_grad], sum(q.numel() for q in student.parameters()))
