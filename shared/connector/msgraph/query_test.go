package msgraph

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

func TestListFollowsNextLinksAsTheyAre(t *testing.T) {
	t.Parallel()
	var b *bench
	b = serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		switch n {
		case 0:
			reply(w, 200, `{"@odata.context":"c","value":[{"id":"1","n":1.50,"@odata.type":"#microsoft.graph.user"}],"@odata.nextLink":"`+b.url+`/v1.0/users?$skiptoken=a%2Fb%2Bc&x='q'"}`)
		case 1:
			reply(w, 200, `{"value":[],"@odata.nextLink":"`+b.url+`/v1.0/users/$skip('2')?t=3"}`)
		default:
			reply(w, 200, `{"value":[{"id":"2"}]}`)
		}
	})
	q := lookup(t, b.client)
	var records []string
	var nexts []string
	for next := ""; ; {
		page, err := b.client.List(t.Context(), q, next)
		require.NoError(t, err)
		for _, r := range page.Records {
			records = append(records, string(r))
		}
		if next = page.Next; next == "" {
			break
		}
		nexts = append(nexts, next)
	}
	require.Equal(t, []string{`{"id":"1","n":1.50,"@odata.type":"#microsoft.graph.user"}`, `{"id":"2"}`}, records, "an empty page in the middle ends nothing")
	require.Equal(t, []string{`/v1.0/users?$skiptoken=a%2Fb%2Bc&x='q'`, `/v1.0/users/$skip('2')?t=3`}, nexts)

	seen := b.requests()
	require.Len(t, seen, 3)
	require.Equal(t, "mail eq 'jane.o''brien+canary@contoso.example'", seen[0].URL.Query().Get("$filter"))
	require.Equal(t, "id,mail", seen[0].URL.Query().Get("$select"))
	require.Contains(t, seen[0].URL.RawQuery, "$filter=", "the dollar goes out as it is")
	require.Equal(t, nexts[0], seen[1].URL.RequestURI())
	require.Equal(t, nexts[1], seen[2].URL.RequestURI())
	for _, r := range seen {
		require.Equal(t, "eventual", r.Header.Get("ConsistencyLevel"), "headers go out with every page; the SDK's own iterator drops them")
		require.Regexp(t, "^Bearer token-", r.Header.Get("Authorization"))
		require.NotEmpty(t, r.Header.Get("client-request-id"))
		require.Contains(t, r.Header.Get("SdkVersion"), "graph-go")
	}
	require.Equal(t, "https://graph.microsoft.com/.default", b.cred.asked[0].Scopes[0])
	require.True(t, b.cred.asked[0].EnableCAE)
}

func TestObjectIsHandedOverAsSent(t *testing.T) {
	t.Parallel()
	b := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, `{"@odata.context":"https://graph/x","zeta":"unknown member","id":"1","big":12345678901234567890,"nested":{"@odata.context":"kept"}}`)
	})
	r, err := b.client.SDK().Users().ByUserId("jane#EXT#@contoso.example").ToGetRequestInformation(t.Context(), nil)
	require.NoError(t, err)
	got, err := b.client.Object(t.Context(), Query{Request: r, Permission: "User.Read.All"})
	require.NoError(t, err)
	require.Equal(t, `{"zeta":"unknown member","id":"1","big":12345678901234567890,"nested":{"@odata.context":"kept"}}`, string(got))
	require.Contains(t, b.requests()[0].RequestURI, "jane%23EXT%23%40contoso.example")
}

func TestForeignNextLinkIsRefused(t *testing.T) {
	t.Parallel()
	foreign := 0
	thief := serve(t, func(int, http.ResponseWriter, *http.Request) { foreign++ })
	for _, link := range []string{thief.url + "/v1.0/users?$skiptoken=1", "https://evil.example/v1.0/users", "//evil.example/v1.0/x", "http://127.0.0.1/v1.0/x", "file:///v1.0/x"} {
		b := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			reply(w, 200, `{"value":[],"@odata.nextLink":"`+link+`"}`)
		})
		_, err := b.client.List(t.Context(), lookup(t, b.client), "")
		require.Equal(t, connector.Rejected, connector.AsFault(err).Kind)
		require.Equal(t, codeForeignHost, connector.AsFault(err).Code)

		_, err = b.client.List(t.Context(), lookup(t, b.client), link)
		require.Equal(t, codeForeignHost, connector.AsFault(err).Code, "nor is it taken from a cursor")
	}
	require.Zero(t, foreign)
}

