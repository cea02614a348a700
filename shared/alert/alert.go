// Package alert tells an operator of what needs a person: by an ERROR line with a code of its
// own, and by a counter, on which a deployment hangs its rules.
package alert

import (
	"context"
	"errors"
	"log/slog"
)

// Code names an alert. A new one is a constant here, a line in Codes, a section in a runbook
// and a call of Raise.
type Code string

// TaskNotConfigured says that a task ends as failed because its tenant has no system of that name
// any more: the system was renamed in the document, or removed from it.
const TaskNotConfigured Code = "task-not-configured"

// Codes are the codes of all alerts.
func Codes() []Code { return []Code{TaskNotConfigured} }

// Counter counts alerts.
type Counter interface {
	// Alert adds one to the counter of alerts with that code.
	Alert(ctx context.Context, code Code)
}

// Alerts raises alerts.
type Alerts struct {
	log     *slog.Logger
	counter Counter
}

// New refuses a missing part.
func New(log *slog.Logger, counter Counter) (*Alerts, error) {
	if log == nil || counter == nil {
		return nil, errors.New("alert: a log and a counter are needed")
	}
	return &Alerts{log, counter}, nil
}

// Raise raises an alert. The same one may be raised twice when work is repeated. The attributes
// are ids, codes, counts and times, as everywhere in the log.
func (a *Alerts) Raise(ctx context.Context, code Code, text string, attributes ...any) {
	a.log.ErrorContext(ctx, text, append([]any{"code", code}, attributes...)...)
	a.counter.Alert(ctx, code)
}
