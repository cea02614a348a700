package part

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// finished is a part on its way into the store: its JSON members have ended.
type finished struct {
	part   dsr.Part
	sealed []byte
	*builder
}

// stored is what became of a part.
type stored struct {
	part dsr.Part
	err  error
}

// flush ends the part that is being filled, and stores and records it in the background, after the
// part before it. Parts are recorded in order and complete, so that the last one says where to
// continue.
func (s *Sink) flush() error {
	if err := s.wait(); err != nil {
		return err
	}
	p, err := s.finish(s.ctx)
	if err != nil {
		return err
	}
	s.upload = make(chan stored, 1)
	go func(done chan<- stored) {
		of, err := s.store(s.ctx, p)
		if err == nil {
			err = s.record(s.ctx, of)
		}
		done <- stored{of, err}
	}(s.upload)
	return nil
}

// end ends the part that is being filled, and stores it without recording it.
func (s *Sink) end(ctx context.Context) error {
	p, err := s.finish(ctx)
	if err != nil {
		return err
	}
	of, err := s.store(ctx, p)
	if err == nil {
		s.last = &of
	}
	return err
}

// wait returns when nothing is being stored.
func (s *Sink) wait() error {
	if s.upload == nil {
		return nil
	}
	done := <-s.upload
	s.upload = nil
	if done.err == nil {
		s.parts = append(s.parts, done.part)
	}
	return done.err
}

// finish ends the JSON members of the part that is being filled, and begins the next part.
func (s *Sink) finish(ctx context.Context) (finished, error) {
	p := finished{builder: s.fill}
	if err := s.endMember(); err != nil {
		return p, err
	}
	if len(s.parts) >= dsr.MaxParts {
		return p, &RecordError{Kind: p.kind(), Problem: fmt.Sprintf("the task has more than %d parts", dsr.MaxParts)}
	}
	s.done.Records += p.records
	p.part = dsr.Part{Seq: len(s.parts) + 1, ID: strings.ReplaceAll(uuid.NewString(), "-", ""), Records: p.records}
	var err error
	if p.sealed, err = s.done.seal(ctx, s.o.Case, s.o.Spec, p.part.Seq, p.part.ID); err != nil {
		return p, err
	}
	s.fill, s.spare = s.spare, s.fill
	s.fill.reset()
	return p, nil
}

// store adds the tabular forms to a part and creates its blob.
func (s *Sink) store(ctx context.Context, p finished) (dsr.Part, error) {
	if err := s.tabulate(p); err != nil {
		return dsr.Part{}, err
	}
	end, err := ending(int64(p.body.Len()), p.members, p.sealed)
	if err != nil {
		return dsr.Part{}, err
	}
	_, _ = p.body.Write(end) // a buffer does not fail
	p.part.Size = int64(p.body.Len())
	p.part.ETag, err = s.o.Store.Blobs.Create(ctx, s.o.Spec.Ref(p.part), p.body.Bytes(), blob.WriteOptions{ContentType: partType})
	if err != nil {
		return dsr.Part{}, fmt.Errorf("part: store part %d: %w", p.part.Seq, err)
	}
	return p.part, nil
}

// record makes a part count.
func (s *Sink) record(ctx context.Context, p dsr.Part) error {
	err := s.o.Claim.Record(ctx, p)
	if errors.Is(err, store.ErrExists) {
		return ErrSuperseded
	}
	if err != nil {
		return fmt.Errorf("part: record part %d: %w", p.Seq, err)
	}
	return nil
}

// tabulate adds the tabular forms of the JSON members, made from the packed bytes that are stored.
func (s *Sink) tabulate(p finished) error {
	for _, m := range slices.Clone(p.members) {
		if m.Format != tenant.JSON {
			continue
		}
		kind, known := s.o.Descriptor.Kind(m.Kind)
		if !known {
			return fmt.Errorf("part: part %d has the kind %q, which %s does not have", p.part.Seq, m.Kind, s.o.Spec.System)
		}
		packed := p.packed(m)
		for _, f := range s.o.Formats {
			form := Member{Kind: m.Kind, Format: f, Type: mediaTypes[f], Number: m.Number, Records: m.Records}
			err := p.add(form, func(w io.Writer) error {
				return tabular.Write(f, w, s.o.Spec.System, kind, Unpack(bytes.NewReader(packed)))
			})
			if err != nil {
				return fmt.Errorf("part: make the %s form of part %d: %w", f, p.part.Seq, err)
			}
		}
	}
	return nil
}
