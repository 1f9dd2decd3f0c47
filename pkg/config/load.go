package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/snnctl/snnctl/internal/fault"
)

// maxBytes is the longest experiment file; a longer one is some other file.
const maxBytes = 1 << 20

// Resolved is an experiment, and where each of its values comes from.
type Resolved struct {
	Experiment Experiment
	Origins    map[string]Origin // by dotted path, one for each leaf
}

// Origin is where a value was written: in a file, in a --set, or nowhere.
type Origin struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Set  bool   `json:"set,omitempty"`
}

// String is FILE:LINE, --set or default.
func (o Origin) String() string {
	switch {
	case o.Set:
		return "--set"
	case o.File != "":
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	}
	return "default"
}

// Load reads an experiment from YAML. The filename is for errors and origins;
// each of sets is path=value and replaces or adds one value, later ones first.
//
// The error is a fault.Input that wraps Errors, with every mistake found.
func Load(data []byte, filename string, sets []string) (*Resolved, error) {
	d := &decoder{file: filename, nodes: map[string]*yaml.Node{}, sets: map[*yaml.Node]string{}, former: map[*yaml.Node]string{}}
	root := d.document(data)
	if root == nil {
		return nil, d.fail()
	}
	for _, set := range sets {
		d.overlay(root, set)
	}
	e := defaultExperiment()
	d.mapping("", nil, root, reflect.ValueOf(&e).Elem())
	if len(d.errs) == 0 {
		e.contradictions(d.contradiction)
	}
	if len(d.errs) > 0 {
		return nil, d.fail()
	}

	r := &Resolved{Experiment: e, Origins: map[string]Origin{}}
	_, err := encode(&e, func(path string, _ *yaml.Node) {
		var origin Origin
		if node := d.nodes[path]; node != nil {
			if _, set := d.sets[node]; set {
				origin.Set = true
			} else {
				origin.File, origin.Line = d.file, node.Line
			}
		}
		r.Origins[path] = origin
	})
	return r, err
}

func (d *decoder) fail() error {
	d.errs.sort()
	if len(d.errs) >= maxErrors {
		d.errs = append(d.errs, &Error{File: d.file, Message: fmt.Sprintf("the check stopped after %d mistakes", len(d.errs))})
	}
	return &fault.Input{Err: d.errs}
}

// document parses the YAML into its one node, a mapping.
func (d *decoder) document(data []byte) *yaml.Node {
	if len(data) > maxBytes {
		d.errs = append(d.errs, &Error{File: d.file, Message: "is longer than 1 MiB, expected an experiment in YAML"})
		return nil
	}
	var first, second yaml.Node
	reader := yaml.NewDecoder(bytes.NewReader(data))
	err := reader.Decode(&first)
	if err == nil && len(first.Content) > 0 {
		switch next := reader.Decode(&second); {
		case next == nil:
			d.errs = append(d.errs, &Error{File: d.file, Line: second.Line, Column: second.Column,
				Message: "a second document begins here, expected one experiment a file"})
			return nil
		case !errors.Is(next, io.EOF):
			err = next
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		d.errs = append(d.errs, syntaxError(d.file, data, err))
		return nil
	}
	if err != nil || len(first.Content) == 0 || first.Content[0].ShortTag() == "!!null" {
		d.errs = append(d.errs, &Error{File: d.file, Line: 1, Column: 1,
			Message: "the file is empty, expected an experiment with the keys " + strings.Join(requiredKeys(reflect.TypeFor[Experiment]()), ", ")})
		return nil
	}
	root := first.Content[0]
	if root.Kind != yaml.MappingNode {
		d.errorf("", root, "the file holds %s, expected a mapping with the keys %s", found(root),
			strings.Join(requiredKeys(reflect.TypeFor[Experiment]()), ", "))
		return nil
	}
	return root
}

var (
	tabIndent = regexp.MustCompile(`(?m)^ *\t`)
	yamlLine  = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)

	// The complaints of the library's parser, unlike those of its scanner, count
	// lines from 0.
	fromParser = regexp.MustCompile(`did not find expected (key|node content|'-' indicator|',' or '[]}]'|<document start>)`)
)

