package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// stepLog receives the handlers' log lines and learns from them at which step an invocation is.
type stepLog struct {
	verbose bool
	mu      *sync.Mutex
	steps   map[string]string // invocation → step
}

func newStepLog(verbose bool) *stepLog {
	return &stepLog{verbose: verbose, mu: &sync.Mutex{}, steps: map[string]string{}}
}

// Enabled lets every line through.
func (l *stepLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle reads the line that a job writes when it begins.
func (l *stepLog) Handle(_ context.Context, r slog.Record) error {
	if l.verbose || r.Level >= slog.LevelError {
		fmt.Fprintln(os.Stderr, r.Message)
	}
	var line struct {
		Step       string `json:"step"`
		Bulk       string `json:"bulk"`
		Invocation string `json:"invocation"`
	}
	if json.Unmarshal([]byte(r.Message), &line) == nil && line.Step != "" {
		if line.Step == string(dsr.StepBulk) && line.Bulk == "" {
			line.Step = "receive" // It receives a list and imports nothing yet.
		}
		l.mu.Lock()
		l.steps[line.Invocation] = line.Step
		l.mu.Unlock()
	}
	return nil
}

// WithAttrs adds nothing.
func (l *stepLog) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup adds nothing.
func (l *stepLog) WithGroup(string) slog.Handler { return l }

func (l *stepLog) of(invocation string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.steps[invocation]
}
