package run

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/snnctl/snnctl/internal/fault"
)

// Setting is one entry of a configuration: its dotted path and its value.
type Setting struct{ Key, Value string }

// Settings returns the entries of the resolved experiment in its order, each
// by its dotted path ("model.tau_membrane_ms"). A list of plain values is one
// entry; in another list, the entries are numbered ("layers.0.size").
func (d *Dir) Settings() ([]Setting, error) {
	content, err := d.ReadConfig()
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, fault.Inputf("%s is damaged: %w", d.ConfigPath(), err)
	}
	var settings []Setting
	for _, root := range document.Content {
		flatten(root, "", &settings)
	}
	return settings, nil
}

func flatten(node *yaml.Node, path string, into *[]Setting) {
	below := func(key string) string { return strings.TrimPrefix(path+"."+key, ".") }
	switch {
	case node.Kind == yaml.MappingNode && len(node.Content) > 0:
		for i := 0; i+1 < len(node.Content); i += 2 {
			flatten(node.Content[i+1], below(node.Content[i].Value), into)
		}
	case node.Kind == yaml.SequenceNode && !plain(node):
		for i, item := range node.Content {
			flatten(item, below(fmt.Sprint(i)), into)
		}
	default:
		*into = append(*into, Setting{path, text(node)})
	}
}

// plain reports whether all entries of a list are scalars.
func plain(list *yaml.Node) bool {
	return !slices.ContainsFunc(list.Content, func(n *yaml.Node) bool { return n.Kind != yaml.ScalarNode })
}

func text(node *yaml.Node) string {
	switch node.Kind {
	case yaml.SequenceNode:
		var items []string
		for _, item := range node.Content {
			items = append(items, item.Value)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case yaml.MappingNode: // an empty one
		return "{}"
	case yaml.AliasNode: // a resolved experiment has none
		return "*" + node.Value
	default:
		return node.Value
	}
}

// Comparison sets runs side by side; each slice has one entry a run.
type Comparison struct {
	Runs    []string     `json:"runs"`
	Config  []Difference `json:"config"`  // the settings that are not the same in all runs
	Metrics []MetricRow  `json:"metrics"` // the final metrics that any of them has
}

// Difference is a setting with its value in each run, nil where it is absent.
type Difference struct {
	Key    string    `json:"key"`
	Values []*string `json:"values"`
}

// MetricRow is a metric with its value in each run, nil where it is absent or
// not a finite number.
type MetricRow struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

// Compare compares runs. One that has no summary yet has no metrics.
func Compare(runs []*Dir) (*Comparison, error) {
	c := &Comparison{Config: []Difference{}, Metrics: []MetricRow{}}
	var keys []string // in the order of the first run that has them
	values := make([]map[string]string, len(runs))
	metrics := make([]Values, len(runs))
	names := map[string]bool{}
	for i, d := range runs {
		c.Runs = append(c.Runs, d.Name())
		settings, err := d.Settings()
		if err != nil {
			return nil, err
		}
		values[i] = map[string]string{}
		for _, s := range settings {
			values[i][s.Key] = s.Value
			keys = append(keys, s.Key)
		}
		summary, err := d.ReadSummary()
		if err != nil && !isMissing(err) {
			return nil, err
		}
		metrics[i] = summary.Metrics
		for name := range summary.Metrics {
			names[name] = true
		}
	}

	seen := map[string]bool{}
	for _, key := range keys {
		if row := difference(key, values); !seen[key] && row != nil {
			c.Config = append(c.Config, *row)
		}
		seen[key] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		row := MetricRow{Name: name}
		for _, m := range metrics {
			value, ok := m[name]
			if !ok || math.IsNaN(value) || math.IsInf(value, 0) {
				row.Values = append(row.Values, nil)
				continue
			}
			row.Values = append(row.Values, &value)
		}
		c.Metrics = append(c.Metrics, row)
	}
	return c, nil
}

// difference returns nil if key has the same value everywhere.
func difference(key string, values []map[string]string) *Difference {
	row := &Difference{Key: key}
	same := true
	for _, v := range values {
		value, ok := v[key]
		first, inFirst := values[0][key]
		same = same && ok == inFirst && value == first
		if ok {
			row.Values = append(row.Values, &value)
		} else {
			row.Values = append(row.Values, nil)
		}
	}
	if same {
		return nil
	}
	return row
}
