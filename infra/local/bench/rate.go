package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/appenv"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/gauge"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/tape"
)

// The measures and the goals of part (g).
const (
	rateRequests  = 300
	rateWarm      = 20 // requests of each side before the clock starts
	rateEarlier   = 10_000
	rateHandlers  = 2
	ratePerSecond = 12
	rateOfRaw     = 0.6
	wrapsEach     = 0.1
)

// benchRate is part (g): how many access requests a second come to their end, beside a client that
// makes the same storage calls and nothing else.
func benchRate(ctx context.Context, b *bench) error {
	r := rate{b: b, count: b.size(rateRequests)}
	if err := r.record(ctx); err != nil {
		return err
	}
	if err := r.fresh(ctx); err != nil {
		return err
	}
	return r.filled(ctx)
}

// rate measures with one recording.
type rate struct {
	b      *bench
	count  int
	lanes  []tape.Lane // of the recorded requests
	warm   []tape.Lane // of those before them
	atOnce int         // lanes that the raw side plays at a time
	earlier
}

// side of a comparison.
type measured struct {
	perSecond float64
	handlers  float64 // CPU seconds
	azurite   float64
	rest      float64 // of this process: dev host, simulated Graph and the load
}

// record lets the product do the requests behind a proxy, which keeps every call, and takes one of
// them as the pattern of earlier requests. It is not timed, since the proxy takes time.
func (r *rate) record(ctx context.Context) error {
	s, err := r.b.stage(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	recorder, err := tape.Record(s.storage.Endpoints)
	if err != nil {
		return err
	}
	defer recorder.Close()
	s.settings["AzureWebJobsStorage"] = recorder.Connection
	w, err := r.open(ctx, s, r.b.App, recorder.Connection)
	if err != nil {
		return err
	}
	defer w.stop()
	if _, _, err := w.do(ctx, "warm", rateWarm); err != nil {
		return err
	}
	warm, err := recorder.Take()
	if err != nil {
		return err
	}
	requests, _, err := w.do(ctx, "rate", r.count)
	if err != nil {
		return err
	}
	kept, err := recorder.Take()
	if err != nil {
		return err
	}
	if r.earlier, err = readEarlier(ctx, s.storage.ConnectionString, requests[0]); err != nil {
		return err
	}
	r.warm, r.lanes = tape.Lanes(warm, caller.Contoso), tape.Lanes(kept, caller.Contoso)
	r.atOnce = max(2, int(math.Ceil(tape.UnderWay(kept))))
	r.tell(warm, kept)
	return nil
}

// tell reports what the recordings of the warm-up and of the measured requests show. The vault
// wraps a key for the first request of the hour, which is one of the warm-up.
func (r *rate) tell(warm, kept []tape.Call) {
	wraps := 0
	for _, c := range append(slices.Clip(warm), kept...) {
		wraps += calls.Wraps([]calls.Call{c.Call})
	}
	var ours, host []calls.Call
	for _, c := range kept {
		if c.Host {
			host = append(host, c.Call)
		} else {
			ours = append(ours, c.Call)
		}
	}
	each := func(n int) float64 { return float64(n) / float64(r.count) }
	t := &r.b.table
	t.Add(report.Line{What: fmt.Sprintf("(g) storage calls per access request of %d", r.count), Ours: fmt.Sprintf("%.1f, and %.1f of the host on queues", each(len(ours)), each(len(host)))})
	t.AtMost("(g) keys that the vault wraps per request", "%.3f", float64(wraps)/float64(rateWarm+r.count), wrapsEach)
	t.Note("(g) the calls per request: %s; of the host: %s.", perRequest(ours, r.count), perRequest(host, r.count))
}

// perRequest lists calls by their kind, most frequent first.
func perRequest(cs []calls.Call, requests int) string {
	counts := map[string]int{}
	for _, c := range cs {
		counts[c.Name()]++
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%.2f × %s", float64(counts[name])/float64(requests), name)
	}
	return strings.Join(out, ", ")
}

// fresh compares on stores that hold nothing else, one for each side.
func (r *rate) fresh(ctx context.Context) error {
	app, err := r.b.ownApp()
	if err != nil {
		return err
	}
	own, err := r.ours(ctx, nil, app)
	if err != nil {
		return err
	}
	s, err := r.b.stage(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	raw, played, err := r.raw(ctx, s, "fresh")
	if err != nil {
		return err
	}
	t := &r.b.table
	t.Add(report.Line{
		What: fmt.Sprintf("(g) %d access requests, POST to completed", r.count), Ours: report.Rate(own.perSecond, "/s"),
		Goal: fmt.Sprintf("≥ %d /s", ratePerSecond), Met: report.Judge(own.perSecond >= ratePerSecond),
	})
	t.Ratio("(g) the same beside the same calls made raw, fresh stores", "/s", own.perSecond, raw.perSecond, rateOfRaw)
	each := func(v float64) string { return fmt.Sprintf("%.3f s", v/float64(r.count)) }
	t.Add(report.Line{What: "(g) CPU of the handlers per request", Ours: each(own.handlers)})
	t.Note("(g) CPU per request: handlers %s, Azurite %s (raw side %s), dev host with simulated Graph and load %s (raw client %s).",
		each(own.handlers), each(own.azurite), each(raw.azurite), each(own.rest), each(raw.rest))
	t.Note("(g) the load: POSTs, %d at a time, to a dev host with %d handlers, each beginning with a warm-up of %d requests. The bench reads one head each 250 ms meanwhile, and the time of the last completion afterwards.",
		caller.Callers, rateHandlers, rateWarm)
	t.Note("(g) raw: %d calls that a proxy recorded in another run of the product, those of the host included, by plain HTTP with the same bodies and other ids; those of a request wait for each other as they did, and the calls of %d requests are under way at a time, since the product had so many calls under way. %d answers had another status, mostly those to conditions that another run's ETags decided.",
		played.Calls, r.atOnce, played.Unlike)
	return nil
}

// filled compares on one store that holds earlier requests. The raw side comes first, which favours
// it: every row makes Azurite slower.
func (r *rate) filled(ctx context.Context) error {
	app, err := r.b.ownApp()
	if err != nil {
		return err
	}
	s, err := r.b.stage(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	if _, err := newAppNamed(ctx, s.settings); err != nil { // makes the tables
		return err
	}
	began := time.Now()
	asked := r.b.size(rateEarlier)
	count, err := r.fill(ctx, s.storage.ConnectionString, asked)
	if err != nil {
		return err
	}
	say("%d earlier requests stored in %s, CPU of Azurite %.1f s, of the client %.1f s", count, time.Since(began).Round(time.Second),
		gauge.CPUSeconds(s.storage.Pid()), gauge.CPUSeconds(os.Getpid()))
	raw, _, err := r.raw(ctx, s, "filled")
	if err != nil {
		return err
	}
	own, err := r.ours(ctx, &s, app)
	if err != nil {
		return err
	}
	t := &r.b.table
	goal := rateOfRaw
	if count < asked {
		goal = 0 // said below: this is another measurement than the one that has a goal
	}
	t.Ratio(fmt.Sprintf("(g) the same with %d earlier requests", count), "/s", own.perSecond, raw.perSecond, goal)
	t.Note("(g) earlier requests: the rows of one completed request of the product, %s, stored again with other ids in %d shards: %s. Their blobs are not stored again, as they lie in no table.",
		r.earlier, fillShards, r.sizes(count))
	if count < asked {
		t.Note("(g) ONLY %d OF %d EARLIER REQUESTS: Azurite did not take more in %s.", count, asked, fillFor)
	}
	each := func(v float64) string { return fmt.Sprintf("%.3f s", v/float64(r.count)) }
	t.Note("(g) CPU per request then: handlers %s, Azurite %s (raw side %s).", each(own.handlers), each(own.azurite), each(raw.azurite))
	return nil
}

// ours lets the product do the requests, on a stage of its own where none is given.
func (r *rate) ours(ctx context.Context, on *stage, app string) (m measured, err error) {
	if on == nil {
		s, err := r.b.stage(ctx)
		if err != nil {
			return m, err
		}
		defer s.stop()
		on = &s
	}
	w, err := r.open(ctx, *on, app, on.storage.ConnectionString)
	if err != nil {
		return m, err
	}
	defer w.stop()
	if _, _, err := w.do(ctx, "warm", rateWarm); err != nil {
		return m, err
	}
	spent := w.spent(on.storage)
	_, took, err := w.do(ctx, "rate", r.count)
	if err != nil {
		return m, err
	}
	m = w.spent(on.storage).minus(spent)
	m.perSecond = float64(r.count) / took.Seconds()
	say("%.1f requests/s, CPU of handlers %.1f s, of Azurite %.1f s, of dev host, Graph and load %.1f s", m.perSecond, m.handlers, m.azurite, m.rest)
	return m, nil
}

// raw plays the recorded calls.
func (r *rate) raw(ctx context.Context, on stage, run string) (m measured, p tape.Played, err error) {
	if _, err := newAppNamed(ctx, on.settings); err != nil { // makes tables, queues and containers
		return m, p, err
	}
	play := func(run string, lanes []tape.Lane) (tape.Played, error) {
		player, err := tape.NewPlayer(on.storage.Endpoints, tape.Fresh{Run: run, Tenants: []string{caller.Contoso}})
		if err != nil {
			return tape.Played{}, err
		}
		return player.Play(ctx, lanes, r.atOnce)
	}
	if _, err = play(run+"-warm", r.warm); err != nil {
		return m, p, err
	}
	spent := (&running{}).spent(on.storage)
	if p, err = play(run, r.lanes); err != nil {
		return m, p, err
	}
	m = (&running{}).spent(on.storage).minus(spent)
	m.perSecond = float64(r.count) / p.Seconds
	say("raw: %.1f requests/s, %d calls, %d answered otherwise, %d requests at a time, CPU of Azurite %.1f s, of the client %.1f s",
		m.perSecond, p.Calls, p.Unlike, r.atOnce, m.azurite, m.rest)
	return m, p, nil
}

// spent is the processor time that everything has used so far.
func (w *running) spent(storage *azurite.Instance) (m measured) {
	for _, pid := range w.pids {
		m.handlers += gauge.CPUSeconds(pid)
	}
	m.azurite, m.rest = gauge.CPUSeconds(storage.Pid()), gauge.CPUSeconds(os.Getpid())
	return m
}

func (m measured) minus(before measured) measured {
	return measured{handlers: m.handlers - before.handlers, azurite: m.azurite - before.azurite, rest: m.rest - before.rest}
}

// open starts the handlers.
func (r *rate) open(ctx context.Context, s stage, app, connection string) (*running, error) {
	api, stop, err := r.b.hosts(ctx, rateHandlers, app, connection, appenv.Pairs(s.settings))
	if err != nil {
		return nil, err
	}
	w := &running{api: api, stop: stop, connection: s.storage.ConnectionString}
	program, err := filepath.EvalSymlinks(filepath.Join(app, "rightsdesk"))
	if err == nil {
		program, err = filepath.Abs(program)
	}
	if err != nil {
		stop()
		return nil, err
	}
	if w.pids = gauge.Children(program); len(w.pids) != rateHandlers {
		stop()
		return nil, fmt.Errorf("%d handlers run, and not %d: their processor time cannot be read", len(w.pids), rateHandlers)
	}
	if r.b.Profile != "" {
		w.stop = func() { endProfiles(w.pids); stop() }
	}
	return w, awaitSetUp(ctx, api)
}
