// Command delay finds out for how long a network remembers: it draws the recall
// error of the store-recall task against the delay, for the LSNN and for its
// control without adaptation, trained in two ways: at each delay anew, and once
// on the random delays of the paper.
//
//	go run ./benchmarks/delay --out DIR
//
// It writes store-recall-delay.csv (a line an evaluation) and
// store-recall-delay.svg into DIR. What is in the CSV already is not repeated,
// so it may be interrupted.
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/experiment"
)

// networks are the experiments that are compared.
var networks = []struct{ label, config string }{
	{"LSNN (10 LIF + 10 ALIF)", "lsnn-store-recall"},
	{"LIF only (20 LIF)", "lsnn-store-recall-lif"},
}

// The ways to train, as the CSV names them.
const (
	thisDelay    = "this delay"
	randomDelays = "random delays"
)

// result is one line of the CSV.
type result struct {
	config  string
	trained string // thisDelay or randomDelays
	delay   int    // ms between the starts of store and recall
	seed    int
	err     float64 // recall error on the test split
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
	var symbols []int
	for field := range strings.SplitSeq(delays, ",") {
		n, err := strconv.Atoi(field)
		if err != nil {
			return fmt.Errorf("--delays: %w", err)
		}
		symbols = append(symbols, n)
	}
	add := func(more ...result) error {
		for _, r := range more {
			fmt.Fprintf(os.Stderr, "%s, trained on %s, %d ms, seed %d: recall error %.3f\n", r.config, r.trained, r.delay, r.seed, r.err)
		}
		results = append(results, more...)
		return write(path, results)
	}
	for seed := 1; seed <= seeds; seed++ {
		for _, n := range networks {
			var missing []int
			for _, d := range symbols {
				if !known(results, n.config, randomDelays, d, seed) {
					missing = append(missing, d)
				}
			}
			if len(missing) > 0 {
				more, err := train(n.config, 0, missing, seed, threads)
				if err := errors.Join(err, add(more...)); err != nil {
					return err
				}
			}
		}
		for _, d := range symbols {
			for _, n := range networks {
				if known(results, n.config, thisDelay, d, seed) {
					continue
				}
				more, err := train(n.config, d, []int{d}, seed, threads)
				if err := errors.Join(err, add(more...)); err != nil {
					return err
				}
			}
		}
	}
	return draw(filepath.Join(out, "store-recall-delay.svg"), results)
}

const symbolMS = 200 // of the paper's setting

func known(results []result, config, trained string, symbols, seed int) bool {
	return slices.ContainsFunc(results, func(r result) bool {
		return r.config == config && r.trained == trained && r.delay == symbols*symbolMS && r.seed == seed
	})
}

// train runs one training from start to end, with recalls a number of symbols
// after their stores (0 for random delays), and evaluates it at each of the
// tested delays.
func train(name string, symbols int, tested []int, seed, threads int) ([]result, error) {
	x, e, err := build(name, symbols, seed, threads)
	if err != nil {
		return nil, err
	}
	for step := range e.Train.Iterations {
		if _, err := x.Step(step); err != nil {
			return nil, err
		}
	}
	trained := &checkpoint.File{Tensors: x.Model()}
	var results []result
	for _, d := range tested {
		at, _, err := build(name, d, seed, threads)
		if err == nil {
			err = at.RestoreModel(trained)
		}
		if err != nil {
			return nil, err
		}
		metrics, err := at.Evaluate("test", 0)
		if err != nil {
			return nil, err
		}
		way := thisDelay
		if symbols == 0 {
			way = randomDelays
		}
		results = append(results, result{name, way, d * symbolMS, seed, metrics["error"]})
	}
	return results, nil
}

func build(name string, symbols, seed, threads int) (*experiment.Experiment, *config.Experiment, error) {
	resolved, err := config.Open(name, []string{fmt.Sprintf("data.delay_symbols=%d", symbols), fmt.Sprintf("seed=%d", seed)})
	if err != nil {
		return nil, nil, err
	}
	x, err := experiment.Build(&resolved.Experiment, experiment.Settings{Threads: threads})
	return x, &resolved.Experiment, err
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
		delay, err1 := strconv.Atoi(line[2])
		seed, err2 := strconv.Atoi(line[3])
		recall, err3 := strconv.ParseFloat(line[4], 64)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		results = append(results, result{line[0], line[1], delay, seed, recall})
	}
	return results, nil
}

func write(path string, results []result) error {
	return atomicfile.Write(path, func(to io.Writer) error {
		lines := [][]string{{"config", "trained_on", "delay_ms", "seed", "recall_error"}}
		for _, r := range results {
			lines = append(lines, []string{r.config, r.trained, strconv.Itoa(r.delay), strconv.Itoa(r.seed), strconv.FormatFloat(r.err, 'f', 4, 64)})
		}
		return csv.NewWriter(to).WriteAll(lines)
	})
}

// draw shows mean and standard deviation over the seeds, a panel a way to train.
func draw(path string, results []result) error {
	chart := plot.Chart{Title: "Store-recall: who needs adaptation?", XLabel: "delay between store and recall (ms)"}
	for _, trained := range []string{thisDelay, randomDelays} {
		panel := plot.Panel{YLabel: "error (" + trained + ")",
			References: []plot.Reference{{Label: "chance", Y: 0.5}, {Label: "success (paper's code)", Y: 0.05}}}
		for _, n := range networks {
			s := plot.Series{Name: n.label, Markers: true}
			for delay := symbolMS; delay <= 100*symbolMS; delay += symbolMS {
				var errs []float64
				for _, r := range results {
					if r.config == n.config && r.trained == trained && r.delay == delay {
						errs = append(errs, r.err)
					}
				}
				if len(errs) == 0 {
					continue
				}
				mean, deviation := stat.PopMeanStdDev(errs, nil)
				s.X, s.Y, s.Errors = append(s.X, float64(delay)), append(s.Y, mean), append(s.Errors, deviation)
			}
			panel.Series = append(panel.Series, s)
		}
		chart.Panels = append(chart.Panels, panel)
	}
	return chart.Write(path)
}
