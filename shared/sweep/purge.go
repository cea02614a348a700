package sweep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/archive"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// by is how the purge signs its events.
const by = "step:purge"

// keepRejected is how long a bulk message that names no tenant of ours is kept for an operator to look at, by the business clock.
const keepRejected = 30 * 24 * time.Hour

// Purge deletes what has reached the end of its retention, by the business clock; it is the job of the hourly timer. It is safe late,
// twice, and after missed days; one failure does not stop the rest.
func (s *Sweeper) Purge(ctx context.Context) (Result, error) {
	tenants, unread := s.EverTenants(ctx)
	s.missing(ctx, tenants)
	kinds := []store.WakeKind{store.WakeParts, store.WakePackage, store.WakeBulkInput, store.WakeBulkResult}
	res, err := s.each(ctx, tenants, allShards(), kinds, func(ctx context.Context, w store.Wake) error {
		switch w.Kind {
		case store.WakeParts:
			return s.parts(ctx, w)
		case store.WakePackage:
			return s.expire(ctx, w)
		default:
			return s.bulkBlob(ctx, w)
		}
	})
	return res, errors.Join(unread, err, s.rejected(ctx, &res))
}

// parts deletes parts that a package has made superfluous, or that a request left which made none.
func (s *Sweeper) parts(ctx context.Context, w store.Wake) error {
	c, err := s.load(ctx, w)
	if err != nil || c == nil {
		return err
	}
	if !c.State.Final() && c.State != dsr.Waiting {
		return nil // opened again since: it stays due until that has ended
	}
	if err := part.Delete(ctx, s.Store, c.Tenant, c.ID, c.Round); err != nil {
		return err
	}
	// An archive may be there that was never recorded, or that a retry meant to replace. A destination that is no longer in the tenant's
	// document cannot be looked into: that may be why there is no package.
	if _, err := s.Destination(c.Tenant, c.Dest); c.Package == nil && err == nil {
		if err := s.removePackage(ctx, c); err != nil {
			return ignoreConflict(err)
		}
	}
	return ignoreConflict(s.Store.Commit(ctx, c, store.Change{Wakes: map[store.WakeKind]time.Time{store.WakeParts: {}}}))
}

// expire is the end of a package, in two phases: marked, so that nobody gets a link any more; deleted; and recorded only when a read
// answers 404. A crash between them leaves the wake, and the next purge goes on.
func (s *Sweeper) expire(ctx context.Context, w store.Wake) error {
	c, err := s.load(ctx, w)
	if err != nil || c == nil {
		return err
	}
	done := store.Change{Wakes: map[store.WakeKind]time.Time{store.WakePackage: {}}}
	switch {
	case c.Package != nil && c.Package.State == dsr.PackageBuilding:
		return nil // a retry is about to replace it: it stays due until that has ended
	case c.Package != nil && c.Package.State == dsr.PackageExpired:
		return ignoreConflict(s.Store.Commit(ctx, c, done))
	case c.Package != nil && c.Package.State == dsr.PackageReady:
		err := s.Store.Commit(ctx, c, store.Change{Events: []dsr.Event{{Type: dsr.EventPackageExpiring, At: s.Now(), By: by}}})
		if err != nil {
			return ignoreConflict(err)
		}
	}
	if err := s.removePackage(ctx, c); err != nil {
		return ignoreConflict(err)
	}
	if c.Package != nil {
		done.Events = []dsr.Event{{Type: dsr.EventPackageExpired, At: s.Now(), By: by}}
	}
	return ignoreConflict(s.Store.Commit(ctx, c, done))
}

// errDestination: a package cannot be deleted because nobody knows any more where it is. Only who configures the tenant can say.
var errDestination = errors.New("sweep: the destination of the package is not known")

// removePackage deletes the archive of a request and reads it again. The archive is looked at before the request is, and that must not have
// changed: what is deleted can then not be a package that a retry has made meanwhile. ErrConflict when it has.
func (s *Sweeper) removePackage(ctx context.Context, c *store.Case) error {
	dest := c.Dest
	if c.Package != nil {
		dest = c.Package.Destination
	}
	ref, err := s.Destination(c.Tenant, dest)
	if err != nil {
		return fmt.Errorf("%w: %w", errDestination, err)
	}
	ref = archive.Location(ref, c.Tenant, c.ID)
	info, err := s.stat(ctx, ref)
	if err != nil || info == nil {
		return err
	}
	now, err := s.Store.Load(ctx, c.Tenant, c.ID)
	if err != nil {
		return err
	}
	if now.Seq != c.Seq {
		return store.ErrConflict
	}
	return s.remove(ctx, ref, info)
}

// stat looks at a blob; nil when it is not there.
func (s *Sweeper) stat(ctx context.Context, ref store.Ref) (*store.BlobInfo, error) {
	info, err := s.Store.StatBlob(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sweep: read before deletion: %w", err)
	}
	return &info, nil
}

// remove deletes a blob as it was seen, and is content only when a read answers 404. Nothing seen is nothing to do.
func (s *Sweeper) remove(ctx context.Context, ref store.Ref, seen *store.BlobInfo) error {
	if seen == nil {
		return nil
	}
	if err := s.Store.DeleteBlob(ctx, ref, seen.ETag); err != nil {
		return fmt.Errorf("sweep: delete: %w", err)
	}
	gone, err := s.Store.BlobGone(ctx, ref)
	if err != nil {
		return fmt.Errorf("sweep: read after deletion: %w", err)
	}
	if !gone {
		return errors.New("sweep: what was deleted can still be read")
	}
	return nil
}

// rejected deletes bulk messages that an operator has had time enough to look at. They belong to no tenant and have no wakes; their
// metadata says when they came.
func (s *Sweeper) rejected(ctx context.Context, res *Result) error {
	var first error
	failed := func(err error) {
		s.Log.ErrorContext(ctx, "rejected bulk message not deleted", "error", err)
		res.Failed++
		if first == nil {
			first = err
		}
	}
	for b, err := range s.Store.ListBlobs(ctx, store.Ref{Container: store.Rejected}) {
		if err != nil {
			failed(err)
			break
		}
		at, err := time.Parse(time.RFC3339, b.Meta["at"])
		if err != nil {
			failed(errors.New("sweep: a rejected bulk message does not say when it came"))
			continue
		}
		if s.Now().Before(at.Add(keepRejected)) {
			continue
		}
		res.Due++
		if err := s.remove(ctx, store.Ref{Container: store.Rejected, Name: b.Name}, &b); err != nil {
			failed(err)
			continue
		}
		res.Done++
	}
	return first
}

func ignoreConflict(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return nil // changed at the same time: the wake stays due and the next sweep looks again
	}
	return err
}
