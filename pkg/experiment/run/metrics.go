package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/fault"
)

// Record is a line of metrics.jsonl, in JSON one flat object:
//
//	{"step":400,"epoch":1.86,"split":"validation","accuracy":0.71,"loss":0.84}
type Record struct {
	Step   int     // training steps done
	Epoch  float64 // passes over the training data done
	Split  string  // "train", "validation" or "test"
	Values Values
}

const (
	stepKey  = "step"
	epochKey = "epoch"
	splitKey = "split"
)

// MarshalJSON puts step, epoch and split first, then the values by name.
func (r Record) MarshalJSON() ([]byte, error) {
	split, err := json.Marshal(r.Split)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"%s":%d,`, stepKey, r.Step)
	if err := writeMember(&b, epochKey, r.Epoch); err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, `,"%s":%s`, splitKey, split)
	for _, name := range r.Values.Names() {
		if name == stepKey || name == epochKey || name == splitKey {
			return nil, fmt.Errorf("no metric can be called %q", name)
		}
		b.WriteByte(',')
		if err := writeMember(&b, name, r.Values[name]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (r *Record) UnmarshalJSON(content []byte) error {
	var fixed struct {
		Step  *int     `json:"step"`
		Epoch *float64 `json:"epoch"`
		Split string   `json:"split"`
	}
	if err := json.Unmarshal(content, &fixed); err != nil {
		return err
	}
	if fixed.Step == nil {
		return errors.New("it has no step")
	}
	*r = Record{Step: *fixed.Step, Epoch: math.NaN(), Split: fixed.Split, Values: Values{}}
	if fixed.Epoch != nil {
		r.Epoch = *fixed.Epoch
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(content, &all); err != nil {
		return err
	}
	for name, raw := range all {
		if name == stepKey || name == epochKey || name == splitKey {
			continue
		}
		var value *float64
		if err := json.Unmarshal(raw, &value); err != nil {
			return fmt.Errorf("%q is no number", name)
		}
		r.Values[name] = math.NaN()
		if value != nil {
			r.Values[name] = *value
		}
	}
	return nil
}

// Metrics appends to metrics.jsonl. Whoever opens it holds the lock.
type Metrics struct {
	path string
	file *os.File
	size int64 // of the whole lines written
}

// OpenMetrics opens metrics.jsonl to append to it, and removes a torn last
// line that a killed process left.
func (d *Dir) OpenMetrics() (*Metrics, error) {
	m := &Metrics{path: d.Path(metricsFile)}
	return m, m.open()
}

func (m *Metrics) open() error {
	file, err := os.OpenFile(m.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return m.fault(err)
	}
	content, err := io.ReadAll(file)
	if err != nil {
		file.Close()
		return m.fault(err)
	}
	m.file, m.size = file, int64(len(wholeLines(content)))
	if m.size < int64(len(content)) {
		if err := file.Truncate(m.size); err != nil {
			return errors.Join(m.fault(err), file.Close())
		}
	}
	return nil
}

// wholeLines leaves out a last line that ends without a newline or is no
// record, as a machine that loses its power may leave one.
func wholeLines(content []byte) []byte {
	content = content[:bytes.LastIndexByte(content, '\n')+1]
	if len(content) == 0 {
		return content
	}
	last := bytes.LastIndexByte(content[:len(content)-1], '\n') + 1
	if json.Unmarshal(content[last:], new(Record)) != nil {
		return content[:last]
	}
	return content
}

// Append adds one record, in one write. After an error the file ends with the
// record before.
func (m *Metrics) Append(step int, epoch float64, split string, values map[string]float64) error {
	line, err := json.Marshal(Record{step, epoch, split, values})
	if err != nil {
		return fmt.Errorf("writing %s: %w", m.path, err)
	}
	line = append(line, '\n')
	if _, err := m.file.Write(line); err != nil {
		return errors.Join(m.fault(err), m.file.Truncate(m.size))
	}
	m.size += int64(len(line))
	return nil
}

// TruncateAfter removes the records of later steps than step, atomically.
func (m *Metrics) TruncateAfter(step int) error {
	records, err := readMetrics(m.path)
	if err != nil {
		return err
	}
	var kept bytes.Buffer
	for _, r := range records {
		if r.Step <= step {
			line, err := json.Marshal(r)
			if err != nil {
				return err
			}
			kept.Write(append(line, '\n'))
		}
	}
	if err := m.Close(); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(m.path, kept.Bytes()); err != nil {
		return err
	}
	return m.open()
}

// Sync makes the records so far survive a power cut.
func (m *Metrics) Sync() error {
	if err := m.file.Sync(); err != nil {
		return m.fault(err)
	}
	return nil
}

// Close syncs and closes the file.
func (m *Metrics) Close() error {
	if err := errors.Join(m.file.Sync(), m.file.Close()); err != nil {
		return m.fault(err)
	}
	return nil
}

func (m *Metrics) fault(err error) error {
	return fault.Inputf("cannot write %s: %w", m.path, cause(err))
}

// ReadMetrics returns the records of the run so far; a run without any has
// none. A torn last line is left out; any other damage is a fault.Input.
func (d *Dir) ReadMetrics() ([]Record, error) { return readMetrics(d.Path(metricsFile)) }

func readMetrics(path string) ([]Record, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Inputf("cannot read %s: %w", path, cause(err))
	}
	var records []Record
	number := 0
	for line := range bytes.Lines(wholeLines(content)) {
		number++
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fault.Inputf("%s:%d is no record of metrics: %w", path, number, err)
		}
		records = append(records, r)
	}
	return records, nil
}
