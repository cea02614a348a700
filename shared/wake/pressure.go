package wake

import (
	"context"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// floor is how many messages never pause redelivery, since a few messages say nothing about
// the speed of the workers.
const floor = 256

// pressure remembers how long the queues were at the last sweep. A wrong guess costs nothing:
// a sweep that should have paused sends messages that end at once.
type pressure struct {
	mu  sync.Mutex
	at  time.Time // wall time
	len int64     // messages on all lanes
}

// pause reports whether more messages wait than were worked off since the last sweep. More
// messages would not help then.
func (s *Step) pause(ctx context.Context) (bool, error) {
	var n int64
	for _, lane := range dsr.Lanes() {
		l, err := s.due.Store.Queues.Length(ctx, queue.Of(lane))
		if err != nil {
			return false, err
		}
		n += l
	}
	p, wall := &s.pressure, s.due.Clocks.Wall()
	p.mu.Lock()
	defer p.mu.Unlock()
	drained := p.len - n
	fresh := wall.Sub(p.at) < 3*time.Minute
	p.at, p.len = wall, n
	return fresh && n > floor && n > drained, nil
}
