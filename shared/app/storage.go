package app

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
)

// openStore connects to the storage account that the settings name and to the accounts that the
// destinations name.
func (a *App) openStore(o Options) (*store.Store, error) {
	opts := account.ClientOptions(nil, o.Policies...)
	clients, err := connect(a.settings, opts)
	if err != nil {
		return nil, err
	}
	wrapper, err := seal.NewFileKey(a.keys.Vault...)
	if err != nil {
		return nil, err
	}
	accounts, err := destinations(a.settings, a.document.Tenants.Accounts(), clients, opts)
	if err != nil {
		return nil, err
	}
	in, err := clients.Services(account.ServicesOptions{Prefix: o.Prefix, Accounts: accounts, Clocks: a.clocks})
	if err != nil {
		return nil, err
	}
	return store.Open(store.Options{
		Tables: in.Tables, Blobs: in.Blobs, Queues: in.Queues, Wrapper: wrapper, IDKey: a.keys.ID, CursorKey: a.keys.Cursor,
		Clocks: a.clocks, Log: a.log,
	})
}

func connect(s config.Settings, opts azcore.ClientOptions) (account.Clients, error) {
	if s.Storage.Key != "" {
		return account.Connect(s.Storage.Account, nil, opts)
	}
	cred, err := managed(s)
	if err != nil {
		return account.Clients{}, err
	}
	return account.Connect(s.Storage.Account, cred, opts)
}

// destinations connects to the destinations' accounts with the app's own identity. In the local
// world they are containers of Azurite.
func destinations(s config.Settings, urls []string, own account.Clients, opts azcore.ClientOptions) (map[string]*service.Client, error) {
	out := map[string]*service.Client{}
	for _, url := range urls {
		if config.Loopback(url) {
			out[url] = own.Blobs
			continue
		}
		cred, err := managed(s)
		if err != nil {
			return nil, err
		}
		c, err := service.NewClient(url, cred, &service.ClientOptions{ClientOptions: opts})
		if err != nil {
			return nil, fmt.Errorf("destination %s: %w", url, err)
		}
		out[url] = c
	}
	return out, nil
}

func managed(s config.Settings) (azcore.TokenCredential, error) {
	return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: s.Endpoints().Login}},
	})
}
