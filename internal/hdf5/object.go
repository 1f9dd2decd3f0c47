package hdf5

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Object is a group or a data set of a file.
type Object struct {
	file     *File
	path     string
	messages []message
}

// Path is the object's path in the file, or its address where it came from a
// reference.
func (o *Object) Path() string { return o.path }

func (o *Object) errorf(format string, args ...any) error {
	return o.file.errorf(o.path, format, args...)
}

// message returns the first message of a kind, resolved; nil for none.
func (o *Object) message(kind int) ([]byte, error) {
	for _, m := range o.messages {
		if m.kind == kind {
			return o.file.resolve(m)
		}
	}
	return nil, nil
}

// IsGroup reports whether the object is a group and no data set.
func (o *Object) IsGroup() bool {
	return !slices.ContainsFunc(o.messages, func(m message) bool { return m.kind == msgLayout })
}

func (f *File) object(path string, address uint64) (*Object, error) {
	messages, err := f.header(address)
	if err != nil {
		return nil, f.errorf(path, "%w", err)
	}
	return &Object{f, path, messages}, nil
}

// Root is the group "/".
func (f *File) Root() (*Object, error) { return f.object("/", f.root) }

// NotFound says that a path does not exist.
type NotFound struct{ file, path string }

func (e *NotFound) Error() string { return fmt.Sprintf("%s has no %s", e.file, e.path) }

// maxLinks bounds the soft links followed from one path.
const maxLinks = 32

// Lookup returns the object at a path such as "/units/spike_times". If there is none,
// the error is a *NotFound.
func (f *File) Lookup(path string) (*Object, error) {
	return f.lookup(path, 0)
}

func (f *File) lookup(path string, links int) (*Object, error) {
	if links > maxLinks {
		return nil, f.errorf(path, "its soft links go round")
	}
	at, err := f.Root()
	if err != nil {
		return nil, err
	}
	done := "/"
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	for i, name := range parts {
		all, err := at.links()
		if err != nil {
			return nil, err
		}
		to, found := all[name]
		if !found {
			return nil, &NotFound{f.path, "/" + strings.Join(parts, "/")}
		}
		if to.soft != "" {
			target := to.soft
			if !strings.HasPrefix(target, "/") {
				target = done + "/" + target
			}
			return f.lookup(target+"/"+strings.Join(parts[i+1:], "/"), links+1)
		}
		done = strings.TrimSuffix(done, "/") + "/" + name
		if at, err = f.object(done, to.address); err != nil {
			return nil, err
		}
	}
	return at, nil
}

// Children are the names in a group, sorted.
func (o *Object) Children() ([]string, error) {
	all, err := o.links()
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	return names, nil
}

// Child is the object of a name in the group.
func (o *Object) Child(name string) (*Object, error) {
	return o.file.Lookup(strings.TrimSuffix(o.path, "/") + "/" + name)
}
