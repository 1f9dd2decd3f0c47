package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decoder walks a YAML tree and a Go value side by side. It goes on after a
// mistake, to report them all.
type decoder struct {
	file  string
	nodes map[string]*yaml.Node // the value at each path that is written and kept
	sets  map[*yaml.Node]string // the nodes that a --set made, and that --set

	// former has, for a union whose type a --set replaced, the type in the file.
	former map[*yaml.Node]string
	errs   Errors
}

// maxErrors is where the decoder gives up: such a file is no experiment.
const maxErrors = 100

// errorf reports a mistake at a node.
func (d *decoder) errorf(path string, at *yaml.Node, format string, args ...any) {
	e := &Error{Path: path, Message: fmt.Sprintf(format, args...)}
	if set, ok := d.sets[at]; ok {
		e.Set = set
	} else {
		e.File, e.Line, e.Column = d.file, at.Line, at.Column
	}
	d.errs = append(d.errs, e)
}

// contradiction reports a mistake at the value of a path, or where that is not
// written, at the closest mapping around it.
func (d *decoder) contradiction(path, format string, args ...any) {
	around := path
	for d.nodes[around] == nil {
		around = around[:max(0, strings.LastIndexByte(around, '.'))]
	}
	d.errorf(path, d.nodes[around], format, args...)
}

// value decodes a node into v, which holds the default. The field says what is
// allowed; key is the node of the key.
func (d *decoder) value(path string, key, node *yaml.Node, f *field, v reflect.Value) {
	if node.Kind == yaml.AliasNode {
		d.errorf(path, node, "%s is %s, expected the value itself", path, found(node))
		return
	}
	switch v.Kind() {
	case reflect.Interface:
		d.union(path, key, node, v)
	case reflect.Struct:
		d.mapping(path, key, node, v)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.mapping(path, key, node, v.Elem())
	case reflect.Slice:
		d.list(path, node, f, v)
	default:
		d.nodes[path] = node
		d.scalar(path, node, f, v)
	}
}

// mapping decodes a node into a struct that holds the defaults.
func (d *decoder) mapping(path string, key, node *yaml.Node, v reflect.Value) {
	if d.isMapping(path, node, strings.Join(keysOf(v.Type()), ", ")) {
		d.nodes[path] = node
		d.keys(path, key, node, v, "", nil)
	}
}

// list decodes a node into a slice; the entries are numbered from 0.
func (d *decoder) list(path string, node *yaml.Node, f *field, v reflect.Value) {
	if node.Kind != yaml.SequenceNode {
		d.errorf(path, node, "%s is %s, expected %s", path, found(node), f.expected(v.Type()))
		return
	}
	d.nodes[path] = node
	if n := len(node.Content); n < f.minItems || n > f.maxItems {
		d.errorf(path, node, "%s has %d entries, expected %d to %d", path, n, f.minItems, f.maxItems)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content)))
	for i, entry := range node.Content {
		d.value(join(path, strconv.Itoa(i)), nil, entry, f, v.Index(i))
	}
}

// union decodes a node into the variant that its type names.
func (d *decoder) union(path string, key, node *yaml.Node, v reflect.Value) {
	variants := unions[v.Type()]
	if !d.isMapping(path, node, "type: "+either(names(variants))) {
		return
	}
	d.nodes[path] = node
	written := TypeName(v.Interface()) // of the default, if there is one
	at := keyIndex(node, "type")
	switch {
	case at >= 0:
		typeNode := node.Content[at+1]
		d.nodes[join(path, "type")] = typeNode
		written = typeNode.Value
		if typeNode.Kind != yaml.ScalarNode {
			d.errorf(join(path, "type"), typeNode, "%s.type is %s, expected %s", path, found(typeNode), either(names(variants)))
			return
		}
	case written == "" || !d.isSet(node): // a --set of one key takes the default's type, a file must say it
		d.errorf(join(path, "type"), orKey(key, node), "%s.type is missing, expected %s", path, either(names(variants)))
		return
	}
	chosen, ok := find(variants, written)
	if !ok {
		d.errorf(join(path, "type"), node.Content[at+1], "%s.type is %s, expected %s%s", path, found(node.Content[at+1]), either(names(variants)),
			didYouMean("", written, names(variants)))
		return
	}
	value := reflect.New(reflect.TypeOf(chosen.defaults())).Elem()
	value.Set(reflect.ValueOf(chosen.defaults()))
	d.keys(path, key, node, value, chosen.name, variants)
	v.Set(value)
}

