package httpapi

import (
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/decide"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// Served is how many routes there are.
func Served() int { return len(routes()) }

// ForFuzzing are options under which only what needs no key can be served.
func ForFuzzing() Options {
	now := func() time.Time { return time.Unix(0, 0) }
	return Options{
		Store: &store.Store{}, Intake: &intake.Service{}, Decide: &decide.Service{}, Bulk: &bulk.Service{}, Callers: &auth.Callers{},
		Clocks: clock.Same(now), Log: slog.New(slog.DiscardHandler),
	}
}
