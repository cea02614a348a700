// Package alert tells operators what needs a person, by an ERROR line with a code of its own
// and by a counter that a deployment's rules watch.
package alert

import (
	"context"
	"errors"
	"log/slog"
)

// Code names an alert. A new alert needs a constant here, an entry in Codes, a section in a
// runbook and a call of Raise.
type Code string

// TaskNotConfigured says that a task ends as failed because its tenant no longer has a system
// of that name: the document has renamed or removed it.
const TaskNotConfigured Code = "task-not-configured"

// Codes returns the codes of all alerts.
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

// New returns Alerts, and refuses a missing part.
func New(log *slog.Logger, counter Counter) (*Alerts, error) {
	if log == nil || counter == nil {
		return nil, errors.New("alert: a log and a counter are needed")
	}
	return &Alerts{log, counter}, nil
}

// Raise logs and counts an alert. Work that is repeated may raise the same alert again. The
// attributes are ids, codes, counts and times, as everywhere in the log.
func (a *Alerts) Raise(ctx context.Context, code Code, text string, attributes ...any) {
	a.log.ErrorContext(ctx, text, append([]any{"code", code}, attributes...)...)
	a.counter.Alert(ctx, code)
}
