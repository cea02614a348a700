package purge

import (
	"context"
	"errors"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/due"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// expire ends a package in two phases. First the package is marked, so that nobody gets a link
// any more. Then it is deleted, and that is recorded only when a read answers 404. A crash in
// between leaves the wake, and the next purge goes on. A package that was never seen where it was
// put is recorded as missing: nobody here deleted it.
func (s *Step) expire(ctx context.Context, w lists.Wake) error {
	c, err := s.due.Request(ctx, w)
	if err != nil || c == nil {
		return err
	}
	done := store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakePackage: {}}}
	if p := c.Package; p == nil || p.State != dsr.PackageReady && p.State != dsr.PackageExpiring {
		return due.Later(s.due.Store.Commit(ctx, c, done))
	}
	if c.Replacing() {
		return nil // The next package takes from it what it holds. The wake stays due until then.
	}
	place := c.Package.Place
	ref := blob.PackageRef(place)
	info, unseen := s.look(ctx, ref, func(i *blob.Info) bool { return i.ETag == place.ETag })
	if !c.Package.Seen {
		if unseen == nil && info == nil {
			return s.missing(ctx, c, done)
		}
		if err := s.mark(ctx, c, info != nil); err != nil {
			return due.Later(err)
		}
	}
	if unseen != nil {
		return unseen
	}
	if err := s.remove(ctx, ref, info); err != nil {
		return due.Later(err)
	}
	if c.State.Final() {
		// Parts were deleted right after the package was ready. A worker that had lost its claim
		// may have stored one more since: by now none of that time is alive.
		if err := part.Sweep(ctx, s.due.Store, &c.Request); err != nil {
			return due.Later(err)
		}
	}
	done.Events = []dsr.Event{s.event(dsr.EventPackageExpired)}
	return due.Later(s.due.Store.Commit(ctx, c, done))
}

// mark records that the package is about to go, and whether it was seen where it was put. One that
// cannot be looked at is marked, too: its time is over.
func (s *Step) mark(ctx context.Context, c *store.Case, seen bool) error {
	if c.Package.State == dsr.PackageExpiring && !seen {
		return nil
	}
	e := s.event(dsr.EventPackageExpiring)
	if seen {
		e.Package = &dsr.Package{State: dsr.PackageExpiring, Place: c.Package.Place}
	}
	return s.due.Store.Commit(ctx, c, store.Change{Events: []dsr.Event{e}})
}

func (s *Step) event(t dsr.EventType) dsr.Event {
	return dsr.Event{Type: t, At: s.due.Clocks.Business(), By: dsr.StepPurge.By()}
}

// missing records that a package was not where it was put when its time came.
func (s *Step) missing(ctx context.Context, c *store.Case, done store.Change) error {
	done.Events = []dsr.Event{s.event(dsr.EventPackageMissing)}
	if err := s.due.Store.Commit(ctx, c, done); err != nil {
		return due.Later(err)
	}
	s.due.Log.ErrorContext(ctx, "the package is not where it was put", "code", "package-missing", "tenant", c.Tenant, "request", c.ID)
	return nil
}

// former deletes what replaced packages, and packages that were given up, have left. The request
// names each of them until no writer of it can be alive. One failure does not stop the others.
func (s *Step) former(ctx context.Context, w lists.Wake) error {
	c, err := s.due.Request(ctx, w)
	if err != nil || c == nil {
		return err
	}
	var gone []dsr.Event
	for _, f := range c.Former {
		if s.due.Clocks.Business().Before(f.Since.Add(retention.KeepFormer)) {
			continue
		}
		if e := s.removeFormer(ctx, c.ID, f.Place); e != nil {
			err = errors.Join(err, due.Later(e))
			continue
		}
		e := s.event(dsr.EventPackageRemoved)
		e.Package = &dsr.Package{State: dsr.PackageExpired, Place: f.Place}
		gone = append(gone, e)
	}
	if len(gone) == 0 {
		return err
	}
	return errors.Join(err, due.Later(s.due.Store.Commit(ctx, c, store.Change{Events: gone})))
}

// removeFormer deletes the version that was recorded, or any that is marked as a package of the
// request: nobody else writes under that name.
func (s *Step) removeFormer(ctx context.Context, request string, p dsr.Place) error {
	ref := blob.PackageRef(p)
	info, err := s.look(ctx, ref, func(i *blob.Info) bool {
		return i.Meta[blob.MetaRequest] == request || p.ETag != "" && i.ETag == p.ETag
	})
	if err != nil {
		return err
	}
	return s.remove(ctx, ref, info)
}

// look reads what is said about a package where it was put. It returns nil when nothing is there.
// Errors: *destinationError, *changedError.
func (s *Step) look(ctx context.Context, ref blob.Ref, ours func(*blob.Info) bool) (*blob.Info, error) {
	info, err := s.stat(ctx, ref)
	switch {
	case errors.Is(err, store.ErrNoAccount):
		return nil, &destinationError{err}
	case err == nil && info != nil && !ours(info):
		return nil, &changedError{}
	}
	return info, err
}

// destinationError says that a package cannot be deleted because no destination names its account
// any more. An operator has to put the destination back.
type destinationError struct{ cause error }

func (e *destinationError) Error() string {
	return "purge: the destination of the package is not known: " + e.cause.Error()
}

func (e *destinationError) Unwrap() error { return e.cause }

// Code is the code of its log line.
func (e *destinationError) Code() string { return "destination-unknown" }

// changedError says that something else lies where a package was put. It is not deleted: an
// operator has to look at it.
type changedError struct{}

func (*changedError) Error() string {
	return "purge: another version than the recorded one lies where the package was put"
}

// Code is the code of its log line.
func (*changedError) Code() string { return "package-changed" }
