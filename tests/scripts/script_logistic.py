# logistic regression three ways: by hand in NumPy style, nn.BCELoss with autograd, LBFGS
import numpy as np
import torch

rng = np.random.RandomState(0)
X = np.vstack([rng.randn(50, 2) + [1.5, 0.5], rng.randn(50, 2) - [1.0, 1.0]])
labels = np.hstack([np.ones(50), np.zeros(50)])
X = torch.from_numpy(X).float()
y = torch.from_numpy(labels).float().unsqueeze(1)
X_train, X_test = X[::2], X[1::2]
y_train, y_test = y[::2], y[1::2]


class LogisticRegression(torch.nn.Module):
    def __init__(self, input_dim, output_dim):
        super(LogisticRegression, self).__init__()
        self.linear = torch.nn.Linear(input_dim, output_dim)

    def forward(self, x):
        return torch.sigmoid(self.linear(x))


model = LogisticRegression(2, 1)
torch.nn.init.ones_(model.linear.weight)
torch.nn.init.zeros_(model.linear.bias)
criterion = torch.nn.BCELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
history = []
for epoch in range(1, 101):
    optimizer.zero_grad()
    outputs = model(X_train)
    loss = criterion(outputs, y_train)
    loss.backward()
    optimizer.step()
    history.append(loss.item())
    if epoch % 25 == 0:
        with torch.no_grad():
            predicted = model(X_test).round()
            correct = (predicted == y_test).sum().item()
        print("Iteration {}: loss {:.4f}, accuracy {:.1f}%".format(epoch, loss, 100 * correct / y_test.size(0)))
print(min(history) == history[-1], model.state_dict())

w = torch.zeros(2, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.LBFGS([w, b], lr=1, max_iter=20, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    logits = X_train.mm(w) + b
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, y_train) + 0.05 * w.pow(2).sum()
    loss.backward()
    return loss


for _ in range(3):
    loss = optimizer.step(closure)
print(f"{closure().item():.5f}", w.detach().numpy().ravel(), b.data)

w_hand = np.zeros((2, 1))
for _ in range(200):
    z = 1 / (1 + np.exp(-X_train.numpy() @ w_hand))
    w_hand -= 0.5 * X_train.numpy().T @ (z - y_train.numpy()) / len(z)
print(np.round(w_hand.ravel(), 3))
hessian = torch.autograd.functional.hessian(
    lambda v: torch.nn.functional.binary_cross_entropy_with_logits(X_train @ v, y_train.squeeze()), torch.zeros(2))
print(hessian, torch.all(torch.tensor(np.linalg.eigvalsh(hessian.numpy())) > 0))
