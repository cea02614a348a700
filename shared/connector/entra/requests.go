package entra

import (
	"context"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/directory"
	"github.com/microsoftgraph/msgraph-sdk-go/rolemanagement"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph"
)

type (
	user    = users.UserItemRequestBuilder
	request = abs.RequestInformation
	graph   = msgraph.Client
)

func askUser(c []connector.Column) func(context.Context, *graph, *user, string) (*request, error) {
	return func(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
		return u.ToGetRequestInformation(ctx, &users.UserItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.UserItemRequestBuilderGetQueryParameters{Select: names(c)},
		})
	}
}

// askDeleted asks for a user in deletedItems. The cast to users is required by Graph.
func askDeleted(ctx context.Context, g *graph, id string) (*request, error) {
	filter := "id eq '" + quote(id) + "'"
	return g.SDK().Directory().DeletedItems().GraphUser().ToGetRequestInformation(ctx, &directory.DeletedItemsGraphUserRequestBuilderGetRequestConfiguration{
		QueryParameters: &directory.DeletedItemsGraphUserRequestBuilderGetQueryParameters{Filter: &filter, Select: names(profileColumns)},
	})
}

func askManager(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.Manager().ToGetRequestInformation(ctx, &users.ItemManagerRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.ItemManagerRequestBuilderGetQueryParameters{Select: names(colleagueColumns)},
	})
}

func askDirectReports(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.DirectReports().ToGetRequestInformation(ctx, &users.ItemDirectReportsRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.ItemDirectReportsRequestBuilderGetQueryParameters{Select: names(colleagueColumns)},
	})
}

func askSponsors(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.Sponsors().ToGetRequestInformation(ctx, &users.ItemSponsorsRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.ItemSponsorsRequestBuilderGetQueryParameters{Select: names(colleagueColumns)},
	})
}

func askMemberOf(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.MemberOf().ToGetRequestInformation(ctx, nil)
}

func askTransitiveMemberOf(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.TransitiveMemberOf().ToGetRequestInformation(ctx, nil)
}

func askOwnedObjects(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.OwnedObjects().ToGetRequestInformation(ctx, nil)
}

func askCreatedObjects(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.CreatedObjects().ToGetRequestInformation(ctx, nil)
}

func askDirectoryRoles(ctx context.Context, g *graph, _ *user, id string) (*request, error) {
	filter := "principalId eq '" + quote(id) + "'"
	return g.SDK().RoleManagement().Directory().RoleAssignments().ToGetRequestInformation(ctx, &rolemanagement.DirectoryRoleAssignmentsRequestBuilderGetRequestConfiguration{
		QueryParameters: &rolemanagement.DirectoryRoleAssignmentsRequestBuilderGetQueryParameters{Filter: &filter},
	})
}

func askUnitRoles(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.ScopedRoleMemberOf().ToGetRequestInformation(ctx, nil)
}

func askLicences(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.LicenseDetails().ToGetRequestInformation(ctx, nil)
}

func askAppRoles(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.AppRoleAssignments().ToGetRequestInformation(ctx, nil)
}

func askGrants(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.Oauth2PermissionGrants().ToGetRequestInformation(ctx, nil)
}

func askOwnedDevices(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.OwnedDevices().ToGetRequestInformation(ctx, nil)
}

func askRegisteredDevices(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.RegisteredDevices().ToGetRequestInformation(ctx, nil)
}

func askMethods(ctx context.Context, _ *graph, u *user, _ string) (*request, error) {
	return u.Authentication().Methods().ToGetRequestInformation(ctx, nil)
}
