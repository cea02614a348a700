// Package purge deletes what has reached the end of its retention, and records that it is gone only
// when a second look finds nothing.
package purge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// Step is what the hourly timer runs.
type Step struct {
	due  *due.Sweeper
	does due.Handlers
}

// New returns the step. The error says that a part is missing.
func New(d *due.Sweeper) (*Step, error) {
	if d == nil {
		return nil, errors.New("purge: a sweeper is needed")
	}
	s := &Step{due: d}
	s.does = due.Handlers{
		retention.WakeParts: s.parts, retention.WakePackage: s.expire, retention.WakeFormer: s.former,
		retention.WakeBulkInput: s.imported, retention.WakeBulkResult: s.imported,
	}
	return s, s.does.Complete(dsr.StepPurge)
}

// Remember keeps which tenants are configured, so that what is stored for them ends also when they
// are taken out of the document.
func (s *Step) Remember(ctx context.Context) error { return s.due.Remember(ctx) }

// Run deletes what has reached the end of its retention, by the business clock. It is safe late,
// twice, and after missed days; one failure does not stop the rest.
func (s *Step) Run(ctx context.Context) (due.Result, error) {
	remembered := s.due.Remember(ctx)
	tenants, unread := s.due.EverTenants(ctx)
	s.due.Missing(ctx, tenants)
	res, err := s.due.Each(ctx, dsr.StepPurge, tenants, s.does)
	rejected := s.rejected(ctx, &res)
	uploads, orphans := s.uploads(ctx, tenants)
	res.Done += uploads
	s.due.Report(ctx, dsr.StepPurge, res)
	return res, errors.Join(remembered, unread, err, rejected, orphans)
}

// parts deletes parts that a package has made superfluous, or that a request without a package
// left behind.
func (s *Step) parts(ctx context.Context, w lists.Wake) error {
	c, err := s.due.Request(ctx, w)
	if err != nil || c == nil {
		return err
	}
	if !c.State.Final() && c.State != dsr.StateWaiting {
		return nil // It was opened again: the wake stays due until that has ended.
	}
	if err := part.Sweep(ctx, s.due.Store, &c.Request); err != nil {
		return err
	}
	return due.Later(s.due.Store.Commit(ctx, c, store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakeParts: {}}}))
}

// stat looks at a blob. It returns nil when there is no such blob.
func (s *Step) stat(ctx context.Context, ref blob.Ref) (*blob.Info, error) {
	info, err := s.due.Store.Blobs.Stat(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("purge: read before deletion: %w", err)
	}
	return &info, nil
}

// remove deletes a blob as it was seen, and succeeds only when a read then answers 404. With
// nothing seen it does nothing.
func (s *Step) remove(ctx context.Context, ref blob.Ref, seen *blob.Info) error {
	if seen == nil {
		return nil
	}
	if err := s.due.Store.Blobs.Delete(ctx, ref, seen.ETag); err != nil {
		return fmt.Errorf("purge: delete: %w", err)
	}
	gone, err := s.due.Store.Blobs.Gone(ctx, ref)
	if err != nil {
		return fmt.Errorf("purge: read after deletion: %w", err)
	}
	if !gone {
		return errors.New("purge: what was deleted can still be read")
	}
	return nil
}

// rejected deletes bulk messages that an operator has had time enough to look at. They belong
// to no tenant and have no wakes. Their metadata says when they came.
func (s *Step) rejected(ctx context.Context, res *due.Result) error {
	var first error
	failed := func(err error) {
		s.due.Log.ErrorContext(ctx, "rejected bulk message not deleted", "error", err)
		res.Failed++
		if first == nil {
			first = err
		}
	}
	for b, err := range s.due.Store.Blobs.List(ctx, blob.Ref{Container: retention.Rejected}) {
		if err != nil {
			failed(err)
			break
		}
		at, err := time.Parse(time.RFC3339, b.Meta[blob.MetaAt])
		if err != nil {
			failed(errors.New("purge: a rejected bulk message does not say when it came"))
			continue
		}
		if s.due.Clocks.Business().Before(at.Add(retention.KeepRejected)) {
			continue
		}
		res.Due++
		if err := s.remove(ctx, blob.Ref{Container: retention.Rejected, Name: b.Name}, &b); err != nil {
			failed(err)
			continue
		}
		res.Done++
	}
	return first
}

// imported deletes the input or the result of an import, and reads it again.
func (s *Step) imported(ctx context.Context, w lists.Wake) error {
	b, err := s.due.Import(ctx, w)
	if err != nil || b == nil {
		return err
	}
	ref := blob.InputRef(b.Blob)
	if w.Kind == retention.WakeBulkResult {
		ref = blob.ResultRef(b.Tenant, b.ID)
	}
	info, err := s.stat(ctx, ref)
	if err != nil {
		return err
	}
	if err := s.remove(ctx, ref, info); err != nil {
		return err
	}
	return s.due.SetImport(ctx, b, w.Kind, time.Time{})
}
