"""Writes convnet.onnx: a convolutional ReLU network with initial weights, as PyTorch exports it.

    python3 examples/convnet.py

It shows `snnctl convert relu-to-ttfs` at work without data or training.
"""

import pathlib

import torch
from torch import nn

torch.manual_seed(1)
network = nn.Sequential(
    nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(8), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(8 * 4 * 4, 32), nn.ReLU(), nn.Linear(32, 10),
)
with torch.no_grad():  # as if it had been trained: the running means of batch norm are those of some inputs
    network.train()
    for _ in range(50):
        network(torch.rand(64, 1, 16, 16))
network.eval()
torch.onnx.export(network, torch.zeros(1, 1, 16, 16), pathlib.Path(__file__).with_name("convnet.onnx"),
                  opset_version=13, input_names=["image"], output_names=["class"], dynamic_axes={"image": {0: "n"}, "class": {0: "n"}},
                  training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
