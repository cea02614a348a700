package intake

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// oldest is how far back a request may have been received. An older date is taken for a typing
// error.
const oldest = 10 // years

// skew is how far the clock of a caller may be ahead.
const skew = time.Minute

// Options are what a service is made of. All are needed.
type Options struct {
	Runner    *task.Runner // has the store and the clocks, and sends the messages of new requests
	Tenants   tenant.Tenants
	Catalogue connector.Catalogue
	Tokens    *pii.Tokens // of the keyed hashes of bodies
}

// Service makes requests.
type Service struct{ Options }

// New returns a service. The error says that an option is missing.
func New(o Options) (*Service, error) {
	if o.Runner == nil || len(o.Tenants) == 0 || o.Catalogue == nil || o.Tokens == nil {
		return nil, errors.New("intake: a runner, tenants, a catalogue and tokens are needed")
	}
	return &Service{o}, nil
}

// Taken is what became of a submission.
type Taken struct {
	Request  *dsr.Request
	Existing bool // the same key and body made it before
	// Ahead is nil, or what GoOn is to be called for once the caller has the answer.
	Ahead *task.Ahead
}

// Submit makes the request that a submission asks for, or returns the one that the same key and
// body made before. Errors are *problem.Error or faults of the store. A tenant of others is
// not-found, whether it exists or not.
func (s *Service) Submit(ctx context.Context, caller auth.Caller, key string, sub Submission) (Taken, error) {
	t, ok := s.Tenants.Tenant(sub.Tenant)
	if !ok || !caller.Owns(sub.Tenant) {
		return Taken{}, problem.Absent()
	}
	d, err := s.Draft(caller.ID, t, key, sub, s.Runner.Clocks.Business())
	if err != nil {
		return Taken{}, err
	}
	made, err := s.Runner.Store.Create(ctx, d)
	if err = errors.Join(err, made.Err); errors.Is(err, store.ErrIdempotency) {
		return s.sameUnderAnOlderKey(ctx, d, sub)
	}
	if err != nil || made.Existing {
		return Taken{Request: made.Request, Existing: made.Existing}, err
	}
	ahead, err := s.Runner.Accept(ctx, made.Case)
	return Taken{Request: made.Request, Ahead: ahead}, err
}

// sameUnderAnOlderKey returns the request that was made before when its body is the same and
// only the version of the key differs, with which the body was hashed.
func (s *Service) sameUnderAnOlderKey(ctx context.Context, d store.Draft, sub Submission) (Taken, error) {
	conflict := problem.New(problem.IdempotencyConflict, "", "the idempotency key was used with another body before")
	c, err := s.Runner.Store.Load(ctx, d.Request.Tenant, s.Runner.Store.RequestID(d.Request.Caller, d.Request.Tenant, d.Key))
	if errors.Is(err, store.ErrNotFound) {
		return Taken{}, conflict
	}
	if err != nil {
		return Taken{}, err
	}
	if !slices.Contains(s.Tokens.All(d.Request.Tenant, bodyToken, sub.Canonical()), c.BodyHash) {
		return Taken{}, conflict
	}
	return Taken{Request: &c.Request, Existing: true}, nil
}

// bodyToken is the kind under which the hash of a body is made.
const bodyToken = "body"

// Draft is the request that a submission asks for at a business time, ready to be stored. It
// writes and sends nothing. The id of the request is made from the caller's id and the key.
// Errors are *problem.Error.
func (s *Service) Draft(caller string, t tenant.Tenant, key string, sub Submission, now time.Time) (store.Draft, error) {
	now = clock.Stored(now)
	if err := s.check(t, sub, now); err != nil {
		return store.Draft{}, err
	}
	received := clock.Stored(sub.ReceivedAt)
	if received.IsZero() || received.After(now) {
		received = now
	}
	systems := sub.Systems
	if len(systems) == 0 {
		systems = t.SystemNames()
	}
	return store.Draft{
		Request: dsr.Request{
			Tenant: t.ID, Actions: sub.Actions, Regime: sub.Regime, Systems: systems, Caller: caller, ReceivedAt: received,
			DueAt: dsr.Due(sub.Regime, received), CreatedAt: now, Dest: sub.Destination, Tasks: s.tasks(t, systems, sub.Actions, now),
		},
		Private: dsr.Private{Subject: sub.Subject, Note: sub.Note, Reference: sub.Reference},
		Key:     key,
		Body:    s.Tokens.Token(t.ID, bodyToken, sub.Canonical()),
		Wakes:   map[retention.WakeKind]time.Time{retention.WakeRedeliver: s.Runner.Clocks.Wall().Add(task.Redeliver)},
		By:      caller,
	}, nil
}

// check does the checks that need the tenant, the catalogue or the clock.
func (s *Service) check(t tenant.Tenant, sub Submission, now time.Time) error {
	for i, a := range sub.Actions {
		if !t.Takes(a) {
			return problem.New(problem.UnknownAction, at("/actions", i), "the tenant does not take requests for this action")
		}
	}
	switch {
	case sub.ReceivedAt.After(now.Add(skew)):
		return problem.New(problem.FutureDate, "/receivedAt", "the time is in the future")
	case !sub.ReceivedAt.IsZero() && sub.ReceivedAt.Before(now.AddDate(-oldest, 0, 0)):
		return problem.Newf(problem.PastDate, "/receivedAt", "the time is more than %d years ago", oldest)
	}
	names := t.SystemNames()
	for i, system := range sub.Systems {
		if !slices.Contains(names, system) {
			return problem.New(problem.UnknownSystem, at("/systems", i), "the tenant has no such system")
		}
	}
	if _, ok := t.Destination(sub.Destination); sub.Destination != "" && !ok {
		return problem.New(problem.UnknownDestination, "/destination", "the tenant has no destination of that name")
	}
	kinds := s.kinds(t)
	for i, id := range sub.Subject.Identifiers {
		if !slices.Contains(kinds, id.Kind) {
			return problem.New(problem.UnknownKind, sub.kindAt[i], "no system of the tenant can find a person by this kind of identifier")
		}
	}
	return nil
}

// kinds are the kinds of identifier that the tenant's systems can find a person by.
func (s *Service) kinds(t tenant.Tenant) []string {
	out := dsr.NamedKinds()
	for _, name := range t.SystemNames() {
		d, _ := s.Catalogue.Describe(t, name)
		for _, id := range d.Identifiers {
			out = append(out, id.Kind)
		}
	}
	return out
}
