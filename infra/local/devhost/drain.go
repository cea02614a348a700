package devhost

import (
	"context"
	"sync"
)

// drain stops all listeners without ending what runs.
type drain struct {
	mu      sync.Mutex
	on      bool
	changed chan struct{} // closed by every change
}

func newDrain() *drain { return &drain{changed: make(chan struct{})} }

func (d *drain) set(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.on != on {
		d.on = on
		close(d.changed)
		d.changed = make(chan struct{})
	}
}

func (d *drain) now() (on bool, changed <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.on, d.changed
}

// while runs listen again and again until ctx ends, each time until a drain begins, and waits while it lasts.
func (d *drain) while(ctx context.Context, listen func(ctx context.Context)) {
	for ctx.Err() == nil {
		on, changed := d.now()
		if on {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		listening, cancel := context.WithCancel(ctx)
		go func() {
			select {
			case <-changed:
				cancel()
			case <-listening.Done():
			}
		}()
		listen(listening)
		cancel()
	}
}

func (d *drain) status(outstanding int) map[string]any {
	on, _ := d.now()
	state := "Disabled"
	switch {
	case on && outstanding > 0:
		state = "InProgress"
	case on:
		state = "Completed"
	}
	return map[string]any{"state": state, "outstandingInvocations": outstanding, "outstandingRetries": 0}
}
