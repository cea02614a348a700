package store

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/store/aztable"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// The standard account of Azurite, public and the same everywhere: what UseDevelopmentStorage=true stands for.
const (
	devAccount = "devstoreaccount1"
	devKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Clients are the three services of one storage account.
type Clients struct {
	Tables *aztables.ServiceClient
	Blobs  *service.Client
	Queues *azqueue.ServiceClient
	// BlobKey signs links where the account is opened by its key; nil with a token, where links are signed by a user-delegation key.
	BlobKey *service.SharedKeyCredential
}

// ServicesOptions says how what lies in an account is found.
type ServicesOptions struct {
	Prefix   string                     // of the names of tables, containers and queues, [a-z0-9]*; for tests, "" in production
	Accounts map[string]*service.Client // other blob accounts that destinations name, by account URL
	Clocks   clock.Clocks
}

// Services are what lies in an account.
type Services struct {
	Tables *aztable.Tables
	Blobs  *blob.Store
	Queues *queue.Queues
}

// Services returns tables, blobs and queues on the account. It makes no call.
func (c Clients) Services(o ServicesOptions) (s Services, err error) {
	if s.Tables, err = aztable.New(c.Tables, o.Prefix); err != nil {
		return Services{}, err
	}
	s.Blobs, err = blob.New(blob.Options{Client: c.Blobs, Key: c.BlobKey, Accounts: o.Accounts, Prefix: o.Prefix, Clocks: o.Clocks})
	if err != nil {
		return Services{}, err
	}
	s.Queues, err = queue.New(c.Queues, o.Prefix)
	return s, err
}

// Transport is an HTTP transport with enough idle connections for a bulk import: the default keeps two per host and would open and
// close one per call.
func Transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConns:          400,
		MaxIdleConnsPerHost:   100,
		IdleConnTimeout:       60 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// ClientOptions are options for the three services' clients: five tries within about ten seconds, well under the 30 s after which a
// message comes back. A nil transport means Transport(). The policies see every try: tests inject faults there, benches count.
func ClientOptions(transport policy.Transporter, perTry ...policy.Policy) azcore.ClientOptions {
	if transport == nil {
		transport = &http.Client{Transport: Transport()}
	}
	return azcore.ClientOptions{
		Transport:        transport,
		PerRetryPolicies: perTry,
		Retry: policy.RetryOptions{
			MaxRetries:    4,
			RetryDelay:    300 * time.Millisecond,
			MaxRetryDelay: 4 * time.Second,
		},
		Telemetry: policy.TelemetryOptions{ApplicationID: "rightsdesk"},
	}
}

// tryTimeout ends a try on tables or queues that is not answered: shorter than a lease. Blobs take as long as their bytes.
const tryTimeout = 10 * time.Second

// short are the options for services whose answers are small.
func short(o azcore.ClientOptions) azcore.ClientOptions {
	if o.Retry.TryTimeout == 0 {
		o.Retry.TryTimeout = tryTimeout
	}
	return o
}

// Connect opens an account by a connection string as AzureWebJobsStorage holds it: with or without explicit endpoints, or
// UseDevelopmentStorage=true. Errors name the missing part, never a value.
func Connect(connectionString string, o azcore.ClientOptions) (Clients, error) {
	a, err := parseAccount(connectionString)
	if err != nil {
		return Clients{}, err
	}
	var c Clients
	tableKey, err := aztables.NewSharedKeyCredential(a.name, a.key)
	if err != nil {
		return Clients{}, errAccountKey
	}
	if c.BlobKey, err = service.NewSharedKeyCredential(a.name, a.key); err != nil {
		return Clients{}, errAccountKey
	}
	queueKey, err := azqueue.NewSharedKeyCredential(a.name, a.key)
	if err != nil {
		return Clients{}, errAccountKey
	}
	if c.Tables, err = aztables.NewServiceClientWithSharedKey(a.table, tableKey, &aztables.ClientOptions{ClientOptions: short(o)}); err != nil {
		return Clients{}, fmt.Errorf("store: table endpoint: %w", err)
	}
	if c.Blobs, err = service.NewClientWithSharedKeyCredential(a.blob, c.BlobKey, &service.ClientOptions{ClientOptions: o}); err != nil {
		return Clients{}, fmt.Errorf("store: blob endpoint: %w", err)
	}
	if c.Queues, err = azqueue.NewServiceClientWithSharedKeyCredential(a.queue, queueKey, &azqueue.ClientOptions{ClientOptions: short(o)}); err != nil {
		return Clients{}, fmt.Errorf("store: queue endpoint: %w", err)
	}
	return c, nil
}

// ConnectManaged opens an account on Azure by its name with a token, in the cloud whose storage suffix is given ("core.windows.net").
func ConnectManaged(account, suffix string, cred azcore.TokenCredential, o azcore.ClientOptions) (Clients, error) {
	url := func(svc string) string { return fmt.Sprintf("https://%s.%s.%s", account, svc, suffix) }
	var c Clients
	var err error
	if c.Tables, err = aztables.NewServiceClient(url("table"), cred, &aztables.ClientOptions{ClientOptions: short(o)}); err != nil {
		return Clients{}, fmt.Errorf("store: table endpoint: %w", err)
	}
	if c.Blobs, err = service.NewClient(url("blob"), cred, &service.ClientOptions{ClientOptions: o}); err != nil {
		return Clients{}, fmt.Errorf("store: blob endpoint: %w", err)
	}
	if c.Queues, err = azqueue.NewServiceClient(url("queue"), cred, &azqueue.ClientOptions{ClientOptions: short(o)}); err != nil {
		return Clients{}, fmt.Errorf("store: queue endpoint: %w", err)
	}
	return c, nil
}

var errAccountKey = fmt.Errorf("store: connection string: AccountKey is not base64")

// account is what a connection string says.
type account struct{ name, key, table, blob, queue string }

func parseAccount(connectionString string) (account, error) {
	parts := map[string]string{}
	for _, p := range strings.Split(connectionString, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(p), "="); ok {
			parts[strings.ToLower(name)] = value
		}
	}
	if strings.EqualFold(parts["usedevelopmentstorage"], "true") {
		local := func(port int) string { return fmt.Sprintf("http://127.0.0.1:%d/%s", port, devAccount) }
		return account{name: devAccount, key: devKey, blob: local(10000), queue: local(10001), table: local(10002)}, nil
	}
	a := account{name: parts["accountname"], key: parts["accountkey"]}
	if a.name == "" || a.key == "" {
		return account{}, fmt.Errorf("store: connection string: AccountName and AccountKey are needed")
	}
	protocol, suffix := parts["defaultendpointsprotocol"], parts["endpointsuffix"]
	if protocol == "" {
		protocol = "https"
	}
	if suffix == "" {
		suffix = "core.windows.net"
	}
	endpoint := func(svc string) string {
		if e := parts[svc+"endpoint"]; e != "" {
			return strings.TrimRight(e, "/")
		}
		return fmt.Sprintf("%s://%s.%s.%s", protocol, a.name, svc, suffix)
	}
	a.table, a.blob, a.queue = endpoint("table"), endpoint("blob"), endpoint("queue")
	return a, nil
}
