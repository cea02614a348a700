package entrasim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
)

// Record is one JSON object as Graph would send it.
type Record = graphsim.Record

// softDeleteDays is how long a deleted user can be restored. The service has no setting for it.
const softDeleteDays = 30

// Directory holds the users and objects of several tenants. It is safe for concurrent use.
type Directory struct {
	now      func() time.Time
	contract *contract.Contract

	mu      sync.RWMutex
	tenants map[string]*tenant
}

// tenant is one directory. Records are never changed in place, so a reader may keep them.
type tenant struct {
	id           string
	domain       string
	people       map[string]*person
	order        []string // ids of people in the order in which they are listed
	objects      map[string]Record
	parents      map[string][]string // group id → groups that it is a member of
	signIns      []Record            // newest first
	assignments  []Record            // directory role assignments
	grants       []Record            // OAuth2 permission grants
	organization Record
}

// person is a user with everything that hangs on it.
type person struct {
	id      string
	record  Record
	upn     string    // as it was before a deletion put the object id before it
	deleted time.Time // zero: active
	manager string
	links   map[string][]string // resource → ids of directory objects
	lists   map[string][]Record // resource → records that belong to this user only
}

// newDirectory returns a directory with the given tenants, each empty but for its domain.
func newDirectory(domains map[string]string, now func() time.Time) (*Directory, error) {
	api, err := contract.Load()
	if err != nil {
		return nil, err
	}
	d := &Directory{now: now, contract: api, tenants: map[string]*tenant{}}
	for id, domain := range domains {
		d.tenants[id] = newTenant(id, domain)
	}
	return d, nil
}

func newTenant(id, domain string) *tenant {
	return &tenant{
		id: id, domain: domain, people: map[string]*person{}, objects: map[string]Record{}, parents: map[string][]string{},
		organization: Record{"id": id, "displayName": strings.ToUpper(domain[:1]) + domain[1:strings.Index(domain, ".")], "tenantType": "AAD"},
	}
}

func (d *Directory) tenant(id string) (*tenant, error) {
	t, ok := d.tenants[id]
	if !ok {
		return nil, fmt.Errorf("entrasim: no tenant %s", id)
	}
	return t, nil
}

// expired reports whether the soft-delete window is over. The service has then purged the user.
func (p *person) expired(now time.Time) bool {
	return !p.deleted.IsZero() && !now.Before(p.deleted.AddDate(0, 0, softDeleteDays))
}

// active finds a user that is not deleted, by object id or by user principal name.
func (t *tenant) active(key string) (*person, bool) {
	if p, ok := t.people[strings.ToLower(key)]; ok {
		return p, p.deleted.IsZero()
	}
	for _, p := range t.people {
		if p.deleted.IsZero() && strings.EqualFold(p.upn, key) {
			return p, true
		}
	}
	return nil, false
}

// softDeleted finds a user in deletedItems by object id.
func (t *tenant) softDeleted(id string, now time.Time) (*person, bool) {
	p, ok := t.people[strings.ToLower(id)]
	if !ok || p.deleted.IsZero() || p.expired(now) {
		return nil, false
	}
	return p, true
}

// list returns the records of the people that keep accepts, in order.
func (t *tenant) list(keep func(*person) bool) []Record {
	out := make([]Record, 0, len(t.order))
	for _, id := range t.order {
		if p := t.people[id]; keep(p) {
			out = append(out, p.record)
		}
	}
	return out
}

// asObject is a user as an element of a list of directory objects, where each names its type.
func asObject(user Record) Record {
	out := maps.Clone(user)
	out["@odata.type"] = "#microsoft.graph.user"
	return out
}

// object finds a directory object of any type: a group, role, unit, app, device or an active user.
func (t *tenant) object(id string) (Record, bool) {
	if o, ok := t.objects[id]; ok {
		return o, true
	}
	if p, ok := t.people[id]; ok && p.deleted.IsZero() {
		return asObject(p.record), true
	}
	return nil, false
}

func (t *tenant) resolve(ids []string) []Record {
	out := make([]Record, 0, len(ids))
	for _, id := range ids {
		if o, ok := t.object(id); ok {
			out = append(out, o)
		}
	}
	return out
}

// ancestors returns the ids with the groups that they are in, each once, the given ones first.
func (t *tenant) ancestors(ids []string) []string {
	out := slices.Clone(ids)
	for i := 0; i < len(out); i++ {
		for _, parent := range t.parents[out[i]] {
			if !slices.Contains(out, parent) {
				out = append(out, parent)
			}
		}
	}
	return out
}

type (
	call   = graphsim.Call
	answer = graphsim.Answer
	reply  = *graphsim.Error
)
