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
	// noAnswer is the status of the answer that is made up where there was none. Graph never
	// sends it.
	noAnswer = 599
)

// Codes of faults for which Graph gave no code.
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

// exchange is what the guard saw of one attempt. It travels in the request's context.
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

// guard is the innermost transport. What it returns holds neither the URL nor a text of
// Graph's; the package comment says why.
type guard struct {
	base *url.URL
	next http.RoundTripper
}

// RoundTrip never returns an error, since net/http would wrap it with the URL.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	ex := exchangeOf(req.Context())
	// Until Graph gives an id of its own, its support finds the call by this one.
	ex.requestID = identifier(req.Header.Get("client-request-id"))
	if req.URL.Scheme != g.base.Scheme || req.URL.Host != g.base.Host {
		return ex.instead(req, nil, codeForeignHost), nil
	}
	resp, err := g.next.RoundTrip(req) // the body is handed on, or closed by instead
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

// instead builds the answer that replaces a failure. It is an OData error with a code, and with
// a message, because the SDK's error type panics without one. resp is Graph's answer, nil when
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
	// Maps of texts are always encoded.
	body, _ := json.Marshal(map[string]any{"error": map[string]string{"code": code, "message": code}})
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return &http.Response{
		Status: strconv.Itoa(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// challenge is the part of a WWW-Authenticate header that asks for a token with other claims
// (continuous access evaluation). The SDK panics when it is not quoted, so only this form is let
// through.
var challenge = regexp.MustCompile(`claims="[0-9A-Za-z+/=]+"`)

// readCode returns the code of an OData error, or codeUnknown. The message beside it may quote the
// values of a filter, so it is not read.
func readCode(body io.Reader) string {
	var doc struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	// Where the body is cut, the status alone tells enough.
	b, _ := io.ReadAll(io.LimitReader(body, maxErrorBody))
	if json.Unmarshal(b, &doc) != nil || identifier(doc.Error.Code) == "" {
		return codeUnknown
	}
	return doc.Error.Code
}

var identifierForm = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,64}$`)

// identifier returns s if it has the form of a code or an id, and "" otherwise. No name with a
// space, no address and no telephone number with a plus has that form.
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

// limited is a body that fails when it is longer than it may be. If it ended there, a part would be
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
