package experiment

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/bptt"
)

func (l *Loop) draw() error { return l.Experiment.draw(l.Dir.PlotsPath()) }

func drawLSNN[F tensor.Float](t *bptt.Trainer[F], dir string) error { return nil }
