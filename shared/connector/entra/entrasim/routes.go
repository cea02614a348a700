package entrasim

import (
	"net/http"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
)

// Routes lists the operations of Graph that the directory answers. It implements [graphsim.Source].
func (d *Directory) Routes() []graphsim.Route {
	get := func(path string, handle func(*tenant, *call) (answer, reply)) graphsim.Route {
		return graphsim.Route{Method: http.MethodGet, Path: path, Handle: d.reading(handle)}
	}
	routes := []graphsim.Route{
		get("/users", listUsers),
		get("/users/{user-id}", getUser),
		get("/users/{user-id}/manager", getManager),
		get("/users/{user-id}/memberOf/graph.group", listGroups),
		get("/directory/deletedItems/graph.user", listDeleted),
		get("/directory/deletedItems/{directoryObject-id}", getDeleted),
		get("/auditLogs/signIns", func(t *tenant, _ *call) (answer, reply) { return graphsim.Many(t.signIns), nil }),
		get("/auditLogs/signIns/{signIn-id}", getSignIn),
		get("/roleManagement/directory/roleAssignments", listAssignments),
		get("/oauth2PermissionGrants", listGrants),
		get("/organization", func(t *tenant, _ *call) (answer, reply) { return graphsim.Many([]Record{t.organization}), nil }),
		{Method: http.MethodPatch, Path: "/users/{user-id}", Handle: d.patchUser},
		{Method: http.MethodDelete, Path: "/users/{user-id}", Handle: d.deleteUser},
		{Method: http.MethodPost, Path: "/directory/deletedItems/{directoryObject-id}/restore", Handle: d.restoreUser},
		{Method: http.MethodDelete, Path: "/directory/deletedItems/{directoryObject-id}", Handle: d.purgeUser},
	}
	for _, r := range resources {
		if r.path != "" {
			routes = append(routes, get("/users/{user-id}"+r.path, r.serve))
		}
	}
	return routes
}

// reading runs a handler under the read lock with the caller's tenant.
func (d *Directory) reading(handle func(*tenant, *call) (answer, reply)) func(*call) (answer, reply) {
	return func(c *call) (answer, reply) {
		d.mu.RLock()
		defer d.mu.RUnlock()
		t, err := d.tenant(c.Tenant)
		if err != nil {
			return answer{}, graphsim.NotFound()
		}
		return handle(t, c)
	}
}

func (r resource) serve(t *tenant, c *call) (answer, reply) {
	p, ok := t.active(c.Params["user-id"])
	if !ok {
		return answer{}, graphsim.NotFound()
	}
	records := r.read(t, p)
	if len(r.limited) > 0 && !c.Can(r.limited...) {
		records = hideObjects(records)
	}
	return graphsim.Many(records), nil
}

// hideObjects leaves type and id of each object, as the service does for an app that may not
// read that kind of object.
func hideObjects(records []Record) []Record {
	out := make([]Record, len(records))
	for i, r := range records {
		out[i] = Record{"@odata.type": r["@odata.type"], "id": r["id"], "displayName": nil}
	}
	return out
}

func getManager(t *tenant, c *call) (answer, reply) {
	p, ok := t.active(c.Params["user-id"])
	if !ok {
		return answer{}, graphsim.NotFound()
	}
	manager, ok := t.object(p.manager)
	if !ok {
		return answer{}, graphsim.NotFound()
	}
	return graphsim.One(manager), nil
}

func listGroups(t *tenant, c *call) (answer, reply) {
	p, ok := t.active(c.Params["user-id"])
	if !ok {
		return answer{}, graphsim.NotFound()
	}
	groups := []Record{}
	for _, o := range t.resolve(p.links["memberOf"]) {
		if o["@odata.type"] == "#microsoft.graph.group" {
			groups = append(groups, o)
		}
	}
	return graphsim.Many(groups), nil
}

func getSignIn(t *tenant, c *call) (answer, reply) {
	for _, s := range t.signIns {
		if s["id"] == c.Params["signIn-id"] {
			return graphsim.One(s), nil
		}
	}
	return answer{}, graphsim.NotFound()
}

// listAssignments and listGrants leave out what belongs to a deleted user. It is kept for a
// restore and not listed meanwhile.
func listAssignments(t *tenant, _ *call) (answer, reply) {
	return graphsim.Many(t.ofActive(t.assignments)), nil
}

func listGrants(t *tenant, _ *call) (answer, reply) { return graphsim.Many(t.ofActive(t.grants)), nil }

func (t *tenant) ofActive(records []Record) []Record {
	out := make([]Record, 0, len(records))
	for _, r := range records {
		id, _ := r["principalId"].(string)
		if p, ok := t.people[id]; !ok || p.deleted.IsZero() {
			out = append(out, r)
		}
	}
	return out
}
