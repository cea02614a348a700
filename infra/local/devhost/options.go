package devhost

import (
	"context"
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// hostVersion is the version that the recordings come from, and so the one that requests
// announce.
const hostVersion = "4.1045.200.25556"

// Options says which app runs, and how. App is required.
type Options struct {
	App     string // the folder with host.json
	Port    int    // the public port on 127.0.0.1; 0 takes a free one
	Workers int    // hosts with one handler each, on the same storage; 0 is 1
	// Storage is the connection string of AzureWebJobsStorage; empty takes that setting.
	// UseDevelopmentStorage=true is Azurite on its standard ports.
	Storage     string
	Env         []string      // settings "NAME=value" that win over this process's environment
	Log         *slog.Logger  // gets the hosts' lines and the handlers' output; nil is slog.Default
	RestartHost bool          // start a stopped host again after a second, as the platform does
	Ready       chan<- string // gets the public address once, when every handler has answered

	tuning *tuning
}

// tuning holds the host's own constants, so that tests need not wait for minutes.
type tuning struct {
	clock        timerClock    // of timers
	messageLease time.Duration // how long a received message is invisible; renewed at half of it
	killDelay    time.Duration // from a timed-out invocation to the end of the process
	crashWindow  time.Duration // crashes further apart than this are not added up
	lockRetry    time.Duration // how often a timer's lock is asked for
	hostRestart  time.Duration // how long the platform takes to start a stopped host again
	readyWait    time.Duration // how long an invocation waits for a process
	maxBody      int64         // bytes of an HTTP request's body
}

func standard() *tuning {
	return &tuning{
		clock:        wallClock{},
		messageLease: 10 * time.Minute,
		killDelay:    2 * time.Second,
		crashWindow:  30 * time.Minute,
		// The host asks once a minute; a local restart should not cost a minute without timers.
		lockRetry:   lockPeriod,
		hostRestart: time.Second,
		readyWait:   2 * time.Minute,
		maxBody:     100 << 20,
	}
}

// timerClock is the time that timers go by.
type timerClock interface {
	Now() time.Time
	// Sleep waits until a time and returns true, or until ctx ends and returns false.
	Sleep(ctx context.Context, until time.Time) bool
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, until time.Time) bool {
	return clock.Sleep(ctx, time.Until(until)) == nil && ctx.Err() == nil
}
