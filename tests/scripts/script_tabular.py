# a notebook on tabular data: embeddings for categories, batch norm, dropout, early stopping, a scheduler
import copy

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR
from torch.utils.data import DataLoader, Dataset, random_split

np.random.seed(3)
torch.manual_seed(3)
N = 300
cats = np.stack([np.random.randint(0, 5, N), np.random.randint(0, 3, N)], 1)
conts = np.random.randn(N, 4).astype(np.float32)
target = ((cats[:, 0] > 2) ^ (conts[:, 0] > 0)).astype(np.float32)


class TabularDataset(Dataset):
    def __init__(self, cats, conts, target):
        self.cats = torch.as_tensor(cats, dtype=torch.long)
        self.conts = torch.as_tensor(conts)
        self.y = torch.as_tensor(target).view(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, idx):
        return {"cats": self.cats[idx], "conts": self.conts[idx]}, self.y[idx]


class TabularModel(nn.Module):
    def __init__(self, emb_szs, n_cont, layers, p=0.0):
        super().__init__()
        self.embeds = nn.ModuleList([nn.Embedding(ni, nf) for ni, nf in emb_szs])
        self.emb_drop = nn.Dropout(p)
        self.bn_cont = nn.BatchNorm1d(n_cont)
        n_in = sum(nf for _, nf in emb_szs) + n_cont
        layerlist = []
        for i in layers:
            layerlist.append(nn.Linear(n_in, i))
            layerlist.append(nn.ReLU(inplace=True))
            layerlist.append(nn.BatchNorm1d(i))
            layerlist.append(nn.Dropout(p))
            n_in = i
        layerlist.append(nn.Linear(layers[-1], 1))
        self.layers = nn.Sequential(*layerlist)

    def forward(self, x_cat, x_cont):
        x = torch.cat([e(x_cat[:, i]) for i, e in enumerate(self.embeds)], 1)
        x = self.emb_drop(x)
        x = torch.cat([x, self.bn_cont(x_cont)], 1)
        return self.layers(x)


data = TabularDataset(cats, conts, target)
train_set, valid_set = torch.utils.data.Subset(data, range(240)), torch.utils.data.Subset(data, range(240, N))
train_loader = DataLoader(train_set, batch_size=32, drop_last=True)
valid_loader = DataLoader(valid_set, batch_size=len(valid_set))
model = TabularModel([(5, 3), (3, 2)], 4, [16, 8])
print(model)
print(sum(p.numel() for p in model.parameters() if p.requires_grad))
for p in model.parameters():
    if p.dim() > 1:
        p.data = torch.from_numpy(np.random.randn(*p.shape).astype(np.float32) * 0.3)
    else:
        nn.init.constant_(p, 0.1)

criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.5]))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3, nesterov=True)
scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
best, best_state, wait = float("inf"), None, 0
for epoch in range(12):
    model.train()
    running = 0.0
    for batch, y in train_loader:
        optimizer.zero_grad()
        out = model(batch["cats"], batch["conts"])
        loss = criterion(out, y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        running += loss.item() * y.size(0)
    model.eval()
    with torch.no_grad():
        for batch, y in valid_loader:
            out = model(batch["cats"], batch["conts"])
            val = criterion(out, y).item()
            acc = ((torch.sigmoid(out) > 0.5) == y.bool()).float().mean().item()
    scheduler.step(val)
    print(f"epoch {epoch:2d} train {running / len(train_set):.4f} valid {val:.4f} acc {acc:.3f} "
          f"lr {optimizer.param_groups[0]['lr']:.5f}")
    if val < best - 1e-4:
        best, best_state, wait = val, copy.deepcopy(model.state_dict()), 0
    else:
        wait += 1
        if wait >= 4:
            print("stop")
            break
model.load_state_dict(best_state)
print(f"best {best:.4f}", sorted(best_state)[:4], best_state["bn_cont.num_batches_tracked"])

a, b = random_split(data, [0.7, 0.3], generator=torch.Generator().manual_seed(0))
print(len(a), len(b))
sgd = torch.optim.SGD([{"params": model.embeds.parameters()}, {"params": model.layers.parameters(), "lr": 0.1}], lr=0.01)
sched = StepLR(sgd, step_size=2, gamma=0.1)
for _ in range(5):
    sgd.step()
    sched.step()
print([round(g["lr"], 8) for g in sgd.param_groups], F.one_hot(torch.tensor([0, 2]), 3).tolist())
