package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// purge moves the clock 31 days, runs the purge, kills it once in its middle and runs it again.
// Everything must be gone then.
func (w *world) purge(ctx context.Context, reqs []sent) error {
	links := make([]string, 0, len(reqs))
	for _, s := range reqs {
		link, err := get[struct{ URL string }](ctx, w, "/api/requests/"+s.id+"/package", keys[s.tenant])
		if err != nil {
			return err
		}
		links = append(links, link.URL)
	}
	if err := w.advance(ctx, "744h"); err != nil {
		return err
	}
	if err := w.runPurge(ctx); err != nil {
		return err
	}
	left, err := w.killPurge(ctx, len(reqs))
	if err != nil {
		return err
	}
	say("purge killed in its middle: %d of %d packages were left", left, len(reqs))
	if err := w.awaitEmpty(ctx); err != nil {
		return err
	}
	return w.allGone(ctx, reqs, links)
}

// advance moves the business clock of all processes.
func (w *world) advance(ctx context.Context, by string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.simURL+"/clock", strings.NewReader(fmt.Sprintf(`{"advance":%q}`, by)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := w.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("POST /clock: %d", res.StatusCode)
	}
	return nil
}

// runPurge starts the purge as an operator does.
func (w *world) runPurge(ctx context.Context) error {
	status, b, err := w.insist(ctx, http.MethodPost, "/admin/functions/purge", "", nil, []byte("{}"))
	if err != nil {
		return err
	}
	if status != http.StatusAccepted {
		return fmt.Errorf("POST /admin/functions/purge: %d %s", status, b)
	}
	return nil
}

// killPurge kills the purging handler as soon as some packages are gone and others are not.
func (w *world) killPurge(ctx context.Context, all int) (int, error) {
	k := &kills{by: map[string]int{}}
	rng := rand.New(rand.NewPCG(1, 1))
	for ctx.Err() == nil {
		names, err := w.list(ctx, "packages")
		if err != nil {
			return 0, err
		}
		if len(names) == 0 {
			return 0, fmt.Errorf("the purge ended before it could be killed")
		}
		if len(names) < all {
			w.killIf(ctx, k, rng, func(step string) bool { return step == "purge" })
		}
		if k.count() > 0 {
			names, err = w.list(ctx, "packages")
			return len(names), err
		}
	}
	return 0, ctx.Err()
}

// awaitEmpty runs the purge until the containers of parts, packages, bulk inputs and results
// are empty.
func (w *world) awaitEmpty(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := w.runPurge(ctx); err != nil {
			return err
		}
		for range 50 {
			left := 0
			for _, c := range []string{"parts", "packages", "bulk", "results"} {
				names, err := w.list(ctx, c)
				if err != nil {
					return err
				}
				left += len(names)
			}
			if left == 0 {
				return nil
			}
			pause(ctx, 200*time.Millisecond)
		}
	}
	return fmt.Errorf("the purge has left blobs: %w", ctx.Err())
}

// allGone asks for every package, by the old link and by the API.
func (w *world) allGone(ctx context.Context, reqs []sent, links []string) error {
	for i, s := range reqs {
		status, _, err := w.fetch(ctx, links[i])
		if err != nil {
			return err
		}
		if status != http.StatusNotFound {
			return fmt.Errorf("the link of %s answers %d", s.id, status)
		}
		status, b, err := w.insist(ctx, http.MethodGet, "/api/requests/"+s.id+"/package", keys[s.tenant], nil, nil)
		if err != nil {
			return err
		}
		r, err := get[request](ctx, w, "/api/requests/"+s.id, keys[s.tenant])
		if err != nil {
			return err
		}
		if status != http.StatusGone || r.Package == nil || r.Package.State != "expired" {
			return fmt.Errorf("the package of %s answers %d %s after its retention", s.id, status, b)
		}
	}
	say("purged: %d links answer 404, the API answers 410, four containers are empty", len(links))
	return nil
}
