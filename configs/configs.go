// Package configs holds the experiments that come with the program: NAME.yaml is
// the paper's own setting, NAME-quick.yaml takes minutes on two cores.
//
// The first line of a file is a comment that says what the experiment is.
package configs

import "embed"

// Files has the experiments, as NAME.yaml.
//
//go:embed *.yaml
var Files embed.FS
