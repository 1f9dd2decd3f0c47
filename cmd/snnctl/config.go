package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/snnctl/snnctl/pkg/config"
)

func newConfigCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "List, show and check experiments",
		Long: "List, show and check experiments.\n\n" +
			"A CONFIG is a YAML file, or the name of a built-in experiment; a file wins.\n" + exitStatusHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newConfigListCommand(a), newConfigShowCommand(a), newConfigCheckCommand(a), newConfigSchemaCommand(a))
	return command
}

func newConfigListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the built-in experiments",
		Long: "List the built-in experiments: name, paper (arXiv), and what it is.\n\n" +
			"NAME is the paper's own setting, NAME-quick takes minutes on two cores.\n" + exitStatusHelp,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return runConfigList(a) },
	}
}

func runConfigList(a *app) error {
	builtins, err := config.Builtins()
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{"experiments": builtins})
	}
	table := newTable(a.stdout, "NAME", "PAPER", "WHAT IT IS")
	for _, b := range builtins {
		table.row(b.Name, b.Paper, b.Description)
	}
	return table.flush()
}

func newConfigShowCommand(a *app) *cobra.Command {
	var sets []string
	command := &cobra.Command{
		Use:   "show CONFIG",
		Short: "Print an experiment with every default filled in",
		Long: "Print an experiment with every default filled in, and where each value comes from: a\n" +
			"line of the file, --set, or the default. The output is itself an experiment file.\n" + exitStatusHelp,
		Example:           "  snnctl config show lsnn-smnist --set rule.rewiring.type=none > dense.yaml",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeConfig,
		RunE:              func(_ *cobra.Command, args []string) error { return runConfigShow(a, args[0], sets) },
	}
	addSetFlag(command, &sets)
	return command
}

func runConfigShow(a *app, nameOrPath string, sets []string) error {
	resolved, err := config.Open(nameOrPath, sets)
	if err != nil {
		return err
	}
	annotated, err := resolved.Annotated()
	if err != nil {
		return err
	}
	if !a.json {
		_, err = a.stdout.Write(annotated)
		return err
	}
	var experiment map[string]any
	if err := yaml.Unmarshal(annotated, &experiment); err != nil {
		return fmt.Errorf("reading the resolved experiment: %w", err)
	}
	return a.printJSON(map[string]any{"experiment": experiment, "origins": resolved.Origins})
}

func newConfigCheckCommand(a *app) *cobra.Command {
	var sets []string
	command := &cobra.Command{
		Use:   "check CONFIG",
		Short: "Say whether an experiment is right, or all that is wrong with it",
		Long: "Say whether an experiment is right, or all that is wrong with it: one sentence a line, with\n" +
			"file, line and column.\n" + exitStatusHelp,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeConfig,
		RunE:              func(_ *cobra.Command, args []string) error { return runConfigCheck(a, args[0], sets) },
	}
	addSetFlag(command, &sets)
	return command
}

func runConfigCheck(a *app, nameOrPath string, sets []string) error {
	_, wrong := config.Open(nameOrPath, sets)
	if !a.json {
		if wrong == nil {
			fmt.Fprintf(a.stdout, "%s: ok\n", nameOrPath)
		}
		return wrong
	}
	mistakes := config.Errors{}
	if wrong != nil && !errors.As(wrong, &mistakes) {
		mistakes = config.Errors{{File: nameOrPath, Message: wrong.Error()}}
	}
	if err := a.printJSON(map[string]any{"config": nameOrPath, "ok": wrong == nil, "errors": mistakes}); err != nil {
		return err
	}
	return wrong
}

func newConfigSchemaCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of experiment files, for editors",
		Long: "Print the JSON Schema (draft 2020-12) of experiment files. Editors with a YAML language\n" +
			"server complete and check by it, if the file begins with:\n\n" +
			"  # yaml-language-server: $schema=snnctl.schema.json\n" + exitStatusHelp,
		Example: "  snnctl config schema > snnctl.schema.json",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.printJSON(config.Schema()) },
	}
}

// addSetFlag gives a command that takes a CONFIG the flag --set.
func addSetFlag(command *cobra.Command, sets *[]string) {
	command.Flags().StringArrayVar(sets, "set", nil, "replace one value of the experiment, as `path=value`; repeatable")
	// An error would mean that there is no such flag.
	_ = command.RegisterFlagCompletionFunc("set", completeSet)
}

// completeConfig completes a CONFIG: the built-in experiments, and files.
func completeConfig(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	builtins, err := config.Builtins()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, b := range builtins {
		if strings.HasPrefix(b.Name, typed) {
			names = append(names, b.Name+"\t"+b.Description)
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}

// completeSet completes the path of a --set by the keys of the experiment named.
func completeSet(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	if len(args) == 0 {
		return nil, directive
	}
	resolved, err := config.Open(args[0], nil)
	if err != nil {
		return nil, directive
	}
	var paths []string
	for path := range resolved.Origins {
		if strings.HasPrefix(path, typed) {
			paths = append(paths, path+"=")
		}
	}
	slices.Sort(paths)
	return paths, directive
}
