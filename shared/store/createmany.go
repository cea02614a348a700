package store

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Batch is many requests that are being made: the keys, list rows and wakes are written, the
// requests are not. A batch that is never finished leaves orphans, which are dropped after an hour.
type Batch struct {
	s   *Store
	ns  []*creation
	out []Created
}

// BeginMany begins to make up to 100 requests of one tenant. Their keys, list rows and wakes go
// into one shard. With Finish it takes 1 + ⌈list rows / 100⌉ + len(ds) calls when all requests
// are new, and what Create says of the hour's key. An import begins one chunk while the requests
// of the chunk before are made.
func (s *Store) BeginMany(ctx context.Context, tenant string, ds []Draft) *Batch {
	b := &Batch{s: s, out: make([]Created, len(ds))}
	b.ns = s.prepareMany(ctx, tenant, ds, b.out)
	if err := s.putMany(ctx, b.ns); err != nil {
		for i, n := range b.ns {
			if n != nil {
				b.out[i].Err, b.ns[i] = err, nil
			}
		}
	}
	return b
}

// Finish makes the requests. Each draft has its own result, in the order of the drafts. Of several
// drafts with the same idempotency key the first makes the request.
func (b *Batch) Finish(ctx context.Context) []Created {
	s, ns, out := b.s, b.ns, b.out
	same := map[string][]int{} // indexes of the drafts of one request, in order
	for i, n := range ns {
		if n != nil {
			same[n.c.ID] = append(same[n.c.ID], i)
		}
	}
	var g errgroup.Group
	g.SetLimit(s.parallel)
	for _, is := range same {
		g.Go(func() error {
			for _, i := range is {
				out[i] = s.insert(ctx, ns[i])
			}
			return nil
		})
	}
	_ = g.Wait() // each result has its own error
	var lost []*creation
	for i, n := range ns {
		if n != nil && (out[i].Existing || errors.Is(out[i].Err, ErrIdempotency)) {
			lost = append(lost, n)
		}
	}
	s.takeBack(ctx, lost...)
	return out
}

// prepareMany prepares all drafts in the shard of the first, so that a chunk of an import uses one
// shard, and with one hour key. The creation of an invalid draft is nil.
func (s *Store) prepareMany(ctx context.Context, tenant string, ds []Draft, out []Created) []*creation {
	ns := make([]*creation, len(ds))
	hour, err := s.hour(ctx, tenant)
	if err != nil {
		for i := range out {
			out[i].Err = err
		}
		return ns
	}
	shard := -1
	for i, d := range ds {
		d.Request.Tenant = tenant
		id := s.RequestID(d.Request.Caller, tenant, d.Key)
		if shard < 0 {
			shard = s.Lists.Shard(ctx, tenant, id, len(ds))
		}
		n, err := s.prepare(ctx, hour, d, id, shard)
		if err != nil {
			out[i].Err = err
			continue
		}
		ns[i] = n
	}
	return ns
}

// putMany writes the keys and the list rows of all creations. Two creations of one request share
// list rows, because a transaction may name a row only once.
func (s *Store) putMany(ctx context.Context, ns []*creation) error {
	var keys, lists []*row.Row
	seen := map[string]*row.Row{}
	for _, n := range ns {
		if n == nil {
			continue
		}
		keys = append(keys, n.key)
		for i, r := range n.lists {
			if first := seen[r.Key]; first != nil {
				n.lists[i] = first
				continue
			}
			seen[r.Key] = r
			lists = append(lists, r)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.parallel)
	for chunk := range slices.Chunk(keys, row.MaxOps) {
		g.Go(func() error { return s.putKeys(gctx, chunk...) })
	}
	g.Go(func() error { return s.putLists(gctx, lists) })
	return g.Wait()
}
