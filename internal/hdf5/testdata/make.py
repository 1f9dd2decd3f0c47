"""Writes the files that the tests read, and beside each what is in it, as JSON.

Needs h5py (Debian's python3-h5py): python3 make.py
"""

import json
import numpy as np
import h5py


def value(x):
    if isinstance(x, np.ndarray):
        return [value(v) for v in x.reshape(-1)]
    if isinstance(x, bytes):
        return x.decode()
    if isinstance(x, np.generic):
        return value(x.item())
    return x


def describe(path):
    out = {"data": {}, "attributes": {}, "groups": []}

    def visit(name, o):
        for key, v in o.attrs.items():
            if isinstance(v, (h5py.Reference, h5py.RegionReference)):
                continue
            out["attributes"]["/" + name + "@" + key] = value(v)
        if isinstance(o, h5py.Group):
            out["groups"].append("/" + name)
            return
        kind = o.dtype.kind
        if h5py.check_ref_dtype(o.dtype) is not None or o.dtype.fields:
            return
        entry = {"shape": list(o.shape)}
        if h5py.check_vlen_dtype(o.dtype) is not None and h5py.check_string_dtype(o.dtype) is None:
            entry["values"] = [str(value(np.asarray(v))).replace(",", "") for v in o[()]]
        else:
            entry["values"] = value(np.asarray(o[()]))
            if kind == "f":
                entry["values"] = [repr(v) for v in entry["values"]]
        out["data"]["/" + name] = entry

    with h5py.File(path, "r") as f:
        f.visititems(visit)
    with open(path.replace(".h5", ".json"), "w") as to:
        json.dump(out, to, indent=0, sort_keys=True)


def fill(f, whole):
    r = np.random.default_rng(1)
    g = f.create_group("numbers")
    for kind in ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", ">i2", ">u4", ">i8"]:
        g[kind.replace(">", "be_")] = (r.integers(-100, 100, 7) if "i" in kind else r.integers(0, 200, 7)).astype(kind)
    for kind in ["f4", "f8", ">f4", ">f8"]:
        g[kind.replace(">", "be_")] = np.array([0, -1.5, 1e30, 1e-30, np.pi], dtype=kind)
    g["scalar"] = 3.25
    g["empty"] = np.zeros((0, 4))
    g["matrix"] = np.arange(24.0).reshape(2, 3, 4)
    if not whole:
        return
    t = f.create_group("text")
    t["variable"] = ["", "a", "größer", "x" * 300]
    t["fixed"] = np.array([b"abc", b"de", b""], dtype="S5")
    t["scalar"] = "one"
    t["flags"] = np.array([True, False, True])
    v = f.create_dataset("ragged", (3,), dtype=h5py.vlen_dtype(np.dtype("i4")))
    v[0], v[1], v[2] = [1, 2, 3], [], [4]
    f["numbers"].attrs["neurodata_type"] = "Units"
    f["numbers"].attrs["colnames"] = np.array(["id", "spike_times"], dtype=h5py.string_dtype())
    f["numbers"].attrs["rate"] = np.float32(30)
    f["numbers/f8"].attrs["table"] = f["text"].ref
    f["numbers/f8"].attrs["conversion"] = 0.5
    f["soft"] = h5py.SoftLink("/numbers/matrix")
    f["references"] = np.array([f["numbers/u1"].ref, f["text"].ref], dtype=h5py.ref_dtype)
    f["regions"] = np.array([f["numbers/f8"].regionref[1:4], f["numbers/f8"].regionref[0:1]], dtype=h5py.regionref_dtype)
    c = f.create_group("chunks")
    d = r.integers(-99, 99, (23, 17)).astype("f8")
    c.create_dataset("plain", data=d, chunks=(5, 6))
    c.create_dataset("gzip", data=d, chunks=(5, 6), compression="gzip", shuffle=True)
    c.create_dataset("checked", data=d, chunks=(5, 6), compression="gzip", fletcher32=True)
    c.create_dataset("one", data=d, chunks=(23, 17), compression="gzip")
    c.create_dataset("growing", data=np.arange(400), chunks=(1,), maxshape=(None,))
    c.create_dataset("growing_gzip", data=np.arange(120), chunks=(2,), maxshape=(None,), compression="gzip")
    c.create_dataset("growing_both", data=d, chunks=(3, 4), maxshape=(None, None), compression="gzip")
    c.create_dataset("growing_both_plain", data=d, chunks=(3, 4), maxshape=(None, None))
    part = c.create_dataset("partly", (40,), chunks=(4,), dtype="f4", fillvalue=-7)
    part[8:13] = 1
    many = f.create_group("many")
    for i in range(40):
        many.create_group("child_%03d" % i)
        many.attrs["attribute_%03d" % i] = i
    f.create_dataset("compound", data=np.zeros(2, dtype=[("a", "i4"), ("b", "f8")]))


for name, options in {
    "old": {"libver": "earliest"},
    "new": {"libver": "latest"},
    "block": {"libver": "earliest", "userblock_size": 512},
}.items():
    with h5py.File(name + ".h5", "w", **options) as f:
        fill(f, name != "block")
    describe(name + ".h5")
