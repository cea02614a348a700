package sweep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/export"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// by is how the purge signs its events.
const by = "step:purge"

// Purge deletes what has reached the end of its retention, by the business clock; it is the job of the hourly timer. It is safe late,
// twice, and after missed days; one failure does not stop the rest.
func (s *Sweeper) Purge(ctx context.Context) (Result, error) {
	kinds := []store.WakeKind{store.WakeParts, store.WakePackage, store.WakeBulkInput, store.WakeBulkResult}
	return s.each(ctx, s.Tenants(), allShards(), kinds, func(ctx context.Context, w store.Wake) error {
		switch w.Kind {
		case store.WakeParts:
			return s.parts(ctx, w)
		case store.WakePackage:
			return s.expire(ctx, w)
		default:
			return s.bulkBlob(ctx, w)
		}
	})
}

// parts deletes parts that a package has made superfluous, or that a cancelled request left.
func (s *Sweeper) parts(ctx context.Context, w store.Wake) error {
	c, err := s.load(ctx, w)
	if err != nil || c == nil {
		return err
	}
	if c.State == dsr.Exporting || c.State == dsr.Assembling || c.State == dsr.Discovering {
		return nil // opened again since: the parts of tasks that were done are needed once more
	}
	if err := export.DeleteParts(ctx, s.Store, c.Tenant, c.ID); err != nil {
		return err
	}
	if c.State == dsr.Cancelled && c.Package == nil {
		if err := s.removePackage(ctx, c); err != nil {
			return err
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
	if c.Package == nil || c.Package.State == dsr.PackageBuilding || c.Package.State == dsr.PackageExpired {
		return ignoreConflict(s.Store.Commit(ctx, c, store.Change{Wakes: map[store.WakeKind]time.Time{store.WakePackage: {}}}))
	}
	if c.Package.State == dsr.PackageReady {
		err := s.Store.Commit(ctx, c, store.Change{Events: []dsr.Event{{Type: dsr.EventPackageExpiring, At: s.Now(), By: by}}})
		if err != nil {
			return ignoreConflict(err)
		}
	}
	if err := s.removePackage(ctx, c); err != nil {
		return err
	}
	return ignoreConflict(s.Store.Commit(ctx, c, store.Change{
		Events: []dsr.Event{{Type: dsr.EventPackageExpired, At: s.Now(), By: by}},
		Wakes:  map[store.WakeKind]time.Time{store.WakePackage: {}},
	}))
}

// removePackage deletes the archive and reads it again.
func (s *Sweeper) removePackage(ctx context.Context, c *store.Case) error {
	dest := c.Dest
	if c.Package != nil {
		dest = c.Package.Destination
	}
	ref, err := s.Destination(c.Tenant, dest)
	if err != nil {
		return fmt.Errorf("sweep: destination of the package: %w", err)
	}
	ref.Name = export.PackageName(c.Tenant, c.ID)
	return s.remove(ctx, ref)
}

// remove deletes a blob as it is now, and is content only when a read answers 404.
func (s *Sweeper) remove(ctx context.Context, ref store.Ref) error {
	info, err := s.Store.StatBlob(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep: read before deletion: %w", err)
	}
	if err := s.Store.DeleteBlob(ctx, ref, info.ETag); err != nil {
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

func ignoreConflict(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return nil // changed at the same time: the wake stays due and the next sweep looks again
	}
	return err
}
