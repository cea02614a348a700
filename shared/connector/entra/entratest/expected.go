// Package entratest says what an export of Microsoft Entra ID must hand over, from what the simulated directory holds. Tests compare the
// two; the product never links it.
package entratest

import (
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
)

// resources are the simulator's names of what each kind is read from.
var resources = map[string]string{
	"profile": "user", "online-profile": "user", "leave-date": "user", "sign-in-activity": "user", "manager": "manager",
	"direct-reports": "directReports", "sponsors": "sponsors", "member-of": "memberOf", "transitive-member-of": "transitiveMemberOf",
	"owned-objects": "ownedObjects", "created-objects": "createdObjects", "directory-roles": "roleAssignments",
	"administrative-unit-roles": "scopedRoleMemberOf", "licence-details": "licenseDetails", "app-role-assignments": "appRoleAssignments",
	"oauth2-grants": "oauth2PermissionGrants", "owned-devices": "ownedDevices", "registered-devices": "registeredDevices",
	"authentication-methods": "methods",
}

// selected are the kinds of which exactly the columns are asked for.
var selected = []string{"profile", "online-profile", "leave-date", "sign-in-activity", "manager", "direct-reports", "sponsors"}

// optional are the kinds that have a record only where this member says something.
var optional = map[string]string{"leave-date": "employeeLeaveDateTime", "sign-in-activity": "signInActivity"}

// Expected turns a person's records by resource, as entrasim.Directory.Records returns them, into those by kind. Kinds without a record
// are left out. Of a deleted person only the profile can be read.
func Expected(records map[string][]entrasim.Record) map[string][]entrasim.Record {
	out := map[string][]entrasim.Record{}
	for _, k := range entra.Entry().Descriptor.Kinds {
		for _, r := range records[resources[k.Name]] {
			if !readable(k.Name, records["user"][0]) || optional[k.Name] != "" && r[optional[k.Name]] == nil {
				continue
			}
			if slices.Contains(selected, k.Name) {
				r = project(k.Columns[0].Name, r, names(k.Name))
			}
			out[k.Name] = append(out[k.Name], r)
		}
	}
	return out
}

func names(kind string) []string {
	k, _ := entra.Entry().Descriptor.Kind(kind)
	var out []string
	for _, c := range k.Columns {
		out = append(out, c.Name)
	}
	return out
}

// readable reports whether Graph shows a kind of this user: only the profile of a deleted one, and what SharePoint keeps of a licensed one.
func readable(kind string, user entrasim.Record) bool {
	if user["deletedDateTime"] != nil {
		return kind == "profile"
	}
	licences, _ := user["assignedLicenses"].([]any)
	return kind != "online-profile" || len(licences) > 0
}

// project returns the members that were asked for, and the type of an object, which always comes along.
func project(id string, r entrasim.Record, names []string) entrasim.Record {
	out := entrasim.Record{id: r[id]}
	for _, name := range append(slices.Clone(names), "@odata.type") {
		if v, ok := r[name]; ok {
			out[name] = v
		}
	}
	return out
}
