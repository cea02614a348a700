package devhost

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// timerListener is one timerTrigger on one host. It fires only while it holds the timer's lock.
type timerListener struct {
	host  *host
	fn    function
	clock timerClock
	lock  *lock
	state *timerState
	log   *slog.Logger
}

func newTimerListener(h *host, fn function) (*timerListener, error) {
	blobs, err := blobService(h.app.settings["AzureWebJobsStorage"])
	if err != nil {
		return nil, err
	}
	return &timerListener{
		host: h, fn: fn, clock: h.tune.clock, log: h.log.With("function", fn.name),
		lock:  &lock{blobs: blobs, name: "locks/" + h.app.id + "/Host.Functions." + fn.name + ".Listener"},
		state: &timerState{blobs: blobs, name: "timers/" + h.app.id + "/Host.Functions." + fn.name + "/status"},
	}, nil
}

// run fires until ctx ends, and returns when the last run has ended.
func (l *timerListener) run(ctx context.Context) {
	for ctx.Err() == nil {
		held, release, ok, err := l.lock.acquire(ctx)
		if err != nil && ctx.Err() == nil {
			l.log.Warn("cannot take the timer's lock; will try again", "reason", oneLine(err))
		}
		if ok {
			if err := l.fire(held); err != nil && held.Err() == nil {
				l.log.Warn("cannot keep the timer's state; will start it again", "reason", oneLine(err))
			}
			release()
		}
		_ = clock.Sleep(ctx, l.host.tune.lockRetry)
	}
}

// fire runs the schedule: once at once if an occurrence was missed, then at each occurrence.
// The next one is looked for when a run has ended, so runs never overlap.
func (l *timerListener) fire(ctx context.Context) error {
	status, pastDue, err := l.begin(ctx)
	if err != nil {
		return err
	}
	for {
		next := instant(status.Next)
		if !pastDue && !l.clock.Sleep(ctx, next) {
			return nil
		}
		at := l.clock.Now()
		if !pastDue && at.Before(next) {
			at = next // a clock may be a little early
		}
		l.call(status, pastDue)
		pastDue = false
		status = l.after(at, l.clock.Now())
		if l.fn.monitored {
			if err := l.state.save(context.WithoutCancel(ctx), status); err != nil {
				return err
			}
		}
	}
}

// after is the state when a run from at to end has ended. Occurrences during the run are skipped.
func (l *timerListener) after(at, end time.Time) timerStatus {
	updated, next := at, l.fn.schedule.Next(at)
	if next.Before(end) {
		updated, next = end, l.fn.schedule.Next(end)
	}
	return timerStatus{Last: at.UTC().Format(timerTime), Next: next.Format(timerTime), LastUpdated: updated.UTC().Format(timerTime)}
}

// begin reads or makes the state and reports whether an occurrence was missed while no host ran.
func (l *timerListener) begin(ctx context.Context) (status timerStatus, pastDue bool, err error) {
	now := l.clock.Now()
	fresh := timerStatus{Last: yearOne + "+00:00", Next: l.fn.schedule.Next(now).Format(timerTime), LastUpdated: yearOne + "+00:00"}
	if !l.fn.monitored {
		return fresh, false, nil
	}
	stored, err := l.state.load(ctx)
	if err != nil {
		return timerStatus{}, false, err
	}
	if stored == nil {
		// The state is kept before the first run, so that a miss of the first occurrence is
		// noticed. Its year 1 has no zone, as the host writes it.
		return fresh, false, l.state.save(ctx, timerStatus{Last: yearOne, Next: fresh.Next, LastUpdated: now.UTC().Format(timerTime)})
	}
	since := instant(stored.LastUpdated)
	if last := instant(stored.Last); last.After(since) {
		since = last
	}
	if !l.fn.schedule.Next(since).Equal(instant(stored.Next)) { // written under another schedule
		stored.Next, stored.LastUpdated = fresh.Next, now.UTC().Format(timerTime)
		if err := l.state.save(ctx, *stored); err != nil {
			return timerStatus{}, false, err
		}
	}
	return *stored, now.After(instant(stored.Next)), nil
}

// call runs the function once. A failure is logged and nothing else: the next occurrence is the
// retry.
func (l *timerListener) call(status timerStatus, pastDue bool) {
	_ = l.host.invoke(l.fn.name, func() []byte { return timerEnvelope(l.fn, l.shown(&status), pastDue, time.Now()) })
}

func (l *timerListener) shown(status *timerStatus) *timerStatus {
	if !l.fn.monitored {
		return nil
	}
	return status
}

// now runs the function outside of its schedule, with the stored state, as an admin call does.
func (l *timerListener) now(ctx context.Context) {
	status, err := l.state.load(ctx)
	if err != nil {
		l.log.Warn("cannot read the timer's state", "reason", oneLine(err))
	}
	if status == nil {
		status = &timerStatus{Last: yearOne, Next: l.fn.schedule.Next(l.clock.Now()).Format(timerTime), LastUpdated: yearOne}
	}
	l.call(*status, false)
}

// instant reads a stored time, with or without a zone. What cannot be read is year 1.
func instant(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}

// timerState is the blob with a timer's status.
type timerState struct {
	blobs *azblob.Client
	name  string
}

// load returns nil where nothing is stored, or nothing readable.
func (s *timerState) load(ctx context.Context) (*timerStatus, error) {
	resp, err := s.blobs.DownloadStream(ctx, hostsContainer, s.name, nil)
	if answered(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var status timerStatus
	if json.NewDecoder(resp.Body).Decode(&status) != nil || instant(status.Next).Year() <= 1 {
		return nil, nil
	}
	return &status, nil
}

func (s *timerState) save(ctx context.Context, status timerStatus) error {
	upload := func() error {
		_, err := s.blobs.UploadBuffer(ctx, hostsContainer, s.name, []byte(status.String()), nil)
		return err
	}
	err := upload()
	if answered(err, http.StatusNotFound) {
		if err = ensureHosts(ctx, s.blobs); err == nil {
			err = upload()
		}
	}
	return err
}
