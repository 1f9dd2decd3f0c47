// Command delay finds out for how long a network remembers: it trains the
// store-recall task with one fixed delay after another, for the LSNN and for its
// control without adaptation, and draws the recall error against the delay.
//
//	go run ./benchmarks/delay --out DIR
//
// It writes store-recall-delay.csv (a line a training) and
// store-recall-delay.svg into DIR. Trainings that are in the CSV already are not
// repeated, so it may be interrupted.
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment"
)

// networks are the experiments that are compared.
var networks = []struct{ label, config string }{
	{"LSNN (10 LIF + 10 ALIF)", "lsnn-store-recall"},
	{"LIF only (20 LIF)", "lsnn-store-recall-lif"},
}

// result is one line of the CSV.
type result struct {
	config string
	delay  int // ms between the starts of store and recall
	seed   int
	err    float64 // recall error on the test split
}

func main() {
	out := flag.String("out", ".", "directory of the CSV and the picture")
	delays := flag.String("delays", "1,2,3,4,6,8,10", "delays in symbols of 200 ms")
	seeds := flag.Int("seeds", 3, "seeds per delay, from 1 on")
	threads := flag.Int("threads", runtime.NumCPU(), "threads")
	flag.Parse()
	if err := run(*out, *delays, *seeds, *threads); err != nil {
		fmt.Fprintln(os.Stderr, "delay:", err)
		os.Exit(1)
	}
}

func run(out, delays string, seeds, threads int) error {
	path := filepath.Join(out, "store-recall-delay.csv")
	results, err := read(path)
	if err != nil {
		return err
	}
	for seed := 1; seed <= seeds; seed++ {
		for field := range strings.SplitSeq(delays, ",") {
			symbols, err := strconv.Atoi(field)
			if err != nil {
				return fmt.Errorf("--delays: %w", err)
			}
			for _, n := range networks {
				if known(results, n.config, symbols, seed) {
					continue
				}
				r, err := train(n.config, symbols, seed, threads)
				if err != nil {
					return err
				}
				fmt.Fprintf(os.Stderr, "%s, %d ms, seed %d: recall error %.3f\n", r.config, r.delay, r.seed, r.err)
				results = append(results, r)
				if err := write(path, results); err != nil {
					return err
				}
			}
		}
	}
	return draw(filepath.Join(out, "store-recall-delay.svg"), results)
}

const symbolMS = 200 // of the paper's setting

func known(results []result, config string, symbols, seed int) bool {
	for _, r := range results {
		if r.config == config && r.delay == symbols*symbolMS && r.seed == seed {
			return true
		}
	}
	return false
}

// train runs one training from start to end and evaluates it.
func train(name string, symbols, seed, threads int) (result, error) {
	resolved, err := config.Open(name, []string{fmt.Sprintf("data.delay_symbols=%d", symbols), fmt.Sprintf("seed=%d", seed)})
	if err != nil {
		return result{}, err
	}
	e := &resolved.Experiment
	x, err := experiment.Build(e, experiment.Settings{Threads: threads})
	if err != nil {
		return result{}, err
	}
	for step := range e.Train.Iterations {
		if _, err := x.Step(step); err != nil {
			return result{}, err
		}
	}
	metrics, err := x.Evaluate("test", 0)
	return result{name, symbols * symbolMS, seed, metrics["error"]}, err
}

func read(path string) ([]result, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var results []result
	for _, line := range lines[1:] {
		delay, err1 := strconv.Atoi(line[1])
		seed, err2 := strconv.Atoi(line[2])
		recall, err3 := strconv.ParseFloat(line[3], 64)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		results = append(results, result{line[0], delay, seed, recall})
	}
	return results, nil
}

func write(path string, results []result) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	lines := [][]string{{"config", "delay_ms", "seed", "recall_error"}}
	for _, r := range results {
		lines = append(lines, []string{r.config, strconv.Itoa(r.delay), strconv.Itoa(r.seed), strconv.FormatFloat(r.err, 'f', 4, 64)})
	}
	return errors.Join(w.WriteAll(lines), f.Close())
}

// draw shows mean and standard deviation over the seeds.
func draw(path string, results []result) error {
	panel := plot.Panel{YLabel: "recall error", References: []plot.Reference{{Label: "chance", Y: 0.5}, {Label: "success (paper's code)", Y: 0.05}}}
	for _, n := range networks {
		s := plot.Series{Name: n.label, Markers: true}
		for delay := symbolMS; delay <= 100*symbolMS; delay += symbolMS {
			var sum, squares, count float64
			for _, r := range results {
				if r.config == n.config && r.delay == delay {
					sum, squares, count = sum+r.err, squares+r.err*r.err, count+1
				}
			}
			if count == 0 {
				continue
			}
			mean := sum / count
			s.X, s.Y = append(s.X, float64(delay)), append(s.Y, mean)
			s.Errors = append(s.Errors, math.Sqrt(max(0, squares/count-mean*mean)))
		}
		panel.Series = append(panel.Series, s)
	}
	return plot.Chart{Title: "Store-recall: who needs adaptation?", XLabel: "delay between store and recall (ms)", Panels: []plot.Panel{panel}}.Write(path)
}
