package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// command is the command line.
func command(o Options) *cobra.Command {
	o = o.withDefaults()
	root := &cobra.Command{
		Use:   "rightsdesk",
		Short: "Fulfil data subject requests",
		Long: `Fulfil data subject requests.

Exit codes: 0 done, 1 something failed, was rejected or waits for a person, 2 wrong usage, 3 no answer.
The API key is read from --key or RIGHTSDESK_API_KEY and never printed. For an address on
this machine, the key of the local world is used when there is no other.`,
		Version: o.Version, SilenceUsage: true, SilenceErrors: true,
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(o.Out)
	root.SetErr(o.Err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(submitCommand(o), statusCommand(o), verifyCommand(o), checkCommand(o), versionCommand(o))
	return root
}

// Run runs the command line and returns the exit code. It says on Err what went wrong.
func Run(ctx context.Context, o Options, args []string) int {
	o = o.withDefaults()
	root := command(o)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitDone
	}
	e := &exit{}
	if !errors.As(err, &e) {
		e = &exit{code: ExitUsage, err: err} // cobra's own: an unknown command, a missing argument
	}
	if e.err != nil {
		_, _ = fmt.Fprintf(o.Err, "rightsdesk: %v\n", e.err)
	}
	return e.code
}

func versionCommand(o Options) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(o.Out, o.Version)
			return err
		},
	}
}
