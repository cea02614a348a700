package example

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

const (
	callTimeout = 30 * time.Second
	maxBody     = 8 << 20
)

// client asks the service. Its errors are made of codes only: those of net/http quote the URL.
type client struct {
	name       string   // of the system in the tenant; faults carry it
	base       *url.URL // of the club
	language   string   // of labels
	credential azcore.TokenCredential
	http       *http.Client
}

func newClient(s connector.Settings) (*client, error) {
	base, err := url.Parse(s.Endpoint)
	if err != nil || base.Host == "" {
		return nil, errors.New("the endpoint must be a base URL")
	}
	if s.Credential == nil {
		return nil, errors.New("a credential is needed")
	}
	club := s.Options[clubSetting]
	if club == "" {
		return nil, errors.New("the setting club is needed")
	}
	// A redirect would take the token along.
	noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{
		name: s.Name, base: base.JoinPath("v1", "clubs", club), language: cmp.Or(s.Options[languageSetting], "en"),
		credential: s.Credential,
		http:       &http.Client{Transport: s.Transport, Timeout: callTimeout, CheckRedirect: noRedirect},
	}, nil
}

// errAbsent says that the service has no such thing.
var errAbsent = errors.New("example: not there")

// question is one thing to ask: a GET, or a POST when it has a body.
type question struct {
	path       string // below the service's base
	query      url.Values
	body       []byte // JSON, with what identifies a person: that never goes into the URL
	permission string // that it needs; a refusal names it
}

// ask decodes the answer to a question into out. It waits out a short fault: every question
// here only reads, so it may be asked again. The error is errAbsent, a *connector.Fault or that
// of the context.
func (c *client) ask(ctx context.Context, q question, out any) error {
	var body []byte
	err := connector.Retry(ctx, func() (err error) {
		body, err = c.once(ctx, q)
		return err
	})
	if err == nil && json.Unmarshal(body, out) != nil {
		err = c.fault(ctx, connector.Unavailable, "another-shape")
	}
	return err
}

// once asks one time and returns the body, which is JSON.
func (c *client) once(ctx context.Context, q question) ([]byte, error) {
	req, err := c.request(ctx, q)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.fault(ctx, connector.Unavailable, "unreachable")
	}
	defer func() { _ = resp.Body.Close() }()
	if err := c.refusal(resp, q.permission); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return nil, c.fault(ctx, connector.Unavailable, "cut-body")
	}
	if !json.Valid(body) {
		return nil, c.fault(ctx, connector.Unavailable, "not-json")
	}
	return body, nil
}

func (c *client) request(ctx context.Context, q question) (*http.Request, error) {
	token, err := c.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{system + "/.default"}})
	if err != nil {
		return nil, c.fault(ctx, connector.Unavailable, "no-token")
	}
	u := c.base.JoinPath(q.path)
	u.RawQuery = q.query.Encode()
	method := http.MethodGet
	if q.body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(q.body))
	if err != nil {
		return nil, c.fault(ctx, connector.Rejected, "bad-request")
	}
	req.Header.Set("Authorization", "Bearer "+token.Token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", c.language)
	return req, nil
}

// fault is the error of a call without an answer. A call that was cancelled says nothing about the
// service, and gives the context's error.
func (c *client) fault(ctx context.Context, kind connector.FaultKind, code string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &connector.Fault{Kind: kind, System: c.name, Code: code}
}

// refusal classifies an answer that is not a success.
func (c *client) refusal(resp *http.Response, permission string) error {
	f := &connector.Fault{System: c.name, Status: resp.StatusCode, Code: "refused", Kind: connector.Rejected, RequestID: resp.Header.Get("X-Request-Id")}
	switch {
	case resp.StatusCode == http.StatusOK:
		return nil
	case resp.StatusCode == http.StatusNotFound:
		return errAbsent
	case resp.StatusCode == http.StatusForbidden:
		f.Kind, f.Permission = connector.Forbidden, permission
	case resp.StatusCode == http.StatusTooManyRequests:
		f.Kind = connector.Throttled
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
			f.RetryAfter = time.Duration(s) * time.Second
		}
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode >= 500:
		f.Kind = connector.Unavailable
	}
	return f
}
