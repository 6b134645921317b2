"""User code that must type-check, and whose types must be these. Read by mypy (test_types.py), not run."""

from collections.abc import Callable, Iterator
from typing import Any

from typing_extensions import assert_type

import minigrad as torch
import minigrad.nn.functional as F
from minigrad import Tensor, nn, optim
from minigrad.utils.checkpoint import checkpoint
from minigrad.utils.data import DataLoader, Dataset, TensorDataset, random_split

# -- tensors -----------------------------------------------------------------------------------------------------------

x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
y = torch.randn(2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
assert_type(x, Tensor)
assert_type(y, Tensor)
assert_type(torch.zeros(2, 3), Tensor)
assert_type(torch.ones_like(x), Tensor)
assert_type(torch.arange(10), Tensor)
assert_type(torch.from_numpy(x.detach().numpy()), Tensor)

assert_type(x + y, Tensor)
assert_type(1 + x, Tensor)
assert_type(x - 1.5, Tensor)
assert_type(2 - x, Tensor)
assert_type(x * y, Tensor)
assert_type(2 * x, Tensor)
assert_type(x / y, Tensor)
assert_type(1 / x, Tensor)
assert_type(x @ y, Tensor)
assert_type(x**2, Tensor)
assert_type(-x, Tensor)
assert_type(x // 2, Tensor)
assert_type(x % 2, Tensor)
assert_type(x > 0, Tensor)
assert_type(x <= y, Tensor)
assert_type((x > 0) & (x < 1), Tensor)
assert_type(~(x > 0), Tensor)
assert_type(x[0, 1:], Tensor)
assert_type(x[x > 0], Tensor)
x2 = x.detach().clone()
x2 += 1
x2[0] = 3.0
assert_type(x2, Tensor)

assert_type(x.sum(), Tensor)
assert_type(x.mean(1, keepdim=True), Tensor)
assert_type(x.exp().log().sqrt().abs().tanh(), Tensor)
assert_type(x.relu().sigmoid().softmax(1), Tensor)
assert_type(x.argmax(1), Tensor)
assert_type(x.view(4).reshape(2, 2).permute(1, 0).t().flatten(), Tensor)
assert_type(x.unsqueeze(0).squeeze(), Tensor)
assert_type(x.to(torch.float64).float().long(), Tensor)
assert_type(x.T, Tensor)
assert_type(x.matmul(y), Tensor)
assert_type(x.clamp(0, 1), Tensor)
assert_type(x.requires_grad_(), Tensor)

assert_type(x.shape, torch.Size)
assert_type(x.shape[0], int)
assert_type(x.dtype, torch.dtype)
assert_type(x.ndim, int)
assert_type(x.numel(), int)
assert_type(x.dim(), int)
assert_type(len(x), int)
assert_type(x.requires_grad, bool)
assert_type(x.grad, Tensor | None)
assert_type(x.is_leaf, bool)
assert_type(float(x.sum()), float)
assert_type(x.sum().item(), float | int | bool)
rows: Iterator[Tensor] = iter(x)
n_correct: int = int((x.argmax(1) == torch.tensor([0, 1])).sum())

assert_type(torch.exp(x), Tensor)
assert_type(torch.cat([x, y]), Tensor)
assert_type(torch.stack([x, y], dim=1), Tensor)
assert_type(torch.where(x > 0, x, 0.0), Tensor)
assert_type(torch.maximum(x, y), Tensor)
assert_type(torch.matmul(x, y), Tensor)
assert_type(torch.is_tensor(x), bool)
assert_type(torch.allclose(x, y), bool)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

# -- modules and training ----------------------------------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self, width: int, p: float = 0.5) -> None:
        super().__init__()
        self.first = nn.Linear(2, width)
        self.drop = nn.Dropout(p)
        self.scale = nn.Parameter(torch.ones(width))
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
        self.head = nn.Sequential(nn.LeakyReLU(0.1), nn.Linear(width, 2, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x)) * self.scale
        for layer in self.layers:
            x = F.gelu(layer(x))
        assert_type(F.dropout(x, 0.5, training=self.training), Tensor)
        out: Tensor = self.head(self.drop(x))
        return out


model = Net(8).to(device)
assert_type(model, Net)
assert_type(model.train(), Net)
assert_type(model.eval(), Net)
assert_type(model.double(), Net)
assert_type(model.first.weight, nn.Parameter)
assert_type(model.scale, nn.Parameter)
optimizer = optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=1e-4)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)


class Points(Dataset[tuple[Tensor, int]]):
    def __init__(self, n: int) -> None:
        self.points = torch.randn(n, 2)

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.points[index], int(self.points[index].sum() > 0)


train, test = random_split(Points(100), [80, 20])
loader = DataLoader(train, batch_size=16, shuffle=True, drop_last=True)
for _ in range(2):
    for inputs, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs.to(device)), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    scheduler.step()
with torch.no_grad():
    predicted: Tensor = model(torch.zeros(1, 2))
for p in model.parameters():
    assert_type(p, nn.Parameter)
    if p.grad is not None:
        assert_type(p.grad.norm(), Tensor)
for path, module in model.named_modules():
    assert_type(path, str)
    assert_type(module, nn.Module)
for batch in DataLoader(TensorDataset(torch.zeros(4, 2), torch.zeros(4)), batch_size=2):
    first, second = batch
assert_type(F.cross_entropy(x, torch.tensor([0, 1])), Tensor)
assert_type(F.mse_loss(x, y, reduction="sum"), Tensor)
torch.save(model.state_dict(), "model.pt")
model.load_state_dict(torch.load("model.pt"))

# -- autograd ----------------------------------------------------------------------------------------------------------


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        dx: Tensor = dy * 3 * x**2
        return dx


@torch.no_grad()
def evaluate(net: nn.Module, x: Tensor) -> float:
    return float(net(x).sum())


@torch.inference_mode()
def predict(x: Tensor) -> Tensor:
    return x * 2


assert_type(evaluate(model, x), float)
assert_type(predict(x), Tensor)
cubed: Tensor = Cube.apply(x)
x.sum().backward()
cubed.sum().backward(retain_graph=True)
(dx,) = torch.autograd.grad(cubed.sum(), [x], create_graph=True)
handle = x.register_hook(lambda grad: grad * 2)
handle.remove()
jacobian = torch.autograd.functional.jacobian(lambda x: x**2, x)
gradient: Callable[..., Any] = torch.func.grad(lambda x: (x**2).sum())
again = checkpoint(model, x, use_reentrant=False)


@torch.compile(fullgraph=True)
def train_step(x: Tensor, y: Tensor) -> Tensor:
    loss: Tensor = (model(x) - y).square().mean()
    return loss


def scale(x: Tensor, by: float = 2.0) -> Tensor:
    return x * by


compiled = torch.compile(scale)
assert_type(compiled(x, by=3.0), Tensor)
assert_type(train_step(x, x), Tensor)
compiled_model: nn.Module = torch.compile(model)
print(compiled.program().profile().rows[0].kernel, torch.compiler.is_compiling())
