// Package deliver makes the package of a request, checks it, and hands it over.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/archive"
	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Options are what the step is made of. All are needed.
type Options struct {
	Store     *store.Store
	Tenants   tenant.Tenants
	Catalogue connector.Catalogue // for the texts in packages
	Clocks    clock.Clocks
}

// Step is the delivery of packages.
type Step struct{ Options }

// New returns the step, or an error if an option is missing.
func New(o Options) (*Step, error) {
	if o.Store == nil || len(o.Tenants) == 0 || o.Catalogue == nil || o.Clocks.Business == nil {
		return nil, errors.New("deliver: a store, tenants, a catalogue and the business clock are needed")
	}
	return &Step{o}, nil
}

// Name is the step's name.
func (s *Step) Name() dsr.Step { return dsr.StepDeliver }

// Do streams the parts into the archive and reads the archive back before the request names
// it.
func (s *Step) Do(ctx context.Context, w task.Work) (task.End, error) {
	c := w.Case
	end := task.End{Outcome: dsr.Outcome{Code: dsr.OutcomeDone}}
	t, ok := s.Tenants.Tenant(c.Tenant)
	if !ok {
		return end, fmt.Errorf("deliver: tenant %s is not configured", c.Tenant)
	}
	// A person may end a task meanwhile. What they wrote then belongs into the package.
	c, err := s.Store.Whole(ctx, c)
	if err != nil {
		return end, err
	}
	p, err := archive.Assemble(ctx, archive.Assembly{
		Store: s.Store, Case: c, Tenant: t, Catalogue: s.Catalogue, Clocks: s.Clocks, Claim: w.Claim, Time: w.Time.Half(),
	})
	if reason := whyNot(err); reason != "" {
		end.Outcome = dsr.Outcome{Code: dsr.OutcomeFailed, Reason: reason}
		end.Missing = errors.Is(err, archive.ErrMissing)
		return end, nil
	}
	if err != nil {
		end.Progress = archive.Stored(err)
		return end, err
	}
	calls, stop := w.Time.Calls(ctx)
	defer stop()
	if _, err := archive.Verify(calls, s.Store, blob.PackageRef(p.Place)); err != nil {
		if budget.Ended(calls) {
			err = budget.ErrUsedUp
		}
		return end, fmt.Errorf("deliver: verify the package: %w", err)
	}
	p.State = dsr.PackageReady
	p.ExpiresAt = clock.Stored(s.Clocks.Business().Add(t.Package.Retention()))
	end.Package = &p
	// The parts are deleted right after the commit. Their wake is for the second look, and for a
	// process that dies before then.
	end.Wakes = map[retention.WakeKind]time.Time{retention.WakePackage: p.ExpiresAt, retention.WakeParts: s.Clocks.Business().Add(retention.LookAgain)}
	return end, nil
}

// whyNot is the reason why no package can be made, and what to do about it. It is empty for an
// error that another attempt may not meet.
func whyNot(err error) string {
	switch {
	case errors.Is(err, archive.ErrNoPlace):
		return "The destination that the request names is no longer in the tenant's document."
	case errors.Is(err, store.ErrNoAccount):
		return "A destination is no longer in the tenant's document, and its account holds this package or the one before. " +
			"Put it back, then retry the request."
	case errors.Is(err, archive.ErrChanged):
		return "Something else lies where the package before was put, so that nothing can be taken from there. Delete it, then retry the request."
	case errors.Is(err, archive.ErrIncomplete):
		return "Some of what was handed over before is missing. Retry the request: everything is read again."
	}
	return ""
}

// Finish deletes the parts that the tasks name: the package has made them superfluous. It deletes
// the package that was replaced, too. The purge looks at both places again when no writer of
// either can be alive.
func (s *Step) Finish(ctx context.Context, c *store.Case) error {
	if t := c.Task(dsr.PackageTask); t == nil || t.Outcome.Code != dsr.OutcomeDone {
		return nil
	}
	err := part.Delete(ctx, s.Store, c)
	if errors.Is(err, store.ErrConflict) {
		err = nil // The request has changed since. The purge deletes the parts.
	}
	if err = errors.Join(s.replaced(ctx, c), err); err != nil {
		return fmt.Errorf("deliver: tidy up: %w", err)
	}
	return nil
}

// replaced deletes the packages that were replaced, each in the version that was recorded. What it
// does not find as it was recorded is left to the purge, which tells an operator.
func (s *Step) replaced(ctx context.Context, c *store.Case) error {
	var errs []error
	for _, f := range c.Former {
		if f.Place.ETag == "" {
			continue // It was given up, and a writer of it may be alive.
		}
		err := s.Store.Blobs.Delete(ctx, blob.PackageRef(f.Place), f.Place.ETag)
		if !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNoAccount) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
