package graphsim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// Faults says how the service misbehaves. The zero Faults is a service that always works.
type Faults struct {
	// Seed makes the sequence of faults repeatable for calls made one after another.
	Seed uint64 `json:"seed"`
	// Rules are tried in order. The first that fits a call decides, even when it draws no fault.
	Rules []FaultRule `json:"rules"`
}

// FaultRule is the misbehaviour of some calls. Rates are shares of 1 and may not add up to more
// than 1.
type FaultRule struct {
	Path           string  `json:"path,omitempty"`           // template of the contract; "": all
	Tenant         string  `json:"tenant,omitempty"`         // "": all
	Throttle       float64 `json:"throttle,omitempty"`       // 429 with Retry-After
	ThrottleSilent float64 `json:"throttleSilent,omitempty"` // 429 without Retry-After
	Unavailable    float64 `json:"unavailable,omitempty"`    // 503 without Retry-After
	ServerError    float64 `json:"serverError,omitempty"`    // 500
	CutBody        float64 `json:"cutBody,omitempty"`        // 200, closed inside the body
	EmptyPage      float64 `json:"emptyPage,omitempty"`      // an empty page before the real one
	Wrong          float64 `json:"wrong,omitempty"`          // 200 without JSON
	RetryAfter     string  `json:"retryAfter,omitempty"`     // seconds, a fraction too; default 1
	Latency        string  `json:"latency,omitempty"`        // Go duration, for every call
	Times          int     `json:"times,omitempty"`          // of faults until it ends; 0: never
}

type faultKind string

const (
	faultNone        faultKind = ""
	faultThrottle    faultKind = "throttle"
	faultSilent      faultKind = "throttleSilent"
	faultUnavailable faultKind = "unavailable"
	faultServer      faultKind = "serverError"
	faultCut         faultKind = "cutBody"
	faultEmpty       faultKind = "emptyPage"
	faultWrong       faultKind = "wrong"
)

type share struct {
	kind faultKind
	rate float64
}

func (r FaultRule) shares() []share {
	return []share{
		{faultThrottle, r.Throttle},
		{faultSilent, r.ThrottleSilent},
		{faultUnavailable, r.Unavailable},
		{faultServer, r.ServerError},
		{faultCut, r.CutBody},
		{faultEmpty, r.EmptyPage},
		{faultWrong, r.Wrong},
	}
}

// validate refuses rates outside 0..1, rates that add up to more than 1, and malformed times.
func (f Faults) validate() error {
	for i, r := range f.Rules {
		sum := 0.0
		for _, s := range r.shares() {
			if !(s.rate >= 0 && s.rate <= 1) {
				return fmt.Errorf("rules[%d].%s: must be between 0 and 1", i, s.kind)
			}
			sum += s.rate
		}
		if sum > 1+1e-9 {
			return fmt.Errorf("rules[%d]: the rates add up to more than 1", i)
		}
		if d, err := parseLatency(r.Latency); err != nil || d > time.Minute {
			return fmt.Errorf("rules[%d].latency: must be a duration of at most one minute", i)
		}
		if n, err := strconv.ParseFloat(r.retryAfter(), 64); err != nil || !(n >= 0) {
			return fmt.Errorf("rules[%d].retryAfter: must be a number of seconds", i)
		}
		if r.Times < 0 {
			return fmt.Errorf("rules[%d].times: must not be negative", i)
		}
	}
	return nil
}

func (r FaultRule) retryAfter() string {
	if r.RetryAfter == "" {
		return "1"
	}
	return r.RetryAfter
}

func parseLatency(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = errors.New("negative")
	}
	return d, err
}

// fault is what happens to one call.
type fault struct {
	kind       faultKind
	retryAfter string
	latency    time.Duration
}

type faultEngine struct {
	mu     sync.Mutex
	faults Faults
	fired  []int
	rng    *rand.Rand
}

func (e *faultEngine) set(f Faults) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults, e.fired, e.rng = f, make([]int, len(f.Rules)), rand.New(rand.NewPCG(f.Seed, 0x9e3779b97f4a7c15))
}

func (e *faultEngine) get() Faults {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.faults
}

// draw decides what happens to a call.
func (e *faultEngine) draw(path, tenant string) fault {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, r := range e.faults.Rules {
		if r.Path != "" && r.Path != path || r.Tenant != "" && r.Tenant != tenant || r.Times > 0 && e.fired[i] >= r.Times {
			continue
		}
		latency, _ := parseLatency(r.Latency) // validate has seen it
		out := fault{latency: latency, retryAfter: r.retryAfter()}
		for u, shares := e.rng.Float64(), r.shares(); len(shares) > 0; shares = shares[1:] {
			if u -= shares[0].rate; u < 0 {
				out.kind = shares[0].kind
				e.fired[i]++
				break
			}
		}
		return out
	}
	return fault{}
}
