package config

import (
	"fmt"
	"slices"
	"strings"
)

// reporter takes the path of the key to blame and the sentence.
type reporter func(path, format string, args ...any)

// checker is a variant with rules between its keys, or between them and other
// parts of the experiment.
type checker interface {
	check(e *Experiment, report reporter)
}

// contradictions reports what no single key shows to be wrong.
func (e *Experiment) contradictions(report reporter) {
	if message := incompatible(TypeName(e.Model), TypeName(e.Rule), TypeName(e.Data)); message != "" {
		report("rule.type", "%s", message)
	}
	for _, v := range []any{e.Data, e.Model, e.Rule} {
		if c, ok := v.(checker); ok {
			c.check(e, report)
		}
	}
}

// incompatible says why a rule cannot train a model on some data, or nothing.
func incompatible(model, rule, data string) string {
	var forRule, forModel []string
	for _, c := range combinations {
		if c.rule != rule {
			continue
		}
		if c.model == model {
			if slices.Contains(c.data, data) {
				return ""
			}
			forModel = append(forModel, c.data...)
		}
		forRule = append(forRule, c.model)
	}
	if forModel != nil {
		return fmt.Sprintf("rule.type %s cannot train model.type %s on data.type %s, expected data.type %s", rule, model, data, either(forModel))
	}
	return fmt.Sprintf("rule.type %s cannot train model.type %s, expected model.type %s", rule, model, either(forRule))
}

// either joins words as "a, b or c".
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
