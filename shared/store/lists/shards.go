package lists

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// A tenant begins with one shard, because each shard costs a sweep one call. The number of shards
// lies in the row of the tenant and only grows. It is stored before anything is written to a new
// shard. A reader takes the number from the row each time. A writer may know an older,
// smaller number: those shards are read as well.

const (
	// roomy is how many requests and imports of a tenant one process makes for each shard before it
	// adds shards. A partition of Azure serves 2,000 rows a second, and Azurite slows down with
	// the size of a partition.
	roomy = 500
	// byCount is the number of shards up to which requests alone add some. More come only when a
	// sweep falls behind, because an idle tenant keeps what it has.
	byCount = 8
	// learnEvery is how old the number that a writer knows may be. An older one only keeps rows
	// closer together.
	learnEvery = 10 * time.Minute
)

// writers is what a process knows about the shards of tenants when it makes something new. The zero
// value knows that each tenant has one.
type writers struct {
	mu     sync.Mutex
	read   time.Time // when the numbers were read, by the wall clock
	shards map[string]int
	made   map[string]int // requests and imports that this process made
}

// learn keeps numbers that were read. A number never becomes smaller.
func (w *writers) learn(at time.Time, ts ...Tenant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.shards == nil {
		w.shards = map[string]int{}
	}
	if !at.IsZero() {
		w.read = at
	}
	for _, t := range ts {
		w.shards[t.ID] = max(w.shards[t.ID], t.Shards)
	}
}

// next counts further things of a tenant. It returns the number of shards, whether there are too
// few for all that this process made, and whether the numbers are to be read again.
func (w *writers) next(tenant string, things int, now time.Time) (shards int, few, stale bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	shards = max(1, w.shards[tenant])
	if w.made == nil {
		w.made = map[string]int{}
	}
	before := w.made[tenant]
	w.made[tenant] += things
	few = shards < byCount && w.made[tenant]/(roomy*shards) > before/(roomy*shards)
	if stale = !w.read.IsZero() && now.Sub(w.read) >= learnEvery; stale {
		w.read = now // The others go on with what they know.
	}
	return shards, few, stale
}

// Shard chooses one shard for so many new requests or imports of a tenant, by an id. It makes a
// call only when the number of shards is to be read again or to grow. A failure of that call is
// ignored, since the shards that are known are always read.
func (s *Lists) Shard(ctx context.Context, tenant, id string, things int) int {
	shards, few, stale := s.writers.next(tenant, things, s.o.Clocks.Wall())
	if stale {
		_, _ = s.Tenants(ctx)
	}
	if few && layout.ValidSegment(tenant) {
		_ = s.Grow(ctx, Tenant{ID: tenant, Shards: shards})
	}
	if few || stale {
		s.writers.mu.Lock()
		shards = max(1, s.writers.shards[tenant])
		s.writers.mu.Unlock()
	}
	return layout.ShardOf(id, shards)
}

// Grow doubles the number of shards of a tenant, up to layout.MaxShards. It does nothing when the
// tenant has another number by now: somebody else was first, or an earlier try whose answer was
// lost.
func (s *Lists) Grow(ctx context.Context, t Tenant) error {
	r, err := s.o.Lists.Get(ctx, partitionTenants, t.ID)
	if errors.Is(err, failure.ErrNotFound) {
		r, err = row.New(partitionTenants, t.ID), nil
	}
	if err != nil {
		return err
	}
	now := shardsOf(r)
	if err := r.Err(); err != nil {
		return err
	}
	if now == t.Shards && 2*now <= layout.MaxShards {
		grown := r.Copy()
		grown.SetInt(propShards, int64(2*now))
		if err := row.Put(ctx, s.o.Lists, grown); row.AsRefusal(err) != nil {
			return nil // The number is read again later.
		} else if err != nil {
			return failure.Wrap("add shards", err)
		}
		now *= 2
	}
	s.writers.learn(time.Time{}, Tenant{ID: t.ID, Shards: now})
	return nil
}
