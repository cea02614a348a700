package graphsim

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// TenantOptions says who may call for a tenant.
type TenantOptions struct {
	// Tokens are fixed bearer tokens with the app permissions that each carries. They never
	// expire. The local world uses them.
	Tokens map[string][]string
	// Clients may fetch tokens from the token endpoint, by client id.
	Clients map[string]Client
}

// Client is an app registration with its consented application permissions.
type Client struct {
	Secret      string
	Permissions []string
}

// grant is what a bearer token stands for.
type grant struct {
	tenant      string
	permissions map[string]bool
	expires     time.Time // zero: never
}

type authority struct {
	tenants map[string]TenantOptions
	clocks  clock.Clocks // only Wall is read: tokens do not follow the business clock

	mu     sync.Mutex
	tokens map[string]grant
}

const tokenLife = time.Hour

func newAuthority(tenants map[string]TenantOptions, clocks clock.Clocks) *authority {
	a := &authority{tenants: tenants, clocks: clocks, tokens: map[string]grant{}}
	for tenant, o := range tenants {
		for token, permissions := range o.Tokens {
			a.tokens[token] = grant{tenant: tenant, permissions: toSet(permissions)}
		}
	}
	return a
}

func toSet(names []string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}

// authenticate finds the tenant and the permissions behind the request's bearer token.
func (a *authority) authenticate(r *http.Request) (grant, *Error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return grant{}, unauthorized("Access token is empty.")
	}
	a.mu.Lock()
	g, ok := a.tokens[token]
	a.mu.Unlock()
	if !ok {
		return grant{}, unauthorized("Access token validation failure. Invalid audience.")
	}
	if !g.expires.IsZero() && !a.clocks.Wall().Before(g.expires) {
		return grant{}, unauthorized("Lifetime validation failed, the token is expired.")
	}
	return g, nil
}

// serveToken plays POST /{tenant}/oauth2/v2.0/token for the client credentials flow.
func (a *authority) serveToken(w http.ResponseWriter, r *http.Request, tenant string) {
	if r.Method != http.MethodPost {
		writeJSON(w, http.StatusMethodNotAllowed, tokenError("invalid_request", "POST only"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		writeJSON(w, http.StatusBadRequest, tokenError("invalid_request", "the form is malformed"))
		return
	}
	options, ok := a.tenants[tenant]
	if !ok {
		writeJSON(w, http.StatusBadRequest, tokenError("invalid_request", "AADSTS90002: tenant not found"))
		return
	}
	if r.PostForm.Get("grant_type") != "client_credentials" {
		writeJSON(w, http.StatusBadRequest, tokenError("unsupported_grant_type", "AADSTS70003: client_credentials only"))
		return
	}
	client, ok := options.Clients[r.PostForm.Get("client_id")]
	if !ok || subtle.ConstantTimeCompare([]byte(client.Secret), []byte(r.PostForm.Get("client_secret"))) != 1 {
		writeJSON(w, http.StatusUnauthorized, tokenError("invalid_client", "AADSTS7000215: invalid client secret provided"))
		return
	}
	if !strings.HasSuffix(r.PostForm.Get("scope"), "/.default") {
		writeJSON(w, http.StatusBadRequest, tokenError("invalid_scope", "AADSTS1002012: the scope must end in /.default"))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, Record{
		"token_type": "Bearer", "expires_in": int(tokenLife/time.Second) - 1, "ext_expires_in": int(tokenLife/time.Second) - 1,
		"access_token": a.issue(tenant, client.Permissions),
	})
}

func (a *authority) issue(tenant string, permissions []string) string {
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never fails
	token := "sim." + hex.EncodeToString(raw[:8]) + "." + hex.EncodeToString(raw[8:])
	now := a.clocks.Wall()
	a.mu.Lock()
	defer a.mu.Unlock()
	for t, g := range a.tokens {
		if !g.expires.IsZero() && now.After(g.expires.Add(tokenLife)) {
			delete(a.tokens, t)
		}
	}
	a.tokens[token] = grant{tenant: tenant, permissions: toSet(permissions), expires: now.Add(tokenLife)}
	return token
}

func tokenError(code, description string) Record {
	return Record{"error": code, "error_description": description}
}