// syntaxError says where the YAML is broken; the library tells the line alone.
func syntaxError(file string, data []byte, err error) *Error {
	if tab := tabIndent.FindIndex(data); tab != nil && strings.Contains(err.Error(), "tab") {
		line := 1 + bytes.Count(data[:tab[1]], []byte("\n"))
		return &Error{File: file, Line: line, Column: tab[1] - 1 - bytes.LastIndexByte(data[:tab[1]], '\n'),
			Message: "a tab indents this line, expected spaces"}
	}
	e := &Error{File: file, Message: "this is not YAML: " + err.Error()}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		if e.Line > 0 && fromParser.MatchString(m[2]) {
			e.Line++
		}
		e.Message = "this is not YAML: " + m[2]
	}
	return e
}

// given is the node of what a --set gives: a list of scalars in brackets, as in
// model.hidden=[256,256], or else one scalar.
func (d *decoder) given(text, set string) *yaml.Node {
	var list yaml.Node
	if strings.HasPrefix(text, "[") && yaml.Unmarshal([]byte(text), &list) == nil && len(list.Content) == 1 && list.Content[0].Kind == yaml.SequenceNode {
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for _, entry := range list.Content[0].Content {
			if entry.Kind != yaml.ScalarNode {
				return &yaml.Node{Kind: yaml.ScalarNode, Value: text}
			}
			child := &yaml.Node{Kind: yaml.ScalarNode, Value: entry.Value}
			d.sets[child] = set
			node.Content = append(node.Content, child)
		}
		return node
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: text}
}

// overlay writes the value of a --set into the tree, as if the file had it.
func (d *decoder) overlay(root *yaml.Node, set string) {
	path, text, ok := strings.Cut(set, "=")
	keys := strings.Split(path, ".")
	for _, key := range keys {
		ok = ok && key != ""
	}
	if !ok {
		e := &Error{Set: set, Message: "expected path=value, such as train.iterations=100"}
		if set == "" { // which would look like a mistake in a file
			e.Set = "\"\""
		}
		d.errs = append(d.errs, e)
		return
	}
	node := root
	for i, key := range keys {
		child := &yaml.Node{Kind: yaml.MappingNode}
		if i == len(keys)-1 {
			child = d.given(text, set)
		}
		if node.Kind == yaml.SequenceNode {
			entry, err := strconv.Atoi(key)
			if err != nil || entry < 0 || entry >= len(node.Content) {
				d.errs = append(d.errs, &Error{Set: set, Message: fmt.Sprintf("%s has no entry %s, expected 0 to %d",
					strings.Join(keys[:i], "."), shown(key), len(node.Content)-1)})
				return
			}
			if inner := node.Content[entry]; child.Kind == yaml.MappingNode && isCollection(inner) {
				node = inner
				continue
			}
			node.Content[entry], d.sets[child] = child, set
			node = child
			continue
		}
		at := keyIndex(node, key)
		switch {
		case at < 0:
			name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}
			d.sets[name] = set
			node.Content = append(node.Content, name, child)
		case child.Kind == yaml.MappingNode && isCollection(node.Content[at+1]):
			node = node.Content[at+1]
			continue
		default:
			if key == "type" && d.former[node] == "" {
				d.former[node] = node.Content[at+1].Value
			}
			d.sets[node.Content[at]] = set
			node.Content[at+1] = child
		}
		d.sets[child] = set
		node = child
	}
}

// isCollection reports whether a node has entries of its own.
func isCollection(node *yaml.Node) bool {
	return node.Kind == yaml.MappingNode || node.Kind == yaml.SequenceNode
}

// keyIndex is the place of a key in a mapping node's content, or -1.
func keyIndex(mapping *yaml.Node, key string) int {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Kind == yaml.ScalarNode && mapping.Content[i].Value == key {
			return i
		}
	}
	return -1
}
