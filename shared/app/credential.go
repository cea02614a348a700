package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/rightsdesk/rightsdesk/shared/config"
)

// localToken is the credential of the simulated tenant. It is fixed and worthless, and the only
// credential that is ever sent to a loopback address.
type localToken string

// GetToken returns the fixed token.
func (t localToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "rightsdesk-local-" + string(t), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// credential returns the app's credential for a tenant. A simulated Graph gets the local token,
// whatever else is configured.
func credential(s config.Settings, tenant string) (azcore.TokenCredential, error) {
	if s.Graph != "" {
		if !s.Local() || !config.Loopback(s.Graph) {
			return nil, errors.New("a simulated Graph is for the local world only")
		}
		return localToken(tenant), nil
	}
	cred, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		TenantID: tenant, ClientOptions: azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: s.Endpoints().Login}},
	})
	if err != nil {
		return nil, fmt.Errorf("credential for tenant %s: %w", tenant, err)
	}
	return cred, nil
}
