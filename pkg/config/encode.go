package config

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Marshal writes an experiment as YAML, every default filled in, in the order of
// the schema. Loading it gives the same experiment, to the last bit.
func Marshal(e *Experiment) ([]byte, error) {
	root, err := encode(e, func(string, *yaml.Node) {})
	if err != nil {
		return nil, err
	}
	return write(root)
}

// Annotated is Marshal with the origin of each value as a comment at its line.
func (r *Resolved) Annotated() ([]byte, error) {
	root, err := encode(&r.Experiment, func(path string, leaf *yaml.Node) {
		leaf.LineComment = "# " + r.Origins[path].String()
	})
	if err != nil {
		return nil, err
	}
	return write(root)
}

func write(root *yaml.Node) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("writing the experiment as YAML: %w", err)
	}
	return out.Bytes(), encoder.Close()
}

// encode turns an experiment into a YAML tree and shows each leaf to visit.
func encode(e *Experiment, visit func(path string, leaf *yaml.Node)) (*yaml.Node, error) {
	return encodeStruct("", "", reflect.ValueOf(*e), visit)
}

func encodeStruct(path, variant string, v reflect.Value, visit func(string, *yaml.Node)) (*yaml.Node, error) {
	mapping := &yaml.Node{Kind: yaml.MappingNode}
	add := func(key string, value *yaml.Node) {
		mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	}
	if variant != "" {
		leaf := text(variant)
		visit(join(path, "type"), leaf)
		add("type", leaf)
	}
	fields := fieldsOf(v.Type())
	for _, f := range fields {
		at, value := join(path, f.key), v.Field(f.index)
		if f.omitEmpty && value.IsZero() || !f.applies(fields, v) {
			continue
		}
		node, err := encodeValue(at, value, visit)
		if err != nil {
			return nil, err
		}
		add(f.key, node)
	}
	return mapping, nil
}

func encodeValue(path string, v reflect.Value, visit func(string, *yaml.Node)) (*yaml.Node, error) {
	var leaf *yaml.Node
	switch v.Kind() {
	case reflect.Interface:
		name := TypeName(v.Interface())
		if name == "" {
			return nil, fmt.Errorf("the experiment has no %s of a known type (%T)", path, v.Interface())
		}
		return encodeStruct(path, name, v.Elem(), visit)
	case reflect.Pointer:
		return encodeStruct(path, "", v.Elem(), visit)
	case reflect.Struct:
		return encodeStruct(path, "", v, visit)
	case reflect.Slice:
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			entry, err := encodeValue(join(path, strconv.Itoa(i)), v.Index(i), visit)
			if err != nil {
				return nil, err
			}
			list.Content = append(list.Content, entry)
		}
		return list, nil
	case reflect.String:
		leaf = text(v.String())
	case reflect.Float64:
		// The shortest digits that give the same bits again.
		leaf = &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatFloat(v.Float(), 'g', -1, 64)}
	default:
		leaf = &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(v.Interface())}
	}
	visit(path, leaf)
	return leaf, nil
}

// text is a node of a string; the encoder quotes it where YAML needs that.
func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

// applies reports whether a field has a meaning beside the others.
func (f *field) applies(fields []field, v reflect.Value) bool {
	if f.whenKey == "" {
		return true
	}
	i := slices.IndexFunc(fields, func(other field) bool { return other.key == f.whenKey })
	return slices.Contains(f.whenValues, fmt.Sprint(v.Field(fields[i].index).Interface()))
}
