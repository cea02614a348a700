package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/appenv"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
	"github.com/rightsdesk/rightsdesk/infra/local/coretools"
	"github.com/rightsdesk/rightsdesk/shared/app"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// The goals of part (f).
const (
	callsToCompleted = 34 // storage calls, plus callsPerMiB for each MiB stored
	callsToPurged    = 55
	callsPerMiB      = 1.2
	handSeconds      = 1.0
)

// benchHand is part (f): the storage calls of one ordinary access request, and how long it takes
// when nothing else is done.
func benchHand(ctx context.Context, b *bench) error {
	s, err := b.stage(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := b.countAccess(ctx, s); err != nil {
		return err
	}
	api, stop, err := b.host(ctx, b.App, s.storage.ConnectionString, appenv.Pairs(s.settings))
	if err != nil {
		return err
	}
	defer stop()
	var took []float64
	for n := range 1 + b.size(20) {
		seconds, err := caller.ByHand(ctx, api, fmt.Sprintf("hand-%d", n))
		if err != nil {
			return err
		}
		if n > 0 { // the first one warms up
			took = append(took, seconds)
		}
	}
	b.table.AtMost("(f) POST to completed, one request at a time", "%.2f s", report.Median(took), handSeconds)
	b.table.Note("(f) median of %d access requests, dev host, one handler, simulated Graph.", len(took))
	return b.underFunc(ctx, s)
}

// underFunc measures the same under the real host, where it is installed.
func (b *bench) underFunc(ctx context.Context, s stage) error {
	if _, err := exec.LookPath("func"); err != nil {
		b.table.Note("(f) not measured under the real Functions host: func is not on PATH.")
		return nil
	}
	api, stop, err := coretools.Start(ctx, b.App, b.dir, s.settings)
	if err != nil {
		return fmt.Errorf("start the real Functions host: %w", err)
	}
	defer stop()
	var took []float64
	for n := range 1 + b.size(20) {
		seconds, err := caller.ByHand(ctx, api, fmt.Sprintf("func-%d", n))
		if err != nil {
			return err
		}
		if n > 0 {
			took = append(took, seconds)
		}
	}
	b.table.Add(report.Line{What: "(f) the same under the real host (func)", Ours: fmt.Sprintf("%.2f s", report.Median(took))})
	return nil
}

// errUnfinished says that what was to be counted did not happen.
var errUnfinished = errors.New("the calls that were counted are not those of the whole way")

// countAccess runs one request in this process and counts its storage calls: to completed, and
// on until its package is purged. A first request sets everything up and is not counted.
func (b *bench) countAccess(ctx context.Context, s stage) error {
	const prefix = "hand"
	settings, doc, err := appenv.Load(s.settings)
	if err != nil {
		return err
	}
	var ahead atomic.Int64 // of the business clock
	seen := calls.NewLedger(s.storage.Endpoints, prefix, true)
	real := app.RealClocks()
	a, err := app.New(ctx, settings, doc, app.Options{
		Clocks: clock.Clocks{Wall: real.Wall, Business: func() time.Time { return real.Business().Add(time.Duration(ahead.Load())) }},
		Log:    slog.New(slog.DiscardHandler), Policies: []policy.Policy{seen}, Prefix: prefix, Ahead: 1,
	})
	if err != nil {
		return err
	}
	var id string
	for n := range 2 {
		if _, err := seen.Take(); err != nil {
			return err
		}
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/requests", bytes.NewReader(caller.Jane))
		caller.SetHeaders(req, fmt.Sprintf("count-%d", n))
		rec := httptest.NewRecorder()
		a.API.ServeHTTP(rec, req)
		if rec.Code != http.StatusAccepted {
			return fmt.Errorf("POST /api/requests answers %d: %s", rec.Code, rec.Body)
		}
		a.Wait()
		done, err := seen.Take()
		if err != nil {
			return err
		}
		id = rec.Header().Get("Location")
		id = id[strings.LastIndexByte(id, '/')+1:]
		c, err := a.Store.Load(ctx, caller.Contoso, id)
		if err != nil || c.State != dsr.StateCompleted {
			return fmt.Errorf("the request was not completed in its own process: %w", errors.Join(err, errUnfinished))
		}
		if _, err := seen.Take(); err != nil { // that look does not count
			return err
		}
		ahead.Add(int64(32 * 24 * time.Hour))
		if err := a.Triggers["purge"].Run(ctx, nil); err != nil {
			return err
		}
		purged, err := seen.Take()
		if err != nil {
			return err
		}
		c, err = a.Store.Load(ctx, caller.Contoso, id)
		if err != nil || c.Package.State != dsr.PackageExpired || len(c.Wakes) > 0 {
			return fmt.Errorf("the purge left something: %w", errors.Join(err, errUnfinished))
		}
		if n == 0 {
			continue
		}
		mib := 0.0
		for _, c := range done.Calls {
			mib += float64(c.Size) / (1 << 20)
		}
		b.table.AtMost("(f) storage calls of an access request, to completed", "%.0f", float64(done.Total), callsToCompleted+callsPerMiB*mib)
		b.table.AtMost("(f) and on until its package is purged", "%.0f", float64(done.Total+purged.Total), callsToPurged+callsPerMiB*mib)
		b.table.Note("(f) the calls to completed: %s; of the purge: %s; %.2f MiB stored.", done.Text(), purged.Text(), mib)
	}
	return nil
}
