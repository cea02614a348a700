// Package deliver makes the package of a request, checks it, and hands it over.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/archive"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

// by is how the step signs its events.
const by = "step:deliver"

// Step is the delivery of packages.
type Step struct {
	Store       *store.Store
	Settle      *task.Settler
	Tenant      func(tenant string) (archive.Tenant, error)
	Descriptors func(tenant string) []connector.Descriptor
	Retention   func(tenant string) time.Duration
	// Destination returns where a package goes: account and container of a name in the tenant's document, or our own for "".
	Destination func(tenant, name string) (store.Ref, error)
	Now         func() time.Time
	NewID       func() string
	Log         *slog.Logger
}

// Run assembles the package of the request that a message names.
func (s *Step) Run(ctx context.Context, m store.Message) error {
	c, err := s.Settle.Load(ctx, m)
	if err != nil || c == nil {
		return err
	}
	c, err = s.Settle.Do(ctx, c, dsr.PackageTask, task.Work{
		In: dsr.Assembling, By: by, Owner: s.NewID(),
		Do: func(ctx context.Context, c *store.Case, cl *store.Claim, _ dsr.Task) (task.End, error) {
			return s.assemble(ctx, c, cl)
		},
	})
	if err != nil || c == nil || c.Package == nil {
		return err
	}
	return s.tidy(ctx, c)
}

// assemble streams the parts into the archive and reads the archive back before anybody is told of it.
func (s *Step) assemble(ctx context.Context, c *store.Case, cl *store.Claim) (task.End, error) {
	end := task.End{Outcome: dsr.Outcome{Code: dsr.Done}}
	tenant, err := s.Tenant(c.Tenant)
	if err != nil {
		return end, err
	}
	dest, err := s.Destination(c.Tenant, c.Dest)
	if err != nil {
		end.Outcome = dsr.Outcome{Code: dsr.Failed, Reason: "The destination that the request names is no longer in the tenant's document."}
		return end, nil
	}
	p, err := archive.Assemble(ctx, archive.Assembly{
		Store: s.Store, Case: c, Tenant: tenant, Descriptors: s.Descriptors(c.Tenant), Destination: dest, Now: s.Now,
		Check: cl.Check,
	})
	if errors.Is(err, archive.ErrIncomplete) {
		end.Outcome = dsr.Outcome{Code: dsr.Failed, Reason: "What was handed over before is no longer there as a whole. Retry: everything is read again."}
		return end, nil
	}
	if err != nil {
		return end, err
	}
	if _, err := archive.Verify(ctx, s.Store, archive.Location(dest, c.Tenant, c.ID)); err != nil {
		return end, fmt.Errorf("deliver: verify the package: %w", err)
	}
	p.Destination = c.Dest
	p.State = dsr.PackageReady
	p.ExpiresAt = s.Now().Add(s.Retention(c.Tenant)).UTC().Truncate(time.Millisecond) // as times are kept
	end.Package = &p
	// The parts are deleted right after the commit; their wake stands for the case that we do not live to see it.
	end.Wakes = map[store.WakeKind]time.Time{store.WakePackage: p.ExpiresAt, store.WakeParts: s.Now()}
	return end, nil
}

// tidy deletes the parts, which the package has made superfluous, and then their wake.
func (s *Step) tidy(ctx context.Context, c *store.Case) error {
	if err := part.Delete(ctx, s.Store, c.Tenant, c.ID, c.Round); err != nil {
		return fmt.Errorf("deliver: delete parts: %w", err)
	}
	err := s.Store.Commit(ctx, c, store.Change{Wakes: map[store.WakeKind]time.Time{store.WakeParts: {}}})
	if errors.Is(err, store.ErrConflict) {
		return nil // the purge finds nothing left to delete and clears it
	}
	return err
}
