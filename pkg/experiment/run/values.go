package run

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
)

// Values are numbers by name. In JSON they are sorted by name, and a number
// that JSON cannot say (NaN, ±Inf) is null, which is read back as NaN.
type Values map[string]float64

// Names returns the names in order.
func (v Values) Names() []string { return slices.Sorted(maps.Keys(v)) }

func (v Values) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range v.Names() {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeMember(&b, name, v[name]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (v *Values) UnmarshalJSON(content []byte) error {
	var numbers map[string]*float64
	if err := json.Unmarshal(content, &numbers); err != nil {
		return err
	}
	*v = make(Values, len(numbers))
	for name, number := range numbers {
		(*v)[name] = math.NaN()
		if number != nil {
			(*v)[name] = *number
		}
	}
	return nil
}

func writeMember(b *bytes.Buffer, name string, value float64) error {
	key, err := json.Marshal(name)
	if err != nil {
		return err
	}
	b.Write(key)
	b.WriteByte(':')
	if math.IsNaN(value) || math.IsInf(value, 0) {
		b.WriteString("null")
		return nil
	}
	number, err := json.Marshal(value)
	if err != nil {
		return err
	}
	b.Write(number)
	return nil
}
