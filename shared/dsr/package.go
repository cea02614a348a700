package dsr

import (
	"slices"
	"time"
)

// PackageState is how far the package has come.
type PackageState string

// The states of a package.
const (
	PackageBuilding PackageState = "building"
	PackageReady    PackageState = "ready"
	PackageExpiring PackageState = "expiring" // shown as expired: nobody may fetch it any more
	PackageExpired  PackageState = "expired"
	PackageMissing  PackageState = "missing" // it was ready, and is not where it was put
)

// Package is the export that is handed over: one archive per request.
type Package struct {
	State PackageState `json:"state"`
	// Place is empty when the tenant has no destination of the name that the request gives.
	Place Place `json:"place,omitzero"`
	// Round is that of the request. What later rounds hand over is not in the package.
	Round     int       `json:"round,omitempty"`
	Bytes     int64     `json:"bytes,omitempty"`
	SHA256    string    `json:"sha256,omitempty"`   // lower-case hex, of the archive
	ExpiresAt time.Time `json:"expiresAt,omitzero"` // business time
	// Seen says that the package lay where it was put when its deletion began.
	Seen bool `json:"seen,omitempty"`
}

// Place is where a package lies. It is recorded when the assembly begins, before the first byte is
// stored, and used as it was recorded from then on: the tenant's document may change meanwhile.
type Place struct {
	// Account is the URL of a blob account. Empty means that of the deployment.
	Account   string `json:"account,omitempty"`
	Container string `json:"container"`
	Name      string `json:"name"`           // no two assemblies have the same one
	ETag      string `json:"etag,omitempty"` // of the verified version; empty before then
}

// Known reports whether the place is recorded.
func (p Place) Known() bool { return p.Container != "" && p.Name != "" }

// Former is a place that the request no longer counts on: its package was replaced, or was never
// finished. What lies there is deleted.
type Former struct {
	Place Place     `json:"place"`
	Since time.Time `json:"since"` // business time
}

// Replacing reports whether workers are at a round whose package will hold what the ready one
// holds.
func (r *Request) Replacing() bool {
	return r.State.Working() && r.Package != nil && r.Package.State == PackageReady && r.Package.Round < r.Round
}

// beginPackage opens the task that makes the next package. One that is ready stays as it is until
// then.
func (r *Request) beginPackage(e Event) error {
	r.reopen(PackageTask)
	next := Package{State: PackageBuilding, Round: r.Round}
	if e.Package != nil {
		next.Place = e.Package.Place
	}
	r.Next = &next
	return nil
}

// answer puts the next package in the place of the one before. The first answer ends the legal
// clock, and a later one leaves that time as it is.
func (r *Request) answer(e Event) error {
	was := r.Package
	if e.Package != nil {
		p := *e.Package
		p.Round, r.Package = r.Round, &p
		if was != nil && (was.State == PackageReady || was.State == PackageExpiring) && was.Place != p.Place {
			r.leave(was.Place, e.At)
		}
	}
	r.Next = nil
	if r.AnsweredAt.IsZero() {
		r.AnsweredAt = e.At
	}
	r.endDelivery(e, Outcome{Code: OutcomeDone})
	return nil
}

// dropNext gives the next package up, with what was written of it.
func (r *Request) dropNext(at time.Time) {
	if r.Next != nil {
		r.leave(r.Next.Place, at)
	}
	r.Next = nil
}

func (r *Request) leave(p Place, at time.Time) {
	if p.Known() {
		r.Former = append(slices.Clip(r.Former), Former{Place: p, Since: at})
	}
}

// markPackage records how a package comes to its end.
func (r *Request) markPackage(e Event) error {
	if r.Package == nil {
		return &StateError{State: r.State, Event: e.Type}
	}
	p := *r.Package
	switch e.Type {
	case EventPackageExpired:
		p.State = PackageExpired
	case EventPackageMissing:
		p.State = PackageMissing
	default:
		p.State, p.Seen = PackageExpiring, e.Package != nil
	}
	r.Package = &p
	return nil
}

// forget strikes a former place off the list: nothing lies there.
func (r *Request) forget(e Event) error {
	i := -1
	if e.Package != nil {
		i = slices.IndexFunc(r.Former, func(f Former) bool { return f.Place == e.Package.Place })
	}
	if i < 0 {
		return &StateError{State: r.State, Event: e.Type}
	}
	r.Former = slices.Delete(slices.Clone(r.Former), i, i+1)
	return nil
}
