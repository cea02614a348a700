package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// chunked hides the length of a body.
type chunked struct{ io.Reader }

func people(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return map[string]any{"subject": m}
}

// TestBadInputGetsAClearAnswer holds one row for each item of the list of what callers get wrong.
func TestBadInputGetsAClearAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := "Idempotency-Key: k"
	good := submission(nil)
	big := `{"note":"` + strings.Repeat("x", 64<<10) + `"}`
	for name, c := range map[string]struct {
		method, path, caller string
		body                 io.Reader
		headers              []string
		status               int
		code, pointer        string
	}{
		"wrong content type":     {"POST", "/api/requests", "admin", strings.NewReader(good), []string{key, "Content-Type: text/plain"}, 415, "content-type", ""},
		"missing content type":   {"POST", "/api/requests", "admin", strings.NewReader(good), []string{key, "Content-Type: "}, 415, "content-type", ""},
		"another charset":        {"POST", "/api/requests", "admin", strings.NewReader(good), []string{key, "Content-Type: application/json; charset=latin1"}, 415, "content-type", ""},
		"a compressed body":      {"POST", "/api/requests", "admin", strings.NewReader(good), []string{key, "Content-Encoding: gzip"}, 415, "content-type", ""},
		"an empty body":          {"POST", "/api/requests", "admin", strings.NewReader(""), []string{key}, 400, "empty-body", ""},
		"an empty chunked body":  {"POST", "/api/requests", "admin", chunked{strings.NewReader("")}, []string{key}, 400, "empty-body", ""},
		"over the cap, declared": {"POST", "/api/requests", "admin", strings.NewReader(big), []string{key}, 413, "too-large", ""},
		"over the cap, chunked":  {"POST", "/api/requests", "admin", chunked{strings.NewReader(big)}, []string{key}, 413, "too-large", ""},
		"invalid JSON":           {"POST", "/api/requests", "admin", strings.NewReader(`{"tenant":}`), []string{key}, 400, "invalid-json", "/tenant"},
		"unknown field":          {"POST", "/api/requests", "admin", strings.NewReader(submission(map[string]any{"canary": 1})), []string{key}, 400, "unknown-field", ""},
		"unknown system":         {"POST", "/api/requests", "admin", strings.NewReader(submission(map[string]any{"systems": []any{"intune"}})), []string{key}, 400, "unknown-system", "/systems/0"},
		"unknown action":         {"POST", "/api/requests", "admin", strings.NewReader(submission(map[string]any{"actions": []any{"erase"}})), []string{key}, 400, "unknown-action", "/actions/0"},
		"unknown destination":    {"POST", "/api/requests", "admin", strings.NewReader(submission(map[string]any{"destination": "x"})), []string{key}, 400, "unknown-destination", "/destination"},
		"unknown kind of identifier": {
			"POST", "/api/requests", "admin", strings.NewReader(submission(people("identifiers", []any{map[string]any{"kind": "shoe-size", "value": "42"}}))),
			[]string{key},
			400, "unknown-identifier-kind", "/subject/identifiers/0/kind",
		},
		"a name alone":              {"POST", "/api/requests", "admin", strings.NewReader(submission(people("name", "Jane Canary"))), []string{key}, 400, "no-identifier", "/subject"},
		"malformed UPN":             {"POST", "/api/requests", "admin", strings.NewReader(submission(people("userPrincipalName", "jane canary"))), []string{key}, 400, "malformed-user-principal-name", "/subject/userPrincipalName"},
		"malformed e-mail":          {"POST", "/api/requests", "admin", strings.NewReader(submission(people("email", "canary@"))), []string{key}, 400, "malformed-email", "/subject/email"},
		"malformed phone":           {"POST", "/api/requests", "admin", strings.NewReader(submission(people("phone", "canary"))), []string{key}, 400, "malformed-phone", "/subject/phone"},
		"a date in the future":      {"POST", "/api/requests", "admin", strings.NewReader(submission(map[string]any{"receivedAt": "2027-01-01T00:00:00Z"})), []string{key}, 400, "future-date", "/receivedAt"},
		"duplicate keys":            {"POST", "/api/requests", "admin", strings.NewReader(`{"regime":"gdpr","regime":"ccpa"}`), []string{key}, 400, "duplicate-key", "/regime"},
		"invalid UTF-8":             {"POST", "/api/requests", "admin", strings.NewReader("{\"note\":\"\xff\"}"), []string{key}, 400, "invalid-utf8", ""},
		"10,000 levels":             {"POST", "/api/requests", "admin", strings.NewReader(strings.Repeat(`{"a":`, 10000)), []string{key}, 400, "too-deep", ""},
		"no idempotency key":        {"POST", "/api/requests", "admin", strings.NewReader(good), nil, 400, "missing-idempotency-key", ""},
		"a long idempotency key":    {"POST", "/api/requests", "admin", strings.NewReader(good), []string{"Idempotency-Key: " + strings.Repeat("k", 256)}, 400, "malformed-idempotency-key", ""},
		"an idempotency key of ä":   {"POST", "/api/requests", "admin", strings.NewReader(good), []string{"Idempotency-Key: ä"}, 400, "malformed-idempotency-key", ""},
		"a malformed id":            {"GET", "/api/requests/4711", "admin", nil, nil, 400, "malformed-id", ""},
		"an id in capitals":         {"GET", "/api/requests/" + strings.ToUpper("abcdef00-0000-4000-8000-000000000000"), "admin", nil, nil, 400, "malformed-id", ""},
		"an unknown id":             {"GET", "/api/requests/" + unknown, "admin", nil, nil, 404, "not-found", ""},
		"an unknown tenant":         {"POST", "/api/requests", "admin", strings.NewReader(submission(map[string]any{"tenant": unknown})), []string{key}, 404, "not-found", ""},
		"another caller's tenant":   {"POST", "/api/requests", "admin", strings.NewReader(submission(map[string]any{"tenant": fabrikam})), []string{key}, 404, "not-found", ""},
		"no key":                    {"GET", "/api/requests/" + unknown, "", nil, nil, 401, "missing-key", ""},
		"a wrong key":               {"GET", "/api/requests/" + unknown, "stranger", nil, nil, 401, "wrong-key", ""},
		"the host's principal":      {"GET", "/api/requests/" + unknown, "", nil, []string{"X-MS-CLIENT-PRINCIPAL: e30=", "X-MS-CLIENT-PRINCIPAL-NAME: admin"}, 401, "missing-key", ""},
		"a key without that right":  {"POST", "/api/requests", "reader", strings.NewReader(good), []string{key}, 403, "no-right", ""},
		"a key without any right":   {"GET", "/api/requests", "nothing", nil, nil, 403, "no-right", ""},
		"a key in the URL":          {"GET", "/api/requests?code=admin-key", "admin", nil, nil, 400, "key-in-url", ""},
		"nothing there":             {"GET", "/api/nothing", "admin", nil, nil, 404, "no-such-address", ""},
		"a slash at the end":        {"GET", "/api/requests/", "admin", nil, nil, 404, "no-such-address", ""},
		"two slashes":               {"GET", "/api//requests", "admin", nil, nil, 404, "no-such-address", ""},
		"an escaped slash":          {"GET", "/api%2frequests", "admin", nil, nil, 404, "no-such-address", ""},
		"an escaped way up":         {"GET", "/api/requests/..%2fhealth", "admin", nil, nil, 404, "no-such-address", ""},
		"another case":              {"GET", "/api/Requests", "admin", nil, nil, 404, "no-such-address", ""},
		"another method":            {"DELETE", "/api/requests/" + unknown, "admin", nil, nil, 405, "method-not-allowed", ""},
		"an unknown parameter":      {"GET", "/api/requests/" + unknown + "?x=1", "admin", nil, nil, 400, "unknown-parameter", ""},
		"no reason to cancel":       {"POST", "/api/requests/" + unknown + "/cancel", "admin", strings.NewReader("{}"), nil, 400, "missing-field", "/reason"},
		"nobody chosen":             {"POST", "/api/requests/" + unknown + "/decide", "admin", strings.NewReader("{}"), nil, 400, "missing-field", "/objectId"},
		"no outcome":                {"POST", "/api/requests/" + unknown + "/tasks/x-export", "admin", strings.NewReader(`{"text":"x"}`), nil, 400, "missing-field", "/outcome"},
		"a file of another type":    {"POST", "/api/bulk?reference=r", "admin", strings.NewReader("x"), []string{key, "Content-Type: application/json"}, 415, "content-type", ""},
		"an empty file":             {"POST", "/api/bulk?reference=r", "admin", chunked{strings.NewReader("")}, []string{key, "Content-Type: text/csv"}, 400, "empty-body", ""},
		"a file without a key":      {"POST", "/api/bulk?reference=r", "admin", strings.NewReader("x"), []string{"Content-Type: text/csv"}, 400, "missing-idempotency-key", ""},
		"a file without reference":  {"POST", "/api/bulk", "admin", strings.NewReader("x"), []string{key, "Content-Type: text/csv"}, 400, "missing-parameter", ""},
		"a reference with a slash":  {"POST", "/api/bulk?reference=a/b", "admin", strings.NewReader("x"), []string{key, "Content-Type: text/csv"}, 400, "malformed-reference", ""},
		"a file without that right": {"POST", "/api/bulk?reference=r", "reader", strings.NewReader("x"), []string{key, "Content-Type: text/csv"}, 403, "no-right", ""},
		"an unknown reference":      {"GET", "/api/bulk?reference=r", "admin", nil, nil, 404, "not-found", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.send(c.method, c.path, c.caller, c.body, c.headers...)
			require.Equal(t, c.status, r.status, r.body)
			got := r.json(t)
			require.Equal(t, c.code, got["code"])
			require.Equal(t, c.pointer, orEmpty(got["pointer"]))
			require.NotEmpty(t, got["detail"])
			require.NotContains(t, r.body, "canary")
		})
	}
	require.Equal(t, "GET, POST", w.ask("PUT", "/api/requests", "admin", "{}").header.Get("Allow"))
}

