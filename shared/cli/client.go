package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rightsdesk/rightsdesk/shared/cloud"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// attempts is how often a call is made that gets no answer or is told to come back: a minute or two in all, in which a handler that
// was killed is started again.
const attempts = 12

// localKey is the published key of the local world. It opens nothing anywhere else, and is sent to this machine only.
const localKey = "local-dev-key"

// target is the flags that say which Rightsdesk is meant and who asks.
type target struct {
	url, key string
}

func (t *target) flags(c *cobra.Command, o Options) {
	def := o.Env("RIGHTSDESK_URL")
	if def == "" {
		def = "http://127.0.0.1:7071"
	}
	c.Flags().StringVar(&t.url, "url", def, "address of Rightsdesk (or RIGHTSDESK_URL)")
	c.Flags().StringVar(&t.key, "key", "", "API key; better in RIGHTSDESK_API_KEY, since other users see command lines")
}

// client calls the API.
type client struct {
	base  *url.URL
	key   string
	http  *http.Client
	pause func(context.Context, time.Duration) error
}

// client checks the flags: a key goes over TLS or to this machine only.
func (t *target) client(o Options) (*client, error) {
	base, err := url.Parse(strings.TrimSuffix(t.url, "/"))
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, usage(errors.New("--url is not an address such as https://rightsdesk.example.com"))
	}
	if base.Scheme == "http" && !cloud.Loopback(base.Hostname()) {
		return nil, usage(errors.New("--url must begin with https:// unless it is this machine: the API key would travel in the clear"))
	}
	key := t.key
	if key == "" {
		key = o.Env("RIGHTSDESK_API_KEY")
	}
	if key == "" && cloud.Loopback(base.Hostname()) {
		key = localKey
	}
	if key == "" {
		return nil, usage(errors.New("there is no API key: set RIGHTSDESK_API_KEY or --key"))
	}
	h := *o.HTTP
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the key would go along
	return &client{base: base, key: key, http: &h, pause: o.Pause}, nil
}

// call is one call of the API.
type call struct {
	method, path string // below /api/
	query        url.Values
	header       http.Header
	body         func() (io.ReadCloser, error) // may be called again
	size         int64
}

// do makes a call, again and again while there is no answer, and returns an answer of the 200s. Otherwise its error is an *exit: a
// refusal carries the problem that was answered.
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
		if err := c.pause(ctx, max(wait, min(10*time.Second, 250*time.Millisecond<<n))); err != nil {
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
	if k.body != nil {
		var err error
		if body, err = k.body(); err != nil {
			return nil, err
		}
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

// retryAfter is how long to wait before the next attempt; below zero: there is no point.
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
		return &exit{code: ExitUnreachable, err: fmt.Errorf("the answer was HTTP %d, which is none of Rightsdesk's", res.StatusCode)}
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
