package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

const (
	// readyWait is how long a call waits for the storage to be set up: shorter than the 30 s after which a message comes back.
	readyWait = 20 * time.Second
	// setUpAgain is how long after a failure the storage is set up again.
	setUpAgain = 2 * time.Second
)

// setUp makes the tables, containers and queues that are missing, without making anybody wait: the host wants the handler to listen at once,
// and one that ends three times stops its host, so it does not give up while the storage is away. The channel is closed when everything is
// there.
func (a *App) setUp(ctx context.Context) <-chan struct{} {
	ready := make(chan struct{})
	go func() {
		for {
			err := a.Store.Init(ctx)
			if err == nil {
				close(ready)
				a.remember(ctx)
				return
			}
			a.log.ErrorContext(ctx, "storage is not set up; trying again", "code", "storage-not-set-up", "error", err)
			if clock.Sleep(ctx, setUpAgain) != nil {
				return
			}
		}
	}()
	return ready
}

// remember keeps which tenants there are. The purge does so too, so that a failure costs an hour.
func (a *App) remember(ctx context.Context) {
	if err := a.pipeline.Purge.Remember(ctx); err != nil {
		a.log.WarnContext(ctx, "tenants are not remembered; the purge tries again", "error", err)
	}
}

// whenReady lets calls wait for the storage, but for those that need none: the host's own pings and liveness.
func whenReady(ready <-chan struct{}, wait time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-ready:
			next.ServeHTTP(w, r)
			return
		default:
		}
		if r.URL.Path == "/" || r.URL.Path == "/api/health" {
			next.ServeHTTP(w, r)
			return
		}
		limit := time.NewTimer(wait)
		defer limit.Stop()
		select {
		case <-ready:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		case <-limit.C:
			notReady(w, r)
		}
	})
}

// notReady is for callers and for the host alike, to which it is a failed invocation: the message comes back.
func notReady(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", fmt.Sprint(int(setUpAgain.Seconds())))
	problem.New(problem.Unavailable, "", "the storage does not answer").ServeHTTP(w, r)
}
