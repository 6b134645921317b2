"""One step of each optimiser in float64, from PyTorch's documentation, line by line. `step` counts the updates before
this one; each returns the new parameter and the new state."""

import numpy as np


def sgd_step(p, g, buffer, step, lr, momentum, dampening, weight_decay, nesterov, maximize):
    g = -g if maximize else g
    if weight_decay:
        g = g + weight_decay * p
    if momentum:
        buffer = g if step == 0 else momentum * buffer + (1 - dampening) * g
        g = g + momentum * buffer if nesterov else buffer
    return p - lr * g, buffer


def adam_step(p, g, m, v, vmax, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize, amsgrad, before):
    t = step + 1
    g = -g if maximize else g
    if weight_decay and decoupled:
        p = p - lr * weight_decay * p
    elif weight_decay:
        g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    vmax = np.maximum(vmax, v) if amsgrad else vmax
    m_hat = m / (1 - beta1**t)
    v_hat = (vmax if amsgrad else v) / (1 - beta2**t)
    eps = eps / np.sqrt(1 - beta2**t) if before else eps
    return p - lr * m_hat / (np.sqrt(v_hat) + eps), m, v, vmax


def adamax_step(p, g, m, u, step, lr, beta1, beta2, eps, weight_decay, maximize):
    g = (-g if maximize else g) + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    u = np.maximum(beta2 * u, np.abs(g) + eps)
    return p - lr / (1 - beta1 ** (step + 1)) * m / u, m, u


def nadam_step(p, g, m, v, mu_product, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize, momentum_decay,
               single):
    t, real = step + 1, np.float32 if single else np.float64
    g = -g if maximize else g
    if decoupled:
        p = p - lr * weight_decay * p
    else:
        g = g + weight_decay * p
    mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (s * momentum_decay)) for s in (t, t + 1))
    mu_product = np.asarray(real(mu_product[0]) * real(mu), np.float64).reshape(1)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = mu_next * m / (1 - mu_product * mu_next) + (1 - mu) * g / (1 - mu_product)
    return p - lr * m_hat / (np.sqrt(v / (1 - beta2**t)) + eps), m, v, mu_product


def radam_step(p, g, m, v, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize):
    t = step + 1
    g = -g if maximize else g
    if decoupled:
        p = p - lr * weight_decay * p
    else:
        g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat, rho_inf = m / (1 - beta1**t), 2 / (1 - beta2) - 1
    rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
    if rho <= 5:
        return p - lr * m_hat, m, v
    adaptive = np.sqrt(1 - beta2**t) / (np.sqrt(v) + eps)
    rectify = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
    return p - lr * m_hat * rectify * adaptive, m, v


def rmsprop_step(p, g, m, v, buffer, step, lr, alpha, eps, weight_decay, momentum, centered, maximize):
    g = (-g if maximize else g) + weight_decay * p
    v = alpha * v + (1 - alpha) * g * g
    variance = v
    if centered:
        m = alpha * m + (1 - alpha) * g
        variance = v - m * m
    update = g / (np.sqrt(variance) + eps)
    if momentum:
        buffer = update = momentum * buffer + update
    return p - lr * update, m, v, buffer


def adagrad_step(p, g, total, step, lr, lr_decay, eps, weight_decay, maximize):
    g = (-g if maximize else g) + weight_decay * p
    total = total + g * g
    return p - lr / (1 + step * lr_decay) * g / (np.sqrt(total) + eps), total


def adadelta_step(p, g, v, u, step, lr, rho, eps, weight_decay, maximize):
    g = (-g if maximize else g) + weight_decay * p
    v = rho * v + (1 - rho) * g * g
    delta = np.sqrt(u + eps) / np.sqrt(v + eps) * g
    return p - lr * delta, v, rho * u + (1 - rho) * delta * delta


def rprop_step(p, g, prev, size, step, eta_minus, eta_plus, smallest, largest, maximize):
    g = -g if maximize else g
    size = np.clip(size * np.where(g * prev > 0, eta_plus, np.where(g * prev < 0, eta_minus, 1)), smallest, largest)
    g = np.where(g * prev < 0, 0, g)
    return p - np.nan_to_num(np.sign(g)) * size, g, size


def asgd_step(p, g, average, eta, mu, step, lr, lambd, alpha, t0, weight_decay, maximize, single):
    t, real = step + 1, np.float32 if single else np.float64
    g = (-g if maximize else g) + weight_decay * p
    p = (1 - lambd * eta) * p - eta * g
    average = p if mu == 1 else average + mu * (p - average)
    return (p, average, np.array([real(lr / (1 + lambd * lr * t) ** alpha)], np.float64),
            np.array([real(1 / max(1, t - t0))], np.float64))


# -- Keras's, from the update rules in its documentation: weight decay shrinks the parameter first ---------------------


def keras_sgd_step(p, g, velocity, step, lr, momentum, nesterov, weight_decay):
    p = p - lr * weight_decay * p
    if not momentum:
        return p - lr * g, velocity
    velocity = momentum * velocity - lr * g
    return p + (momentum * velocity - lr * g if nesterov else velocity), velocity


def keras_rmsprop_step(p, g, m, v, buffer, step, lr, rho, eps, momentum, centered, weight_decay):
    p = p - lr * weight_decay * p
    v = rho * v + (1 - rho) * g * g
    m = rho * m + (1 - rho) * g if centered else m
    update = lr * g / np.sqrt((v - m * m if centered else v) + eps)
    if momentum:
        buffer = update = momentum * buffer + update
    return p - update, m, v, buffer


def keras_adagrad_step(p, g, total, step, lr, eps, weight_decay):
    total = total + g * g
    return p - lr * weight_decay * p - lr * g / np.sqrt(total + eps), total


def keras_adadelta_step(p, g, v, u, step, lr, rho, eps, weight_decay):
    return adadelta_step(p - lr * weight_decay * p, g, v, u, step, lr, rho, eps, 0, False)


def keras_adamax_step(p, g, m, u, step, lr, beta1, beta2, eps, weight_decay):
    m, u = beta1 * m + (1 - beta1) * g, np.maximum(beta2 * u, np.abs(g))
    return p - lr * weight_decay * p - lr / (1 - beta1 ** (step + 1)) * m / (u + eps), m, u


STEPS = {"mg_sgd": sgd_step, "mg_adam": adam_step, "mg_adamax": adamax_step, "mg_nadam": nadam_step,
         "mg_radam": radam_step, "mg_rmsprop": rmsprop_step, "mg_adagrad": adagrad_step,
         "mg_adadelta": adadelta_step, "mg_rprop": rprop_step, "mg_asgd": asgd_step,
         "mg_keras_sgd": keras_sgd_step, "mg_keras_rmsprop": keras_rmsprop_step,
         "mg_keras_adagrad": keras_adagrad_step, "mg_keras_adadelta": keras_adadelta_step,
         "mg_keras_adamax": keras_adamax_step}
