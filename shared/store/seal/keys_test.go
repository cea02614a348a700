package seal_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
	"github.com/rightsdesk/rightsdesk/shared/store/seal"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// world is the table of keys of one test, with what the test may change.
type world struct {
	*storetest.World
	t     *testing.T
	table row.Table
	now   time.Time
}

func newWorld(t *testing.T) *world {
	w := storetest.New(t)
	in, err := w.Clients.Services(account.ServicesOptions{Prefix: w.Prefix, Clocks: clock.Same(w.Clock.Now)})
	require.NoError(t, err)
	return &world{World: w, t: t, table: in.Tables.Table(layout.TableKeys), now: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)}
}

// process returns the keys as one process keeps them, and its vault.
func (w *world) process() (*seal.Keys, *storetest.Vault) {
	w.t.Helper()
	v := &storetest.Vault{Wrapper: w.Wrapper}
	k, err := seal.New(seal.Options{Table: w.table, Wrapper: v, Random: rand.Reader, Clocks: clock.Same(func() time.Time { return w.now })})
	require.NoError(w.t, err)
	return k, v
}

// newCase makes a case and stores its key.
func (w *world) newCase(k *seal.Keys, tenant, id string) (*seal.Ring, seal.Place, error) {
	h, err := k.Hour(w.t.Context(), tenant)
	if err != nil {
		return nil, seal.Place{}, err
	}
	p := seal.Place{Partition: tenant + "|1", Row: h.ID(row.NewID(rand.Reader)), Tenant: tenant, Case: id}
	ring, r, err := h.New(p)
	if err != nil {
		return nil, p, err
	}
	return ring, p, w.table.Insert(w.t.Context(), r)
}

func requireCount(t *testing.T, v *storetest.Vault, wraps, unwraps int, what string) {
	t.Helper()
	gotWraps, gotUnwraps := v.Count()
	require.Equal(t, [2]int{wraps, unwraps}, [2]int{gotWraps, gotUnwraps}, "wraps and unwraps: %s", what)
}

func TestNewRefusesMissingParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := seal.Options{Table: w.table, Wrapper: w.Wrapper, Random: rand.Reader, Clocks: clock.Same(time.Now)}
	_, err := seal.New(good)
	require.NoError(t, err)
	for name, spoil := range map[string]func(*seal.Options){
		"no table": func(o *seal.Options) { o.Table = nil }, "no vault": func(o *seal.Options) { o.Wrapper = nil },
		"no random numbers": func(o *seal.Options) { o.Random = nil }, "no clock": func(o *seal.Options) { o.Clocks.Wall = nil },
	} {
		o := good
		spoil(&o)
		_, err := seal.New(o)
		require.Error(t, err, name)
	}
}

// Ten processes find no hour key at the same time. One row is stored, and everything that any of
// them sealed stays readable.
func TestProcessesThatRaceForAnHourEndWithOneKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const processes = 10
	var waiting, done sync.WaitGroup
	waiting.Add(processes)
	type made struct {
		p      seal.Place
		sealed []byte
	}
	cases := make([]made, processes)
	vaults := make([]*storetest.Vault, processes)
	for i := range processes {
		k, v := w.process()
		vaults[i] = v
		first := sync.OnceFunc(func() {
			waiting.Done()
			waiting.Wait() // every process has found no hour key
		})
		v.Wrapper = gated{w.Wrapper, first}
		done.Go(func() {
			ring, p, err := w.newCase(k, "t", fmt.Sprint(i))
			if err != nil {
				t.Error(err)
				return
			}
			sealed, err := ring.Seal(context.Background(), "note", fmt.Appendf(nil, "secret %d", i))
			if err != nil {
				t.Error(err)
			}
			cases[i] = made{p, sealed}
		})
	}
	done.Wait()
	require.Len(t, w.Rows(t, layout.TableKeys), processes+1, "one hour key")
	losers := 0
	for i, v := range vaults {
		wraps, unwraps := v.Count()
		require.Equal(t, 1, wraps)
		losers += unwraps
		reader, _ := w.process()
		plain, err := reader.Ring(cases[i].p).Unseal(t.Context(), "note", cases[i].sealed)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("secret %d", i), string(plain))
	}
	require.Equal(t, processes-1, losers, "each that was second unwraps the key of the first")
}

