package part

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Stored is a JSON member with its tabular forms, as they are stored.
type Stored struct {
	Number int
	Member Member
	meta   map[string]string
	Forms  map[tenant.Format]Member
}

var partName = regexp.MustCompile(`^([0-9]{6,9})\.(json|csv|xlsx|xml)$`)

// List returns the parts of a task in order. A missing number is an error, since parts are
// stored only one after the other.
func List(ctx context.Context, st *store.Store, spec Spec) ([]Stored, error) {
	parts := map[int]*Stored{}
	prefix := spec.prefix()
	for info, err := range st.Blobs.List(ctx, blob.Ref{Container: retention.Parts, Name: prefix}) {
		if err != nil {
			return nil, fmt.Errorf("part: list parts: %w", err)
		}
		match := partName.FindStringSubmatch(info.Name[len(prefix):])
		if match == nil {
			continue // a cursor
		}
		seq, _ := strconv.Atoi(match[1])
		m, err := storedMember(info, tenant.Format(match[2]))
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", seq, err)
		}
		p := parts[seq]
		if p == nil {
			p = &Stored{Number: seq, Forms: map[tenant.Format]Member{}}
			parts[seq] = p
		}
		if m.Format == tenant.JSON {
			p.Member, p.meta = m, info.Meta
		} else {
			p.Forms[m.Format] = m
		}
	}
	out := make([]Stored, 0, len(parts))
	for _, seq := range slices.Sorted(maps.Keys(parts)) {
		if seq != len(out)+1 || parts[seq].meta == nil {
			return nil, fmt.Errorf("part: part %d of task %s is missing", len(out)+1, spec.Task)
		}
		out = append(out, *parts[seq])
	}
	return out, nil
}

// Resume finds the last stored part, makes the tabular forms that a crash left undone, and
// returns the cursor to continue from, which is nil at the beginning. fresh says that nothing
// was stored yet. Resume forgets what the sink held before.
func (s *Sink) Resume(ctx context.Context) (cursor []byte, fresh bool, err error) {
	_ = s.wait() // an attempt that is over: its error was returned or no longer matters
	s.ctx, s.done, s.asked, s.seq, s.records, s.err = ctx, envelope{}.clone(), nil, 0, 0, nil
	s.fill.reset()
	parts, err := List(ctx, s.o.Store, s.o.Spec)
	if err == nil && len(parts) > 0 {
		err = s.adopt(ctx, parts)
	}
	if err != nil {
		s.err = err
		return nil, false, err
	}
	return s.done.Cursor, len(parts) == 0, nil
}

func (s *Sink) adopt(ctx context.Context, parts []Stored) error {
	for _, p := range parts {
		if err := s.complete(ctx, p); err != nil {
			return err
		}
	}
	last := parts[len(parts)-1]
	e, err := openEnvelope(ctx, s.o.Store, s.o.Case, s.o.Spec, last.Number, last.meta)
	if err != nil {
		return err
	}
	s.done, s.seq = e, last.Number
	return nil
}

// complete makes the tabular forms that a stored part lacks.
func (s *Sink) complete(ctx context.Context, p Stored) error {
	have := slices.Collect(maps.Keys(p.Forms))
	if !slices.ContainsFunc(s.o.Formats, func(f tenant.Format) bool { return !slices.Contains(have, f) }) {
		return nil
	}
	pack, err := s.load(ctx, p.Member)
	if err != nil {
		return err
	}
	return s.tabulate(ctx, finished{seq: p.Number, m: p.Member, pack: pack, have: have})
}
