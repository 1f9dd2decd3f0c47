package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/catalog"
)

func newDataCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "data",
		Short: "List, get, verify, locate, show and prepare data sets",
		Long:  "List, get, verify and locate the data sets below --data-dir, show recordings, and prepare\nspeech of your own.\n" + exitStatusHelp,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newDataListCommand(a), newDataGetCommand(a), newDataVerifyCommand(a), newDataPathCommand(a), newDataShowCommand(a), newDataFeaturesCommand(a))
	return command
}

func newDataListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the known data sets, and which are here",
		Long:  "List the known data sets, and which are here (files are counted, not verified).\n" + exitStatusHelp,
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return runDataList(a) },
	}
}

// listedSet is a set as data list prints it.
type listedSet struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Licence string `json:"licence"`
	Cite    string `json:"cite"`
	Path    string `json:"path"`
	Bytes   int64  `json:"bytes"`
	Files   int    `json:"files"`
	Present int    `json:"present"` // files that are here
}

func runDataList(a *app) error {
	var sets []listedSet
	for _, s := range catalog.Sets {
		sets = append(sets, listedSet{Name: s.Name, Summary: s.Summary, Licence: s.Licence, Cite: s.Cite,
			Path: s.Directory(a.dataDir), Bytes: s.Bytes(), Files: len(s.Files), Present: s.Present(a.dataDir)})
	}
	if a.json {
		return a.printJSON(map[string]any{"data_dir": a.dataDir, "sets": sets})
	}
	table := newTable(a.stdout, "NAME", "SIZE", "HERE", "LICENCE", "WHAT IT IS")
	for _, s := range sets {
		here := fmt.Sprintf("%d of %d files", s.Present, s.Files)
		switch s.Present {
		case 0:
			here = "no"
		case s.Files:
			here = "yes"
		}
		table.row(s.Name, megabytes(s.Bytes), here, s.Licence, s.Summary)
	}
	return table.flush()
}

func newDataGetCommand(a *app) *cobra.Command {
	var mirror string
	command := &cobra.Command{
		Use:   "get NAME...",
		Short: "Download data sets",
		Long: "Download data sets into --data-dir, and verify their checksums.\n\n" +
			"Files that are there and valid are left alone. A download that broke off is gone on with.\n" +
			"--mirror, or SNNCTL_MIRROR in the environment, names another server: files are looked for\n" +
			"in URL/NAME/ and in URL/.\n" + exitStatusHelp,
		Example:           "  snnctl data get mnist fashion-mnist",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeSets,
		RunE: func(cmd *cobra.Command, names []string) error {
			if !cmd.Flags().Changed("mirror") {
				mirror = os.Getenv("SNNCTL_MIRROR")
			}
			return runDataGet(cmd.Context(), a, names, mirror)
		},
	}
	command.Flags().StringVar(&mirror, "mirror", "", "address of the server to download from")
	return command
}

// filesOfSet is a set as data get and data verify print it.
type filesOfSet struct {
	Name  string           `json:"name"`
	Path  string           `json:"path"`
	Files []catalog.Status `json:"files"`
}

func runDataGet(ctx context.Context, a *app, names []string, mirror string) error {
	sets, err := findSets(names)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once

	got := make([]filesOfSet, len(sets))
	for i, s := range sets {
		progress := newDownloadProgress(a, s.Name)
		files, err := catalog.Get(ctx, s, a.dataDir, catalog.Options{Mirror: mirror, Report: progress.report})
		progress.end()
		if err != nil && ctx.Err() != nil {
			return &stopped{exitInterrupted, fmt.Sprintf("interrupted; what came is kept, to go on run: %s", a.getCommand(names...))}
		}
		if err != nil {
			return err
		}
		got[i] = filesOfSet{s.Name, s.Directory(a.dataDir), files}
	}
	if a.json {
		return a.printJSON(map[string]any{"sets": got})
	}
	for _, s := range got {
		fetched := 0
		for _, f := range s.Files {
			if f.State == catalog.Fetched {
				fetched++
			}
		}
		what := fmt.Sprintf("%d of %d files fetched", fetched, len(s.Files))
		if fetched == 0 {
			what = "already here and valid"
		}
		if _, err := fmt.Fprintf(a.stdout, "%s: %s (%s)\n", s.Name, what, s.Path); err != nil {
			return err
		}
	}
	return nil
}

func newDataVerifyCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "verify NAME...",
		Short:             "Compare data sets with their published checksums",
		Long:              "Compare data sets with their published checksums. The exit status is 2 if a file is\nmissing or damaged.\n" + exitStatusHelp,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeSets,
		RunE:              func(_ *cobra.Command, names []string) error { return runDataVerify(a, names) },
	}
}

func runDataVerify(a *app, names []string) error {
	sets, err := findSets(names)
	if err != nil {
		return err
	}
	verified := make([]filesOfSet, len(sets))
	for i, s := range sets {
		files, err := s.Verify(a.dataDir)
		if err != nil {
			return err
		}
		verified[i] = filesOfSet{s.Name, s.Directory(a.dataDir), files}
	}
	if a.json {
		err = a.printJSON(map[string]any{"sets": verified})
	} else {
		table := newTable(a.stdout)
		for _, s := range verified {
			for _, f := range s.Files {
				table.row(s.Name+"/"+filepath.Base(f.Path), string(f.State))
			}
		}
		err = table.flush()
	}
	if err != nil {
		return err
	}
	return a.firstDamage(verified)
}

// firstDamage is the error that names the first bad file, and counts the others.
func (a *app) firstDamage(sets []filesOfSet) error {
	var damage string
	var names []string
	bad := 0
	for _, s := range sets {
		if !catalog.Complete(s.Files) {
			names = append(names, s.Name)
		}
		for _, f := range s.Files {
			if f.State == catalog.Valid {
				continue
			}
			if bad++; bad > 1 {
				continue
			}
			damage = f.Path + " is missing"
			if f.State == catalog.Damaged {
				damage = fmt.Sprintf("%s is damaged: its SHA-256 is %s, expected %s", f.Path, f.Found, f.Expected)
			}
		}
	}
	if bad == 0 {
		return nil
	}
	if bad > 1 {
		damage += fmt.Sprintf(" (and %d more)", bad-1)
	}
	return fault.Inputf("%s; run: %s", damage, a.getCommand(names...))
}

func newDataPathCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "path [NAME]",
		Short: "Print where data sets, or one of them, lie",
		Long:  "Print where data sets, or one of them, lie or will be put.\n" + exitStatusHelp,
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeSets(cmd, args, word)
		},
		RunE: func(_ *cobra.Command, names []string) error { return runDataPath(a, names) },
	}
}

func runDataPath(a *app, names []string) error {
	path := a.dataDir
	sets, err := findSets(names)
	if err != nil {
		return err
	}
	for _, s := range sets {
		path = s.Directory(a.dataDir)
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]string{"path": path})
	}
	_, err = fmt.Fprintln(a.stdout, path)
	return err
}

// findSets finds all names, each once, before anything is done.
func findSets(names []string) ([]catalog.Set, error) {
	var sets []catalog.Set
	for i, name := range names {
		s, err := catalog.Find(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names[:i], name) {
			sets = append(sets, s)
		}
	}
	return sets, nil
}

// getCommand is the command that fetches sets to where they are looked for.
func (a *app) getCommand(names ...string) string {
	command := "snnctl data get " + strings.Join(names, " ")
	if a.dataDir != defaultDataDir() {
		dir := a.dataDir
		if strings.ContainsAny(dir, " \t'\"\\$&;()*?<>|") {
			dir = strconv.Quote(dir)
		}
		command += " --data-dir " + dir
	}
	return command
}

// completeSets completes the names of sets that were not given yet.
func completeSets(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	var left []string
	for _, s := range catalog.Sets {
		if !slices.Contains(given, s.Name) {
			left = append(left, s.Name+"\t"+s.Summary)
		}
	}
	return left, cobra.ShellCompDirectiveNoFileComp
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
