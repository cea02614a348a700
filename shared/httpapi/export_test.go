package httpapi

import (
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/auth"
)

// Served is how many routes there are.
func Served() int { return len(routes()) }

// ForFuzzing are options under which only what needs no key can be served.
func ForFuzzing() Options {
	now := func() time.Time { return time.Unix(0, 0) }
	return Options{Callers: &auth.Callers{}, Now: now, Wall: now, Log: slog.New(slog.DiscardHandler)}
}
