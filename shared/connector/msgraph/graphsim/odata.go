package graphsim

import (
	"time"
)

// Source holds what tenants store and answers operations of the contract from it.
type Source interface {
	// Routes lists the operations that the source answers.
	Routes() []Route
}

// Route answers one operation of the contract.
type Route struct {
	Method string
	Path   string // the template, as in the contract
	Handle func(*Call) (Answer, *Error)
}

// Call is a request that has passed authentication, the contract and the permission check.
type Call struct {
	Tenant string
	Params map[string]string // by the names in the path template
	Query  Query
	Body   Record    // nil without a body
	Now    time.Time // the business clock

	permissions map[string]bool
}

// Can reports whether the caller's app holds at least one of the permissions.
func (c *Call) Can(permissions ...string) bool {
	for _, p := range permissions {
		if c.permissions[p] {
			return true
		}
	}
	return false
}

// Answer is what a route found; filtering, paging and selection are done by the simulator.
type Answer struct {
	records []Record
	list    bool
	empty   bool
}

// One answers with a single object.
func One(r Record) Answer { return Answer{records: []Record{r}} }

// Many answers with a collection in a stable order.
func Many(rs []Record) Answer { return Answer{records: rs, list: true} }

// NoContent answers 204.
func NoContent() Answer { return Answer{empty: true} }
