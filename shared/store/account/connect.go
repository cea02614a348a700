package account

import (
	"errors"
	"fmt"
	"net"
	"net/http"
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

// Clients are the three services of one storage account.
type Clients struct {
	Tables *aztables.ServiceClient
	Blobs  *service.Client
	Queues *azqueue.ServiceClient
	// BlobKey signs links when the account is opened by its key. It is nil when a token opens the
	// account: then a user-delegation key signs.
	BlobKey *service.SharedKeyCredential
}

// ServicesOptions is what Services needs besides the clients.
type ServicesOptions struct {
	// Prefix begins the names of tables, containers and queues, [a-z0-9]*. It keeps tests apart and
	// is empty in production.
	Prefix string
	// Accounts are other blob accounts that destinations name, by account URL.
	Accounts map[string]*service.Client
	Clocks   clock.Clocks
}

// Services are the tables, blobs and queues of an account.
type Services struct {
	Tables *aztable.Tables
	Blobs  *blob.Store
	Queues *queue.Queues
}

// Services returns the tables, blobs and queues of the account. It makes no call.
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

// Transport returns an HTTP transport with enough idle connections for a bulk import. The default
// transport keeps two per host and would open and close a connection for most calls.
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

// ClientOptions returns options for the clients of the three services. They allow five tries within
// about ten seconds, well under the 30 s after which a message comes back. A nil transport means
// Transport(). The policies see every try: tests inject faults and benchmarks count there.
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

// tryTimeout ends an unanswered try on tables or queues. It is shorter than a lease. Calls to blobs
// have no such limit: they take as long as their bytes.
const tryTimeout = 10 * time.Second

// short returns the options for services whose answers are small.
func short(o azcore.ClientOptions) azcore.ClientOptions {
	if o.Retry.TryTimeout == 0 {
		o.Retry.TryTimeout = tryTimeout
	}
	return o
}

// Connect opens an account by its key, or by a token when the account has no key.
func Connect(a Account, token azcore.TokenCredential, o azcore.ClientOptions) (Clients, error) {
	tables, blobs, queues := &aztables.ClientOptions{ClientOptions: short(o)}, &service.ClientOptions{ClientOptions: o}, &azqueue.ClientOptions{ClientOptions: short(o)}
	if a.Key != "" {
		return byKey(a, tables, blobs, queues)
	}
	if token == nil {
		return Clients{}, fmt.Errorf("store: %s: a key or a token is needed", a)
	}
	var c Clients
	var err error
	if c.Tables, err = aztables.NewServiceClient(a.TableURL, token, tables); err != nil {
		return Clients{}, fmt.Errorf("store: table endpoint: %w", err)
	}
	if c.Blobs, err = service.NewClient(a.BlobURL, token, blobs); err != nil {
		return Clients{}, fmt.Errorf("store: blob endpoint: %w", err)
	}
	if c.Queues, err = azqueue.NewServiceClient(a.QueueURL, token, queues); err != nil {
		return Clients{}, fmt.Errorf("store: queue endpoint: %w", err)
	}
	return c, nil
}

// errKey quotes nothing of the key.
var errKey = errors.New("store: connection string: AccountKey is not base64")

func byKey(a Account, tables *aztables.ClientOptions, blobs *service.ClientOptions, queues *azqueue.ClientOptions) (c Clients, err error) {
	tableKey, err := aztables.NewSharedKeyCredential(a.Name, a.Key)
	if err != nil {
		return Clients{}, errKey
	}
	if c.BlobKey, err = service.NewSharedKeyCredential(a.Name, a.Key); err != nil {
		return Clients{}, errKey
	}
	queueKey, err := azqueue.NewSharedKeyCredential(a.Name, a.Key)
	if err != nil {
		return Clients{}, errKey
	}
	if c.Tables, err = aztables.NewServiceClientWithSharedKey(a.TableURL, tableKey, tables); err != nil {
		return Clients{}, fmt.Errorf("store: table endpoint: %w", err)
	}
	if c.Blobs, err = service.NewClientWithSharedKeyCredential(a.BlobURL, c.BlobKey, blobs); err != nil {
		return Clients{}, fmt.Errorf("store: blob endpoint: %w", err)
	}
	if c.Queues, err = azqueue.NewServiceClientWithSharedKeyCredential(a.QueueURL, queueKey, queues); err != nil {
		return Clients{}, fmt.Errorf("store: queue endpoint: %w", err)
	}
	return c, nil
}

// ConnectString opens the account of a connection string. It is for tests and tools.
func ConnectString(connection string, o azcore.ClientOptions) (Clients, error) {
	a, err := Parse(connection)
	if err != nil {
		return Clients{}, err
	}
	return Connect(a, nil, o)
}