// keys decodes the entries of a mapping node into the fields of a struct. In a
// union, variant is the type chosen and variants are all there are.
func (d *decoder) keys(path string, parent, node *yaml.Node, v reflect.Value, variant string, variants []variant) {
	fields := fieldsOf(v.Type())
	written := map[string]*yaml.Node{} // the nodes of the keys
	for i := 0; i+1 < len(node.Content) && len(d.errs) < maxErrors; i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := key.Value
		switch at := slices.IndexFunc(fields, func(f field) bool { return f.key == name }); {
		case key.Kind != yaml.ScalarNode:
			d.errorf(path, key, "the key is %s, expected one of %s", found(key), strings.Join(keysOf(v.Type()), ", "))
		case key.Tag == "!!merge":
			d.errorf(path, key, "the merge key << is not supported, expected the keys themselves")
		case written[name] != nil:
			d.errorf(join(path, name), key, "%s is given twice, first on line %d", join(path, shown(name)), written[name].Line)
		case at >= 0:
			d.value(join(path, name), key, value, &fields[at], v.Field(fields[at].index))
		case name == "type" && variants != nil:
		case d.leftOver(node, name, variants) && !d.isSet(key):
		default:
			d.errorf(join(path, name), key, "%s", unknownKey(path, name, keysOf(v.Type()), variant, variants))
		}
		if key.Kind == yaml.ScalarNode && written[name] == nil {
			written[name] = key
		}
	}
	for _, f := range fields {
		key, value := written[f.key], v.Field(f.index)
		if !f.applies(fields, v) {
			d.inapplicable(path, key, &f, value)
		} else if key == nil && f.required {
			d.errorf(join(path, f.key), orKey(parent, node), "%s is missing, expected %s", join(path, f.key), f.expected(value.Type()))
		}
	}
}

// leftOver reports whether a key belongs to the variant that the file has, where
// a --set chose another: such keys fall away with the variant.
func (d *decoder) leftOver(node *yaml.Node, name string, variants []variant) bool {
	former, ok := find(variants, d.former[node])
	return ok && slices.Contains(keysOf(reflect.TypeOf(former.defaults())), name)
}

// inapplicable clears a field that has no meaning beside the others. Writing it
// is a mistake, unless a --set has just taken its meaning away.
func (d *decoder) inapplicable(path string, key *yaml.Node, f *field, v reflect.Value) {
	v.SetZero()
	at, condition := join(path, f.key), join(path, f.whenKey)
	delete(d.nodes, at)
	if key != nil && (d.isSet(key) || !d.isSet(d.nodes[condition])) {
		d.errorf(at, key, "%s applies only when %s is %s", at, condition, either(f.whenValues))
	}
}

func (d *decoder) isSet(node *yaml.Node) bool {
	_, ok := d.sets[node]
	return ok
}

// isMapping reports a node that is none; inside says what a mapping would hold.
func (d *decoder) isMapping(path string, node *yaml.Node, inside string) bool {
	if node.Kind != yaml.MappingNode {
		d.errorf(path, node, "%s is %s, expected a mapping with %s", path, found(node), inside)
		return false
	}
	return true
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for _, f := range fieldsOf(t) {
		keys = append(keys, f.key)
	}
	return keys
}

func requiredKeys(t reflect.Type) []string {
	var keys []string
	for _, f := range fieldsOf(t) {
		if f.required {
			keys = append(keys, f.key)
		}
	}
	return keys
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// orKey is where to report what a mapping lacks: at its key, if it has one.
func orKey(key, node *yaml.Node) *yaml.Node {
	if key != nil {
		return key
	}
	return node
}
