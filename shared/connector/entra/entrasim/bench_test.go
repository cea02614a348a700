package entrasim_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
)

// BenchmarkPage answers a full page of 100 memberships, contract check included.
func BenchmarkPage(b *testing.B) {
	now := func() time.Time { return born }
	directory, err := entrasim.NewSample(now, born)
	if err != nil {
		b.Fatal(err)
	}
	sim, err := graphsim.New(graphsim.Options{
		Tenants: map[string]graphsim.TenantOptions{entrasim.Contoso: {Tokens: map[string][]string{"t": everything}}},
		Sources: []graphsim.Source{directory}, Clocks: clock.Same(now),
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		req := httptest.NewRequest(http.MethodGet, jane+"/memberOf", http.NoBody)
		req.Header.Set("Authorization", "Bearer t")
		rec := httptest.NewRecorder()
		if sim.ServeHTTP(rec, req); rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
	}
}

// BenchmarkSample makes the sample organisation, as every start of the local world does.
func BenchmarkSample(b *testing.B) {
	for b.Loop() {
		if _, err := entrasim.NewSample(func() time.Time { return born }, born); err != nil {
			b.Fatal(err)
		}
	}
}
