package seal

import (
	"context"
	"crypto/cipher"
	"errors"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

const (
	// maxKept is the most hour keys that a process keeps unwrapped. One more drops the one that was
	// used longest ago.
	maxKept = 1000
	// keptUnused is how long a process keeps an hour key that it does not use, by wall time. The
	// keys of past hours serve a step for minutes. A key that is not in memory cannot be stolen
	// from there.
	keptUnused = time.Hour
	// sweepEvery is how often a process looks for keys to drop, when it uses one.
	sweepEvery = time.Minute
)

// errNoHour says that an hour key is missing although it wraps the key of a case. It is not
// ErrShredded: nothing deletes an hour key on purpose while it wraps a key.
var errNoHour = errors.New("store: the hour key that wraps the case's key is missing: table keys must be restored")

// hourName names an hour key.
type hourName struct{ tenant, hour string }

// hours keeps the unwrapped hour keys of a process. It is safe for concurrent use.
type hours struct {
	clocks clock.Clocks

	mu    sync.Mutex
	kept  map[hourName]*flight
	swept time.Time
}

// flight fetches one hour key for all who need it at the same time, and keeps it afterwards. The
// result may be read when done is closed.
type flight struct {
	done  chan struct{}
	aead  cipher.AEAD
	err   error
	again bool // the error concerns only the one who fetched

	landed bool // guarded by hours.mu, as used is
	used   time.Time
}

// get returns a key that is kept, or fetches it. Of all who miss the same key at the same time one
// fetches. The others wait for it, or for the end of their contexts. An error is not kept.
func (h *hours) get(ctx context.Context, n hourName, fetch func() (cipher.AEAD, error)) (cipher.AEAD, error) {
	for {
		f, mine := h.join(n)
		if mine {
			h.fly(ctx, n, f, fetch)
			return f.aead, f.err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, failure.Wrap("wait for hour key", ctx.Err())
		}
		if f.err == nil || !f.again {
			return f.aead, f.err
		}
	}
}

// join returns the flight for a key. Mine says that the caller must fetch the key and land.
func (h *hours) join(n hourName) (f *flight, mine bool) {
	now := h.clocks.Wall()
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.swept) >= sweepEvery {
		h.swept = now
		h.sweep(now)
	}
	f = h.kept[n]
	if f == nil {
		if len(h.kept) >= maxKept {
			h.dropOldest()
		}
		f, mine = &flight{done: make(chan struct{})}, true
		h.kept[n] = f
	}
	f.used = now
	return f, mine
}

// fly fetches the key of a flight and lands, also after a panic.
func (h *hours) fly(ctx context.Context, n hourName, f *flight, fetch func() (cipher.AEAD, error)) {
	defer h.land(n, f)
	f.err = errors.New("store: hour key: the fetch was broken off") // if fetch panics
	f.aead, f.err = fetch()
	f.again = f.err != nil && (ctx.Err() != nil || errors.Is(f.err, errNoHour))
}

// land gives the result to those who wait.
func (h *hours) land(n hourName, f *flight) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f.landed = true
	if f.err != nil {
		delete(h.kept, n)
	}
	close(f.done)
}

// sweep drops keys that were not used for long.
func (h *hours) sweep(now time.Time) {
	for n, f := range h.kept {
		if f.landed && now.Sub(f.used) >= keptUnused {
			delete(h.kept, n)
		}
	}
}

// dropOldest drops the key that was used longest ago. A key that is being fetched stays.
func (h *hours) dropOldest() {
	var oldest hourName
	var at *flight
	for n, f := range h.kept {
		if f.landed && (at == nil || f.used.Before(at.used)) {
			oldest, at = n, f
		}
	}
	if at != nil {
		delete(h.kept, oldest)
	}
}
