package entrasim

// resource is one kind of record of a user: what the API serves under a path and what the
// oracle reads from the store.
type resource struct {
	name string // as the oracle calls it: the last segment of the path
	path string // below /users/{user-id}; "" where the API filters a list of the tenant
	read func(*tenant, *person) []Record
	// limited names the permissions of which one is needed to see more than type and id of
	// groups, roles and units.
	limited []string
	// survives is set for what stays readable while the user is soft-deleted.
	survives bool
}

// resources lists every kind but the profile ("user") and the manager, which are single objects.
var resources = []resource{
	{name: "memberOf", path: "/memberOf", read: linked("memberOf")},
	{
		name: "transitiveMemberOf", path: "/transitiveMemberOf",
		read:    func(t *tenant, p *person) []Record { return t.resolve(t.ancestors(p.links["memberOf"])) },
		limited: []string{"Directory.Read.All", "Directory.ReadWrite.All", "Group.Read.All", "GroupMember.Read.All"},
	},
	{name: "ownedObjects", path: "/ownedObjects", read: linked("ownedObjects")},
	{name: "createdObjects", path: "/createdObjects", read: linked("createdObjects")},
	{name: "directReports", path: "/directReports", read: reports},
	{name: "sponsors", path: "/sponsors", read: linked("sponsors")},
	{name: "ownedDevices", path: "/ownedDevices", read: linked("ownedDevices")},
	{name: "registeredDevices", path: "/registeredDevices", read: linked("registeredDevices")},
	{name: "licenseDetails", path: "/licenseDetails", read: owned("licenseDetails")},
	{name: "appRoleAssignments", path: "/appRoleAssignments", read: owned("appRoleAssignments")},
	{name: "scopedRoleMemberOf", path: "/scopedRoleMemberOf", read: owned("scopedRoleMemberOf")},
	{name: "methods", path: "/authentication/methods", read: owned("methods")},
	{
		name: "oauth2PermissionGrants", path: "/oauth2PermissionGrants",
		read: func(t *tenant, p *person) []Record { return about(t.grants, "principalId", p.id) },
	},
	{
		name: "roleAssignments",
		read: func(t *tenant, p *person) []Record { return about(t.assignments, "principalId", p.id) },
	},
	{
		name:     "signIns",
		read:     func(t *tenant, p *person) []Record { return about(t.signIns, "userId", p.id) },
		survives: true,
	},
}

func linked(name string) func(*tenant, *person) []Record {
	return func(t *tenant, p *person) []Record { return t.resolve(p.links[name]) }
}

func owned(name string) func(*tenant, *person) []Record {
	return func(_ *tenant, p *person) []Record { return p.lists[name] }
}

func reports(t *tenant, p *person) []Record {
	out := []Record{}
	for _, r := range t.list(func(other *person) bool { return other.deleted.IsZero() && other.manager == p.id }) {
		out = append(out, asObject(r))
	}
	return out
}

func about(records []Record, property, id string) []Record {
	out := []Record{}
	for _, r := range records {
		if r[property] == id {
			out = append(out, r)
		}
	}
	return out
}