// Whatever happens to the calls that make an hour key: a key that is used is stored.
func TestAnHourKeyThatIsUsedIsStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	check := func(at string, tenant string, k *seal.Keys, err error) {
		t.Helper()
		if err != nil {
			_, _, err = w.newCase(k, tenant, "again")
			require.NoError(t, err, "%s: the next try makes or finds it", at)
		}
		ring, p, err := w.newCase(k, tenant, "case")
		require.NoError(t, err, at)
		sealed, err := ring.Seal(t.Context(), "note", []byte("secret"))
		require.NoError(t, err, at)
		other, v := w.process()
		_, err = other.Ring(p).Unseal(t.Context(), "note", sealed)
		require.NoError(t, err, "%s: another process reads it", at)
		requireCount(t, v, 0, 1, at)
	}
	n := 0
	for name, fault := range map[string]storetest.Fault{
		"lost once": {Action: storetest.Lost, Times: 1}, "lost": {Action: storetest.Lost},
		"done but failed once": {Action: storetest.DoneButFailed, Times: 1}, "done but failed": {Action: storetest.DoneButFailed},
		"throttled once": {Action: storetest.Throttled, Times: 1}, "answer cut": {Action: storetest.Cut, Times: 1},
	} {
		for _, method := range []string{"GET", "POST"} {
			n++
			tenant, fault := fmt.Sprintf("t%d", n), fault
			fault.Match = func(c storetest.Call) bool { return c.Method == method }
			disarm := w.Faults.Add(fault)
			k, v := w.process()
			_, err := k.Hour(t.Context(), tenant)
			disarm()
			at := method + " " + name
			if fault.Times == 1 && fault.Action != storetest.Cut {
				require.NoError(t, err, "%s: the SDK's retry is not mistaken for another writer", at)
				requireCount(t, v, 1, 0, at)
			}
			check(at, tenant, k, err)
		}
	}

	t.Run("done, but every answer is lost until the row is read", func(t *testing.T) {
		disarm := w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool { return c.Method == "POST" }, Action: storetest.DoneButFailed})
		k, v := w.process()
		_, err := k.Hour(t.Context(), "own")
		disarm()
		require.NoError(t, err, "the row has the writer's own key")
		requireCount(t, v, 1, 0, "nothing to unwrap")
		check("own", "own", k, nil)
	})

	t.Run("a late insertion meets the key of another process", func(t *testing.T) {
		other, _ := w.process()
		disarm := w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool { return c.Method == "POST" }, Action: storetest.Pass, Times: 1, Before: func() {
			_, err := other.Hour(t.Context(), "late")
			require.NoError(t, err)
		}})
		k, v := w.process()
		_, err := k.Hour(t.Context(), "late")
		disarm()
		require.NoError(t, err)
		requireCount(t, v, 1, 1, "its own key is of no use")
		check("late", "late", k, nil)
		check("the other process", "late", other, nil)
	})

	t.Run("an insertion that was given up arrives later", func(t *testing.T) {
		var body []byte
		disarm := w.Faults.Add(storetest.Fault{Match: func(c storetest.Call) bool {
			if c.Method == "POST" {
				body = []byte(c.Body)
			}
			return c.Method == "POST"
		}, Action: storetest.Lost})
		k, _ := w.process()
		_, err := k.Hour(t.Context(), "given-up")
		disarm()
		require.Error(t, err)
		_, err = w.Clients.Tables.NewClient(w.Prefix+layout.TableKeys).AddEntity(t.Context(), body, nil)
		require.NoError(t, err)
		check("given up", "given-up", k, nil)
	})
}

