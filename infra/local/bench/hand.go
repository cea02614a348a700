package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
	"github.com/rightsdesk/rightsdesk/infra/local/process"
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

// jane asks for what is held about her.
var jane = []byte(`{"tenant":"` + contoso + `","actions":["access"],"regime":"gdpr","subject":{"email":"jane@contoso.example"}}`)

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
	api, stop, err := b.host(ctx, b.App, s.storage.ConnectionString, pairs(s.settings))
	if err != nil {
		return err
	}
	defer stop()
	var took []float64
	for n := range 1 + b.size(20) {
		seconds, err := byHand(ctx, api, fmt.Sprintf("hand-%d", n))
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
	api, stop, err := b.coreTools(ctx, s)
	if err != nil {
		b.table.Note("(f) not measured under the real Functions host: %v.", err)
		return nil
	}
	defer stop()
	var took []float64
	for n := range 1 + b.size(20) {
		seconds, err := byHand(ctx, api, fmt.Sprintf("func-%d", n))
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

// coreTools runs the app under Azure Functions Core Tools until stop is called.
func (b *bench) coreTools(ctx context.Context, s stage) (api string, stop func(), err error) {
	folder := filepath.Join(b.dir, "func-app")
	if err := os.CopyFS(folder, os.DirFS(b.App)); err != nil {
		return "", nil, err
	}
	if err := os.Chmod(filepath.Join(folder, "rightsdesk"), 0o755); err != nil { //nolint:gosec // a program
		return "", nil, err
	}
	local, err := json.Marshal(map[string]any{"IsEncrypted": false, "Values": s.settings})
	if err != nil {
		return "", nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "local.settings.json"), local, 0o600); err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	cmd := exec.Command("func", "start", "--port", port)
	cmd.Dir = folder
	p, err := process.Start(cmd)
	if err != nil {
		return "", nil, err
	}
	api = "http://127.0.0.1:" + port
	for began := time.Now(); time.Since(began) < 2*time.Minute; {
		select {
		case <-p.Done():
			return "", nil, fmt.Errorf("func ended while it started: %w", p.Err())
		case <-ctx.Done():
			p.Kill()
			return "", nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		var contract struct{}
		if apiCall(ctx, http.MethodGet, api+"/api/openapi.json", "", nil, &contract) == nil {
			return api, p.Kill, nil
		}
	}
	p.Kill()
	return "", nil, errors.New("func did not answer within two minutes")
}

// byHand submits jane's request and asks for it until it is completed.
func byHand(ctx context.Context, api, key string) (seconds float64, err error) {
	began := time.Now()
	var r struct{ ID, State string }
	if err := apiCall(ctx, http.MethodPost, api+"/api/requests", key, jane, &r); err != nil {
		return 0, err
	}
	for r.State != string(dsr.StateCompleted) {
		if time.Since(began) > time.Minute {
			return 0, fmt.Errorf("request %s is %s after a minute", r.ID, r.State)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
		if err := apiCall(ctx, http.MethodGet, api+"/api/requests/"+r.ID, "", nil, &r); err != nil {
			return 0, err
		}
	}
	return time.Since(began).Seconds(), nil
}

func apiCall(ctx context.Context, method, url, key string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	setHeaders(req, key)
	if key == "" {
		req.Header.Del("Idempotency-Key")
		req.Header.Del("Content-Type")
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s answers %d: %s", method, url, resp.StatusCode, text)
	}
	return json.Unmarshal(text, out)
}

// countAccess runs one request in this process and counts its storage calls: to completed, and
// on until its package is purged. A first request sets everything up and is not counted.
func (b *bench) countAccess(ctx context.Context, s stage) error {
	const prefix = "hand"
	settings, doc, err := load(s.settings)
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
	for n := range 2 {
		if _, err := seen.Take(); err != nil {
			return err
		}
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/requests", bytes.NewReader(jane))
		setHeaders(req, fmt.Sprintf("count-%d", n))
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
		ahead.Add(int64(32 * 24 * time.Hour))
		if err := a.Triggers["purge"].Run(ctx, nil); err != nil {
			return err
		}
		purged, err := seen.Take()
		if err != nil {
			return err
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
