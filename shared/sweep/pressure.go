package sweep

import (
	"context"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/store"
)

// floor is the length of queue that never pauses redelivery: a few messages say nothing about the speed of the workers.
const floor = 256

// pressure remembers how long the queues were at the last sweep. It is a guess that costs nothing when it is wrong: a sweep that should
// have paused sends messages that end at once.
type pressure struct {
	mu  sync.Mutex
	at  time.Time
	len int64
}

// pause reports whether the queues are longer than what was drained since the last sweep: then more messages help nobody.
func (s *Sweeper) pause(ctx context.Context) (bool, error) {
	var n int64
	for _, q := range []string{store.QueueWork, store.QueueFulfil} {
		l, err := s.Store.QueueLength(ctx, q)
		if err != nil {
			return false, err
		}
		n += l
	}
	s.paused.mu.Lock()
	defer s.paused.mu.Unlock()
	drained := s.paused.len - n
	fresh := s.Wall().Sub(s.paused.at) < 3*time.Minute
	s.paused.at, s.paused.len = s.Wall(), n
	return fresh && n > floor && n > drained, nil
}
