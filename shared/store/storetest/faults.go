// Package storetest opens stores on the shared Azurite for tests, and injects faults and counts calls at their transport.
package storetest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
)

// Action is what happens to a call.
type Action int

// The actions.
const (
	Pass          Action = iota // nothing; for the hooks
	Lost                        // it never arrives
	DoneButFailed               // it is done, and the answer is lost
	Throttled                   // 503 ServerBusy, not done
	Cut                         // it is done, and the answer ends in the middle
)

// Fault is what happens to the calls that it matches. The SDK tries again by itself: a fault that is to be seen must meet every try.
type Fault struct {
	Match  func(Call) bool // nil: every call
	Action Action
	Times  int    // tries that it meets; 0: all
	Skip   int    // matching tries that it lets pass first
	Before func() // runs before the call
	After  func() // runs after the call was done, before its answer is seen
}

// ErrInjected is the network error of an injected fault.
var ErrInjected = errors.New("storetest: injected fault")

// Faults is an azcore policy that spoils calls. It is safe for concurrent use.
type Faults struct {
	where where

	mu     sync.Mutex
	faults []*armed
	met    int
}

// NewFaults spoils calls to one Azurite; prefix is that of the resources' names.
func NewFaults(e azurite.Endpoints, prefix string) *Faults { return &Faults{where: whereOf(e, prefix)} }

type armed struct {
	Fault
	left int
	skip int
	gone bool
}

// Add arms a fault; the first that matches a call applies. The function disarms it.
func (f *Faults) Add(x Fault) (disarm func()) {
	a := &armed{Fault: x, left: x.Times, skip: x.Skip}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, a)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		a.gone = true
	}
}

// KillAfter loses every call after the next n: what is seen from outside when the process dies there.
func (f *Faults) KillAfter(n int) (revive func()) {
	return f.Add(Fault{Action: Lost, Skip: n})
}

// Met is how many tries met a fault so far.
func (f *Faults) Met() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.met
}

func (f *Faults) find(c Call) *armed {
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

func busy(req *policy.Request) *http.Response {
	const body = `{"odata.error":{"code":"ServerBusy","message":{"lang":"en-US","value":"The server is busy."}}}`
	return &http.Response{
		StatusCode: http.StatusServiceUnavailable, Status: "503 Server Busy", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/json"}, "X-Ms-Error-Code": {"ServerBusy"}},
		Body:    io.NopCloser(strings.NewReader(body)),
		Request: req.Raw(),
	}
}
