package config

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// violation checks a value against the keywords of JSON Schema that ours uses, and
// gives the first that is violated, or "".
func violation(schema, value any) string {
	s, ok := schema.(map[string]any)
	if !ok {
		return map[any]string{true: "", false: "not allowed"}[schema]
	}
	for keyword, rule := range s {
		if v := violated(keyword, rule, s, value); v != "" {
			return v
		}
	}
	return ""
}

func violated(keyword string, rule any, s map[string]any, value any) string {
	number, isNumber := value.(float64)
	text, isText := value.(string)
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	bad := false
	switch keyword {
	case "$schema", "title", "description", "default", "then":
	case "type":
		_, isBool := value.(bool)
		bad = !map[any]bool{"object": isObject, "array": isList, "string": isText, "boolean": isBool, "number": isNumber,
			"integer": isNumber && number == math.Trunc(number)}[rule]
	case "const":
		bad = value != rule
	case "enum":
		bad = !slices.Contains(rule.([]any), value)
	case "minimum":
		bad = isNumber && number < rule.(float64)
	case "maximum":
		bad = isNumber && number > rule.(float64)
	case "exclusiveMinimum":
		bad = isNumber && number <= rule.(float64)
	case "exclusiveMaximum":
		bad = isNumber && number >= rule.(float64)
	case "multipleOf":
		bad = isNumber && math.Mod(number, rule.(float64)) != 0
	case "minLength":
		bad = isText && utf8.RuneCountInString(text) < int(rule.(float64))
	case "maxLength":
		bad = isText && utf8.RuneCountInString(text) > int(rule.(float64))
	case "pattern":
		bad = isText && !regexp.MustCompile(rule.(string)).MatchString(text)
	case "minItems":
		bad = isList && len(list) < int(rule.(float64))
	case "maxItems":
		bad = isList && len(list) > int(rule.(float64))
	case "items":
		for i, entry := range list {
			if v := violation(rule, entry); v != "" {
				return fmt.Sprintf("%d: %s", i, v)
			}
		}
	case "required":
		for _, key := range rule.([]any) {
			if _, there := object[key.(string)]; isObject && !there {
				return fmt.Sprintf("no %s", key)
			}
		}
	case "properties":
		for key, below := range rule.(map[string]any) {
			if v, there := object[key]; there {
				if inside := violation(below, v); inside != "" {
					return key + ": " + inside
				}
			}
		}
	case "additionalProperties":
		for key := range object {
			if _, known := s["properties"].(map[string]any)[key]; !known && rule == false {
				return "additional " + key
			}
		}
	case "allOf":
		for _, one := range rule.([]any) {
			if v := violation(one, value); v != "" {
				return v
			}
		}
	case "oneOf":
		var all []string
		for _, one := range rule.([]any) {
			if v := violation(one, value); v != "" {
				all = append(all, v)
			}
		}
		if len(all) != len(rule.([]any))-1 {
			return fmt.Sprintf("oneOf: %q", all)
		}
	case "if":
		if violation(rule, value) == "" {
			return violation(s["then"], value)
		}
	default:
		return "keyword " + keyword + " is unknown to this test"
	}
	if bad {
		return fmt.Sprintf("%s: %v violated by %v", keyword, rule, value)
	}
	return ""
}

func schemaAsJSON(t interface{ Fatal(...any) }) any {
	data, err := json.Marshal(Schema())
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// yamlAsJSON gives a YAML text as the values that JSON has.
func yamlAsJSON(t interface{ Fatal(...any) }, text []byte) any {
	var tree, value any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSchemaAcceptsWhatLoadAccepts(t *testing.T) {
	schema := schemaAsJSON(t)
	for _, name := range BuiltinNames() {
		r := must(Open(name, nil))
		if v := violation(schema, yamlAsJSON(t, must(Marshal(&r.Experiment)))); v != "" {
			t.Errorf("%s: %s", name, v)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		e := drawExperiment(t)
		text := must(Marshal(&e))
		if v := violation(schema, yamlAsJSON(t, text)); v != "" {
			t.Fatalf("%s\n%s", v, text)
		}
	})
}

func TestSchemaRefusesWhatLoadRefuses(t *testing.T) {
	schema := schemaAsJSON(t)
	for _, edit := range []struct{ base, old, new string }{
		{demo, "symbols: 12", "symbls: 12"},
		{demo, "symbols: 12", "symbols: many"},
		{demo, "symbols: 12", "symbols: '12'"},
		{demo, "symbols: 12", "symbols: 12.5"},
		{demo, "symbols: 12", "symbols: 1"},
		{demo, "symbols: 12", "rate_hz: 0"},
		{demo, "{type: adam}", "{type: adam, beta1: 1}"},
		{demo, "{type: adam}", "{beta1: 0.5}"},
		{demo, "{type: adam}", "{type: sgd, beta1: 0.5}"},
		{demo, "seed: 1", "paper: 1803.09574"},
		{demo, "seed: 1", "precision: float16"},
		{demo, "name: demo", "name: ../demo"},
		{demo, "name: demo\n", ""},
		{demo, "  lif_neurons: 10\n", ""},
		{demo, "type: bptt", "type: hebb"},
		{smnist, "pool: 2", "pool: 3"},
		{smnist, "pool: 2", "input_lines: 21"},
		{smnist, "encoding: threshold-crossing", "encoding: grey\n  input_lines: 80"},
		{layered, "units: 10", "units: 0"},
		{layered, "{type: flatten}", "{type: flaten}"},
		{layered, "{type: flatten}", "flatten"},
		{layered, "preset: none", "preset: mlp"},
		{smnist, "signed: true", "signed: false, excitatory_fraction: 0.5"},
	} {
		if v := violation(schema, yamlAsJSON(t, []byte(edit.base))); v != "" {
			t.Fatalf("the good file violates %s", v)
		}
		text := []byte(strings.Replace(edit.base, edit.old, edit.new, 1))
		if _, err := Load(text, "x.yaml", nil); err == nil {
			t.Errorf("Load accepts %q", edit.new)
		}
		if violation(schema, yamlAsJSON(t, text)) == "" {
			t.Errorf("the schema accepts %q", edit.new)
		}
	}
}

// TestSchemaDescribesEveryKey also holds the tags to their own rules.
func TestSchemaDescribesEveryKey(t *testing.T) {
	var walk func(path string, schema any)
	keys := 0
	walk = func(path string, schema any) {
		s := schema.(map[string]any)
		if one, ok := s["oneOf"].([]any); ok {
			for _, variant := range one {
				walk(path, variant)
			}
		}
		properties, _ := s["properties"].(map[string]any)
		for key, below := range properties {
			keys++
			p := below.(map[string]any)
			if key != "type" && p["description"] == nil {
				t.Errorf("%s has no description", join(path, key))
			}
			if p["type"] == "integer" && p["enum"] == nil && (p["minimum"] == nil || p["maximum"] == nil) {
				t.Errorf("%s has no range, so the message for too long a number would say nothing", join(path, key))
			}
			if def := p["default"]; def != nil && p["oneOf"] == nil && violation(p, def) != "" {
				t.Errorf("the default of %s is not allowed: %s", join(path, key), violation(p, def))
			}
			walk(join(path, key), below)
			if items := p["items"]; items != nil {
				walk(join(path, key), items)
			}
		}
	}
	walk("", schemaAsJSON(t))
	if keys < 60 {
		t.Errorf("the schema has %d keys, expected those of all variants", keys)
	}
}
