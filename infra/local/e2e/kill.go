package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/devhost"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// kills counts the handlers that were killed at work, by step.
type kills struct {
	mu     sync.Mutex
	total  int
	by     map[string]int
	wanted []string
}

// mustHit are the steps that kills must have hit.
var mustHit = []string{string(dsr.StepBulk), string(dsr.StepDiscover), string(dsr.StepFulfil), string(dsr.StepDeliver)}

// startKilling kills handlers by SIGKILL, first those at steps that were hit least.
func (w *world) startKilling(ctx context.Context, o options) *kills {
	k := &kills{by: map[string]int{}}
	rng := rand.New(rand.NewPCG(o.Seed, o.Seed))
	go func() {
		for ctx.Err() == nil && k.count() < o.Kills {
			w.killOne(ctx, k, o, rng)
			pause(ctx, time.Duration(2+rng.IntN(8))*time.Millisecond)
		}
	}()
	return k
}

// killOne looks for a handler with an invocation at a wanted step and kills it.
func (w *world) killOne(ctx context.Context, k *kills, o options, rng *rand.Rand) {
	if w.killIf(ctx, k, rng, func(step string) bool { return k.wants(step, o) }) {
		// The platform needs a moment to start the handler again. Work must continue between
		// two kills.
		pause(ctx, time.Duration(500+rng.IntN(1000))*time.Millisecond)
	}
}

// killIf kills the first handler, in random order, that is at a step that the caller wants to
// hit.
func (w *world) killIf(ctx context.Context, k *kills, rng *rand.Rand, wants func(step string) bool) bool {
	var workers []devhost.Worker
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.api+"/admin/devhost/workers", nil)
	if err != nil {
		return false
	}
	res, err := w.http.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	if json.NewDecoder(res.Body).Decode(&workers) != nil {
		return false
	}
	rng.Shuffle(len(workers), func(i, j int) { workers[i], workers[j] = workers[j], workers[i] })
	for _, worker := range workers {
		for _, inv := range worker.Invocations {
			step := w.steps.of(inv.ID)
			if step == "" || !wants(step) || worker.PID == 0 {
				continue
			}
			if syscall.Kill(worker.PID, syscall.SIGKILL) != nil {
				return false
			}
			k.hit(step)
			return true
		}
	}
	return false
}

// wants prefers the steps that lack hits. The remaining kills may hit any step, but a timer only so
// often: what it brings back would wait for another minute each time.
func (k *kills) wants(step string, o options) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	lacking := slices.DeleteFunc(slices.Clone(mustHit), func(s string) bool { return k.by[s] >= k.need(o) })
	if len(lacking) > 0 {
		return slices.Contains(lacking, step)
	}
	return step != string(dsr.StepWake) || k.by[step] < o.Kills/4
}

// need is how many kills each step must get.
func (k *kills) need(o options) int { return min(o.PerStep, o.Kills/len(mustHit)) }

func (k *kills) hit(step string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.total++
	k.by[step]++
}

func (k *kills) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.total
}

// report prints what was hit and fails when a step has too few hits.
func (k *kills) report(o options) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	say("killed %d handlers at work, by step: %v", k.total, k.by)
	if k.total < o.Kills {
		return fmt.Errorf("only %d of %d kills found a handler at work: use more requests", k.total, o.Kills)
	}
	for _, s := range mustHit {
		if k.by[s] < k.need(o) {
			return fmt.Errorf("the step %s was hit %d times, at least %d are needed", s, k.by[s], k.need(o))
		}
	}
	return nil
}
