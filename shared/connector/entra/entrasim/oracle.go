package entrasim

// Person is a user in the oracle's list.
type Person struct {
	ID                string `json:"id"`
	UserPrincipalName string `json:"userPrincipalName"`
	Deleted           bool   `json:"deleted"`
}

// Users lists everybody in a tenant straight from the store, the soft-deleted too. It is nil for an
// unknown tenant.
func (d *Directory) Users(tenantID string) []Person {
	d.mu.RLock()
	defer d.mu.RUnlock()
	t, now := d.tenants[tenantID], d.now()
	if t == nil {
		return nil
	}
	out := []Person{}
	for _, id := range t.order {
		p := t.people[id]
		if p.expired(now) {
			continue
		}
		upn, _ := p.record["userPrincipalName"].(string)
		out = append(out, Person{ID: id, UserPrincipalName: upn, Deleted: !p.deleted.IsZero()})
	}
	return out
}

// Records returns every stored record of a user by resource, without paging, filters and
// $select. The resource is "user" for the profile, and otherwise the last segment of its path.
// A resource without a record is an empty list. Of a soft-deleted user it returns what Graph
// still answers. It is false for an unknown user.
func (d *Directory) Records(tenantID, id string) (map[string][]Record, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	t, now := d.tenants[tenantID], d.now()
	if t == nil {
		return nil, false
	}
	p, ok := t.active(id)
	if !ok {
		if p, ok = t.softDeleted(id, now); !ok {
			return nil, false
		}
	}
	out := map[string][]Record{"user": {p.record}, "manager": {}}
	active := p.deleted.IsZero()
	if m, ok := t.object(p.manager); ok && active {
		out["manager"] = []Record{m}
	}
	for _, r := range resources {
		out[r.name] = []Record{}
		if active || r.survives {
			out[r.name] = append(out[r.name], r.read(t, p)...)
		}
	}
	return out, true
}
