package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rightsdesk/rightsdesk/shared/cloud"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// attempts is how often a call is made that gets no answer or is told to come back. In all that
// is a minute or two, in which a handler that was killed is started again.
const attempts = 12

// localKey is the published key of the local world. No other Rightsdesk takes it, and it is sent to
// this machine only.
const localKey = "local-dev-key"

// target holds the flags that say which Rightsdesk is meant and who asks.
type target struct {
	url, key string
}

func (t *target) flags(c *cobra.Command, o Options) {
	c.Flags().StringVar(&t.url, "url", cmp.Or(o.URL, "http://127.0.0.1:7071"), "address of Rightsdesk (or RIGHTSDESK_URL)")
	c.Flags().StringVar(&t.key, "key", "", "API key; better in RIGHTSDESK_API_KEY, since other users see command lines")
}

// client calls the API.
type client struct {
	base   *url.URL
	key    string
	http   *http.Client
	waiter Waiter
}

// client checks the flags: a key goes over TLS or to this machine only.
func (t *target) client(o Options) (*client, error) {
	base, err := url.Parse(strings.TrimSuffix(t.url, "/"))
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, usage(errors.New("--url is not an address such as https://rightsdesk.example.com"))
	}
	local := cloud.Loopback(base.Hostname())
	if base.Scheme == "http" && !local {
		return nil, usage(errors.New("--url must begin with https:// unless it is this machine: the API key would travel in the clear"))
	}
	key := cmp.Or(t.key, o.Key)
	if key == "" && local {
		key = localKey
	}
	if key == "" {
		return nil, usage(errors.New("there is no API key: set RIGHTSDESK_API_KEY or --key"))
	}
	h := *o.HTTP
	// A redirected call would take the key along.
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{base: base, key: key, http: &h, waiter: o.Waiter}, nil
}

// call is one call of the API.
type call struct {
	method, path string // below /api/
	query        url.Values
	header       http.Header
	file         string // whose bytes are the body; empty: no body
	size         int64  // of the file
}

// do makes a call, again and again while there is no answer, and returns an answer of the 200s. Any
// error is an *exit, and holds the problem when one was answered.
func (c *client) do(ctx context.Context, k call) (*http.Response, error) {
	var last error
	for n := range attempts {
		res, wait, err := c.once(ctx, k)
		if err == nil {
			return res, nil
		}
		if wait < 0 || ctx.Err() != nil {
			return nil, err
		}
		last = err
		if err := c.waiter.Wait(ctx, max(wait, min(10*time.Second, 250*time.Millisecond<<n))); err != nil {
			return nil, &exit{code: ExitUnreachable, err: err}
		}
	}
	return nil, last
}

// once makes a call. A wait below zero says that another attempt would not help.
func (c *client) once(ctx context.Context, k call) (*http.Response, time.Duration, error) {
	req, err := c.request(ctx, k)
	if err != nil {
		return nil, -1, usage(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, 0, &exit{code: ExitUnreachable, err: fmt.Errorf("no answer from %s: %w", c.base.Host, cause(err))}
	}
	if res.StatusCode/100 == 2 {
		return res, 0, nil
	}
	defer func() { _ = res.Body.Close() }()
	return nil, retryAfter(res), refusal(res)
}

func (c *client) request(ctx context.Context, k call) (*http.Request, error) {
	u := c.base.JoinPath("api", k.path)
	u.RawQuery = k.query.Encode()
	var body io.ReadCloser
	if k.file != "" {
		f, err := os.Open(k.file)
		if err != nil {
			return nil, err
		}
		body = f
	}
	req, err := http.NewRequestWithContext(ctx, k.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	for name, values := range k.header {
		req.Header[name] = values
	}
	req.Header.Set("X-Api-Key", c.key)
	req.ContentLength = k.size
	return req, nil
}

// cause leaves out the address, which url.Error repeats with its query.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// retryAfter is how long to wait before the next attempt. Below zero, another attempt is useless.
func retryAfter(res *http.Response) time.Duration {
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusInternalServerError:
		s, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return time.Duration(max(0, min(s, 60))) * time.Second
	}
	return -1
}

// refusal is the answered problem as an error.
func refusal(res *http.Response) error {
	var p problem.Body
	b, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if json.Unmarshal(b, &p) != nil || p.Code == "" {
		return &exit{code: ExitUnreachable, err: fmt.Errorf("the answer, HTTP %d, is not one of Rightsdesk: check --url", res.StatusCode)}
	}
	text := fmt.Sprintf("%s (%s, HTTP %d)", p.Detail, p.Code, res.StatusCode)
	if p.Pointer != "" {
		text += " at " + p.Pointer
	}
	code := ExitFailed
	if res.StatusCode >= 500 {
		code = ExitUnreachable
	}
	return &exit{code: code, err: &refused{status: res.StatusCode, text: text}}
}

// refused is a problem that the API answered.
type refused struct {
	status int
	text   string
}

func (r *refused) Error() string { return r.text }

// get reads a JSON answer.
func (c *client) get(ctx context.Context, path string, into any) error {
	res, err := c.do(ctx, call{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	return decode(res, into)
}

func decode(res *http.Response, into any) error {
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(res.Body, 8<<20)).Decode(into); err != nil {
		return &exit{code: ExitUnreachable, err: errors.New("the answer cannot be read")}
	}
	return nil
}
