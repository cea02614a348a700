package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// RealClocks both return the time of the machine, in UTC.
func RealClocks() clock.Clocks {
	now := func() time.Time { return time.Now().UTC() }
	return clock.Same(now)
}

// fresh is how long a reading of the movable clock is used before the next one.
const fresh = 50 * time.Millisecond

// movable is the business clock of the local world: the wall clock plus an offset. The
// simulated tenant serves the offset to every process.
type movable struct {
	url    string
	client *http.Client
	mu     sync.Mutex
	asked  time.Time
	offset time.Duration
}

// LocalClocks reads the offset of the business clock from a loopback URL. Settings refuse the
// URL on every platform but the local one.
func LocalClocks(ctx context.Context, url string) (clock.Clocks, error) {
	m := &movable{url: url, client: &http.Client{Timeout: 2 * time.Second}}
	if err := m.ask(ctx); err != nil {
		return clock.Clocks{}, fmt.Errorf("the local clock cannot be read: %w", err)
	}
	return clock.Clocks{Wall: func() time.Time { return time.Now().UTC() }, Business: m.now}, nil
}

// now keeps the last offset when the clock does not answer, since time must not jump back
// because a simulator restarts.
func (m *movable) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.asked) > fresh {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = m.ask(ctx)
		m.asked = time.Now()
	}
	return time.Now().UTC().Add(m.offset)
}

func (m *movable) ask(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url, nil)
	if err != nil {
		return err
	}
	res, err := m.client.Do(req)
	if err != nil {
		return errors.New("the URL does not answer")
	}
	defer res.Body.Close()
	var body struct {
		Offset string `json:"offset"`
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return errors.New("the answer is not JSON with an offset")
	}
	d, err := time.ParseDuration(body.Offset)
	if err != nil || d < 0 {
		return errors.New("the offset is not a duration of zero or more")
	}
	m.offset = d
	return nil
}
