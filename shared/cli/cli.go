// Package cli is the command line: what a person or a script asks of a running Rightsdesk, and what can be checked without one.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// Exit codes of every command.
const (
	ExitDone        = 0 // done; of submit --watch: every line is a request that is completed
	ExitFailed      = 1 // something failed, was rejected or refused, or waits for a person
	ExitUsage       = 2 // the command line, a file or a setting is wrong: nothing was sent
	ExitUnreachable = 3 // no answer from the address, or none that makes sense
)

// Options are what the command line is made of.
type Options struct {
	Version string
	Out     io.Writer               // answers
	Err     io.Writer               // progress and errors
	Env     func(key string) string // of the environment
	HTTP    *http.Client            // nil: one with sensible limits
	// Check looks at the settings and the document; offline it makes no call.
	Check func(ctx context.Context, offline bool) Report
	// Pause waits between two looks at the same thing; nil: by the wall clock.
	Pause func(ctx context.Context, d time.Duration) error
}

// command is the command line.
func command(o Options) *cobra.Command {
	o = o.withDefaults()
	root := &cobra.Command{
		Use:   "rightsdesk",
		Short: "Fulfil data subject requests",
		Long: `Fulfil data subject requests.

Exit codes: 0 done, 1 something failed, was rejected or waits for a person, 2 wrong usage, 3 no answer.
The API key is read from RIGHTSDESK_API_KEY or --key and never printed. Without one, the local world's own is used on this machine.`,
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

// Run runs the command line and returns the exit code. What went wrong is said on Err.
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

func (o Options) withDefaults() Options {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 10 * time.Minute} // an upload of 64 MiB on a slow line
	}
	if o.Env == nil {
		o.Env = func(string) string { return "" }
	}
	if o.Pause == nil {
		o.Pause = clock.Sleep
	}
	return o
}

// exit is an error that knows its exit code. A nil err was already explained.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func usage(err error) error { return &exit{code: ExitUsage, err: err} }

func versionCommand(o Options) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(o.Out, o.Version)
			return err
		},
	}
}