func orEmpty(v any) string {
	s, _ := v.(string)
	return s
}

// TestAFileOverTheCap sends 64 MiB and a byte, once declared and once chunked.
func TestAFileOverTheCap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn, err := net.Dial("tcp", w.server.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /api/bulk?reference=r HTTP/1.1\r\nHost: x\r\nX-Api-Key: admin-key\r\nIdempotency-Key: k\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n", 64<<20+1)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode, "a declared length is refused before a byte of it is read")

	line := strings.Repeat("x", 1<<20-1) + "\n"
	readers := []io.Reader{}
	for range 64 {
		readers = append(readers, strings.NewReader(line))
	}
	body := chunked{io.MultiReader(append(readers, strings.NewReader("x"))...)}
	r := w.send("POST", "/api/bulk?reference=r", "admin", body, "Idempotency-Key: k", "Content-Type: text/csv")
	require.Equal(t, http.StatusRequestEntityTooLarge, r.status, r.body)
	require.Equal(t, http.StatusNotFound, w.ask("GET", "/api/bulk?reference=r", "admin", "").status, "nothing was taken in")
}

func TestWhatNeedsNoKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.ask("GET", "/api/health", "", "")
	require.Equal(t, http.StatusOK, r.status)
	require.JSONEq(t, `{"status":"ok","version":"test"}`, r.body)
	r = w.ask("GET", "/api/openapi.json", "", "")
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "3.1.0", r.json(t)["openapi"])
}
