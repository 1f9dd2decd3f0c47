package config

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// field is a key of a struct, with what its tags allow.
type field struct {
	index     int
	key       string
	required  bool
	omitEmpty bool // left out of a marshalled experiment when zero

	minimum, maximum *bound
	minLength        int
	maxLength        int
	minItems         int // of a list
	maxItems         int
	multipleOf       int64
	enum             []string
	pattern          *regexp.Regexp
	allowed          string   // the pattern in words
	whenKey          string   // the key applies only when the key beside it …
	whenValues       []string // … has one of these values
}

// bound is an end of a range; text is as the tag has it.
type bound struct {
	value float64
	text  string
	open  bool // the end itself is excluded
}

// fieldsOf reads the tags of a struct. A tag that it does not understand is a
// mistake in this package.
func fieldsOf(t reflect.Type) []field {
	fields := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		f := field{index: i, allowed: tag.Get("allowed"), maxLength: math.MaxInt, maxItems: math.MaxInt}
		var option string
		f.key, option, _ = strings.Cut(tag.Get("yaml"), ",")
		f.omitEmpty = option == "omitempty"
		var when string
		f.whenKey, when, _ = strings.Cut(tag.Get("when"), "=")
		f.whenValues = strings.Split(when, "|")
		for rule := range strings.SplitSeq(tag.Get("jsonschema"), ",") {
			if err := f.apply(rule); err != nil {
				panic(fmt.Sprintf("config: field %s.%s: rule %q: %v", t.Name(), t.Field(i).Name, rule, err))
			}
		}
		fields = append(fields, f)
	}
	return fields
}

func (f *field) apply(rule string) (err error) {
	name, value, _ := strings.Cut(rule, "=")
	number := func(open bool) *bound {
		b := &bound{text: value, open: open}
		b.value, err = strconv.ParseFloat(value, 64)
		return b
	}
	switch name {
	case "":
	case "required":
		f.required = true
	case "minimum":
		f.minimum = number(false)
	case "maximum":
		f.maximum = number(false)
	case "exclusiveMinimum":
		f.minimum = number(true)
	case "exclusiveMaximum":
		f.maximum = number(true)
	case "multipleOf":
		f.multipleOf, err = strconv.ParseInt(value, 10, 64)
	case "minLength":
		f.minLength, err = strconv.Atoi(value)
	case "maxLength":
		f.maxLength, err = strconv.Atoi(value)
	case "minItems":
		f.minItems, err = strconv.Atoi(value)
	case "maxItems":
		f.maxItems, err = strconv.Atoi(value)
	case "enum":
		f.enum = append(f.enum, value)
	case "pattern":
		f.pattern, err = regexp.Compile(value)
	default:
		err = fmt.Errorf("unknown rule")
	}
	return err
}

// admits reports whether a number is in the range.
func (f *field) admits(x float64) bool {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return false
	}
	if b := f.minimum; b != nil && (x < b.value || b.open && x == b.value) {
		return false
	}
	if b := f.maximum; b != nil && (x > b.value || b.open && x == b.value) {
		return false
	}
	return true
}

// admitsText reports whether a string has the form.
func (f *field) admitsText(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= f.minLength && n <= f.maxLength && (f.pattern == nil || f.pattern.MatchString(s))
}

// expected puts into words what a value of type t may be.
func (f *field) expected(t reflect.Type) string {
	if f.allowed != "" {
		return f.allowed
	}
	if f.enum != nil {
		return either(f.enum)
	}
	switch t.Kind() {
	case reflect.Interface:
		return "a mapping with type: " + either(names(unions[t]))
	case reflect.Struct:
		return "a mapping with " + strings.Join(keysOf(t), ", ")
	case reflect.Slice:
		return "a list, each entry " + f.expected(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		if f.minLength > 0 {
			return fmt.Sprintf("text of %d to %d characters", f.minLength, f.maxLength)
		}
		return fmt.Sprintf("text of at most %d characters", f.maxLength)
	case reflect.Float64:
		return "a number" + f.interval()
	}
	switch f.multipleOf {
	case 0:
		return "a whole number" + f.interval()
	case 2:
		return "an even number" + f.interval()
	}
	return fmt.Sprintf("a multiple of %d", f.multipleOf) + f.interval()
}

func (f *field) interval() string {
	low, high := f.minimum, f.maximum
	switch {
	case low == nil && high == nil:
		return ""
	case high == nil:
		return " " + low.atLeast()
	case low == nil:
		return " " + high.atMost()
	case !low.open && !high.open:
		return " from " + low.text + " to " + high.text
	}
	return " " + low.atLeast() + " and " + high.atMost()
}

func (b *bound) atLeast() string {
	if b.open {
		return "above " + b.text
	}
	return "of at least " + b.text
}

func (b *bound) atMost() string {
	if b.open {
		return "below " + b.text
	}
	return "at most " + b.text
}
