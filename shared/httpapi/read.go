package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/jsonbody"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// Caps of bodies, in bytes.
const (
	maxBody   = intake.MaxBody
	maxUpload = 64 << 20
)

// parseQuery reads the query of a URL. It refuses a parameter that the route does not know, or
// that is given more than once.
func parseQuery(raw string, params []string) (url.Values, error) {
	q, err := url.ParseQuery(raw)
	if err != nil || len(raw) > 8192 {
		return nil, problem.New(problem.MalformedQuery, "", "the query of the URL is malformed or too long")
	}
	for name, values := range q {
		if !slices.Contains(params, name) {
			if len(params) == 0 {
				return nil, problem.New(problem.UnknownParameter, "", "this call takes no query parameters")
			}
			return nil, problem.New(problem.UnknownParameter, "", "a query parameter is unknown; this call takes "+strings.Join(params, ", "))
		}
		if len(values) > 1 {
			return nil, problem.Newf(problem.MalformedParameter, "", "%s is given more than once", name)
		}
	}
	return q, nil
}

// contentType returns the media type of the body if the call takes it. The charset must be UTF-8.
func (c *call) contentType(types ...string) (string, error) {
	refused := problem.New(problem.ContentType, "", "the Content-Type must be "+strings.Join(types, " or "))
	values := c.r.Header.Values("Content-Type")
	if len(values) != 1 {
		return "", refused
	}
	t, params, err := mime.ParseMediaType(values[0])
	if err != nil || !slices.Contains(types, t) {
		return "", refused
	}
	for name, value := range params {
		if name == "charset" && !strings.EqualFold(value, "utf-8") {
			return "", problem.New(problem.ContentType, "", "the charset must be utf-8")
		}
	}
	if e := c.r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return "", problem.New(problem.ContentType, "", "the body must not be compressed or otherwise encoded: leave Content-Encoding out")
	}
	return t, nil
}

// body reads a JSON body up to the cap, whether its length was declared or not.
func (c *call) body() ([]byte, error) {
	if _, err := c.contentType("application/json"); err != nil {
		return nil, err
	}
	if c.r.ContentLength > maxBody {
		return nil, tooLarge(maxBody)
	}
	return io.ReadAll(&capped{r: c.r.Body, left: maxBody})
}

// decode reads a JSON body into a T.
func decode[T any](c *call) (T, error) {
	b, err := c.body()
	if err != nil {
		var zero T
		return zero, err
	}
	return jsonbody.Decode[T](b, maxBody)
}

// decodeOptional is decode for a call that may come without a body. It reads a byte to find
// out, since a host may not say how long the body is.
func decodeOptional[T any](c *call) (T, error) {
	var none T
	first := make([]byte, 1)
	if n, _ := io.ReadFull(c.r.Body, first); n == 0 {
		return none, nil
	}
	c.r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(first), c.r.Body), c.r.Body}
	return decode[T](c)
}

// capped reads up to a number of bytes. A longer body is a too-large problem, and one that
// breaks off is an invalid-value problem.
type capped struct {
	r    io.Reader
	left int64
	cap  int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.cap == 0 {
		c.cap = c.left
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, tooLarge(c.cap)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = problem.New(problem.InvalidValue, "", "the body broke off before its end").Because(err)
	}
	return n, err
}

func tooLarge(limit int64) error {
	return problem.Newf(problem.TooLarge, "", "the body is larger than %d bytes", limit)
}

// idempotencyKey reads the header that a POST of new work needs.
func (c *call) idempotencyKey() (string, error) {
	values := c.r.Header.Values("Idempotency-Key")
	switch {
	case len(values) == 0 || values[0] == "":
		return "", problem.New(problem.MissingIdempotencyKey, "",
			"the header Idempotency-Key is needed: a value of your own, the same when you try again")
	case len(values) > 1 || !intake.ValidKey(values[0]):
		return "", problem.New(problem.MalformedIdempotencyKey, "",
			"the header Idempotency-Key must be sent once, with 1 to 255 printable ASCII characters")
	}
	return values[0], nil
}

// tenant is the tenant that a query names, or the caller's only one. A tenant that is not the
// caller's is not found, whether it exists or not.
func (c *call) tenant() (string, error) {
	t := c.query.Get("tenant")
	switch {
	case t == "" && c.query.Has("tenant"):
		return "", problem.New(problem.MalformedParameter, "", "tenant is empty")
	case t == "" && len(c.caller.Tenants) == 1:
		return c.caller.Tenants[0], nil
	case t == "":
		return "", problem.New(problem.MissingParameter, "", "tenant is needed: your key has several")
	case !c.caller.Owns(t):
		return "", problem.Absent()
	}
	return t, nil
}
