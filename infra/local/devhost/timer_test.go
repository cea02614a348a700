package devhost

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/devhost/ncrontab"
)

// manualClock is moved by the test; sleepers wake when their time has come.
type manualClock struct {
	mu    sync.Mutex
	at    time.Time
	moved chan struct{}
}

func newClock(at string) *manualClock {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		panic(err)
	}
	return &manualClock{at: t, moved: make(chan struct{})}
}

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *manualClock) move(at string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		panic(err)
	}
	c.at = t
	close(c.moved)
	c.moved = make(chan struct{})
}

func (c *manualClock) Sleep(ctx context.Context, at time.Time) bool {
	for {
		c.mu.Lock()
		now, moved := c.at, c.moved
		c.mu.Unlock()
		if !now.Before(at) {
			return ctx.Err() == nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false
		}
	}
}

// status is the stored state of a timer.
func (w *testHost) status(fn string) string {
	w.t.Helper()
	blobs, err := blobService(w.storage)
	require.NoError(w.t, err)
	resp, err := blobs.DownloadStream(context.Background(), hostsContainer, "timers/"+w.prefix+"/Host.Functions."+fn+"/status", nil)
	if answered(err, http.StatusNotFound) {
		return ""
	}
	require.NoError(w.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return string(b)
}

// nextOf is the occurrence that a timer waits for. It is the zero time before there is a state.
func (w *testHost) nextOf(fn string) time.Time {
	w.t.Helper()
	var s timerStatus
	if text := w.status(fn); text != "" {
		require.NoError(w.t, json.Unmarshal([]byte(text), &s))
	}
	return instant(s.Next)
}

// timerOf is what a request said of its timer.
func timerOf(t *testing.T, r record) string {
	t.Helper()
	return string(parsed(t, r.Body).Data["timer"])
}

// A minute schedule lives through the moments of the recordings: the first run, the second, one
// by an admin call, one past due after the host was down.
func TestATimersLifeIsTheRecordedOne(t *testing.T) {
	t.Parallel()
	recorded := recordings(t, "timer.jsonl")
	clock := newClock("2026-11-22T20:21:50Z")
	s := setup{functions: map[string]string{"tick": timerFunction("0 * * * * *")}, tune: func(t *tuning) { t.clock = clock }}
	w := run(t, s)
	next := func(what string, n int) string {
		t.Helper()
		w.until(what, func() bool { return len(w.requests("/tick")) == n })
		return timerOf(t, w.requests("/tick")[n-1])
	}
	stored := func(want string) {
		t.Helper()
		w.until(want, func() bool { return w.status("tick") == want })
	}
	stored(`{"Last":"0001-01-01T00:00:00","Next":"2026-11-22T20:22:00+00:00","LastUpdated":"2026-11-22T20:21:50+00:00"}`)
	require.Empty(t, w.requests("/tick"))

	clock.move("2026-11-22T20:22:00.0073672Z")
	require.Equal(t, timerOf(t, recorded["first run ever of a minute schedule"]), next("first run", 1))
	require.Empty(t, cmp.Diff(comparable(recorded["first run ever of a minute schedule"], strings.NewReplacer()), comparable(w.requests("/tick")[0], strings.NewReplacer())))
	stored(`{"Last":"2026-11-22T20:22:00.0073672+00:00","Next":"2026-11-22T20:23:00+00:00","LastUpdated":"2026-11-22T20:22:00.0073672+00:00"}`)

	clock.move("2026-11-22T20:23:00.0000257Z")
	require.Equal(t, timerOf(t, recorded["second run"]), next("second run", 2))
	stored(`{"Last":"2026-11-22T20:23:00.0000257+00:00","Next":"2026-11-22T20:24:00+00:00","LastUpdated":"2026-11-22T20:23:00.0000257+00:00"}`)

	status, _, _ := w.do("POST", "/admin/functions/tick", strings.NewReader("{}"), "Content-Type", "application/json")
	require.Equal(t, http.StatusAccepted, status)
	require.Equal(t, timerOf(t, recorded["POST /admin/functions/tick {}: runs at once"]), next("by an admin call", 3))

	clock.move("2026-11-22T20:26:00.001742Z") // the host misses two, and they become one run
	next("after a sleep", 4)
	stored(`{"Last":"2026-11-22T20:26:00.001742+00:00","Next":"2026-11-22T20:27:00+00:00","LastUpdated":"2026-11-22T20:26:00.001742+00:00"}`)
	require.NoError(t, w.stop())

	clock.move("2026-11-22T20:29:08.11421Z")
	s.prefix = w.prefix
	w = run(t, s)
	require.Equal(t, timerOf(t, recorded["host was down over two firings: past due, at start"]), next("past due", 1))
	stored(`{"Last":"2026-11-22T20:29:08.11421+00:00","Next":"2026-11-22T20:30:00+00:00","LastUpdated":"2026-11-22T20:29:08.11421+00:00"}`)
	clock.move("2026-11-22T20:30:00Z")
	require.Contains(t, next("on time again", 2), `"IsPastDue":false`)
}

func TestASubMinuteScheduleKeepsNoState(t *testing.T) {
	t.Parallel()
	clock := newClock("2026-11-22T20:21:55Z")
	w := run(t, setup{functions: map[string]string{"ticksec": timerFunction("*/10 * * * * *")}, tune: func(t *tuning) { t.clock = clock }})
	w.until("runs", func() bool {
		clock.move(clock.Now().Add(10 * time.Second).Format(time.RFC3339))
		return len(w.requests("/ticksec")) > 0
	})
	want := recordings(t, "timer.jsonl")["a schedule that fires more than once a minute: ScheduleStatus null"]
	require.Empty(t, cmp.Diff(comparable(want, strings.NewReplacer()), comparable(w.requests("/ticksec")[0], strings.NewReplacer())))
	require.Empty(t, w.status("ticksec"))
}

func TestAYearOneThatWasStoredIsPassedOnAsItIs(t *testing.T) {
	t.Parallel()
	clock := newClock("2026-11-22T20:21:50Z")
	s := setup{functions: map[string]string{"tick": timerFunction("0 * * * * *")}, tune: func(t *tuning) { t.clock = clock }}
	w := run(t, s)
	w.until("stored", func() bool { return w.status("tick") != "" })
	require.NoError(t, w.stop())
	s.prefix = w.prefix
	w = run(t, s)
	// The state is stored: on time or, where the listener began later, exactly now.
	clock.move("2026-11-22T20:22:00Z")
	w.until("runs", func() bool { clock.move("2026-11-22T20:22:00.5Z"); return len(w.requests("/tick")) == 1 })
	require.Contains(t, timerOf(t, w.requests("/tick")[0]), `"Last":"0001-01-01T00:00:00","Next":"2026-11-22T20:22:00+00:00","LastUpdated":"2026-11-22T20:21:50+00:00"`)
}

func TestTimerRules(t *testing.T) {
	t.Parallel()
	minute, err := ncrontab.Parse("0 * * * * *")
	require.NoError(t, err)
	l := &timerListener{fn: function{schedule: minute, monitored: true}}
	at := func(s string) time.Time { return moment(t, s) }
	quick := l.after(at("2026-11-22T20:22:00.5Z"), at("2026-11-22T20:22:10Z"))
	require.Equal(t, timerStatus{Last: "2026-11-22T20:22:00.5+00:00", Next: "2026-11-22T20:23:00+00:00", LastUpdated: "2026-11-22T20:22:00.5+00:00"}, quick)
	long := l.after(at("2026-11-22T20:22:00.5Z"), at("2026-11-22T20:24:10Z"))
	require.Equal(t, "2026-11-22T20:25:00+00:00", long.Next, "occurrences during a run are skipped")
	require.Equal(t, time.Time{}, instant("nonsense"))
}

// Where another schedule has written the state, what is due is computed anew and nothing was
// missed.
func TestAChangedScheduleIsNotPastDue(t *testing.T) {
	t.Parallel()
	clock := newClock("2026-11-22T20:21:50Z")
	s := setup{functions: map[string]string{"tick": timerFunction("0 * * * * *")}, tune: func(t *tuning) { t.clock = clock }}
	w := run(t, s)
	w.until("stored", func() bool { return w.status("tick") != "" })
	require.NoError(t, w.stop())
	clock.move("2026-11-22T22:30:00Z")
	s.prefix, s.functions = w.prefix, map[string]string{"tick": timerFunction("0 0 * * * *")}
	w = run(t, s)
	w.until("computed anew", func() bool { return strings.Contains(w.status("tick"), `"Next":"2026-11-22T23:00:00+00:00"`) })
	clock.move("2026-11-22T23:00:00Z")
	w.until("runs", func() bool { return len(w.requests("/tick")) == 1 })
	require.Contains(t, timerOf(t, w.requests("/tick")[0]), `"Next":"2026-11-22T23:00:00+00:00"`)
	require.Contains(t, timerOf(t, w.requests("/tick")[0]), `"IsPastDue":false`)
}

// Of two hosts on one storage only one fires the timers, and the other does when that is gone.
func TestTimersFireOnOneHostOnly(t *testing.T) {
	t.Parallel()
	clock := newClock("2026-11-22T20:21:50Z")
	w := run(t, setup{functions: map[string]string{"tick": timerFunction("0 * * * * *")}, workers: 2, tune: func(t *tuning) { t.clock = clock }})
	w.until("begun", func() bool { return w.status("tick") != "" })
	fire := func(minute string, n int) int {
		t.Helper()
		clock.move("2026-11-22T" + minute + ":00Z")
		w.until("fires", func() bool { return len(w.requests("/tick")) >= n })
		w.until("over", func() bool { return w.nextOf("tick").After(clock.Now()) })
		require.Len(t, w.requests("/tick"), n)
		return w.requests("/tick")[n-1].PID
	}
	first := fire("20:22", 1)
	require.Equal(t, first, fire("20:23", 2))
	holder := 0
	for _, one := range w.workers() {
		if one.PID == first {
			holder = one.Worker
		}
	}
	for range 3 {
		pid := w.workers()[holder].PID
		w.kill(pid)
		w.until("seen", func() bool {
			one := w.workers()[holder]
			return one.State == string(stopped) || one.PID != 0 && one.PID != pid
		})
	}
	require.Len(t, w.requests("/tick"), 2, "the other host fired neither late nor on taking over")
	w.until("the other takes over", func() bool { clock.move("2026-11-22T20:24:00.5Z"); return len(w.requests("/tick")) == 3 })
	require.NotEqual(t, first, w.requests("/tick")[2].PID)
}

func FuzzTimerStatus(f *testing.F) {
	f.Add(`{"Last":"0001-01-01T00:00:00","Next":"2026-11-22T20:22:00+00:00","LastUpdated":"x"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var s timerStatus
		if json.Unmarshal([]byte(text), &s) == nil {
			_, _, _ = instant(s.Last), instant(s.Next), instant(s.LastUpdated)
		}
	})
}