// Of a hundred who need the same hour key at the same time one fetches it.
func TestAnHourKeyIsFetchedOnceForAllWhoWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	maker, _ := w.process()
	_, p, err := w.newCase(maker, "t", "case")
	require.NoError(t, err)
	k, v := w.process()
	release := make(chan struct{})
	v.Wrapper = gated{w.Wrapper, func() { <-release }}

	impatient, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := k.Ring(p).Seal(impatient, "note", []byte("x"))
		first <- err
	}()
	require.Eventually(t, func() bool { _, n := v.Count(); return n == 1 }, 10*time.Second, time.Millisecond)
	var g sync.WaitGroup
	for range 100 {
		g.Go(func() {
			if _, err := k.Ring(p).Seal(context.Background(), "note", []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	_, err = k.Hour(gone, "t")
	require.ErrorIs(t, err, context.Canceled, "a context that ends does not wait")
	cancel()
	close(release)
	require.NoError(t, <-first, "the vault answered before the context was looked at")
	g.Wait()
	requireCount(t, v, 0, 1, "a hundred and one")
}

// Who fetches gives up. Those who wait do not fail for that: one of them fetches.
func TestWaitersOutliveTheOneWhoFetches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k, v := w.process()
	fetching, giveUp := context.WithCancel(t.Context())
	entered, release := make(chan struct{}), make(chan struct{})
	v.Wrapper = gated{w.Wrapper, sync.OnceFunc(func() { close(entered); <-release })}
	first := make(chan error, 1)
	go func() {
		_, err := k.Hour(fetching, "t")
		first <- err
	}()
	<-entered
	second := make(chan error, 1)
	go func() {
		_, err := k.Hour(context.Background(), "t")
		second <- err
	}()
	giveUp()
	close(release)
	require.Error(t, <-first, "the insertion of the row is not sent any more")
	require.NoError(t, <-second)
}

func TestHourKeysAreDroppedAfterUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k, v := w.process()
	_, p, err := w.newCase(k, "t", "case")
	require.NoError(t, err)
	use := func() {
		t.Helper()
		_, err := k.Ring(p).Seal(t.Context(), "note", []byte("x"))
		require.NoError(t, err)
	}
	for range 5 {
		w.now = w.now.Add(59 * time.Minute)
		use()
	}
	requireCount(t, v, 1, 0, "used within each hour")
	w.now = w.now.Add(time.Hour)
	use()
	requireCount(t, v, 1, 1, "not used for an hour")
	use()
	requireCount(t, v, 1, 1, "kept again")
}

func TestAKeyBelongsToTenantCaseIDAndHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	k, _ := w.process()
	ring, p, err := w.newCase(k, "t", "case")
	require.NoError(t, err)
	sealed, err := ring.Seal(ctx, "note", []byte("secret"))
	require.NoError(t, err)
	_, other, err := w.newCase(k, "u", "case")
	require.NoError(t, err)
	hour, random, _ := strings.Cut(p.Row, "-")
	h, err := k.Hour(ctx, "t")
	require.NoError(t, err)
	w.now = w.now.Add(time.Hour)
	_, later, err := w.newCase(k, "t", "case")
	require.NoError(t, err)

	// copied returns a place to which the row of the case's key was copied.
	copied := func(to seal.Place) seal.Place {
		kept, err := w.table.Get(ctx, p.Partition, p.Row)
		require.NoError(t, err)
		c := row.New(to.Partition, to.Row)
		c.SetInt("v", 1)
		c.SetBytes("wrapped", kept.Bytes("wrapped"))
		require.NoError(t, w.table.Insert(ctx, c))
		return to
	}
	for name, to := range map[string]seal.Place{
		"another case":   {Partition: p.Partition, Row: p.Row, Tenant: "t", Case: "another"},
		"another id":     copied(seal.Place{Partition: p.Partition, Row: layout.KeyID(hour, strings.Repeat("0", 32)), Tenant: "t", Case: "case"}),
		"another tenant": copied(seal.Place{Partition: other.Partition, Row: p.Row, Tenant: "u", Case: "case"}),
		"another hour":   copied(seal.Place{Partition: p.Partition, Row: layout.KeyID(later.Row[:10], random), Tenant: "t", Case: "case"}),
	} {
		reader, _ := w.process()
		_, err := reader.Ring(to).Unseal(ctx, "note", sealed)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, seal.ErrShredded, name)
		_, _, err = h.New(to)
		require.Equal(t, name == "another tenant" || name == "another hour", err != nil, "%s: a key for another tenant or hour is refused", name)
	}
	_, _, err = h.New(seal.Place{Partition: "t|1", Row: "x", Tenant: "t", Case: "case"})
	require.Error(t, err, "no id of a key")
	_, err = k.Ring(seal.Place{Partition: "t|1", Row: "x", Tenant: "t", Case: "case"}).Seal(ctx, "note", nil)
	require.Error(t, err, "no id of a key")

	// The row of an hour key in the place of another tenant's opens nothing there.
	mine, err := w.table.Get(ctx, layout.HourPartition("t"), layout.RowHour(hour))
	require.NoError(t, err)
	theirs, err := w.table.Get(ctx, layout.HourPartition("u"), layout.RowHour(hour))
	require.NoError(t, err)
	swap := theirs.Copy()
	swap.SetBytes("wrapped", mine.Bytes("wrapped"))
	require.NoError(t, w.table.Replace(ctx, swap))
	reader, _ := w.process()
	_, err = reader.Ring(other).Seal(ctx, "note", nil)
	require.Error(t, err)

	// A missing hour key is a fault, not the end of a key.
	require.NoError(t, w.table.Delete(ctx, mine))
	_, err = reader.Ring(p).Unseal(ctx, "note", sealed)
	require.ErrorContains(t, err, "hour key")
	require.NotErrorIs(t, err, seal.ErrShredded)
}

// golden is what was stored by an earlier version, and must be read for ever.
type golden struct {
	Tenant, Case    string
	Hour, Key       goldenRow
	Sealed, Content string // under the use "note"
}

type goldenRow struct {
	Partition, Row string
	Properties     map[string]any
}

func goldenOf(r *row.Row) goldenRow {
	g := goldenRow{r.Partition, r.Key, map[string]any{}}
	for name, v := range r.Values() {
		switch v := v.(type) {
		case []byte:
			g.Properties[name] = "bytes " + base64.StdEncoding.EncodeToString(v)
		case int64:
			g.Properties[name] = fmt.Sprint("int64 ", v)
		}
	}
	return g
}

