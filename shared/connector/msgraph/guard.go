package msgraph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
)

const (
	maxBody      = 32 << 20 // of a page; Graph's are far below
	maxErrorBody = 64 << 10
	// noAnswer is the status of the answer that stands for a request without one. Graph never
	// sends it.
	noAnswer = 599
)

// Codes of faults that are ours, where Graph gave none.
const (
	codeUnreachable = "unreachable"
	codeTimeout     = "timeout"
	codeForeignHost = "foreign-host"
	codeRedirect    = "redirect"
	codeCutBody     = "cut-body"
	codeNotJSON     = "not-json"
	codeTooLarge    = "too-large"
	codeNoToken     = "no-token"
	codeUnknown     = "unknown"
)

// exchange is what the guard saw of one attempt; it travels in the request's context.
type exchange struct {
	answered  bool // an answer of some kind came back through the guard
	status    int  // of Graph's answer; 0 when there was none
	code      string
	header    http.Header
	requestID string
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	if e, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return e
	}
	return &exchange{}
}

// guard is the innermost transport. What passes it outwards holds neither the URL nor a text of
// Graph's: see the package comment.
type guard struct {
	base *url.URL
	next http.RoundTripper
}

// RoundTrip never returns an error: net/http would wrap it with the URL.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	ex := exchangeOf(req.Context())
	// ours, which Graph's support can look up as well
	ex.requestID = identifier(req.Header.Get("client-request-id"))
	if req.URL.Scheme != g.base.Scheme || req.URL.Host != g.base.Host {
		return ex.instead(req, nil, codeForeignHost), nil
	}
	resp, err := g.next.RoundTrip(req) // handed on, or closed by instead
	if err != nil {
		return ex.instead(req, nil, codeOf(err)), nil
	}
	ex.answered, ex.status, ex.header = true, resp.StatusCode, resp.Header
	if id := identifier(resp.Header.Get("request-id")); id != "" {
		ex.requestID = id
	}
	switch {
	case resp.StatusCode >= 400:
		return ex.instead(req, resp, ""), nil
	case resp.StatusCode >= 300:
		return ex.instead(req, resp, codeRedirect), nil
	}
	resp.Body = &limited{ReadCloser: resp.Body, left: maxBody}
	return resp, nil
}

// instead builds the answer that stands for a failure: an OData error with a code, and with a
// message because the SDK's error type panics without one. resp is Graph's answer, nil when
// there was none.
func (e *exchange) instead(req *http.Request, resp *http.Response, code string) *http.Response {
	e.answered = true
	status, header := noAnswer, http.Header{}
	if resp != nil {
		if code == "" {
			code = readCode(resp.Body)
		}
		_ = resp.Body.Close()
		if resp.StatusCode >= 400 {
			status = resp.StatusCode
		}
		if claims := challenge.FindString(resp.Header.Get("WWW-Authenticate")); claims != "" && status == http.StatusUnauthorized {
			header.Set("WWW-Authenticate", "Bearer "+claims)
		}
	}
	e.code = code
	// strings only: cannot fail
	body, _ := json.Marshal(map[string]any{"error": map[string]string{"code": code, "message": code}})
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return &http.Response{
		Status: strconv.Itoa(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// challenge is the part of a WWW-Authenticate header that asks for a token with other claims
// (continuous access evaluation). The SDK panics when it is not quoted, so that only this form
// reaches it.
var challenge = regexp.MustCompile(`claims="[0-9A-Za-z+/=]+"`)

// readCode returns the code of an OData error, or codeUnknown. The message beside it may quote
// a filter's values.
func readCode(body io.Reader) string {
	var doc struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	b, _ := io.ReadAll(io.LimitReader(body, maxErrorBody)) // a cut body still has its status
	if json.Unmarshal(b, &doc) != nil || identifier(doc.Error.Code) == "" {
		return codeUnknown
	}
	return doc.Error.Code
}

var identifierForm = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,64}$`)

// identifier returns s if it has the form of a code or an id, which no name, address or number
// with a plus has.
func identifier(s string) string {
	if identifierForm.MatchString(s) {
		return s
	}
	return ""
}

func codeOf(err error) string {
	var n net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout() {
		return codeTimeout
	}
	return codeUnreachable
}

var errTooLarge = errors.New("msgraph: the answer is larger than a page can be")

// limited fails instead of ending when a body is longer than it may be, so that a part is never
// taken for the whole.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
