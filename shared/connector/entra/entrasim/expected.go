package entrasim

import (
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

// resourceOf names the resource that each kind of the connector's is read from.
var resourceOf = map[string]string{
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

// Expected turns a person's records by resource, as [Directory.Records] returns them, into what
// an export must hand over by kind of the connector's descriptor. Kinds without a record are
// left out. Of a deleted person only the profile can be read.
func Expected(d connector.Descriptor, records map[string][]Record) map[string][]Record {
	out := map[string][]Record{}
	for _, k := range d.Kinds {
		for _, r := range records[resourceOf[k.Name]] {
			if !readable(k.Name, records["user"][0]) || optional[k.Name] != "" && r[optional[k.Name]] == nil {
				continue
			}
			if slices.Contains(selected, k.Name) {
				r = pick(r, k.Columns)
			}
			out[k.Name] = append(out[k.Name], r)
		}
	}
	return out
}

// readable reports whether Graph shows a kind of this user. Of a deleted user it shows the
// profile only, and what SharePoint keeps it shows of a licensed user only.
func readable(kind string, user Record) bool {
	if user["deletedDateTime"] != nil {
		return kind == "profile"
	}
	return kind != "online-profile" || licensed(user)
}

// pick returns the members that were asked for and the type of an object, which Graph always adds.
func pick(r Record, columns []connector.Column) Record {
	out := Record{}
	for _, c := range append(slices.Clone(columns), connector.Column{Name: "@odata.type"}) {
		if v, ok := r[c.Name]; ok {
			out[c.Name] = v
		}
	}
	return out
}