func (g goldenRow) row(t *testing.T) *row.Row {
	t.Helper()
	r := row.New(g.Partition, g.Row)
	for name, v := range g.Properties {
		kind, text, _ := strings.Cut(v.(string), " ")
		if kind == "bytes" {
			b, err := base64.StdEncoding.DecodeString(text)
			require.NoError(t, err)
			r.SetBytes(strings.TrimSuffix(name, "0"), b)
			continue
		}
		var n int64
		_, err := fmt.Sscan(text, &n)
		require.NoError(t, err)
		r.SetInt(name, n)
	}
	return r
}

// shape is a row with the lengths of what is random.
func (g goldenRow) shape() string {
	out := g.Partition
	for _, name := range []string{"v", "wrapped0"} {
		text, _ := g.Properties[name].(string)
		if strings.HasPrefix(text, "bytes ") {
			text = fmt.Sprint(len(text))
		}
		out += " " + name + " " + text
	}
	return fmt.Sprint(out, " of ", len(g.Properties))
}

func TestStoredKeysAreReadForEver(t *testing.T) {
	t.Parallel()
	const file = "testdata/keys.json"
	const tenant = "11111111-1111-1111-1111-111111111111"
	w := newWorld(t)
	k, _ := w.process()
	ring, p, err := w.newCase(k, tenant, "22222222-2222-2222-2222-222222222222")
	require.NoError(t, err)
	sealed, err := ring.Seal(t.Context(), "note", []byte("what was sealed"))
	require.NoError(t, err)
	hour, err := w.table.Get(t.Context(), layout.HourPartition(tenant), layout.RowHour(layout.Hour(w.now)))
	require.NoError(t, err)
	key, err := w.table.Get(t.Context(), p.Partition, p.Row)
	require.NoError(t, err)
	fresh := golden{
		Tenant: p.Tenant, Case: p.Case, Hour: goldenOf(hour), Key: goldenOf(key),
		Sealed: base64.StdEncoding.EncodeToString(sealed), Content: "what was sealed",
	}
	if *update {
		b, err := json.MarshalIndent(fresh, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, append(b, '\n'), 0o600))
	}
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	var kept golden
	require.NoError(t, json.Unmarshal(b, &kept))
	require.Equal(t, kept.Hour.shape(), fresh.Hour.shape())
	require.Equal(t, kept.Hour.Row, fresh.Hour.Row)
	require.Equal(t, kept.Key.shape(), fresh.Key.shape())
	require.Len(t, fresh.Key.Row, len(kept.Key.Row))
	for _, r := range []goldenRow{kept.Hour, kept.Key} {
		_, ok := retention.OfRow(layout.TableKeys, r.Row)
		require.True(t, ok, "the row %s has no class", r.Row)
	}

	empty := newWorld(t)
	require.NoError(t, empty.table.Insert(t.Context(), kept.Hour.row(t)))
	require.NoError(t, empty.table.Insert(t.Context(), kept.Key.row(t)))
	reader, _ := empty.process()
	was, err := base64.StdEncoding.DecodeString(kept.Sealed)
	require.NoError(t, err)
	plain, err := reader.Ring(seal.Place{Partition: kept.Key.Partition, Row: kept.Key.Row, Tenant: kept.Tenant, Case: kept.Case}).Unseal(t.Context(), "note", was)
	require.NoError(t, err)
	require.Equal(t, kept.Content, string(plain))
}

// A vault that gives something else than what it wrapped is noticed.
func TestAVaultThatGivesAnotherKeyIsNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	maker, _ := w.process()
	_, p, err := w.newCase(maker, "t", "case")
	require.NoError(t, err)
	for name, key := range map[string][]byte{"short": []byte("x"), "another": bytes.Repeat([]byte{1}, 32)} {
		k, v := w.process()
		v.Wrapper = wrong(key)
		_, err := k.Ring(p).Seal(t.Context(), "note", nil)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, seal.ErrShredded, name)
	}
}

// gated is a vault that waits before it answers.
type gated struct {
	seal.Wrapper
	wait func()
}

func (g gated) Wrap(ctx context.Context, key []byte) ([]byte, error) {
	g.wait()
	return g.Wrapper.Wrap(ctx, key)
}

func (g gated) Unwrap(ctx context.Context, wrapped []byte) ([]byte, error) {
	g.wait()
	return g.Wrapper.Unwrap(ctx, wrapped)
}

// wrong is a vault that unwraps everything to the same key.
type wrong []byte

func (w wrong) Wrap(context.Context, []byte) ([]byte, error)   { return nil, errors.New("not here") }
func (w wrong) Unwrap(context.Context, []byte) ([]byte, error) { return w, nil }
