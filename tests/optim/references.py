"""SGD and Adam in NumPy, float64, one array at a time: written from the papers' formulas, not from csrc/optim.inc."""

import numpy as np


class SGDReference:
    def __init__(self, p, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False):
        self.p, self.lr, self.momentum, self.dampening = p.astype(np.float64), lr, momentum, dampening
        self.weight_decay, self.nesterov, self.sign, self.v = weight_decay, nesterov, -1 if maximize else 1, None

    def step(self, g):
        g = self.sign * g + self.weight_decay * self.p
        if self.momentum:
            self.v = g if self.v is None else self.momentum * self.v + (1 - self.dampening) * g
            g = g + self.momentum * self.v if self.nesterov else self.v
        self.p = self.p - self.lr * g


class AdamReference:
    def __init__(self, p, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False,
                 decoupled_weight_decay=False):
        self.p, self.lr, self.betas, self.eps, self.amsgrad = p.astype(np.float64), lr, betas, eps, amsgrad
        self.weight_decay, self.decoupled, self.sign = weight_decay, decoupled_weight_decay, -1 if maximize else 1
        self.t, self.m, self.v, self.top = 0, 0.0 * self.p, 0.0 * self.p, 0.0 * self.p

    def step(self, g):
        self.t += 1
        g = self.sign * g
        if self.decoupled:
            self.p = self.p * (1 - self.lr * self.weight_decay)
        else:
            g = g + self.weight_decay * self.p
        b1, b2 = self.betas
        self.m = b1 * self.m + (1 - b1) * g
        self.v = b2 * self.v + (1 - b2) * g * g
        self.top = np.maximum(self.top, self.v)
        m, v = self.m / (1 - b1 ** self.t), (self.top if self.amsgrad else self.v) / (1 - b2 ** self.t)
        self.p = self.p - self.lr * m / (np.sqrt(v) + self.eps)
