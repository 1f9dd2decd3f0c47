// Package hdf5 reads the part of HDF5 that neurophysiology files use, and writes a
// small part of it (the HDF5 File Format Specification, version 3.0, by The HDF Group).
//
// Read are superblocks 0 to 3, also behind a user block; object headers 1 and 2; groups
// with symbol tables or with compact or dense links; compact, contiguous and chunked data
// with every index of chunks; deflate, shuffle and Fletcher-32 filters; integers, floating
// point numbers, enumerations, strings of fixed and variable length, sequences of variable
// length, and references to objects and regions, in either byte order. Anything else is
// refused by an error that names the path. Memory is bounded: nothing is allocated for what the file cannot hold,
// and no data set may take more than MaxBytes.
package hdf5
