// Package storetest opens stores on the shared Azurite for tests, injects faults into their calls
// and counts the calls.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
)

// Action is what happens to a call.
type Action int

// The actions.
const (
	Pass          Action = iota // the call goes through; only Before and After run
	Lost                        // the call never arrives
	DoneButFailed               // the call takes effect, but its answer is lost
	Throttled                   // the answer is 503 ServerBusy, and the call takes no effect
	Cut                         // the call takes effect, but its answer ends in the middle
	Late                        // the call seems lost, and arrives when the test calls Arrive
)

// Fault says what happens to the calls that it matches. The SDK retries failed calls by itself, so
// a fault that the caller should see must meet every try.
type Fault struct {
	Match  func(Call) bool // when nil, every call matches
	Action Action
	Times  int    // number of tries that it meets; 0 means all
	Skip   int    // number of matching tries that pass first
	Before func() // runs before the call
	After  func() // runs after the call took effect and before the caller sees its answer
}

// ErrInjected is the network error of an injected fault.
var ErrInjected = errors.New("storetest: injected fault")

// Faults is an azcore policy that injects faults. It is safe for concurrent use.
type Faults struct {
	where addresses

	mu     sync.Mutex
	faults []*armedFault
	met    int
	late   []*http.Request
}

// NewFaults injects faults into calls to one Azurite. The names of resources begin with prefix.
func NewFaults(e azurite.Endpoints, prefix string) *Faults {
	return &Faults{where: addressesOf(e, prefix)}
}

type armedFault struct {
	Fault
	left int
	skip int
	gone bool
}

// Add arms a fault and returns a function that disarms it. The first armed fault that matches a
// call applies.
func (f *Faults) Add(x Fault) (disarm func()) {
	a := &armedFault{Fault: x, left: x.Times, skip: x.Skip}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, a)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		a.gone = true
	}
}

// KillAfter loses every call after the next n. From outside it looks as if the process died there.
func (f *Faults) KillAfter(n int) (revive func()) {
	return f.Add(Fault{Action: Lost, Skip: n})
}

// Met returns the number of tries that met a fault.
func (f *Faults) Met() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.met
}

func (f *Faults) find(c Call) *armedFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.faults {
		if a.gone || (a.Match != nil && !a.Match(c)) {
			continue
		}
		if a.skip > 0 {
			a.skip--
			continue
		}
		if a.Times > 0 {
			a.left--
			a.gone = a.left == 0
		}
		f.met++
		return a
	}
	return nil
}

// Do implements policy.Policy.
func (f *Faults) Do(req *policy.Request) (*http.Response, error) {
	a := f.find(f.where.call(req))
	if a == nil {
		return req.Next()
	}
	if a.Before != nil {
		a.Before()
	}
	switch a.Action {
	case Lost:
		return nil, ErrInjected
	case Throttled:
		return busy(req), nil
	case Late:
		return nil, f.hold(req)
	}
	resp, err := req.Next()
	if a.After != nil {
		a.After()
	}
	if err != nil || a.Action == Pass {
		return resp, err
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if a.Action == DoneButFailed {
		return nil, ErrInjected
	}
	resp.Body = io.NopCloser(bytes.NewReader(body[:len(body)/2]))
	return resp, nil
}

// hold keeps a signed request for Arrive.
func (f *Faults) hold(req *policy.Request) error {
	late := req.Raw().Clone(context.Background())
	late.Body = http.NoBody
	if in := req.Body(); in != nil {
		body, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		late.Body = io.NopCloser(bytes.NewReader(body))
	}
	f.mu.Lock()
	f.late = append(f.late, late)
	f.mu.Unlock()
	return ErrInjected
}

// Arrive sends the calls that are late, and returns the status of each answer. That of a
// transaction does not say whether it was done.
func (f *Faults) Arrive(t testing.TB) []int {
	t.Helper()
	f.mu.Lock()
	late := f.late
	f.late = nil
	f.mu.Unlock()
	var out []int
	for _, req := range late {
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		out = append(out, resp.StatusCode)
	}
	return out
}

func busy(req *policy.Request) *http.Response {
	const body = `{"odata.error":{"code":"ServerBusy","message":{"lang":"en-US","value":"The server is busy."}}}`
	return &http.Response{
		StatusCode: http.StatusServiceUnavailable, Status: "503 Server Busy", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/json"}, "X-Ms-Error-Code": {"ServerBusy"}},
		Body:    io.NopCloser(strings.NewReader(body)),
		Request: req.Raw(),
	}
}
