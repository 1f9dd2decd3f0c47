package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/snnctl/snnctl/internal/kernel"
)

// version is set by the linker in a release (-X main.version=…).
var version = ""

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program",
		Long:  "Print the version of the program, of Go, the platform, and the kernels in use.\n" + exitStatusHelp,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.printJSON(map[string]string{
					"version": programVersion(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "kernels": kernel.Instructions()})
			}
			_, err := fmt.Fprintf(a.stdout, "snnctl %s (%s, %s/%s, kernels: %s)\n",
				programVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, kernel.Instructions())
			return err
		},
	}
}

// programVersion is the release's, else the module's, else "devel".
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
