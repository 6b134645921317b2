"""User code that must not type-check: mypy finds an error of this kind in every line that names one, and no other."""

import minigrad as torch
from minigrad import Tensor, nn, optim

x = torch.tensor([1.0, 2.0])
number: int = x + 1  # [assignment]
text: str = x.sum()  # [assignment]
x.backwards()  # [attr-defined]
x.backward(retain_graf=True)  # [call-arg]
shape: list[int] = x.shape  # [assignment]
grad: Tensor = x.grad  # [assignment]
torch.zeros(2, dtyp=torch.float64, requires_grad="yes")  # [arg-type]
torch.manual_seed("7")  # [arg-type]
nn.Linear("3", 2)  # [arg-type]
nn.Linear(3)  # [call-arg]
nn.Dropout(p="half")  # [arg-type]
optim.SGD(3, lr=0.1)  # [arg-type]
optim.Adam([x], lr="0.1")  # [arg-type]
torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batchsize=3)  # [call-arg]
torch.set_grad_enabled("off")  # [arg-type]
x.register_hook(3)  # [arg-type]
torch.no_such_function(x)  # [attr-defined]


class Net(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.shape  # [return-value]
