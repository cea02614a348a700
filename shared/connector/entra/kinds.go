package entra

import (
	"context"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Permissions, as Graph names them.
const (
	readUsers     = "User.Read.All"
	readDirectory = "Directory.Read.All"
	readAudit     = "AuditLog.Read.All"
	readRoles     = "RoleManagement.Read.Directory"
	readMethods   = "UserAuthenticationMethod.Read.All"
	readLifeCycle = "User-LifeCycleInfo.Read.All"
)

// kind is a kind of record and how it is read.
type kind struct {
	connector.Kind
	permission string
	// ask makes the request for a user's records. The builder is the one below /users/{id}.
	ask func(ctx context.Context, g *msgraph.Client, user *users.UserItemRequestBuilder, id string) (*abs.RequestInformation, error)
	// single is set where the answer is one object and 404 means that there is none.
	single bool
	// needs names a member without which an answer says nothing. Where there is no such data,
	// Graph leaves the member out or writes null.
	needs string
	// withheld are members that are never handed over.
	withheld []string
	// named is set for directory objects. All of them have a display name, so that one without
	// it was hidden by Graph.
	named bool
}

// kinds are all kinds of record in the order in which they are exported. The profile comes
// first, since it tells whether the user is still there. The package comment says how the
// provenances were chosen.
var kinds = []kind{
	{Kind: of("profile", "Profile", dsr.Provided, profileColumns), permission: readUsers, single: true, ask: askUser(profileColumns)},
	{Kind: of("online-profile", "Online profile (SharePoint)", dsr.Provided, onlineProfileColumns), permission: readUsers, single: true, ask: askUser(onlineProfileColumns)},
	{Kind: of("leave-date", "Leave date", dsr.Provided, leaveColumns), permission: readLifeCycle, single: true, needs: "employeeLeaveDateTime", ask: askUser(leaveColumns)},
	{Kind: of("sign-in-activity", "Last sign-ins", dsr.Observed, activityColumns), permission: readAudit, single: true, needs: "signInActivity", ask: askUser(activityColumns)},
	{Kind: of("manager", "Manager", dsr.Provided, colleagueColumns), permission: readUsers, single: true, ask: askManager},
	{Kind: of("direct-reports", "Direct reports", dsr.Provided, colleagueColumns), permission: readUsers, ask: askDirectReports},
	{Kind: of("sponsors", "Sponsors", dsr.Provided, colleagueColumns), permission: readUsers, ask: askSponsors},
	{Kind: of("member-of", "Memberships", dsr.Provided, objectColumns), permission: readDirectory, named: true, ask: askMemberOf},
	{Kind: of("transitive-member-of", "Memberships through other groups", dsr.Derived, objectColumns), permission: readDirectory, named: true, ask: askTransitiveMemberOf},
	{Kind: of("owned-objects", "Owned groups and applications", dsr.Provided, objectColumns), permission: readUsers, named: true, withheld: credentials, ask: askOwnedObjects},
	{Kind: of("created-objects", "Created groups and applications", dsr.Observed, objectColumns), permission: readUsers, named: true, withheld: credentials, ask: askCreatedObjects},
	{Kind: of("directory-roles", "Directory roles", dsr.Derived, roleColumns), permission: readRoles, ask: askDirectoryRoles},
	{Kind: of("administrative-unit-roles", "Roles in administrative units", dsr.Derived, unitRoleColumns), permission: readDirectory, ask: askUnitRoles},
	{Kind: of("licence-details", "Licences", dsr.Derived, licenceColumns), permission: readUsers, ask: askLicences},
	{Kind: of("app-role-assignments", "App role assignments", dsr.Derived, appRoleColumns), permission: readDirectory, ask: askAppRoles},
	{Kind: of("oauth2-grants", "Consents to applications", dsr.Provided, grantColumns), permission: readDirectory, ask: askGrants},
	{Kind: of("owned-devices", "Owned devices", dsr.Observed, deviceColumns), permission: readUsers, named: true, ask: askOwnedDevices},
	{Kind: of("registered-devices", "Registered devices", dsr.Observed, deviceColumns), permission: readUsers, named: true, ask: askRegisteredDevices},
	{Kind: of("authentication-methods", "Authentication methods", dsr.Provided, methodColumns), permission: readMethods, withheld: secrets, ask: askMethods},
}

func of(name, title string, p dsr.Provenance, c []connector.Column) connector.Kind {
	return connector.Kind{Name: name, Title: title, Category: dsr.CustomerData, Provenance: p, ID: "id", Columns: c}
}

// query is the question for the kind's records of a user.
func (k kind) query(ctx context.Context, g *msgraph.Client, id string) (msgraph.Query, error) {
	r, err := k.ask(ctx, g, g.SDK().Users().ByUserId(id), id)
	return msgraph.Query{Request: r, Permission: k.permission}, err
}
