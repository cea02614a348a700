package entra_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// sink keeps what it is given.
type sink struct {
	kinds   []string
	records map[string][]json.RawMessage
	cursors [][]byte
	asked   []connector.Asked
	onPut   func(n int) error
}

func (s *sink) Put(_ context.Context, kind string, records []json.RawMessage, next []byte) error {
	if s.records == nil {
		s.records = map[string][]json.RawMessage{}
	}
	s.kinds, s.cursors = append(s.kinds, kind), append(s.cursors, next)
	s.records[kind] = append(s.records[kind], records...)
	if s.onPut != nil {
		return s.onPut(len(s.kinds))
	}
	return nil
}

func (s *sink) Asked(a connector.Asked) { s.asked = append(s.asked, a) }

// scopeOf is everything that is known of one account.
func scopeOf(id string) connector.Scope {
	return connector.Scope{
		Action: dsr.Access, Kinds: entra.Entry().Descriptor.KindsFor(dsr.Access),
		Findings: []dsr.Finding{{System: entra.System, Kind: "profile", ID: id}},
	}
}

// roundTripper changes answers on their way.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}
}

var errKilled = errors.New("killed")

func TestForgottenPageIsReadAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.id(t, "jane@contoso.example")
	whole := &sink{}
	_, err := w.open(t, "all").Export(t.Context(), scopeOf(id), nil, whole)
	require.NoError(t, err)
	require.Greater(t, len(whole.records["member-of"]), 100)

	// The process dies after the first page of memberships; meanwhile the service forgets the
	// next one, and a membership is added.
	first := &sink{}
	first.onPut = func(int) error {
		if first.kinds[len(first.kinds)-1] == "member-of" {
			return errKilled
		}
		return nil
	}
	_, err = w.open(t, "all").Export(t.Context(), scopeOf(id), nil, first)
	require.ErrorIs(t, err, errKilled)
	require.Len(t, first.records["member-of"], 100)
	s, forgotten := w.settings("all"), 0
	s.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.RawQuery, "skiptoken") && forgotten == 0 {
			forgotten++
			return answer(r, 400, `{"error":{"code":"Directory_ExpiredPageToken","message":"The specified page token value has expired."}}`), nil
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	c, err := entra.New(s)
	require.NoError(t, err)
	rest := &sink{}
	outcome, err := c.Export(t.Context(), scopeOf(id), first.cursors[len(first.cursors)-1], rest)
	require.NoError(t, err)
	require.Equal(t, dsr.OutcomeDone, outcome.Code)
	require.Equal(t, 1, forgotten)
	require.Equal(t, whole.records["member-of"], append(first.records["member-of"], rest.records["member-of"]...), "each once")

	_, err = c.Export(t.Context(), scopeOf(id), []byte(`{"kind":"member-of","next":"https://evil.example/v1.0/x"}`), &sink{})
	require.Equal(t, connector.Rejected, connector.AsFault(err).Kind)
}

func TestAccountThatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before, during func(w *world, id string) error
		kinds          []string // handed over; nil: more than the profile
		code           dsr.OutcomeCode
		reason         string
	}{
		"before the export": {
			before: func(w *world, id string) error { return w.dir.DeleteUser(entrasim.Contoso, id) },
			kinds:  []string{"profile"}, code: dsr.OutcomePartial, reason: "The account is deleted",
		},
		"and purged before the export": {
			before: func(w *world, id string) error {
				return errors.Join(w.dir.DeleteUser(entrasim.Contoso, id), w.dir.PurgeUser(entrasim.Contoso, id))
			},
			kinds: []string{}, code: dsr.OutcomeNothingFound, reason: "no longer there",
		},
		"in the middle": {
			during: func(w *world, id string) error { return w.dir.DeleteUser(entrasim.Contoso, id) },
			code:   dsr.OutcomePartial, reason: "The account is deleted",
		},
		"and purged in the middle": {
			during: func(w *world, id string) error {
				return errors.Join(w.dir.DeleteUser(entrasim.Contoso, id), w.dir.PurgeUser(entrasim.Contoso, id))
			},
			code: dsr.OutcomePartial, reason: "no longer there",
		},
	} {
		w := newWorld(t)
		id := w.id(t, "jane@contoso.example")
		if tc.before != nil {
			require.NoError(t, tc.before(w, id))
		}
		s := &sink{onPut: func(n int) error {
			if n == 4 && tc.during != nil {
				return tc.during(w, id)
			}
			return nil
		}}
		outcome, err := w.open(t, "all").Export(t.Context(), scopeOf(id), nil, s)
		require.NoError(t, err, name)
		require.Equal(t, tc.code, outcome.Code, name)
		require.Contains(t, outcome.Reason, tc.reason, name)
		if tc.kinds != nil {
			require.ElementsMatch(t, tc.kinds, s.kinds, name)
			continue
		}
		require.Len(t, s.kinds, 4, name)
		again, err := w.open(t, "all").Export(t.Context(), scopeOf(id), s.cursors[3], &sink{})
		require.NoError(t, err)
		require.Equal(t, outcome, again, "also when it resumes")
	}
}

func TestDeletedAccountResumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.id(t, "former.worker@contoso.example")
	s := &sink{}
	outcome, err := w.open(t, "all").Export(t.Context(), scopeOf(id), nil, s)
	require.NoError(t, err)
	require.Equal(t, []string{"profile"}, s.kinds)
	rest := &sink{}
	again, err := w.open(t, "all").Export(t.Context(), scopeOf(id), s.cursors[0], rest)
	require.NoError(t, err)
	require.Equal(t, outcome, again)
	require.Empty(t, rest.kinds)
}

// TestSecretsStay sends answers as the service should not, but could.
func TestSecretsStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.settings("all")
	s.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/authentication/methods"):
			return answer(r, 200, `{"value":[
				{"@odata.type":"#microsoft.graph.passwordAuthenticationMethod","id":"1","password":"S3CRET"},
				{"@odata.type":"#microsoft.graph.passwordAuthenticationMethod","id":"2","password":null},
				{"@odata.type":"#microsoft.graph.temporaryAccessPassAuthenticationMethod","id":"3","temporaryAccessPass":"S3CRET"},
				{"@odata.type":"#microsoft.graph.softwareOathAuthenticationMethod","id":"4","secretKey":"S3CRET","x":1.0}]}`), nil
		case strings.HasSuffix(r.URL.Path, "/ownedObjects"):
			return answer(r, 200, `{"value":[{"id":"5","displayName":"App","passwordCredentials":[{"hint":"S3CRET"}],"keyCredentials":[]}]}`), nil
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	c, err := entra.New(s)
	require.NoError(t, err)
	got := &sink{}
	_, err = c.Export(t.Context(), scopeOf(w.id(t, "jane@contoso.example")), nil, got)
	require.NoError(t, err)
	require.Equal(t, `{"@odata.type":"#microsoft.graph.passwordAuthenticationMethod","id":"2","password":null}`, string(got.records["authentication-methods"][1]))
	require.Equal(t, `{"@odata.type":"#microsoft.graph.softwareOathAuthenticationMethod","id":"4","x":1.0}`, string(got.records["authentication-methods"][3]))
	require.Equal(t, `{"id":"5","displayName":"App"}`, string(got.records["owned-objects"][0]))
	for _, records := range got.records {
		for _, r := range records {
			require.NotContains(t, string(r), "S3CRET")
		}
	}
}

func TestMissingPermissionForTheLeaveDateIsNamed(t *testing.T) {
	t.Parallel()
	dir, err := sharedDirectory()
	require.NoError(t, err)
	w := serve(t, dir)
	id := w.id(t, "jane@contoso.example")
	whole := &sink{}
	outcome, err := w.open(t, "all").Export(t.Context(), scopeOf(id), nil, whole)
	require.NoError(t, err)
	require.Equal(t, dsr.Outcome{Code: dsr.OutcomeDone}, outcome)
	require.Len(t, whole.records["leave-date"], 1)

	s := &sink{}
	outcome, err = w.open(t, "no-life-cycle").Export(t.Context(), scopeOf(id), nil, s)
	require.NoError(t, err)
	require.Equal(t, dsr.Outcome{
		Code: dsr.OutcomePartial, Reason: "Leave date (leave-date) could not be read: the permission User-LifeCycleInfo.Read.All is missing.",
	}, outcome)
	require.Empty(t, s.records["leave-date"])
	require.Len(t, s.records, len(whole.records)-1, "nothing else is lost")
}

func TestMissingLicenceIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.settings("all")
	s.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.RawQuery, "signInActivity") {
			return answer(r, 403, `{"error":{"code":"Authentication_RequestFromNonPremiumTenantOrB2CTenant","message":"x"}}`), nil
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	c, err := entra.New(s)
	require.NoError(t, err)
	outcome, err := c.Export(t.Context(), scopeOf(w.id(t, "jane@contoso.example")), nil, &sink{})
	require.NoError(t, err)
	require.Equal(t, dsr.Outcome{Code: dsr.OutcomePartial, Reason: "Last sign-ins (sign-in-activity) could not be read: the tenant has no licence for Microsoft Entra ID P1."}, outcome)
}

func TestProbe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.open(t, "all").Probe(t.Context()))
	require.Equal(t, connector.Forbidden, connector.AsFault(w.open(t, "basic-users").Probe(t.Context())).Kind)
}

func TestEmptyPagesAndLatency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.id(t, "jane@contoso.example")
	want := &sink{}
	_, err := w.open(t, "all").Export(t.Context(), scopeOf(id), nil, want)
	require.NoError(t, err)
	f := faults("")
	f.Rules[0].EmptyPage = 1
	require.NoError(t, w.sim.SetFaults(f))
	got := &sink{}
	_, err = w.open(t, "all").Export(t.Context(), scopeOf(id), nil, got)
	require.NoError(t, err)
	require.Equal(t, want.records, got.records)
}
