#!/usr/bin/python3
"""Training steps of CLAPP (arXiv:2010.08262) and of its references in PyTorch, timed.

Images of 28×28 as 6×6 patches of 8×8 (stride 4), K = 3 steps down the rows, batch 32; encoder of 3×3 convolutions,
ReLU and max-pooling (M): 32, 64M, 128M, or six layers of 64; m are the means of a patch's map; Adam.

    clapp-s    each layer has its loss, max(0, 1 - u+) + max(0, 1 + u-), and the next one sees its output without gradient
    hinge-cpc  that loss of the last layer, back-propagated through all
    gim, cpc   the same two with InfoNCE

Scores are u = cT M_k z. A negative is the same place of another image (same-everywhere), or 16 anywhere (all, the default
of gim and cpc). By layer, a layer's graph is freed before the next one runs, so that torch too holds one layer at a time;
for its memory give --layout, as trying both leaves some behind. working_bytes is what the peak adds to libraries alone.
--check compares loss, scores and gradients in float64 with the golden vectors in a folder.
"""

import argparse
import json
import pathlib
import resource
import sys

import torch
from torch import nn
from torch.nn import functional

from peer import environment, report, settle, timings

IMAGES, SIZE, PATCH, STRIDE, STEPS, SKIP = 1024, 28, 8, 4, 5, 1
ENCODERS = {3: "32,64M,128M", 6: "64,64,64,64,64,64"}


def patches(images, size, stride):
    """[image·row·column][1][size][size] of images [image][1][height][width], and (image, row, column)."""
    cut = images[:, 0].unfold(1, size, stride).unfold(2, size, stride)
    return cut.reshape(-1, 1, size, size), cut.shape[:3]


class Block(nn.Module):
    def __init__(self, inputs, outputs, pool, steps, asymmetric):
        super().__init__()
        self.conv, self.pool = nn.Conv2d(inputs, outputs, 3, padding=1), pool
        bound = outputs ** -0.5
        self.predict, self.retro = (
            nn.ParameterList(nn.Parameter(torch.empty(outputs, outputs).uniform_(-bound, bound)) for _ in range(count))
            for count in (steps, steps if asymmetric else 0))

    def forward(self, x):
        y = functional.relu(self.conv(x), inplace=True)
        return functional.max_pool2d(y, 2) if self.pool else y


def encoder(tokens, steps, asymmetric, predicts):
    blocks, inputs = nn.ModuleList(), 1
    for k, token in enumerate(tokens):
        pool, outputs = token.endswith("M"), int(token.rstrip("M"))
        blocks.append(Block(inputs, outputs, pool, steps if predicts(k) else 0, asymmetric))
        inputs = outputs
    return blocks


class Everywhere:
    """One other image for all places of an image, drawn anew for each step k."""

    def __init__(self, images=None):
        self.images = images

    def __call__(self, k, predicted, later):
        image = self.images[k] if self.images is not None else torch.randint(len(later), (len(later),))
        return (predicted * later[image]).sum(-1, keepdim=True)


class Anywhere:
    """Draws of (row, column, image), with replacement."""

    def __init__(self, count, places=None):
        self.count, self.places = count, places

    def __call__(self, k, predicted, later):
        images, rows, columns, channels = later.shape
        if self.places is None:
            at = torch.randint(images * rows * columns, (images, rows, columns, self.count))
        else:
            row, column, image = self.places[k].permute(2, 0, 1, 3, 4).unbind(-1)
            at = (image * rows + row) * columns + column
        drawn = later.reshape(-1, channels)[at.reshape(-1)].view(images * rows * columns, self.count, channels)
        return torch.bmm(drawn, predicted.reshape(-1, channels, 1)).view(images, rows, columns, self.count)


def contrast(context, target, matrices, negatives, infonce=False, which=None):
    """The loss of vectors [image][row][column][channel], and the scores of each step."""
    total, up, un = 0, [], []
    for k, matrix in enumerate(matrices):
        shift = k + 1 + SKIP
        later = target[:, shift:]
        predicted = context[:, :-shift] @ matrix
        positive = (predicted * later).sum(-1)
        negative = negatives(k, predicted, later)
        if infonce:
            total = total + (torch.logsumexp(torch.cat((positive.unsqueeze(-1), negative), -1), -1) - positive).mean()
        else:
            held, missed = functional.relu(1 - positive), functional.relu(1 + negative)
            for loss, sign in (held, 1), (missed, -1):
                chosen = loss if which is None else loss[which == sign]
                total = total + (chosen.mean() if len(chosen) else 0)
        up.append(positive)
        un.append(negative)
    return total / len(matrices), up, un


def vectors(y, grid):
    return y.mean((2, 3)).view(*grid, -1)


def layer_loss(block, m, draw, infonce):
    if not len(block.retro):
        return contrast(m, m, block.predict, draw(), infonce)[0]
    return contrast(m.detach(), m, block.predict, draw(), infonce)[0] + contrast(m, m.detach(), block.retro, draw(), infonce)[0]


