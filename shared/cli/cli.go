// Package cli is the command line: it asks a running Rightsdesk, and checks what needs none.
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
	ExitDone        = 0 // done; for submit --watch: each line is a request that is completed
	ExitFailed      = 1 // something failed, was rejected or refused, or waits for a person
	ExitUsage       = 2 // the command line, a file or a setting is wrong: nothing was sent
	ExitUnreachable = 3 // the address does not answer, or its answer makes no sense
)

// Options are what the command line is made of.
type Options struct {
	Version string
	Out     io.Writer    // answers
	Err     io.Writer    // progress and errors
	URL     string       // RIGHTSDESK_URL of the environment; empty: the local world
	Key     string       // RIGHTSDESK_API_KEY of the environment
	HTTP    *http.Client // nil: one with sensible limits
	Checker Checker      // nil: check finds nothing
	Waiter  Waiter       // nil: waits by the wall clock
}

// Checker looks at the settings and the document.
type Checker interface {
	// Check makes no call when it is offline.
	Check(ctx context.Context, offline bool) Report
}

// Waiter waits between two looks at the same thing.
type Waiter interface {
	// Wait ends early with the context's error when the context ends.
	Wait(ctx context.Context, d time.Duration) error
}

// sleeper waits by the wall clock.
type sleeper struct{}

func (sleeper) Wait(ctx context.Context, d time.Duration) error { return clock.Sleep(ctx, d) }

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

func (o Options) withDefaults() Options {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 10 * time.Minute} // an upload of 64 MiB on a slow line
	}
	if o.Waiter == nil {
		o.Waiter = sleeper{}
	}
	return o
}

// exit is an error with an exit code. Where err is nil, the output has explained it already.
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
