# Writes the files of this folder and what they hold: python3 make.py
import json, numpy as np, h5py, scipy.ndimage as ndi

# A cell array of spike times as in CRCNS pvc-11: 3 units x 8 trials of 1 s.
r = np.random.default_rng(1)
times = [[np.sort(r.uniform(0, 1, r.integers(1, 6))) for k in range(8)] for u in range(3)]
times[1][2] = np.array([])
times[0][3] = np.array([0.25, 1.0, 1.01])
with h5py.File("events.mat", "w", userblock_size=512) as f:
    refs = f.create_group("#refs#")
    cells = f.create_dataset("data/EVENTS", (8, 3), dtype=h5py.ref_dtype)
    for u in range(3):
        for k in range(8):
            x = times[u][k]
            if x.size:
                d = refs.create_dataset(f"c{u}_{k}", data=x.reshape(1, -1))
            else:
                d = refs.create_dataset(f"c{u}_{k}", data=np.array([0, 0], dtype=np.uint64))
                d.attrs["MATLAB_empty"] = np.uint8(1)
            d.attrs["MATLAB_class"] = np.bytes_("double")
            cells[k, u] = d.ref
with open("events.mat", "r+b") as f:
    f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64 HDF5 schema 1.00 .".ljust(116) + b"\0" * 8 + b"\0\2IM")
json.dump([[list(x) for x in unit] for unit in times], open("events.json", "w"))

# scikit-image 0.20, transform.resize(x, (side, side), anti_aliasing=True), in the calls that it makes of scipy.
def resize(x, side):
    factors = np.divide(x.shape, (side, side))
    x = ndi.gaussian_filter(x, np.maximum(0, (factors - 1) / 2), mode="mirror")
    return ndi.zoom(x, [1 / f for f in factors], order=1, mode="mirror", grid_mode=True)
out = []
for rows, columns, side in [(12, 17, 5), (6, 6, 9), (27, 20, 27), (8, 30, 3)]:
    x = r.uniform(size=(rows, columns))
    y = np.clip(resize(x, side), x.min(), x.max())
    out.append({"rows": rows, "columns": columns, "side": side, "pixels": x.ravel().tolist(), "resized": y.ravel().tolist()})
json.dump(out, open("resized.json", "w"))
