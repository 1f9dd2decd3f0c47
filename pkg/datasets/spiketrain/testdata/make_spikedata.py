"""Writes spikedata.mat, a small file in the layout of spikeData_v9.mat as MATLAB 7.3 lays out arrays of
structures: each field is a data set of references, cells of references, text as UTF-16. And spikedata-one.mat,
where the variable is one structure alone."""

import sys

import h5py
import numpy as np


def sessions():
    random = np.random.default_rng(1)
    for s, expert in enumerate((1, 0, 1)):
        trials, units, samples = 6, 4, 200
        onsets = 2.0 + 6 * np.arange(trials)
        kinds = np.array([0, 1, 2, 3, 1, 9])
        yield dict(
            mouse=f"VE0{s}", date="20190304", expert=float(expert), TrialOnsets_All=onsets,
            MissIndices=(kinds == 0).astype(float), HitIndices=(kinds == 1).astype(float),
            CRIndices=np.array([3.0]), FAIndices=np.array([4.0]),  # by number, from 1 on
            CompletedTrialIndices=(kinds < 9).astype(float), ReactionTimes_All=np.where(kinds % 2 == 1, 0.1, np.nan),
            StimIndices_All=(kinds < 2).astype(float), Jaw_pos=random.normal(size=(trials, 10 * samples)).cumsum(1)[:, ::10].repeat(10, 1) / 40 + s,
            area=["wS1", "wS1", "ALM", "ALM"], width=np.array([0.4, 0.2, 0.3, 0.275]), include=np.array([1.0, 1, 1, 1 if s == 0 else 0]),
            spikets=[np.sort(random.uniform(0, 40, 30 + 10 * u)) if u else np.empty(0) for u in range(units)])


def put(file, value, name=None):
    """Stores a value as MATLAB would, in #refs# unless it has a name."""
    if isinstance(value, list):  # first what it refers to
        value = [put(file, v) for v in value]
    path = name or f"#refs#/{len(file.require_group('#refs#'))}"
    if isinstance(value, str):
        d = file.create_dataset(path, data=np.array([[ord(c)] for c in value], np.uint16))
        d.attrs["MATLAB_class"] = np.bytes_("char")
    elif isinstance(value, list):
        references = np.array([[v.ref] for v in value], h5py.ref_dtype)
        d = file.create_dataset(path, data=references, dtype=h5py.ref_dtype)
        d.attrs["MATLAB_class"] = np.bytes_("cell")
    else:
        value = np.asarray(value, float)
        if value.size == 0:
            d = file.create_dataset(path, data=np.array([0, 1], np.uint64))
            d.attrs["MATLAB_empty"] = np.int32(1)
        else:  # axes in reverse; a vector is a column
            d = file.create_dataset(path, data=value.T if value.ndim == 2 else value.reshape(1, -1))
        d.attrs["MATLAB_class"] = np.bytes_("double")
    return d


def main(folder):
    all = list(sessions())
    with h5py.File(folder + "/spikedata.mat", "w", userblock_size=512) as file:
        for field in all[0]:
            references = np.array([[put(file, s[field]).ref] for s in all], h5py.ref_dtype)
            file.create_dataset("spikeData_v9/" + field, data=references, dtype=h5py.ref_dtype)
    with h5py.File(folder + "/spikedata-one.mat", "w") as file:
        for field, value in all[0].items():
            put(file, value, "spikeData_v9/" + field)


if __name__ == "__main__":
    main(sys.argv[1])
