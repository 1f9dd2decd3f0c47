package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/snnctl/snnctl/internal/fault"
)

const exitStatusHelp = `
Exit status:
  0    done
  1    the run failed
  2    wrong usage, configuration or input file
  75   stopped by SIGTERM, SIGUSR1 or SIGHUP, with a checkpoint to resume from
  130  interrupted by Ctrl-C`

// app is what every command shares: the settings and where to print.
type app struct {
	stdout, stderr io.Writer // stdout: results only; stderr: progress, logs, warnings

	dataDir, runsDir string
	threads          int
	json, quiet      bool
	log              *slog.Logger
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "snnctl",
		Short: "Train, evaluate and inspect spiking neural networks from YAML files",
		Long: "snnctl runs the experiments of ten papers on spiking neural networks, and yours,\nfrom one YAML file each.\n" +
			"\nSettings are taken from flags, then from SNNCTL_* in the environment, then from\nthe user's config file (snnctl/settings.yaml in the user's config directory).\n" + exitStatusHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fault.Inputf("%w (see %s --help)", err, cmd.CommandPath())
	})

	flags := root.PersistentFlags()
	flags.String("data-dir", defaultDataDir(), "directory that holds the data sets")
	flags.String("runs-dir", "runs", "directory that holds the runs")
	flags.Int("threads", runtime.NumCPU(), "number of threads; the result does not depend on it")
	flags.String("log-level", "warn", "debug, info, warn or error")
	flags.Bool("json", false, "print exactly one JSON object on stdout")
	flags.Bool("quiet", false, "no progress")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.loadSettings(cmd) }

	root.AddCommand(newTrainCommand(a), newEvalCommand(a), newDataCommand(a), newRunsCommand(a),
		newConfigCommand(a), newConvertCommand(a), newCompressCommand(a), newDecompressCommand(a), newInspectCommand(a), newBenchCommand(a), newVersionCommand(a))
	root.InitDefaultCompletionCmd() // now rather than later, for usageErrors
	usageErrors(root)
	return root
}

// usageErrors makes wrong numbers of arguments and unknown commands, here and
// below, usage errors.
func usageErrors(c *cobra.Command) {
	if c.HasSubCommands() {
		c.SuggestionsMinimumDistance = 2
		c.Args = knownCommand
		if !c.Runnable() { // cobra looks at the arguments of a command that runs alone
			c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	} else if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return fault.Inputf("%w (usage: %s)", err, cmd.UseLine())
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		usageErrors(sub)
	}
}

// knownCommand refuses what is left of the arguments of a command that only
// holds others.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "? "
	}
	return fault.Inputf("unknown command %q (%ssee %s --help)", args[0], hint, cmd.CommandPath())
}

// loadSettings layers flag > environment > user config file > default.
func (a *app) loadSettings(cmd *cobra.Command) error {
	v := viper.New()
	v.SetEnvPrefix("SNNCTL")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	if err := v.BindPFlags(cmd.Root().PersistentFlags()); err != nil {
		return err
	}
	if dir, err := os.UserConfigDir(); err == nil {
		file := filepath.Join(dir, "snnctl", "settings.yaml")
		if _, err := os.Stat(file); err == nil {
			settings, err := readSettings(file, cmd.Root().PersistentFlags())
			if err != nil {
				return err
			}
			if err := v.MergeConfigMap(settings); err != nil {
				return fault.Inputf("reading the settings in %s: %w", file, err)
			}
		}
	}
	a.dataDir, a.runsDir = atHome(v.GetString("data-dir")), atHome(v.GetString("runs-dir"))
	for name, value := range map[string]*bool{"json": &a.json, "quiet": &a.quiet} {
		var err error
		if *value, err = strconv.ParseBool(v.GetString(name)); err != nil {
			return fault.Inputf("--%s is %q, expected true or false", name, v.GetString(name))
		}
	}
	var err error
	if a.threads, err = strconv.Atoi(v.GetString("threads")); err != nil || a.threads < 1 || a.threads > mostThreads {
		return fault.Inputf("--threads is %q, expected a whole number from 1 to %d", v.GetString("threads"), mostThreads)
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(v.GetString("log-level"))); err != nil {
		return fault.Inputf("--log-level is %q, expected debug, info, warn or error", v.GetString("log-level"))
	}
	a.log = slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
	return nil
}

// mostThreads is above what any machine has; each takes memory of its own.
const mostThreads = 4096

// readSettings reads the user's config file, which may have the keys of flags.
func readSettings(file string, flags *pflag.FlagSet) (map[string]any, error) {
	v := viper.New()
	v.SetConfigFile(file)
	if err := v.ReadInConfig(); err != nil {
		return nil, fault.Inputf("reading the settings in %s: %w", file, err)
	}
	for _, key := range slices.Sorted(slices.Values(v.AllKeys())) {
		if flags.Lookup(key) == nil {
			var known []string
			flags.VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
			return nil, fault.Inputf("%s has the unknown key %s, expected one of %s", file, key, strings.Join(known, ", "))
		}
	}
	return v.AllSettings(), nil
}

// atHome writes out a leading ~/, which no shell has done in a settings file.
func atHome(path string) string {
	below, ok := strings.CutPrefix(path, "~/")
	home, err := os.UserHomeDir()
	if !ok || err != nil {
		return path
	}
	return filepath.Join(home, below)
}

func defaultDataDir() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "data"
	}
	return filepath.Join(cache, "snnctl", "data")
}

// printJSON prints the one JSON object of a command.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("printing JSON: %w", err)
	}
	return nil
}
