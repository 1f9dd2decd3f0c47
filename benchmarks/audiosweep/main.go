// Command audiosweep trains the codec of events with rising penalties, and its baselines, for equal steps, and
// shows what the penalty does to rate, distortion, and to what the units stand for:
//
//	audiosweep --snnctl bin/snnctl --steps 400 --out sweep
//
// FREE from half of the cells on and from few, SPARSE with each λ, µ-SPARSE and RVQ, all of one configuration of the synthetic piano, whose strokes are known. It prints a
// table, and draws rate-distortion.svg and selectivity.svg.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/plot"
)

// variant is one training.
type variant struct {
	name   string
	lambda float64 // of the penalty; what is not of the series of λ has -1
	sets   []string
}

// variants are the trainings. All have the same decoder; all but the dense one start from the same density, 0.12.
func variants(lambdas []float64) []variant {
	all := []variant{{"FREE, dense", 0, []string{"rule.variant=free", "model.beta_init=0"}}, {"FREE", 0, []string{"rule.variant=free"}}}
	for _, l := range lambdas {
		all = append(all, variant{fmt.Sprintf("SPARSE, λ = %g", l), l, []string{"rule.variant=sparse", fmt.Sprintf("rule.lambda=%g", l)}})
	}
	all = append(all, variant{"µ-SPARSE, CRS at 1.5 kbit/s", -1, []string{"rule.variant=mu", "rule.lambda=0.1", "rule.target_kbps=1.5", "rule.target_format=crs"}})
	for _, stages := range []int{1, 2} {
		all = append(all, variant{fmt.Sprintf("RVQ, %d × 1,024", stages), -1,
			[]string{"rule.variant=free", "model.quantiser=rvq", fmt.Sprintf("model.stages=%d", stages), "model.entries=1024", "rule.decorrelation=0"}})
	}
	return all
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "audiosweep:", err)
		os.Exit(1)
	}
}

func run() error {
	binary := flag.String("snnctl", "bin/snnctl", "the binary")
	experiment := flag.String("experiment", "audio-codec-quick", "what is trained, on the synthetic piano")
	steps := flag.Int("steps", 400, "of each training")
	lambdas := flag.String("lambdas", "0.3,1,3,8", "weights of the penalty")
	out := flag.String("out", "sweep", "directory of the runs and plots; runs that are there are not trained again")
	threads := flag.Int("threads", 1, "of each training")
	flag.Parse()
	var weights []float64
	for text := range strings.SplitSeq(*lambdas, ",") {
		l, err := strconv.ParseFloat(text, 64)
		if err != nil || l <= 0 {
			return fmt.Errorf("--lambdas has %q, expected numbers above 0", text)
		}
		weights = append(weights, l)
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	all := variants(weights)
	results := make([]map[string]float64, len(all))
	const row = "%-28s %8s %8s %8s %8s %8s %8s %10s %6s %10s %8s\n"
	fmt.Printf(row, "", "density", "dense", "crs", "range", "log-mel", "SI-SNR", "selective", "keys", "synchrony", "z")
	for i, v := range all {
		dir := filepath.Join(*out, strings.Map(plain, v.name))
		m, err := summary(dir)
		if errors.Is(err, os.ErrNotExist) {
			args := []string{"train", *experiment, "--quiet", "--threads", strconv.Itoa(*threads), "--out", dir,
				"--set", fmt.Sprintf("train.iterations=%d", *steps), "--set", fmt.Sprintf("train.eval_every=%d", *steps), "--set", fmt.Sprintf("train.checkpoint_every=%d", *steps)}
			for _, s := range v.sets {
				args = append(args, "--set", s)
			}
			command := exec.Command(*binary, args...)
			command.Stderr = os.Stderr
			if err := command.Run(); err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
			m, err = summary(dir)
		}
		if err != nil {
			return err
		}
		results[i] = m
		number := func(name, format string) string {
			x, ok := m["test_"+name]
			if !ok {
				return "-"
			}
			return fmt.Sprintf(format, x)
		}
		fmt.Printf(row, v.name, number("density", "%.3f"), number("kbps_dense", "%.2f"), number("kbps_crs", "%.2f"), number("kbps_range", "%.2f"), number("log_mel", "%.3f"),
			number("si_snr", "%.2f"), number("selective", "%.2f"), number("selective_keys", "%.0f"), synchrony(m), number("synchrony_z", "%.1f"))
	}
	return draw(all, results, *out)
}

func plain(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' {
		return r
	}
	return '-'
}

// synchrony is the share of events near strokes, over that by chance.
func synchrony(m map[string]float64) string {
	if m["test_synchrony_chance"] == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", m["test_synchrony"]/m["test_synchrony_chance"])
}

func summary(dir string) (map[string]float64, error) {
	data, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil {
		return nil, err
	}
	var s struct {
		Metrics map[string]float64 `json:"metrics"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return s.Metrics, nil
}

// draw draws rate and distortion of all, and what the penalty makes of the units.
func draw(all []variant, results []map[string]float64, dir string) error {
	series := func(name string) plot.Series { return plot.Series{Name: name, Markers: true} }
	events, crs, vectors := series("events, range coder"), series("events, CRS"), series("RVQ, range coder")
	selective, keys, near := series("units that choose a key"), series("different keys / units"), series("events near strokes / by chance")
	for i, v := range all {
		m := results[i]
		mel := m["test_log_mel"]
		if strings.HasPrefix(v.name, "RVQ") {
			vectors.X, vectors.Y = append(vectors.X, m["test_kbps_range"]), append(vectors.Y, mel)
			continue
		}
		if v.lambda < 0 {
			continue
		}
		events.X, events.Y = append(events.X, m["test_kbps_range"]), append(events.Y, mel)
		crs.X, crs.Y = append(crs.X, m["test_kbps_crs"]), append(crs.Y, mel)
		density := m["test_density"]
		selective.X, selective.Y = append(selective.X, density), append(selective.Y, m["test_selective"])
		keys.X, keys.Y = append(keys.X, density), append(keys.Y, m["test_selective_keys"]/64)
		near.X, near.Y = append(near.X, density), append(near.Y, m["test_synchrony"]/m["test_synchrony_chance"])
	}
	chart := plot.Chart{Title: "Rate and distortion at equal steps, by the penalty", XLabel: "kbit/s",
		Panels: []plot.Panel{{YLabel: "log-mel distance", Series: []plot.Series{events, crs, vectors}}}}
	if err := chart.Write(filepath.Join(dir, "rate-distortion.svg")); err != nil {
		return err
	}
	chart = plot.Chart{Title: "What units stand for, by density", XLabel: "part of cells with an event",
		Panels: []plot.Panel{{YLabel: "part", Series: []plot.Series{selective, keys}}, {YLabel: "ratio", Series: []plot.Series{near}}}}
	return chart.Write(filepath.Join(dir, "selectivity.svg"))
}
