// Command copyrepeat draws the curriculum of copy-repeat trainings: the length
// of the longest sequences solved, over iterations, mean over the runs of a label.
//
//	go run ./benchmarks/copyrepeat --out FILE.svg 'e-prop 3=RUN1,RUN2' 'truncated BPTT=RUN3'
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/pkg/experiment/run"
)

func main() {
	out := flag.String("out", "copy-repeat-curriculum.svg", "the picture, SVG or PNG")
	title := flag.String("title", "Copy and repeat", "its title")
	flag.Parse()
	if err := draw(*out, *title, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "copyrepeat:", err)
		os.Exit(1)
	}
}

func draw(path, title string, arguments []string) error {
	panel := plot.Panel{YLabel: "symbols solved"}
	for _, argument := range arguments {
		label, runs, found := strings.Cut(argument, "=")
		if !found {
			return fmt.Errorf("the argument is %q, expected LABEL=RUN,RUN…", argument)
		}
		series, err := curriculum(strings.Split(runs, ","))
		if err != nil {
			return err
		}
		series.Name = label
		panel.Series = append(panel.Series, series)
	}
	return plot.Chart{Title: title, XLabel: "iteration", Panels: []plot.Panel{panel}}.Write(path)
}

// curriculum is the mean over runs as far as the shortest of them goes.
func curriculum(runs []string) (s plot.Series, err error) {
	for i, path := range runs {
		dir, err := run.Open("", path)
		if err != nil {
			return s, err
		}
		records, err := dir.ReadMetrics()
		if err != nil {
			return s, err
		}
		at := 0
		for _, r := range records {
			solved, ok := r.Values["solved_length"]
			if r.Split != "train" || !ok {
				continue
			}
			switch {
			case i == 0:
				s.X, s.Y = append(s.X, float64(r.Step)), append(s.Y, 0)
			case at == len(s.X):
				continue
			case s.X[at] != float64(r.Step):
				return s, fmt.Errorf("%s has a record of step %d, %s one of step %g", path, r.Step, runs[0], s.X[at])
			}
			s.Y[at] += solved / float64(len(runs))
			at++
		}
		s.X, s.Y = s.X[:at], s.Y[:at]
	}
	return s, nil
}
