// Package cli is the command line: it asks a running Rightsdesk, and checks what needs none.
package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

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
