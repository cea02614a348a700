package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/appenv"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/replay"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
	"github.com/rightsdesk/rightsdesk/shared/app"
)

// benchPost is part (a).
func benchPost(ctx context.Context, b *bench) error {
	s, err := b.stage(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	t, err := b.countPost(ctx, s.storage.Endpoints, s.settings)
	if err != nil {
		return err
	}
	if err := b.comparePost(ctx, s.storage, s.settings, t); err != nil {
		return err
	}
	return b.postAllOn(ctx)
}

// countPost sends one request to an app in this process and keeps its storage calls.
func (b *bench) countPost(ctx context.Context, e azurite.Endpoints, settings map[string]string) (replay.Template, error) {
	const prefix = "count"
	seen := calls.NewLedger(e, prefix, true)
	a, err := newApp(ctx, settings, prefix, seen)
	if err != nil {
		return replay.Template{}, err
	}
	var t replay.Template
	for n := range 2 { // the second one, after everything is set up
		if _, err := seen.Take(); err != nil {
			return t, err
		}
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/requests", bytes.NewReader(caller.Submission(n)))
		caller.SetHeaders(req, fmt.Sprintf("count-%d", n))
		rec := httptest.NewRecorder()
		a.API.ServeHTTP(rec, req)
		if rec.Code != http.StatusAccepted {
			return t, fmt.Errorf("POST /api/requests answers %d: %s", rec.Code, rec.Body)
		}
		page, err := seen.Take()
		if err != nil {
			return t, err
		}
		var answer struct{ ID string }
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			return t, err
		}
		if t, err = replay.New(page.Calls, answer.ID, rec.Body.String()); err != nil {
			return t, err
		}
		if n == 1 {
			b.table.AtMost("(a) storage calls per request", "%.0f", float64(page.Total), 4)
			b.table.Note("(a) the calls: %s; %s.", page.Text(), t.Sizes())
		}
	}
	t.Connection, t.Prefix = e.ConnectionString, "raw"
	return t, nil
}

// newApp wires the product over an Azurite under a prefix, as the handler does.
func newApp(ctx context.Context, settings map[string]string, prefix string, seen policy.Policy) (*app.App, error) {
	s, doc, err := appenv.Load(settings)
	if err != nil {
		return nil, err
	}
	return app.New(ctx, s, doc, app.Options{
		Clocks: app.RealClocks(), Log: slog.New(slog.DiscardHandler), Policies: []policy.Policy{seen}, Prefix: prefix,
	})
}

// comparePost measures the product's handler and the bare one in turn. Each runs under its own
// dev host on the same storage.
func (b *bench) comparePost(ctx context.Context, storage *azurite.Instance, settings map[string]string, t replay.Template) error {
	r, err := calls.OpenRaw(t.Connection, t.Prefix)
	if err != nil {
		return err
	}
	if err := r.Create(ctx, append(append(t.First, t.Then), t.Messages...)); err != nil {
		return err
	}
	folder, env, err := b.bareApp(t)
	if err != nil {
		return err
	}
	rawAPI, stopRaw, err := b.host(ctx, folder, storage.ConnectionString, env)
	if err != nil {
		return err
	}
	defer stopRaw()
	off, err := appenv.Disabled(b.App, "requests")
	if err != nil {
		return err
	}
	off = append(off, "RIGHTSDESK_AHEAD=0") // the bare side does no work on a request either
	api, stop, err := b.host(ctx, b.App, storage.ConnectionString, append(appenv.Pairs(settings), off...))
	if err != nil {
		return err
	}
	defer stop()
	const rounds = 4
	apis := [2]string{ours: api, bare: rawAPI}
	var perSecond [2][]float64
	for n := -1; n < rounds; n++ {
		count := b.size(600)
		if n < 0 { // warm up both
			count = b.size(300)
		}
		for _, who := range turns(n + 1) {
			x, err := post(ctx, apis[who], fmt.Sprintf("a%d", n), count)
			if err != nil {
				return fmt.Errorf("%s: %w", who, err)
			}
			say("round %d: %s %.0f/s", n+1, who, x)
			if n >= 0 {
				perSecond[who] = append(perSecond[who], x)
			}
		}
	}
	b.table.Ratio(fmt.Sprintf("(a) POST /api/requests, %d at a time", caller.Callers), "/s", report.Median(perSecond[ours]), report.Median(perSecond[bare]), 0.8)
	b.table.Note("(a) bare: a Go handler under the same dev host with the same calls, transactions and row sizes, without decoding, checks, sealing or logs. Median of %d rounds, in an order that changes.", rounds)
	return nil
}

// post sends count requests, callers at a time, and returns the rate of accepted ones. All must
// be accepted.
func post(ctx context.Context, api, round string, count int) (float64, error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(caller.Callers)
	began := time.Now()
	for n := range count {
		g.Go(func() error {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, api+"/api/requests", bytes.NewReader(caller.Submission(n)))
			if err != nil {
				return err
			}
			caller.SetHeaders(req, fmt.Sprintf("%s-%06d", round, n))
			resp, err := caller.Client.Do(req)
			if err != nil {
				return err
			}
			body, err := io.ReadAll(resp.Body)
			if err := errors.Join(err, resp.Body.Close()); err != nil {
				return err
			}
			if resp.StatusCode != http.StatusAccepted {
				return fmt.Errorf("POST /api/requests answers %d: %s", resp.StatusCode, body)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return float64(count) / time.Since(began).Seconds(), nil
}

// postAllOn measures the rate while every function is on and works on what arrives. It has its
// own storage, because work left over from the comparison would count otherwise.
func (b *bench) postAllOn(ctx context.Context) error {
	s, err := b.stage(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	api, stop, err := b.host(ctx, b.App, s.storage.ConnectionString, appenv.Pairs(s.settings))
	if err != nil {
		return err
	}
	defer stop()
	perSecond, err := post(ctx, api, "on", b.size(600))
	if err != nil {
		return err
	}
	b.table.Add(report.Line{What: "(a) the same with all jobs on", Ours: report.Rate(perSecond, "/s")})
	return nil
}
