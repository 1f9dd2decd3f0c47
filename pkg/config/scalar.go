package config

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Numbers are written in decimal digits; the octal, hexadecimal and underscored
// forms of YAML mean different things to different readers.
var (
	wholeForm   = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	decimalForm = regexp.MustCompile(`^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$`)
)

// scalar decodes a number, a truth value or a text into v.
func (d *decoder) scalar(path string, node *yaml.Node, f *field, v reflect.Value) {
	expected := f.expected(v.Type())
	tag := node.ShortTag()
	typed := tag == "!!str" // whether the YAML type fits the Go type
	switch v.Kind() {
	case reflect.Bool:
		typed = tag == "!!bool"
	case reflect.Int, reflect.Uint64:
		typed = tag == "!!int"
	case reflect.Float64:
		typed = tag == "!!int" || tag == "!!float"
	}
	typed = typed || d.isSet(node) // a --set has text alone: the key says what it is

	switch {
	case node.Kind != yaml.ScalarNode || tag == "!!null" && !d.isSet(node):
		d.errorf(path, node, "%s is %s, expected %s", path, found(node), expected)
	case typed && parse(node.Value, f, v):
	case v.Kind() == reflect.String && f.enum == nil && !typed && (tag == "!!int" || tag == "!!float"):
		d.errorf(path, node, "%s is the number %s, expected text in quotes, %q: YAML drops the final zeros of a number", path, shortened(node.Value), shortened(node.Value))
	case v.Kind() == reflect.String && f.enum == nil && !typed:
		d.errorf(path, node, "%s is %s, expected text in quotes, %q", path, found(node), shortened(node.Value))
	case tag == "!!str" && node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 && v.Kind() != reflect.String && parse(node.Value, f, v):
		d.errorf(path, node, "%s is %s in quotes, expected %s without quotes", path, found(node), expected)
	default:
		d.errorf(path, node, "%s is %s, expected %s%s", path, found(node), expected, didYouMean("", node.Value, f.enum))
	}
}

// parse reads text into v if it has the form and the range that f asks for.
func parse(text string, f *field, v reflect.Value) bool {
	if f.enum != nil && !slices.Contains(f.enum, text) {
		return false
	}
	switch v.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			return false
		}
		v.SetBool(text == "true")
	case reflect.Int:
		n, err := strconv.ParseInt(strings.TrimPrefix(text, "+"), 10, 0)
		if err != nil || !wholeForm.MatchString(text) || !f.admits(float64(n)) || f.multipleOf != 0 && n%f.multipleOf != 0 {
			return false
		}
		v.SetInt(n)
	case reflect.Uint64:
		n, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, 64)
		if err != nil || !wholeForm.MatchString(text) || !f.admits(float64(n)) {
			return false
		}
		v.SetUint(n)
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !decimalForm.MatchString(text) || !f.admits(x) {
			return false
		}
		v.SetFloat(x)
	case reflect.String:
		if !f.admitsText(text) || !printable(text) {
			return false
		}
		v.SetString(text)
	}
	return true
}

// printable reports whether a text can stand in one line of a message or a file.
func printable(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// found puts into words what a node holds.
func found(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case node.Kind == yaml.AliasNode:
		return "the alias *" + shown(node.Value)
	case node.Value == "" || node.ShortTag() == "!!null":
		return "empty"
	case node.ShortTag() == "!!str":
		return quoted(node.Value)
	}
	return shown(node.Value)
}

func quoted(text string) string { return strconv.Quote(shortened(text)) }

// shown makes any key or --set fit for a line of a message.
func shown(text string) string {
	if printable(text) {
		return shortened(text)
	}
	return quoted(text)
}

// shortened keeps a message readable whatever the file holds.
func shortened(text string) string {
	const longest = 60
	if utf8.RuneCountInString(text) <= longest {
		return text
	}
	return string([]rune(text)[:longest]) + "…"
}
