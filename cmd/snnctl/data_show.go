package main

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
)

func newDataShowCommand(a *app) *cobra.Command {
	var options showOptions
	command := &cobra.Command{
		Use:   "show FILE",
		Short: "Show what a recording holds: neurons, areas, trials, rates",
		Long: "Show what a recording of spike trains holds. FILE is a file of Neurodata Without Borders 2.x\n" +
			"(.nwb), a CSV file with the header trial,neuron,time_s and a row for each spike, an npy or npz\n" +
			"array of bins (trials, bins, neurons), or a MATLAB v7.3 file of events as CRCNS pvc-11 has them.\n" + exitStatusHelp,
		Example: "  snnctl data show session.nwb --picture session.svg\n" +
			"  snnctl data show spikes.csv --duration 1.5\n" +
			"  snnctl data show spikes.npz --bin-ms 40",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return runDataShow(a, args[0], options) },
	}
	command.Flags().StringVar(&options.picture, "picture", "", "draw a raster of the spikes to this file, .svg or .png")
	command.Flags().Float64Var(&options.duration, "duration", 1, "length of a trial of a CSV or MATLAB file, s")
	command.Flags().Float64Var(&options.binMS, "bin-ms", 40, "width of a bin of an npy or npz file, ms")
	command.Flags().IntVar(&options.frames, "frames", 0, "bins of a trial, of an npy or npz array (trials × bins, neurons)")
	return command
}

type showOptions struct {
	picture  string
	duration float64
	binMS    float64
	frames   int
}

// shown is a recording as data show prints it.
type shown struct {
	File      string       `json:"file"`
	Neurons   int          `json:"neurons"`
	Spikes    int          `json:"spikes"`
	Start     float64      `json:"start_s"`
	End       float64      `json:"end_s"`
	Areas     []shownArea  `json:"areas"`
	Trials    int          `json:"trials"`
	Types     []shownType  `json:"trial_types,omitempty"`
	Columns   []string     `json:"trial_columns,omitempty"`
	Behaviour []shownTrace `json:"behaviour,omitempty"`
	Notes     []string     `json:"notes,omitempty"`
}

type shownArea struct {
	Area       string  `json:"area"`
	CellType   string  `json:"cell_type"`
	Neurons    int     `json:"neurons"`
	MeanRateHz float64 `json:"mean_rate_hz"`
}

type shownType struct {
	Type   string `json:"type"`
	Trials int    `json:"trials"`
}

type shownTrace struct {
	Name    string `json:"name"`
	Samples int    `json:"samples"`
}

func runDataShow(a *app, file string, o showOptions) error {
	if e := extension(o.picture); o.picture != "" && e != ".svg" && e != ".png" {
		return fault.Inputf("--picture is %q, expected a name that ends in .svg or .png", o.picture)
	}
	r, err := readRecording(file, o)
	if err != nil {
		return err
	}
	s := describeRecording(file, r)
	if o.picture != "" {
		if err := sessionPicture(r, s).Write(o.picture); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(s)
	}
	return s.print(a)
}

func extension(path string) string {
	dot := strings.LastIndexByte(path, '.')
	return strings.ToLower(path[max(0, dot):])
}

// readRecording reads a file by its content.
func readRecording(file string, o showOptions) (*spiketrain.Recording, error) {
	return spiketrain.Open(file, spiketrain.OpenOptions{CSV: spiketrain.CSVOptions{Duration: o.duration},
		Array: spiketrain.ArrayOptions{Bin: o.binMS / 1000, Frames: o.frames}})
}

func describeRecording(file string, r *spiketrain.Recording) *shown {
	s := &shown{File: file, Neurons: len(r.Neurons), Spikes: r.Spikes(), Trials: len(r.Trials), Notes: r.Notes, Areas: []shownArea{}}
	s.Start, s.End = r.Span()
	type kind struct{ area, cell string }
	neurons, spikes := map[kind]int{}, map[kind]int{}
	for _, n := range r.Neurons {
		k := kind{n.Area, n.CellType}
		neurons[k]++
		spikes[k] += len(n.Spikes)
	}
	for k, n := range neurons {
		rate := float64(spikes[k]) / float64(n) / math.Max(s.End-s.Start, math.SmallestNonzeroFloat64)
		if s.End == s.Start {
			rate = 0
		}
		s.Areas = append(s.Areas, shownArea{k.area, k.cell, n, rate})
	}
	sort.Slice(s.Areas, func(i, j int) bool {
		x, y := s.Areas[i], s.Areas[j]
		return x.Area < y.Area || x.Area == y.Area && x.CellType < y.CellType
	})
	types, columns := map[string]int{}, map[string]bool{}
	for _, t := range r.Trials {
		if t.Type != "" {
			types[t.Type]++
		}
		for c := range t.Values {
			columns[c] = true
		}
		for c := range t.Labels {
			columns[c] = true
		}
	}
	for name, n := range types {
		s.Types = append(s.Types, shownType{name, n})
	}
	sort.Slice(s.Types, func(i, j int) bool { return s.Types[i].Type < s.Types[j].Type })
	for c := range columns {
		s.Columns = append(s.Columns, c)
	}
	sort.Strings(s.Columns)
	for _, b := range r.Behaviour {
		s.Behaviour = append(s.Behaviour, shownTrace{b.Name, len(b.Values)})
	}
	return s
}

func (s *shown) print(a *app) error {
	t := newTable(a.stdout)
	t.row("FILE", s.File)
	t.row("neurons", fmt.Sprint(s.Neurons))
	t.row("spikes", fmt.Sprint(s.Spikes))
	t.row("time", fmt.Sprintf("%.3f to %.3f s", s.Start, s.End))
	t.row("trials", fmt.Sprint(s.Trials))
	for _, k := range s.Types {
		t.row("  "+k.Type, fmt.Sprint(k.Trials))
	}
	if len(s.Columns) > 0 {
		t.row("trial columns", strings.Join(s.Columns, ", "))
	}
	for _, b := range s.Behaviour {
		t.row("behaviour", fmt.Sprintf("%s, %d samples", b.Name, b.Samples))
	}
	for _, note := range s.Notes {
		t.row("note", note)
	}
	if err := t.flush(); err != nil {
		return err
	}
	if len(s.Areas) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(a.stdout); err != nil {
		return err
	}
	t = newTable(a.stdout, "AREA", "CELL TYPE", "NEURONS", "MEAN RATE (Hz)")
	for _, k := range s.Areas {
		t.row(orDash(k.Area), orDash(k.CellType), fmt.Sprint(k.Neurons), fmt.Sprintf("%.2f", k.MeanRateHz))
	}
	return t.flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// longestPicture is the time that a picture shows at most, s.
const longestPicture = 24 * 3600

// sessionPicture stacks the areas.
func sessionPicture(r *spiketrain.Recording, s *shown) plot.Session {
	p := plot.Session{Title: r.Name, Duration: int(math.Ceil(1000 * min(s.End-s.Start, longestPicture)))}
	for _, area := range s.Areas {
		raster := plot.Raster{Name: strings.TrimSpace(area.Area + " " + area.CellType)}
		for i := range r.Neurons {
			n := &r.Neurons[i]
			if n.Area != area.Area || n.CellType != area.CellType {
				continue
			}
			for _, t := range n.Spikes {
				if at := t - s.Start; at <= longestPicture {
					raster.Spikes = append(raster.Spikes, plot.Spike{Step: int(1000 * at), Neuron: raster.Neurons})
				}
			}
			raster.Neurons++
		}
		p.Populations = append(p.Populations, raster)
	}
	return p
}
