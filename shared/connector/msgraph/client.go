package msgraph

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	khttp "github.com/microsoft/kiota-http-go"
	sdk "github.com/microsoftgraph/msgraph-sdk-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	coreauth "github.com/microsoftgraph/msgraph-sdk-go-core/authentication"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/cloud"
	"github.com/rightsdesk/rightsdesk/shared/connector"
)

const (
	version = "/v1.0"
	// attemptTimeout bounds one exchange with Graph, body included.
	attemptTimeout = 20 * time.Second
	// callTimeout bounds a call with all its attempts and the pauses between them. So a step
	// knows how long a page can take.
	callTimeout = 45 * time.Second
)

// Client asks Graph in the context of one tenant.
type Client struct {
	system  string
	base    *url.URL // ends in /v1.0
	sdk     *sdk.GraphServiceClient
	adapter abs.RequestAdapter
	log     *slog.Logger
	clocks  clock.Clocks
}

// building lets one client be made at a time, since the SDK registers its serialisers in unguarded
// globals.
var building sync.Mutex

// New makes a client. It fails when the endpoint is neither Graph in a named cloud nor this
// machine, and without a credential or a wall clock.
func New(s connector.Settings) (*Client, error) {
	base, err := parseEndpoint(s.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("msgraph: endpoint: %w", err)
	}
	if s.Credential == nil {
		return nil, errors.New("msgraph: no credential")
	}
	if s.Clocks.Wall == nil {
		return nil, errors.New("msgraph: no wall clock")
	}
	c := &Client{system: "graph", base: base, log: s.Log, clocks: s.Clocks}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	// The provider leaves the token out for a host that is not on this list, without an error. The
	// guard refuses such hosts altogether.
	auth, err := coreauth.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(s.Credential, []string{scope(base)}, []string{base.Hostname()})
	if err != nil {
		return nil, fmt.Errorf("msgraph: authentication: %w", err)
	}
	building.Lock()
	defer building.Unlock()
	adapter, err := sdk.NewGraphRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(auth, nil, nil, httpClient(base, s.Transport))
	if err != nil {
		return nil, fmt.Errorf("msgraph: adapter: %w", err)
	}
	adapter.SetBaseUrl(base.String())
	c.adapter, c.sdk = adapter, sdk.NewGraphServiceClient(adapter)
	return c, nil
}

// For returns a client whose faults carry the name of a system.
func (c *Client) For(system string) *Client {
	d := *c
	d.system = system
	return &d
}

// SDK returns the SDK's client, whose builders make the requests. Only ToGetRequestInformation
// may be called on them: it sends nothing.
func (c *Client) SDK() *sdk.GraphServiceClient { return c.sdk }

// httpClient is the SDK's client with a fixed list of middlewares. The SDK builds its default
// list by ranging over a map, and in some orders it retries a POST with a plain body under the
// header Content-Encoding: gzip. Left out are:
//
//   - compression, for that reason;
//   - retry, since connector.Retry does it; the SDK's cannot be set to zero, does not see
//     cut bodies, and panics without ShouldRetry;
//   - redirect, since Graph sends none here, and a redirect would carry the query elsewhere;
//   - the replacement of /me, which means nothing without a signed-in user.
func httpClient(base *url.URL, next http.RoundTripper) *http.Client {
	if next == nil {
		next = http.DefaultTransport
	}
	options := sdk.GetDefaultClientOptions()
	c := khttp.GetDefaultClient()
	c.Transport = khttp.NewCustomTransportWithParentTransport(&guard{base: base, next: next}, middlewares(&options)...)
	c.Timeout = attemptTimeout
	return c
}

func middlewares(o *core.GraphClientOptions) []khttp.Middleware {
	return []khttp.Middleware{
		core.NewGraphTelemetryHandler(o),
		khttp.NewParametersNameDecodingHandler(),
		khttp.NewUserAgentHandler(),
	}
}

func scope(base *url.URL) string {
	address := base.Scheme + "://" + base.Host
	if cloud.Loopback(base.Hostname()) { // the token names the service that is simulated
		public, _ := cloud.Named(cloud.Public)
		address = public.Services[cloud.Graph]
	}
	return address + "/.default"
}

// parseEndpoint accepts Graph in a named cloud, and http or https to this machine.
func parseEndpoint(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("a base URL is expected, such as https://graph.microsoft.com")
	}
	switch strings.TrimSuffix(u.Path, "/") {
	case "", version:
	default:
		return nil, errors.New("the path must be empty or " + version)
	}
	named := cloud.Serves(cloud.Graph, u.Scheme+"://"+u.Host)
	local := (u.Scheme == "http" || u.Scheme == "https") && cloud.Loopback(u.Hostname())
	if !named && !local {
		return nil, errors.New("it must be Microsoft Graph in a named cloud, or a loopback address of this machine")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: version}, nil
}
