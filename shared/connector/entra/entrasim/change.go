package entrasim

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
)

var (
	errNoUser   = errors.New("entrasim: no such user")
	errConflict = errors.New("entrasim: the user principal name is taken")
)

// change runs f on a tenant under the write lock.
func (d *Directory) change(tenantID string, f func(*tenant) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, err := d.tenant(tenantID)
	if err != nil {
		return err
	}
	return f(t)
}

// AddUser stores a user; id and userPrincipalName are required.
func (d *Directory) AddUser(tenantID string, user Record) error {
	return d.change(tenantID, func(t *tenant) error { return d.add(t, user) })
}

func (d *Directory) add(t *tenant, user Record) error {
	if err := d.contract.Check("user", user); err != nil {
		return fmt.Errorf("entrasim: %w", err)
	}
	id, _ := user["id"].(string)
	upn, _ := user["userPrincipalName"].(string)
	if id == "" || upn == "" {
		return errors.New("entrasim: a user needs id and userPrincipalName")
	}
	if _, taken := t.active(upn); taken || t.people[id] != nil {
		return errConflict
	}
	record := d.contract.Complete("user", user)
	if !licensed(user) {
		for _, name := range sharePointProperties {
			delete(record, name)
		}
	}
	t.people[id] = &person{
		id: id, upn: upn, record: record,
		links: map[string][]string{}, lists: map[string][]Record{},
	}
	t.order = append(t.order, id)
	return nil
}

// SetUser changes properties of an active user; nil clears one.
func (d *Directory) SetUser(tenantID, key string, properties Record) error {
	return d.change(tenantID, func(t *tenant) error {
		p, ok := t.active(key)
		if !ok {
			return errNoUser
		}
		changed := maps.Clone(p.record)
		maps.Copy(changed, properties)
		if err := d.contract.Check("user", changed); err != nil {
			return fmt.Errorf("entrasim: %w", err)
		}
		if changed["id"] != p.id {
			return errors.New("entrasim: an id does not change")
		}
		upn, _ := changed["userPrincipalName"].(string)
		if upn == "" {
			return errors.New("entrasim: a user needs userPrincipalName")
		}
		if other, taken := t.active(upn); taken && other != p {
			return errConflict
		}
		p.record, p.upn = changed, upn
		return nil
	})
}

// AddObject stores a group, directory role, administrative unit, application, service principal or
// device. @odata.type is required.
func (d *Directory) AddObject(tenantID string, object Record) error {
	if err := d.contract.Check("directoryObject", object); err != nil {
		return fmt.Errorf("entrasim: %w", err)
	}
	return d.change(tenantID, func(t *tenant) error {
		id, _ := object["id"].(string)
		if _, typed := object["@odata.type"]; id == "" || !typed {
			return errors.New("entrasim: an object needs id and @odata.type")
		}
		t.objects[id] = object
		return nil
	})
}

// AddMember puts a user into a group, role or unit.
func (d *Directory) AddMember(tenantID, key, object string) error {
	return d.addLink(tenantID, key, "memberOf", object)
}

// addLink adds a stored object to memberOf, ownedObjects, createdObjects, ownedDevices,
// registeredDevices or sponsors of a user.
func (d *Directory) addLink(tenantID, key, resource, object string) error {
	return d.withUser(tenantID, key, func(t *tenant, p *person) error {
		if _, ok := t.object(object); !ok {
			return errors.New("entrasim: no such object")
		}
		p.links[resource] = append(slices.Clone(p.links[resource]), object)
		return nil
	})
}

// AddRecord adds a record to licenseDetails, appRoleAssignments, scopedRoleMemberOf, methods,
// oauth2PermissionGrants, roleAssignments or signIns of a user. A record of the last three must
// name the user itself.
func (d *Directory) AddRecord(tenantID, key, resource string, r Record) error {
	return d.withUser(tenantID, key, func(t *tenant, p *person) error {
		switch resource {
		case "oauth2PermissionGrants":
			t.grants = append(slices.Clone(t.grants), r)
		case "roleAssignments":
			t.assignments = append(slices.Clone(t.assignments), r)
		case "signIns":
			t.signIns = newestFirst(append(slices.Clone(t.signIns), r))
		default:
			p.lists[resource] = append(slices.Clone(p.lists[resource]), r)
		}
		return nil
	})
}

