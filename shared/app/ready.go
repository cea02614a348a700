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
	// readyWait is how long a call waits for the storage to be set up. It is shorter than the
	// 30 s after which a message comes back.
	readyWait = 20 * time.Second
	// setUpAgain is the pause before the next attempt to set up the storage.
	setUpAgain = 2 * time.Second
)

// setUp makes the missing tables, containers and queues in the background, because the host
// wants the handler to listen at once. It does not give up while the storage is away, because a
// handler that ends three times stops its host. The channel is closed when everything exists.
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

// remember stores which tenants are configured. The purge does so too, so a failure here costs
// an hour at most.
func (a *App) remember(ctx context.Context) {
	if err := a.pipeline.Purge.Remember(ctx); err != nil {
		a.log.WarnContext(ctx, "tenants are not remembered; the purge tries again", "error", err)
	}
}

// whenReady lets calls wait for the storage. The host's own pings and the liveness check do not
// wait, since they need no storage.
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

// notReady answers callers and the host. The host takes it for a failed invocation and delivers
// the message again.
func notReady(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", fmt.Sprint(int(setUpAgain.Seconds())))
	problem.New(problem.Unavailable, "", "the storage does not answer").ServeHTTP(w, r)
}
