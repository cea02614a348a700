package part

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// finished is a JSON member on its way into the store.
type finished struct {
	seq  int
	m    Member
	meta map[string]string
	pack *packer
	have []tenant.Format // tabular forms that are stored already
}

// flush ends the part that is being filled and stores it in the background, after the
// previous one. Parts appear in order and complete, so that the last one in a listing says
// where to continue.
func (s *Sink) flush() error {
	if err := s.wait(); err != nil {
		return err
	}
	if _, err := s.fill.Write([]byte("\n]\n")); err != nil {
		return err
	}
	s.seq++
	s.done.Records += s.records
	s.done.Numbers[s.kind]++
	p := finished{seq: s.seq, pack: s.fill, m: Member{Kind: s.kind, Format: tenant.JSON, Number: s.done.Numbers[s.kind], Records: s.records}}
	if err := s.fill.finish(&p.m); err != nil {
		return err
	}
	p.meta = p.m.meta()
	if err := s.done.seal(s.ctx, s.o.Store, s.o.Case, s.o.Spec, p.seq, p.meta); err != nil {
		return err
	}
	s.fill, s.spare, s.records = s.spare, s.fill, 0
	s.fill.reset()
	s.upload = make(chan error, 1)
	go func(done chan<- error) { done <- s.store(s.ctx, p) }(s.upload)
	return nil
}

// wait returns when nothing is being stored.
func (s *Sink) wait() error {
	if s.upload == nil {
		return nil
	}
	err := <-s.upload
	s.upload = nil
	return err
}

// store creates a part and its tabular forms.
func (s *Sink) store(ctx context.Context, p finished) error {
	ref := blob.Ref{Container: retention.Parts, Name: s.o.Spec.part(p.seq, tenant.JSON)}
	err := s.o.Store.Blobs.Put(ctx, ref, p.pack.body.Bytes(), p.meta, partType)
	if errors.Is(err, store.ErrExists) {
		return ErrSuperseded
	}
	if err != nil {
		return fmt.Errorf("part: store part %d: %w", p.seq, err)
	}
	return s.tabulate(ctx, p)
}

// tabulate makes the tabular forms that a stored part lacks, from the stored bytes. They
// depend on those bytes alone, so it does not matter which worker stores a form first.
func (s *Sink) tabulate(ctx context.Context, p finished) error {
	kind, known := s.o.Descriptor.Kind(p.m.Kind)
	if !known {
		return fmt.Errorf("part: part %d is of kind %q, which %s does not have", p.seq, p.m.Kind, s.o.Spec.System)
	}
	for _, f := range s.o.Formats {
		if slices.Contains(p.have, f) {
			continue
		}
		pack := newPacker()
		m := Member{Kind: p.m.Kind, Format: f, Number: p.m.Number, Records: p.m.Records}
		if err := tabular.Write(f, pack, s.o.Spec.System, kind, unpack(bytes.NewReader(p.pack.body.Bytes()))); err != nil {
			return fmt.Errorf("part: make the %s form of part %d: %w", f, p.seq, err)
		}
		if err := pack.finish(&m); err != nil {
			return err
		}
		ref := blob.Ref{Container: retention.Parts, Name: s.o.Spec.part(p.seq, f)}
		err := s.o.Store.Blobs.Put(ctx, ref, pack.body.Bytes(), m.meta(), partType)
		if err != nil && !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("part: store the %s form of part %d: %w", f, p.seq, err)
		}
	}
	return nil
}

// load reads the packed bytes of a stored part into a packer's buffer, for tabulate.
func (s *Sink) load(ctx context.Context, m Member) (*packer, error) {
	body, _, err := s.o.Store.Blobs.Open(ctx, m.Ref, m.Offset, m.Packed)
	if err != nil {
		return nil, fmt.Errorf("part: read a part: %w", err)
	}
	defer body.Close()
	p := &packer{}
	if _, err := io.Copy(&p.body, body); err != nil {
		return nil, fmt.Errorf("part: read a part: %w", err)
	}
	return p, nil
}