func newestFirst(signIns []Record) []Record {
	slices.SortStableFunc(signIns, func(a, b Record) int {
		at, _ := a["createdDateTime"].(string)
		bt, _ := b["createdDateTime"].(string)
		return strings.Compare(bt, at)
	})
	return signIns
}

func (d *Directory) withUser(tenantID, key string, f func(*tenant, *person) error) error {
	return d.change(tenantID, func(t *tenant) error {
		p, ok := t.active(key)
		if !ok {
			return errNoUser
		}
		return f(t, p)
	})
}

// DeleteUser moves a user to deletedItems: the object id without dashes is put before its user
// principal name.
func (d *Directory) DeleteUser(tenantID, key string) error {
	return d.withUser(tenantID, key, func(_ *tenant, p *person) error {
		markDeleted(p, d.now())
		return nil
	})
}

func markDeleted(p *person, at time.Time) {
	record := maps.Clone(p.record)
	record["userPrincipalName"] = strings.ReplaceAll(p.id, "-", "") + p.upn
	record["deletedDateTime"] = stamp(at)
	p.record, p.deleted = record, at
}

// RestoreUser brings a user back from deletedItems.
func (d *Directory) RestoreUser(tenantID, id string) error {
	return d.change(tenantID, func(t *tenant) error {
		p, ok := t.softDeleted(id, d.now())
		if !ok {
			return errNoUser
		}
		if _, taken := t.active(p.upn); taken {
			return errConflict
		}
		record := maps.Clone(p.record)
		record["userPrincipalName"], record["deletedDateTime"] = p.upn, nil
		p.record, p.deleted = record, time.Time{}
		return nil
	})
}

// PurgeUser deletes a user for good, from deletedItems only.
func (d *Directory) PurgeUser(tenantID, id string) error {
	return d.change(tenantID, func(t *tenant) error {
		p, ok := t.softDeleted(id, d.now())
		if !ok {
			return errNoUser
		}
		delete(t.people, p.id)
		t.order = slices.DeleteFunc(slices.Clone(t.order), func(id string) bool { return id == p.id })
		return nil
	})
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }

func (d *Directory) patchUser(c *call) (answer, reply) {
	if c.Body == nil {
		return answer{}, graphsim.BadRequest("A body is needed.")
	}
	changes := maps.Clone(c.Body)
	delete(changes, "@odata.type")
	key := c.Params["user-id"]
	d.mu.RLock()
	t, p := d.tenants[c.Tenant], (*person)(nil)
	if t != nil {
		p, _ = t.active(key)
	}
	synced := p != nil && p.record["onPremisesSyncEnabled"] == true
	d.mu.RUnlock()
	if synced {
		return answer{}, graphsim.BadRequest("Unable to update the specified properties for on-premises mastered Directory Sync objects.")
	}
	return done(d.SetUser(c.Tenant, key, changes))
}

func (d *Directory) deleteUser(c *call) (answer, reply) {
	return done(d.DeleteUser(c.Tenant, c.Params["user-id"]))
}

func (d *Directory) purgeUser(c *call) (answer, reply) {
	return done(d.PurgeUser(c.Tenant, c.Params["directoryObject-id"]))
}

func (d *Directory) restoreUser(c *call) (answer, reply) {
	id := c.Params["directoryObject-id"]
	if _, refusal := done(d.RestoreUser(c.Tenant, id)); refusal != nil {
		return answer{}, refusal
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	p, ok := d.tenants[c.Tenant].active(id)
	if !ok {
		return answer{}, graphsim.NotFound()
	}
	return graphsim.One(asObject(p.record)), nil
}

// done turns the outcome of a change into the service's answer.
func done(err error) (answer, reply) {
	switch {
	case err == nil:
		return graphsim.NoContent(), nil
	case errors.Is(err, errNoUser):
		return answer{}, graphsim.NotFound()
	case errors.Is(err, errConflict):
		return answer{}, &graphsim.Error{Status: http.StatusBadRequest, Code: "ObjectConflict", Message: "Another object with the same value for property userPrincipalName already exists."}
	}
	return answer{}, graphsim.BadRequest("The change is not allowed: " + err.Error() + ".")
}
