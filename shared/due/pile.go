package due

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// pile is what a job has to do by one clock, in all shards of a tenant.
type pile struct {
	job     dsr.Step
	tenant  lists.Tenant
	streams []*stream
	taken   int
}

// stream is the part of a pile in one shard.
type stream struct {
	lists.Span              // what is still to be read
	wakes      []lists.Wake // read and not yet taken, the longest due first
	done       bool         // nothing more is to be read
}

func (s *Sweeper) newPile(job dsr.Step, t lists.Tenant, c retention.Clock) *pile {
	p := &pile{job: job, tenant: t}
	for shard := range t.Shards {
		p.streams = append(p.streams, &stream{Span: lists.Span{Tenant: t.ID, Shard: shard, Job: job, Clock: c, Until: s.now(c)}})
	}
	return p
}

// pileOf is a pile of one shard. It adds no shards to the tenant.
func (s *Sweeper) pileOf(p lists.Span) *pile {
	return &pile{job: p.Job, tenant: lists.Tenant{ID: p.Tenant}, streams: []*stream{{Span: p}}}
}

// read reads the next wakes of each shard that has none left. Where the first look finds a full
// turn in every shard, the tenant gets more shards.
func (s *sweep) read(ctx context.Context, p *pile) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, one := range p.streams {
		if len(one.wakes) > 0 || one.done {
			continue
		}
		g.Go(func() (err error) {
			one.wakes, err = s.Store.Lists.Due(gctx, one.Span, s.Turn)
			if one.done = len(one.wakes) < s.Turn; !one.done {
				one.After = one.wakes[s.Turn-1].Key()
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if p.taken == 0 && p.crowded(s.Turn) && s.Turn < s.Limit && p.tenant.Shards == len(p.streams) {
		if err := s.Store.Lists.Grow(ctx, p.tenant); err != nil {
			s.Log.WarnContext(ctx, "shards not added; the next sweep tries again", "tenant", p.tenant.ID, "error", err)
		}
	}
	return nil
}

// crowded reports whether a full turn was read in every shard.
func (p *pile) crowded(turn int) bool {
	for _, one := range p.streams {
		if len(one.wakes) < turn {
			return false
		}
	}
	return true
}

// next takes the longest due wakes, at most as many as a turn has for each shard. More says that
// the pile has further ones.
func (p *pile) next(turn int) (out []lists.Wake, more bool) {
	for len(out) < turn*len(p.streams) {
		first := p.longestDue()
		if first == nil {
			break
		}
		out = append(out, first.wakes[0])
		first.wakes = first.wakes[1:]
	}
	p.taken += len(out)
	for _, one := range p.streams {
		more = more || len(one.wakes) > 0 || !one.done
	}
	return out, more
}

// longestDue returns the shard whose next wake has been due the longest. It returns nil when that
// cannot be said until more is read, and at the end.
func (p *pile) longestDue() *stream {
	var first *stream
	for _, one := range p.streams {
		switch {
		case len(one.wakes) == 0 && !one.done:
			return nil
		case len(one.wakes) > 0 && (first == nil || one.wakes[0].Due.Before(first.wakes[0].Due)):
			first = one
		}
	}
	return first
}
