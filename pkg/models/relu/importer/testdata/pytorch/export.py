# Exports small random networks with PyTorch 1.13, and writes what they give in
# float64: run it in this folder as
#   python3 export.py
import json
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(1)


class View(nn.Module):
    def forward(self, x):
        return x.view(x.size(0), -1)


class Product(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.randn(inputs, outputs)), nn.Parameter(torch.randn(outputs))

    def forward(self, x):
        return x @ self.w + self.b


class Mean(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


class Scale(nn.Module):
    def forward(self, x):
        return (x - 0.5) / 0.25


def norm(layer):
    with torch.no_grad():
        layer.weight.normal_()
        layer.bias.normal_()
        layer.running_mean.normal_()
        layer.running_var.uniform_(0.5, 2)
    return layer


# By name: opset, whether the batch is open, the network, the shape of a sample.
networks = {
    "zeropad_9": (9, True, nn.Sequential(nn.ZeroPad2d((1, 0, 2, 1)), nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), View(), nn.Linear(2 * 4 * 3, 3)), (1, 7, 7)),
    "zeropad_13": (13, True, nn.Sequential(nn.ZeroPad2d((1, 0, 2, 1)), nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True), View(), nn.Linear(2 * 4 * 3, 3)), (1, 7, 7)),
    "averages_17": (17, False, nn.Sequential(Scale(), nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), norm(nn.BatchNorm2d(3)), nn.AvgPool2d(2), nn.Dropout(0.5), nn.Conv2d(3, 4, 3, padding=(0, 1)), nn.ReLU6(), nn.AvgPool2d(3, 1, 1), Mean(), Product(4, 3), nn.LogSoftmax(1)), (2, 8, 8)),
    "rows_11": (11, True, nn.Sequential(nn.Conv1d(2, 4, 3, stride=2, padding=1, dilation=2), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(4, 4, 2, groups=2), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3), nn.Softmax(-1)), (2, 20)),
    "features_7": (7, False, nn.Sequential(Product(5, 6), nn.ReLU(), norm(nn.BatchNorm1d(6)), Product(6, 4), nn.Hardtanh(0, 3), nn.Dropout(), nn.Linear(4, 2, bias=False)), (5,)),
}
for name, (opset, dynamic, net, shape) in networks.items():
    net.eval()
    x = torch.randn(2, *shape)
    torch.onnx.export(net, x, name + ".onnx", opset_version=opset, input_names=["x"], output_names=["y"],
                      dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}} if dynamic else None)
    body = net[:-1] if isinstance(net[-1], (nn.Softmax, nn.LogSoftmax)) else net
    y = body.double()(x.double())
    with open(name + ".json", "w") as f:
        json.dump({"onnx": name + ".onnx", "opset": opset, "input_shape": shape,
                   "inputs": {"shape": list(x.shape), "data": x.double().flatten().tolist()},
                   "logits": {"shape": list(y.shape), "data": y.flatten().tolist()}}, f)
        f.write("\n")
