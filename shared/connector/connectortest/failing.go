package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

func testFailures(t *testing.T, b *bench) {
	subject := dsr.Subject{Identifiers: []dsr.Identifier{b.Known[0].Identifier}}
	scope := b.scope(dsr.Access, b.find(b.Known[0].Object))
	for failure, kind := range map[Failure]connector.FaultKind{Throttle: connector.Throttled, Unavailable: connector.Unavailable, CutBody: connector.Unavailable} {
		b.Fail(failure)
		_, err := b.discover(b.Settings, subject)
		requireFault(t, err, kind, failure)
		sink := newRecorder()
		_, err = b.export(t.Context(), b.Settings, scope, nil, sink)
		requireFault(t, err, kind, failure)
		require.Empty(t, sink.puts)
		if failure == Throttle {
			require.GreaterOrEqual(t, connector.AsFault(err).RetryAfter, 30*time.Second)
		}

		b.Fail(Works)
		d, err := b.discover(b.Settings, subject)
		require.NoError(t, err)
		require.NotEmpty(t, d.Findings)
		_, err = b.export(t.Context(), b.Settings, scope, nil, sink)
		require.NoError(t, err)
		b.requireOracle(sink.records(), b.Known[0].Object, dsr.Access)
	}
}

// testPatience counts how often a call that fails reaches the simulator. How long the pauses are is
// connector.Retry's business.
func testPatience(t *testing.T, b *bench) {
	subject := dsr.Subject{Identifiers: []dsr.Identifier{b.Known[0].Identifier}}
	patient := connector.WithPatience(t.Context(), 350*time.Millisecond)
	for _, tc := range []struct {
		name    string
		failure Failure
		ctx     context.Context //nolint:containedctx // a table of them
		tries   int
	}{
		{"a fault without patience", Unavailable, t.Context(), 1},
		{"a fault that may pass", Unavailable, patient, 3},
		{"a pause that is too long", Throttle, patient, 1},
	} {
		b.Fail(tc.failure)
		before := b.Calls()
		_, err := b.discoverIn(tc.ctx, b.Settings, subject)
		require.NotNil(t, connector.AsFault(err), tc.name)
		require.Equal(t, tc.tries, b.Calls()-before, tc.name)
	}
}

func requireFault(t *testing.T, err error, kind connector.FaultKind, failure Failure) {
	t.Helper()
	f := connector.AsFault(err)
	require.NotNil(t, f, "%s: %v", failure, err)
	require.Equal(t, kind, f.Kind, failure)
	require.True(t, f.Retryable(), failure)
	require.Equal(t, place, f.System)
}

func testPermissions(t *testing.T, b *bench) {
	if s, ok := b.Without(""); ok {
		for _, k := range b.Known {
			d, err := b.discover(s, dsr.Subject{Identifiers: []dsr.Identifier{k.Identifier}})
			if f := connector.AsFault(err); f != nil {
				require.Equal(t, connector.Forbidden, f.Kind)
				require.NotEmpty(t, f.Permission)
				continue
			}
			require.NoError(t, err)
			require.NotEmpty(t, d.Reason, "%s: what could not be looked at is named", k.Identifier.Kind)
		}
	}
	findings := b.find(b.Rich)
	whole := newRecorder()
	_, err := b.export(t.Context(), b.Settings, b.scope(dsr.Access, findings), nil, whole)
	require.NoError(t, err)
	for _, k := range b.Entry.Descriptor.Kinds {
		if s, ok := b.Without(k.Name); ok {
			b.requireMissing(s, k, findings, whole)
		}
	}
}

// requireMissing exports without a kind's permission. The kind must be reported as missing, and
// what needs another permission must be handed over.
func (b *bench) requireMissing(s connector.Settings, k connector.Kind, findings []dsr.Finding, whole *recorder) {
	b.t.Helper()
	got := newRecorder()
	outcome, err := b.export(b.t.Context(), s, b.scope(dsr.Access, findings), nil, got)
	if f := connector.AsFault(err); f != nil {
		require.Equal(b.t, connector.Forbidden, f.Kind, k.Name)
		return
	}
	require.NoError(b.t, err)
	require.Equal(b.t, dsr.OutcomePartial, outcome.Code, "without the permission for %s", k.Name)
	require.Contains(b.t, outcome.Reason, k.Title, "the reason names what is missing")
	var lost []string
	for name, records := range whole.records() {
		if len(got.records()[name]) < len(records) {
			lost = append(lost, name)
		}
	}
	for _, name := range lost {
		kind, _ := b.Entry.Descriptor.Kind(name)
		require.Contains(b.t, outcome.Reason, kind.Title, "nothing is left out in silence")
	}
}

func testBadToken(t *testing.T, b *bench) {
	_, err := b.discover(b.BadToken, dsr.Subject{Identifiers: []dsr.Identifier{b.Known[0].Identifier}})
	require.NotNil(t, connector.AsFault(err), "%v", err)
	findings := b.find(b.Known[0].Object)
	sink := newRecorder()
	_, err = b.export(t.Context(), b.BadToken, b.scope(dsr.Access, findings), nil, sink)
	require.NotNil(t, connector.AsFault(err), "%v", err)
	require.Empty(t, sink.puts)
}

// quoter is a transport that answers without a network, in the words of the request.
type quoter func(r *http.Request, said string) (*http.Response, error)

func (f quoter) RoundTrip(r *http.Request) (*http.Response, error) {
	said := r.URL.String()
	if u, err := r.URL.Parse(r.URL.RequestURI()); err == nil {
		said += " " + u.Query().Encode() + fmt.Sprint(u.Query())
	}
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		said += string(b)
	}
	return f(r, said)
}

// quoters fail as net/http and services do.
var quoters = map[string]quoter{
	"a dial error": func(_ *http.Request, said string) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New(said)}
	},
	"a time-out": func(_ *http.Request, said string) (*http.Response, error) {
		return nil, fmt.Errorf("%s: %w", said, context.DeadlineExceeded)
	},
	"a bad request": func(r *http.Request, said string) (*http.Response, error) {
		return quote(r, http.StatusBadRequest, said), nil
	},
	"a redirect": func(r *http.Request, said string) (*http.Response, error) {
		resp := quote(r, http.StatusFound, said)
		resp.Header.Set("Location", "https://elsewhere.example/?"+said)
		return resp, nil
	},
	"an answer of another shape": func(r *http.Request, said string) (*http.Response, error) { return quote(r, http.StatusOK, said), nil },
}

func quote(r *http.Request, status int, said string) *http.Response {
	body := fmt.Sprintf(`{"error":{"code":"BadRequest","message":%q}}`, said)
	return &http.Response{
		Status: fmt.Sprint(status, " ", said), StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body)), Request: r,
	}
}

// testSilence makes look-ups fail in ways that quote them. The bench searches what is left of that.
func testSilence(t *testing.T, b *bench) {
	n := 0
	for name, broken := range quoters {
		s := b.Settings
		s.Transport = broken
		for range 2 { // the kinds of identifier take turns
			_, err := b.discover(s, dsr.Subject{Identifiers: []dsr.Identifier{b.Known[n%len(b.Known)].Identifier}})
			require.NotNil(t, connector.AsFault(err), "%s: %v", name, err)
			n++
		}
	}
}
