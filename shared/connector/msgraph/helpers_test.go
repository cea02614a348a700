package msgraph

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
)

const canary = "jane.o'brien+canary@contoso.example"

// credential hands out a token and keeps what it was asked for.
type credential struct {
	mu    sync.Mutex
	asked []policy.TokenRequestOptions
	err   error
}

func (c *credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, o)
	return azcore.AccessToken{Token: fmt.Sprintf("token-%d", len(c.asked)), ExpiresOn: time.Now().Add(time.Hour)}, c.err
}

// bench is a client, a server that it asks, and what the two did.
type bench struct {
	client *Client
	cred   *credential
	url    string

	mu   sync.Mutex
	seen []*http.Request
}

func (b *bench) requests() []*http.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*http.Request(nil), b.seen...)
}

// serve starts a server that answers the nth request (0, 1, …) with handle, and a client.
func serve(t *testing.T, handle func(n int, w http.ResponseWriter, r *http.Request)) *bench {
	t.Helper()
	b := &bench{cred: &credential{}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		n := len(b.seen)
		b.seen = append(b.seen, r)
		b.mu.Unlock()
		handle(n, w, r)
	}))
	t.Cleanup(srv.Close)
	b.url = srv.URL
	b.client = client(t, connector.Settings{Endpoint: srv.URL, Credential: b.cred})
	return b
}

func client(t *testing.T, s connector.Settings) *Client {
	t.Helper()
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Clocks.Wall == nil {
		s.Clocks = clock.Same(time.Now)
	}
	c, err := New(s)
	require.NoError(t, err)
	return c
}

// patient lets a call be made three times: after pauses of 100 and 200 ms.
func patient(t *testing.T) context.Context {
	t.Helper()
	return connector.WithPatience(t.Context(), 350*time.Millisecond)
}

// lookup is a query whose filter holds a person's address.
func lookup(t *testing.T, c *Client) Query {
	t.Helper()
	filter, count := "mail eq 'jane.o''brien+canary@contoso.example'", true
	r, err := c.SDK().Users().ToGetRequestInformation(t.Context(), &users.UsersRequestBuilderGetRequestConfiguration{
		Headers:         Advanced(),
		QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Filter: &filter, Select: []string{"id", "mail"}, Count: &count},
	})
	require.NoError(t, err)
	return Query{Request: r, Permission: "User.Read.All"}
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("request-id", "0b7e9d9e-aaaa-bbbb-cccc-000000000001")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	reply(w, status, fmt.Sprintf(`{"error":{"code":%q,"message":"Resource %s is not there.","innerError":{"request-id":"x"}}}`, code, canary))
}

// cut promises more than it sends.
func cut(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(body)+100))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
