package parttest

import (
	"context"
	"slices"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// Ledger is a hold on a task that several sinks may share. It keeps the list of parts in memory,
// for tests that are not about the row of the task.
type Ledger struct {
	Lost func() error // asked by Held, unless it is nil

	mu    sync.Mutex
	parts []dsr.Part
}

var _ part.Claim = (*Ledger)(nil)

// Held implements part.Claim.
func (l *Ledger) Held(context.Context) error {
	if l.Lost != nil {
		return l.Lost()
	}
	return nil
}

// Parts implements part.Claim.
func (l *Ledger) Parts() []dsr.Part {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.parts)
}

// Record implements part.Claim.
func (l *Ledger) Record(_ context.Context, p dsr.Part) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.Seq != len(l.parts)+1 {
		return store.ErrExists
	}
	l.parts = append(l.parts, p)
	return nil
}

// Ledger returns the one hold on a task of the bench.
func (b *Bench) Ledger(spec part.Spec) *Ledger {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ledgers == nil {
		b.ledgers = map[part.Spec]*Ledger{}
	}
	if b.ledgers[spec] == nil {
		b.ledgers[spec] = &Ledger{}
	}
	return b.ledgers[spec]
}
