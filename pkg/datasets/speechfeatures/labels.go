package speechfeatures

import (
	"math"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// Phones are those of an utterance, in their order.
type Phones []label

// label is a phone that begins at a sample.
type label struct {
	start int
	phone string
}

// ReadPhones reads a file of TIMIT's form, a line "start end phone" for each phone,
// in samples.
func ReadPhones(path string) (Phones, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Inputf("reading labels: %w", err)
	}
	return parseLabels(string(content), path)
}

func parseLabels(content, name string) (Phones, error) {
	var labels Phones
	number, last := 0, 0
	for line := range strings.Lines(content) {
		number++
		parts := strings.Fields(line)
		if len(parts) == 0 {
			continue
		}
		bad := func() (Phones, error) {
			return nil, fault.Inputf("line %d of %s is %.60q, expected the first sample of a phone, the one after its last, and its name, each phone after the one before", number, name, strings.TrimSpace(line))
		}
		if len(parts) != 3 {
			return bad()
		}
		start, errStart := strconv.Atoi(parts[0])
		end, errEnd := strconv.Atoi(parts[1])
		if errStart != nil || errEnd != nil || start < last || end <= start || end > math.MaxInt32 {
			return bad()
		}
		labels = append(labels, label{start, parts[2]})
		last = start
	}
	if labels == nil {
		return nil, fault.Inputf("%s holds no label", name)
	}
	return labels, nil
}

// At is the phone of a sample: the last that has begun, or the first.
func (p Phones) At(sample int) string {
	after := sort.Search(len(p), func(i int) bool { return p[i].start > sample })
	return p[max(after-1, 0)].phone
}
