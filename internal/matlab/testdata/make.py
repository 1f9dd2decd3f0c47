# Writes the files of this folder and what they hold: python3 make.py
import json, numpy as np, scipy.io, h5py
r = np.random.default_rng(1)
arrays = {
    "M": r.integers(0, 256, (3, 4, 5), dtype=np.uint8),
    "d": r.normal(size=(2, 3)),
    "s": r.normal(size=(1, 2)).astype(np.float32),
    "i": r.integers(-9, 9, (2, 2), dtype=np.int16),
    "small": np.array([[7]], dtype=np.uint8),
}
scipy.io.savemat("v5.mat", {**arrays, "text": "no numbers", "z": np.array([[1 + 2j]])})
scipy.io.savemat("v7.mat", {**arrays, "text": "no numbers", "z": np.array([[1 + 2j]])}, do_compression=True)
head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Fri Nov 27 09:00:00 2026 HDF5 schema 1.00 ."
with h5py.File("v73.mat", "w", userblock_size=512) as f:
    for name, x in arrays.items():
        d = f.create_dataset(name, data=np.ascontiguousarray(x.T))
        d.attrs["MATLAB_class"] = np.bytes_({"u1": "uint8", "f8": "double", "f4": "single", "i2": "int16"}[x.dtype.str[1:]])
with open("v73.mat", "r+b") as f:
    f.write(head.ljust(116) + b"\0" * 8 + b"\0\2IM")
json.dump({n: {"shape": x.shape, "values": [float(v) for v in x.flatten(order="F")]} for n, x in arrays.items()}, open("arrays.json", "w"))
