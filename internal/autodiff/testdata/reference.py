"""Writes reference.json: what PyTorch makes of small inputs, and their gradients.

    python3 testdata/reference.py > testdata/reference.json

Every case has inputs, an output y (of the recurrent layers the states of all
steps), and the gradients of the inputs of sum(y * r).
"""
import json
import torch
from torch.nn import functional as f

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)


def dump(x):
    return {"shape": list(x.shape), "data": [float(f"{v:.15g}") for v in x.detach().flatten().tolist()]}


def case(apply, **shapes):
    inputs = {k: torch.randn(*s, requires_grad=True) for k, s in shapes.items()}
    y = apply(**inputs)
    r = torch.randn_like(y)
    (y * r).sum().backward()
    return {
        "inputs": {k: dump(v) for k, v in inputs.items()},
        "y": dump(y),
        "r": dump(r),
        "gradients": {k: dump(v.grad) for k, v in inputs.items()},
    }


def recurrent(layer, initial):
    """What torch.nn.LSTM and torch.nn.GRU call, on weights that want gradients."""
    def apply(x, w_input, w_hidden, b_input, b_hidden, **states):
        start = tuple(states[n].unsqueeze(0) for n in initial)
        weights = [w_input, w_hidden, b_input, b_hidden]
        return layer(x, start if len(start) > 1 else start[0], weights, True, 1, 0.0, True, False, False)[0]

    return apply


mean, variance = torch.tensor([0.5, -1.0]), torch.tensor([2.0, 0.25])
cases = {
    "conv2d": case(
        lambda x, w, b: f.conv2d(x, w, b, stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2),
        x=(2, 4, 5, 4), w=(2, 2, 3, 2), b=(2,)),
    "conv1d": case(lambda x, w, b: f.conv1d(x, w, b, stride=2, padding=1), x=(2, 3, 6), w=(2, 3, 3), b=(2,)),
    "conv_transpose1d": case(
        lambda x, w, b: f.conv_transpose1d(x, w, b, stride=3, padding=1, output_padding=2, groups=2, dilation=2),
        x=(2, 4, 3), w=(4, 1, 3), b=(2,)),
    "max_pool2d": case(lambda x: f.max_pool2d(x, (3, 2), stride=(1, 2), padding=1), x=(1, 2, 4, 5)),
    "avg_pool2d": case(lambda x: f.avg_pool2d(x, (3, 2), stride=(2, 1), padding=1, count_include_pad=True), x=(1, 2, 4, 5)),
    "avg_pool2d without padding": case(lambda x: f.avg_pool2d(x, (3, 2), stride=(2, 1), padding=1, count_include_pad=False), x=(1, 2, 4, 5)),
    "adaptive_avg_pool2d": case(lambda x: f.adaptive_avg_pool2d(x, (3, 2)), x=(1, 2, 5, 3)),
    "batch_norm": case(
        lambda x, scale, shift: f.batch_norm(x, None, None, scale, shift, True, eps=1e-3),
        x=(3, 2, 4), scale=(2,), shift=(2,)),
    "batch_norm evaluated": case(
        lambda x, scale, shift: f.batch_norm(x, mean, variance, scale, shift, False, eps=1e-3),
        x=(3, 2, 4), scale=(2,), shift=(2,)),
    "group_norm": case(lambda x, scale, shift: f.group_norm(x, 2, scale, shift, eps=1e-3), x=(2, 4, 3), scale=(4,), shift=(4,)),
    "log_softmax": case(lambda x: f.log_softmax(x, -1), x=(3, 4)),
    "lstm": case(
        recurrent(torch._VF.lstm, ["h0", "c0"]),
        x=(4, 2, 3), w_input=(8, 3), w_hidden=(8, 2), b_input=(8,), b_hidden=(8,), h0=(2, 2), c0=(2, 2)),
    "gru": case(
        recurrent(torch._VF.gru, ["h0"]),
        x=(4, 2, 3), w_input=(6, 3), w_hidden=(6, 2), b_input=(6,), b_hidden=(6,), h0=(2, 2)),
}
print("{")
print(",\n".join(f'"{name}": {json.dumps(c)}' for name, c in cases.items()))
print("}")
