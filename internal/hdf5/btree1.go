package hdf5

import "fmt"

// errRevisited says that a structure leads back into itself.
var errRevisited = fmt.Errorf("a tree leads back to a node of its own")

// eachLeaf calls leaf for each child of the leaves of a version 1 B-tree, with a cursor
// at the key before it. keySize is that of a chunk's key, 0 for groups.
func (f *File) eachLeaf(root uint64, keySize int, leaf func(key *cursor, child uint64) error) error {
	w := walk1{f: f, kind: 1, keySize: keySize, leaf: leaf, seen: map[uint64]bool{}}
	if keySize == 0 {
		w.kind, w.keySize = 0, f.lengths
	}
	return w.node(root, -1)
}

type walk1 struct {
	f       *File
	kind    int
	keySize int
	leaf    func(key *cursor, child uint64) error
	seen    map[uint64]bool
}

// node visits a node at a level, -1 for any.
func (w *walk1) node(address uint64, level int) error {
	f := w.f
	if address == undefined {
		return nil
	}
	if w.seen[address] {
		return errRevisited
	}
	w.seen[address] = true
	head := uint64(8 + 2*f.offsets)
	b, err := f.piece(address, head)
	if err != nil {
		return err
	}
	c := f.cursor(b)
	c.signature("TREE")
	kind, at, n := c.u8(), c.u8(), c.u16()
	if c.err != nil {
		return c.err
	}
	if kind != w.kind || level >= 0 && at != level {
		return fmt.Errorf("a tree has a node of kind %d at level %d where kind %d at level %d belongs", kind, at, w.kind, level)
	}
	if b, err = f.piece(address+head, uint64(n*(w.keySize+f.offsets))); err != nil {
		return err
	}
	c = f.cursor(b)
	for range n {
		key := f.cursor(c.bytes(w.keySize))
		child := c.address()
		if at == 0 {
			err = w.leaf(key, child)
		} else {
			err = w.node(child, at-1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
