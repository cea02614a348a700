// Package auth says who calls over HTTP and what that caller may do.
//
// A caller is a machine with a listed key. It has tenants and rights.
package auth

import (
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// Right is what a caller may do.
type Right string

// The rights of callers.
const (
	RequestsWrite  Right = "requests.write"
	RequestsRead   Right = "requests.read"
	RequestsDecide Right = "requests.decide"
	RequestsCancel Right = "requests.cancel"
	PackagesRead   Right = "packages.read"
	Bulk           Right = "bulk"
)

// Rights returns all rights.
func Rights() []Right {
	return []Right{RequestsWrite, RequestsRead, RequestsDecide, RequestsCancel, PackagesRead, Bulk}
}

// MaxTenants is how many tenants a caller can have at most: a read by id looks in each of
// them.
const MaxTenants = 16

// Caller is the machine that calls.
type Caller struct {
	// ID is kept with what the caller did. It stays when the caller gets another name.
	ID      string
	Name    string // shown to people
	Tenants []string
	Rights  []Right
}

// Has reports whether the caller has the right.
func (c Caller) Has(r Right) bool { return slices.Contains(c.Rights, r) }

// Owns reports whether the tenant is one of the caller's.
func (c Caller) Owns(tenant string) bool { return slices.Contains(c.Tenants, tenant) }

// Need returns a no-right problem (403) when the caller lacks the right.
func (c Caller) Need(r Right) error {
	if c.Has(r) {
		return nil
	}
	return problem.Newf(problem.NoRight, "", "this call needs the right %s", r)
}
