// Package deliver makes the package of a request, checks it, and hands it over.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/archive"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
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
	target, err := archive.Location(s.Tenants, c.Tenant, c.ID, c.Dest)
	if err != nil {
		end.Outcome = dsr.Outcome{
			Code: dsr.OutcomeFailed, Reason: "The destination that the request names is no longer in the tenant's document.",
		}
		return end, nil
	}
	p, err := archive.Assemble(ctx, archive.Assembly{
		Store: s.Store, Case: c, Tenant: t, Catalogue: s.Catalogue, Clocks: s.Clocks, Claim: w.Claim,
	})
	if errors.Is(err, archive.ErrIncomplete) {
		end.Outcome = dsr.Outcome{Code: dsr.OutcomeFailed, Reason: "Some of what was handed over before is missing. Retry the request: everything is read again."}
		return end, nil
	}
	if err != nil {
		return end, err
	}
	if _, err := archive.Verify(ctx, s.Store, target); err != nil {
		return end, fmt.Errorf("deliver: verify the package: %w", err)
	}
	p.Destination = c.Dest
	p.State = dsr.PackageReady
	p.ExpiresAt = clock.Stored(s.Clocks.Business().Add(t.Package.Retention()))
	end.Package = &p
	// The parts are deleted right after the commit. Their wake is for a process that dies
	// before then.
	end.Wakes = map[retention.WakeKind]time.Time{retention.WakePackage: p.ExpiresAt, retention.WakeParts: s.Clocks.Business()}
	return end, nil
}

// Finish deletes the parts, which the package has made superfluous, and then their wake.
func (s *Step) Finish(ctx context.Context, c *store.Case) error {
	if c.Package == nil {
		return nil
	}
	if err := part.Delete(ctx, s.Store, c); err != nil {
		return fmt.Errorf("deliver: delete parts: %w", err)
	}
	err := s.Store.Commit(ctx, c, store.Change{Wakes: map[retention.WakeKind]time.Time{retention.WakeParts: {}}})
	if errors.Is(err, store.ErrConflict) {
		return nil // the purge finds nothing left to delete and clears the wake
	}
	return err
}