func TestNoRequestLeavesForAnotherHost(t *testing.T) {
	t.Parallel()
	// The SDK would send it without a token and without a word.
	thief := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"value":[]}`) })
	b := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"value":[]}`) })
	q := lookup(t, b.client)
	uri, err := b.client.address(q, "")
	require.NoError(t, err)
	other := *uri
	other.Host = "localhost" + thief.url[len("http://127.0.0.1"):]
	err = b.client.once(t.Context(), q, &other, func([]byte) error { return nil })
	require.Equal(t, codeForeignHost, connector.AsFault(err).Code)
	require.Empty(t, thief.requests())
	require.Empty(t, b.cred.asked, "no token was even asked for")
}

func TestClaimsChallengeIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		header string
		tries  int
	}{
		"with claims":               {`Bearer realm="", authorization_uri="https://x/authorize", error="insufficient_claims", claims="eyJhIjoxfQ=="`, 2},
		"without claims":            {`Bearer realm=""`, 1},
		"claims that panic the SDK": {`Bearer claims=eyJhIjoxfQ==`, 1},
		"claims that are no base64": {`Bearer claims="%%%"`, 1},
	} {
		b := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 0 {
				w.Header().Set("WWW-Authenticate", tc.header)
				refuse(w, 401, "InvalidAuthenticationToken")
				return
			}
			reply(w, 200, `{"value":[]}`)
		})
		_, err := b.client.List(t.Context(), lookup(t, b.client), "")
		require.Len(t, b.requests(), tc.tries, name)
		if tc.tries == 2 {
			require.NoError(t, err, name)
			require.JSONEq(t, `{"a":1}`, b.cred.asked[1].Claims, name)
			require.Equal(t, "Bearer token-2", b.requests()[1].Header.Get("Authorization"))
			continue
		}
		f := connector.AsFault(err)
		require.Equal(t, 401, f.Status, name)
		require.Equal(t, "InvalidAuthenticationToken", f.Code, name)
		require.True(t, f.Retryable(), name)
	}
}

func TestCancelledCallEndsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	b := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := b.client.List(ctx, lookup(t, b.client), "")
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, connector.AsFault(err))
}

func TestRetryAfterIsWaitedOut(t *testing.T) {
	t.Parallel()
	b := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 0 {
			w.Header().Set("Retry-After", "0.25")
			refuse(w, 429, "TooManyRequests")
			return
		}
		reply(w, 200, `{"value":[]}`)
	})
	began := time.Now()
	_, err := b.client.List(patient(t), lookup(t, b.client), "")
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 250*time.Millisecond)
	require.Len(t, b.requests(), 2)

	b = serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		refuse(w, 429, "TooManyRequests")
	})
	_, err = b.client.List(connector.WithPatience(t.Context(), 20*time.Second), lookup(t, b.client), "")
	require.Equal(t, 30*time.Second, connector.AsFault(err).RetryAfter)
	require.Len(t, b.requests(), 1, "the task waits out a long pause, not the call")
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"value":[{"id":"1"}],"@odata.nextLink":"https://graph.microsoft.com/v1.0/x?y"}`, `{"@odata.context":1,"a":[{}]}`, `{`, `[]`, `{"value":[1]}`} {
		f.Add([]byte(s))
	}
	base, err := parseEndpoint("https://graph.microsoft.com")
	require.NoError(f, err)
	c := &Client{base: base}
	f.Fuzz(func(t *testing.T, body []byte) {
		if page, err := c.decodePage(body); err == nil {
			for _, r := range page.Records {
				require.True(t, json.Valid(r))
			}
			_, err := c.address(Query{}, page.Next+"x")
			if page.Next != "" {
				require.NoError(t, err)
			}
		}
		if o, err := decodeObject(body); err == nil {
			require.True(t, json.Valid(o))
		}
	})
}
