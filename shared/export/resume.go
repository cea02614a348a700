package export

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/rightsdesk/rightsdesk/shared/store"
)

// storedPart is a JSON member with its tabular forms, as they lie in the store.
type storedPart struct {
	seq  int
	m    member
	meta map[string]string
	twin map[Format]member
}

var partName = regexp.MustCompile(`^([0-9]{6,9})\.(json|csv|xlsx|xml)$`)

// listParts returns the parts of a task in order. A missing number is an error: parts are only ever stored one after the other.
func listParts(ctx context.Context, st *store.Store, spec PartSpec) ([]storedPart, error) {
	parts := map[int]*storedPart{}
	prefix := spec.prefix()
	for info, err := range st.ListBlobs(ctx, store.Ref{Container: store.Parts, Name: prefix}) {
		if err != nil {
			return nil, fmt.Errorf("export: list parts: %w", err)
		}
		match := partName.FindStringSubmatch(info.Name[len(prefix):])
		if match == nil {
			continue // a cursor
		}
		seq, _ := strconv.Atoi(match[1])
		m, err := storedMember(info, Format(match[2]))
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", seq, err)
		}
		p := parts[seq]
		if p == nil {
			p = &storedPart{seq: seq, twin: map[Format]member{}}
			parts[seq] = p
		}
		if m.Format == JSON {
			p.m, p.meta = m, info.Meta
		} else {
			p.twin[m.Format] = m
		}
	}
	out := make([]storedPart, 0, len(parts))
	for _, seq := range slices.Sorted(maps.Keys(parts)) {
		if seq != len(out)+1 || parts[seq].meta == nil {
			return nil, fmt.Errorf("export: part %d of task %s is missing", len(out)+1, spec.Task)
		}
		out = append(out, *parts[seq])
	}
	return out, nil
}

// Resume finds the last stored part, makes the tabular forms that a crash left undone, and returns the cursor to go on from: nil for
// the beginning. fresh says that nothing was stored yet. Whatever the sink held before is forgotten.
func (s *Sink) Resume(ctx context.Context) (cursor []byte, fresh bool, err error) {
	_ = s.wait() // of an attempt that is over; its error has been told or no longer matters
	s.ctx, s.done, s.asked, s.seq, s.records, s.err = ctx, envelope{}.clone(), nil, 0, 0, nil
	s.fill.reset()
	parts, err := listParts(ctx, s.o.Store, s.o.Spec)
	if err == nil && len(parts) > 0 {
		err = s.adopt(ctx, parts)
	}
	if err != nil {
		s.err = err
		return nil, false, err
	}
	return s.done.Cursor, len(parts) == 0, nil
}

func (s *Sink) adopt(ctx context.Context, parts []storedPart) error {
	for _, p := range parts {
		if err := s.complete(ctx, p); err != nil {
			return err
		}
	}
	last := parts[len(parts)-1]
	e, err := openEnvelope(ctx, s.o.Store, s.o.Case, s.o.Spec, last.seq, last.meta)
	if err != nil {
		return err
	}
	s.done, s.seq = e, last.seq
	return nil
}

// complete makes the tabular forms that a stored part lacks.
func (s *Sink) complete(ctx context.Context, p storedPart) error {
	have := slices.Collect(maps.Keys(p.twin))
	if !slices.ContainsFunc(s.o.Formats, func(f Format) bool { return !slices.Contains(have, f) }) {
		return nil
	}
	pack, err := s.load(ctx, p.m)
	if err != nil {
		return err
	}
	return s.twins(ctx, part{seq: p.seq, m: p.m, pack: pack, have: have})
}