def steps(args, layout):
    """A function that takes STEPS training steps."""
    local, infonce = args.method in ("clapp-s", "gim"), args.method in ("gim", "cpc")
    tokens = args.encoder.split(",")
    blocks = encoder(tokens, args.steps, args.asymmetric, lambda k: local or k == len(tokens) - 1).to(memory_format=layout)
    optimisers = [torch.optim.Adam(group, lr=2e-4) for group in ([list(b.parameters()) for b in blocks] if local else [list(blocks.parameters())])]
    images, order = torch.rand(IMAGES, 1, SIZE, SIZE), torch.randperm(IMAGES)
    draw = Everywhere if args.negatives == "same-everywhere" else lambda: Anywhere(16)

    def learn(loss, optimiser):
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    def work():
        for step in range(STEPS):
            x, grid = patches(images[order[step * args.batch % IMAGES:][:args.batch]], PATCH, STRIDE)
            x = x.contiguous(memory_format=layout)
            if local:
                for block, optimiser in zip(blocks, optimisers):
                    y = block(x)
                    x = y.detach()
                    learn(layer_loss(block, vectors(y, grid), draw, infonce), optimiser)
                    del y
                continue
            for block in blocks:
                x = block(x)
            learn(layer_loss(blocks[-1], vectors(x, grid), draw, infonce), optimisers[0])

    return work


def check(folder):
    """The golden vectors of layers: scores, loss and gradients."""
    fits, seen = True, 0
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        vector = json.loads(path.read_text())
        if "layers" not in vector:
            continue
        seen += 1
        number = lambda values: torch.tensor(values, dtype=torch.float64)
        x, grid = patches(number(vector["images"]), vector["patch"], vector["patch_stride"])
        for at, layer in enumerate(vector["layers"]):
            weights = number(layer["W"])
            block = Block(weights.shape[1], weights.shape[0], layer["pool"], vector["K"], vector["asymmetric"]).double()
            with torch.no_grad():
                for p, values in zip(block.parameters(), [weights, layer["b"], *layer["W_pred"], *layer.get("W_retro", [])]):
                    p.copy_(torch.as_tensor(values, dtype=torch.float64))
            y = block(x)
            m = vectors(y, grid)

            def draws(places, other):
                places = [torch.tensor(p) for p in places]
                return Everywhere([p[0, 0, :, 0, 2] for p in places]) if other else Anywhere(vector["n_neg"], places)

            def which(name):
                return None if layer.get(name) is None else torch.tensor(layer[name])

            here = f"{path.stem}, layer {at + 1}"
            same = vector["negative_mode"].startswith("same")
            halves = [(m.detach(), m, block.predict, "negatives", "which"), (m, m.detach(), block.retro, "negatives_retro", "which_retro")]
            if not vector["asymmetric"]:
                halves = [(m, m, block.predict, "negatives", "which")]
            for form in (True, False) if same else (False,):
                terms = [contrast(c, z, matrices, draws(layer[name], form), which=which(split)) for c, z, matrices, name, split in halves]
                block.zero_grad()
                loss = sum(term[0] for term in terms)
                loss.backward(retain_graph=True)
                wanted = [("loss", layer["loss"], loss), ("grad W", layer["grad_W"], block.conv.weight.grad), ("grad b", layer["grad_b"], block.conv.bias.grad)]
                wanted += [(f"u+, k={k + 1}", layer["score_pos"][k], u) for k, u in enumerate(terms[0][1])]
                wanted += [(f"u-, k={k + 1}", layer["score_neg"][k], u) for k, u in enumerate(terms[0][2])]
                wanted += [(f"grad M_{k + 1}", layer["grad_W_pred"][k], p.grad) for k, p in enumerate(block.predict)]
                wanted += [(f"grad retro M_{k + 1}", layer["grad_W_retro"][k], p.grad) for k, p in enumerate(block.retro)]
                for name, values, ours in wanted:
                    fits &= report(f"{here}: {name}", number(values).flatten().tolist(), ours, 1e-9)
            x = y.detach()
    if not seen:
        sys.exit(f"there are no golden vectors with layers in {folder}")
    sys.exit(0 if fits else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", choices=("clapp-s", "hinge-cpc", "gim", "cpc"), default="clapp-s")
    parser.add_argument("--negatives", choices=("same-everywhere", "all"), help="default: as said above")
    parser.add_argument("--asymmetric", action="store_true", help="W_pred and W_retro, with a loss each")
    parser.add_argument("--layers", type=int, choices=ENCODERS, default=3)
    parser.add_argument("--encoder", help="filters of other layers, as 32,64M; M: pooling")
    parser.add_argument("--steps", type=int, default=3, help="K")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--layout", choices=("nchw", "nhwc", "fastest"), default="fastest")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--check", metavar="FOLDER", help="compare with the golden vectors of CLAPP")
    args = parser.parse_args()
    if args.check:
        check(args.check)
    settle(args.threads)
    args.negatives = args.negatives or ("all" if args.method in ("gim", "cpc") else "same-everywhere")
    args.encoder = args.encoder or ENCODERS[args.layers]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    layouts = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}
    name = args.layout
    if name == "fastest":
        name = min(layouts, key=lambda layout: timings(steps(args, layouts[layout]), 2)["seconds_min"])
    result = timings(steps(args, layouts[name]), args.repeats)
    for key in "seconds_median", "seconds_min", "cpu_seconds_min":
        result[key] /= STEPS
    del result["seconds"]
    machine = environment()
    print(json.dumps({**result, **machine, "working_bytes": machine["peak_bytes"] - before, "batch": args.batch,
                      "layout": name, "method": args.method, "negatives": args.negatives, "encoder": args.encoder}))


if __name__ == "__main__":
    main()
