"""What tests of schedulers share: an optimiser, and the rates that a scheduler gives it."""


def slow(t):
    return 1 / (1 + t)


def an_optimiser(face, kind="SGD"):
    p, q = face.nn.Parameter(face.ones(2)), face.nn.Parameter(face.ones(2))
    options = {"momentum": 0.9} if kind == "SGD" else {"betas": (0.9, 0.99)}
    return getattr(face.optim, kind)([{"params": [p]}, {"params": [q], "lr": 0.25}], lr=0.1, **options)


def rates_of(optimiser):
    return [[g["lr"], g.get("momentum"), g.get("betas")] for g in optimiser.param_groups]


def walk(face, make, steps=40, metrics=None, kind="SGD"):
    """The rates and momenta at each step."""
    optimiser = an_optimiser(face, kind)
    scheduler = make(face.optim.lr_scheduler, optimiser)
    seen = [[rates_of(optimiser), scheduler.get_last_lr()]]
    for step in range(steps):
        optimiser.step()
        scheduler.step(*([] if metrics is None else [metrics[step]]))
        seen.append([rates_of(optimiser), scheduler.get_last_lr()])
    return repr(seen)
