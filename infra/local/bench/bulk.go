package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/appenv"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/gauge"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
	"github.com/rightsdesk/rightsdesk/shared/app"
	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk"
	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// importParallel is how many requests of a chunk the importer makes at a time. The raw side has
// as many calls under way.
const importParallel = 16

// benchBulk is part (b).
func benchBulk(ctx context.Context, b *bench) error {
	s, err := b.stage(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	im := importer{b: b, storage: s.storage, settings: s.settings, lines: b.size(10_000)}
	if err := im.compare(ctx); err != nil {
		return err
	}
	return im.allOn(ctx)
}

// importer imports the same list again and again, each time into fresh tables.
type importer struct {
	b        *bench
	storage  *azurite.Instance
	settings map[string]string
	lines    int
}

// listOf is a list of lines. Each is a request as part (a) sends it.
func listOf(lines int) []byte {
	var out bytes.Buffer
	for n := range lines {
		item := bytes.Replace(caller.Submission(n), fmt.Appendf(nil, `"tenant":%q,`, caller.Contoso), fmt.Appendf(nil, `"idempotencyKey":"line-%06d",`, n), 1)
		out.Write(item)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// service wires an importer as the app does.
func (im importer) service(a *app.App) (*bulk.Service, error) {
	_, doc, err := appenv.Load(im.settings)
	if err != nil {
		return nil, err
	}
	tokens, err := pii.NewTokens(pii.Key{Version: 1, Key: bytes.Repeat([]byte{3}, 32)})
	if err != nil {
		return nil, err
	}
	log, clocks := slog.New(slog.DiscardHandler), clock.Same(wall)
	runner, err := task.New(task.Options{Store: a.Store, Clocks: clocks, Log: log, Counter: telemetry.Counter{}})
	if err != nil {
		return nil, err
	}
	submissions, err := intake.New(intake.Options{Runner: runner, Tenants: doc.Tenants, Catalogue: catalog.Entries(), Tokens: tokens})
	if err != nil {
		return nil, err
	}
	return bulk.New(bulk.Options{
		Store: a.Store, Key: bytes.Repeat([]byte{4}, 32), Clocks: clocks, Bound: time.Hour, Log: log, Intake: submissions,
	})
}

// run imports the list and returns how long that took, without its reception.
func (im importer) run(ctx context.Context, prefix string, seen *calls.Ledger) (seconds float64, page calls.Page, err error) {
	a, err := newApp(ctx, im.settings, prefix, seen)
	if err != nil {
		return 0, page, err
	}
	s, err := im.service(a)
	if err != nil {
		return 0, page, err
	}
	got, _, err := s.Receive(ctx, bulk.Upload{
		Caller: auth.Caller{ID: "bench", Name: "bench", Tenants: []string{caller.Contoso}, Rights: []auth.Right{auth.Bulk}}, Tenant: caller.Contoso, Reference: "bench",
		Format: list.JSONLines, Body: bytes.NewReader(listOf(im.lines)),
	})
	if err != nil {
		return 0, page, err
	}
	if _, err := seen.Take(); err != nil {
		return 0, page, err
	}
	began := time.Now()
	err = gauge.Profiled(im.b.Profile, "import-"+prefix, func() error { return s.Import(ctx, caller.Contoso, got.ID) })
	if err != nil {
		return 0, page, err
	}
	seconds = time.Since(began).Seconds()
	if page, err = seen.Take(); err != nil {
		return 0, page, err
	}
	done, err := a.Store.Imports.Load(ctx, caller.Contoso, got.ID)
	if err != nil {
		return 0, page, err
	}
	if done.Accepted != int64(im.lines) {
		return 0, page, fmt.Errorf("%d of %d lines were accepted, state %s", done.Accepted, im.lines, done.State)
	}
	return seconds, page, nil
}

// dropTables drops the tables of a run, since they would slow the next ones down.
func (im importer) dropTables(ctx context.Context, prefix string) error {
	c, err := account.ConnectString(im.storage.ConnectionString, account.ClientOptions(nil))
	if err != nil {
		return err
	}
	for _, name := range []string{"requests", "lists", "keys"} {
		if _, err := c.Tables.DeleteTable(ctx, prefix+name, nil); err != nil {
			return fmt.Errorf("drop table %s: %w", prefix+name, err)
		}
	}
	return nil
}

// enough is how long a first round may take if a second is to fit into the run.
const enough = 3 * time.Minute

// compare imports and then repeats the same calls raw, each into empty tables. The order
// changes with each round.
func (im importer) compare(ctx context.Context) error {
	if err := im.warmUp(ctx); err != nil {
		return err
	}
	var perSecond, cpu [2][]float64
	var kept calls.Page
	began := time.Now()
	rounds := 0
	for ; rounds < 2 && (rounds == 0 || time.Since(began) < enough); rounds++ {
		for _, who := range turns(rounds) {
			before := gauge.CPUSeconds(im.storage.Pid())
			prefix := fmt.Sprintf("%s%d", who, rounds)
			var seconds float64
			var err error
			if who == ours {
				kept, seconds, err = im.ours(ctx, prefix)
			} else {
				seconds, err = im.raw(ctx, prefix, kept.Calls)
			}
			if err != nil {
				return err
			}
			spent := gauge.CPUSeconds(im.storage.Pid()) - before
			say("round %d: %s %.1f s, of Azurite's CPU %.1f s", rounds+1, who, seconds, spent)
			perSecond[who], cpu[who] = append(perSecond[who], float64(im.lines)/seconds), append(cpu[who], spent)
		}
	}
	t := &im.b.table
	t.AtMost(fmt.Sprintf("(b) storage calls per accepted line of %d", im.lines), "%.2f", float64(kept.Total)/float64(im.lines), 1.5)
	t.AtMost(fmt.Sprintf("(b) keys that the vault wraps per accepted line of %d", im.lines), "%.4f", float64(calls.Wraps(kept.Calls))/float64(im.lines), 0.1)
	t.Ratio(fmt.Sprintf("(b) bulk import of %d lines", im.lines), "lines/s", report.Median(perSecond[ours]), report.Median(perSecond[bare]), 0.8)
	t.Note("(b) the calls: %s.", kept.Text())
	t.Note("(b) raw: the calls of that import as they were sent, the same bytes in the same order, up to %d at a time and without waiting for each other. Azurite's CPU: %.0f s ours, %.0f s raw.",
		importParallel, report.Median(cpu[ours]), report.Median(cpu[bare]))
	if rounds == 1 {
		t.Note("(b) ONE ROUND ONLY, ours first: the machine was too slow or too busy for a second in the other order. The ratio mixes the effects of side, order and load: measure again.")
	}
	return nil
}

// warmUp runs both sides once, to warm them and Azurite up.
func (im importer) warmUp(ctx context.Context) error {
	im.lines = 300
	page, _, err := im.ours(ctx, "warmours")
	if err != nil {
		return err
	}
	_, err = im.raw(ctx, "warmraw", page.Calls)
	return err
}

// ours imports once and keeps every call.
func (im importer) ours(ctx context.Context, prefix string) (calls.Page, float64, error) {
	seconds, page, err := im.run(ctx, prefix, calls.NewLedger(im.storage.Endpoints, prefix, true))
	if err != nil {
		return page, 0, err
	}
	return page, seconds, im.dropTables(ctx, prefix)
}

// raw repeats the kept calls.
func (im importer) raw(ctx context.Context, prefix string, kept []calls.Call) (seconds float64, err error) {
	r, err := calls.OpenRaw(im.storage.ConnectionString, prefix)
	if err != nil {
		return 0, err
	}
	if err := r.Create(ctx, kept); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := r.All(ctx, kept, importParallel); err != nil {
		return 0, err
	}
	return time.Since(began).Seconds(), im.dropTables(ctx, prefix)
}

// awaitSetUp returns when containers and queues exist: every call but liveness waits for them.
func awaitSetUp(ctx context.Context, api string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/api/openapi.json", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET /api/openapi.json answers %d", res.StatusCode)
	}
	return nil
}

// allOn imports through the queue of the whole app, while all its functions work on what the
// import makes.
func (im importer) allOn(ctx context.Context) error {
	lines := im.lines / 5
	api, stop, err := im.b.host(ctx, im.b.App, im.storage.ConnectionString, appenv.Pairs(im.settings))
	if err != nil {
		return err
	}
	defer stop()
	c, err := account.ConnectString(im.storage.ConnectionString, account.ClientOptions(nil))
	if err != nil {
		return err
	}
	if err := awaitSetUp(ctx, api); err != nil {
		return err
	}
	name := caller.Contoso + "/bench.ndjson"
	if _, err := c.Blobs.NewContainerClient(retention.BulkInputs).NewBlockBlobClient(name).UploadBuffer(ctx, listOf(lines), nil); err != nil {
		return err
	}
	message := fmt.Sprintf(`{"tenant":%q,"reference":"bench","blob":"bulk/%s"}`, caller.Contoso, name)
	began := time.Now()
	if _, err := c.Queues.NewQueueClient(queue.Bulk).EnqueueMessage(ctx, message, nil); err != nil {
		return err
	}
	if err := awaitImport(ctx, api, lines); err != nil {
		return err
	}
	im.b.table.Add(report.Line{
		What: fmt.Sprintf("(b) %d lines by the queue, with all jobs on", lines), Ours: report.Rate(float64(lines)/time.Since(began).Seconds(), "lines/s"),
	})
	return nil
}

// awaitImport polls the import until it has ended, and checks its count.
func awaitImport(ctx context.Context, api string, lines int) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/api/bulk?reference=bench&tenant="+caller.Contoso, nil)
		if err != nil {
			return err
		}
		req.Header.Set("X-Api-Key", caller.APIKey)
		resp, err := caller.Client.Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return err
		}
		var r struct {
			State    string
			Accepted int
		}
		if resp.StatusCode == http.StatusOK {
			if err := json.Unmarshal(body, &r); err != nil {
				return err
			}
		}
		if r.State == "completed" && r.Accepted == lines {
			return nil
		}
		if r.State == "completed" || r.State == "failed" {
			return fmt.Errorf("the import ended as %s", body)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the import has not ended: %w", ctx.Err())
		}
	}
}
