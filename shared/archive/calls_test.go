package archive

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// noise is a record that cannot be compressed, the same each time.
func noise(id, n int) json.RawMessage {
	var b strings.Builder
	sum := sha256.Sum256(fmt.Append(nil, id))
	for b.Len() < n {
		sum = sha256.Sum256(sum[:])
		fmt.Fprintf(&b, "%x", sum)
	}
	return json.RawMessage(fmt.Sprintf(`{"id":"%d","other":"%s"}`, id, b.String()[:n]))
}

// handOver exports a feed and ends the bench's task.
func handOver(t testing.TB, b *parttest.Bench, f parttest.Feed, change ...func(*part.Options)) {
	t.Helper()
	b.PartSize = 0
	s := b.Sink(b.Store, b.Spec, change...)
	_, _, err := s.Resume(t.Context())
	require.NoError(t, err)
	require.NoError(t, f.Export(t.Context(), nil, s))
	sum, err := s.Close(t.Context())
	require.NoError(t, err)
	handedOver(b, sum)
}

func (b boundTo) assembly() Assembly {
	return Assembly{Store: b.Store, Case: b.Case, Tenant: contoso(), Catalogue: b.catalogue, Clocks: clock.Same(b.Clock.Now)}
}

// boundTo is a bench with the system that its records come from.
type boundTo struct {
	*parttest.Bench
	catalogue connector.Catalogue
}

// What the part and the package of a person cost, from the first record to the last part that is
// deleted: parts are put, read, packed, put, verified and deleted.
func TestCallsOfAPersonsPartsAndPackage(t *testing.T) {
	t.Parallel()
	kinds := func(n, records int) func(*testing.T, *parttest.Bench) connector.Catalogue {
		return func(t *testing.T, b *parttest.Bench) connector.Catalogue {
			d := connector.Descriptor{System: "entra", Title: "Microsoft Entra ID"}
			var names []string
			var f parttest.Feed
			for i := range n {
				k := parttest.Columns("id", "displayName")
				k.Name, k.Title, k.Category, k.Provenance = fmt.Sprintf("kind-%02d", i+1), "Kind", dsr.CustomerData, dsr.Provided
				d.Kinds, names = append(d.Kinds, k), append(names, k.Name)
				p := parttest.Page{Kind: k.Name}
				for r := range records {
					p.Records = append(p.Records, json.RawMessage(fmt.Sprintf(`{"id":"%d","displayName":"Jane"}`, r)))
				}
				f = append(f, p)
			}
			handOver(t, b, f, func(o *part.Options) { o.Descriptor, o.Kinds, o.Formats = d, names, []tenant.Format{tenant.CSV} })
			return connector.Catalogue{{Descriptor: d}}
		}
	}
	for name, tc := range map[string]struct {
		give func(*testing.T, *parttest.Bench) connector.Catalogue
		most int
	}{
		"a person with one record":  {kinds(1, 1), 6},
		"34 kinds of one page each": {kinds(34, 11), 6},
		"60 kinds of one page each": {kinds(60, 11), 6},
		"a kind of 100,000 records": {func(t *testing.T, b *parttest.Bench) connector.Catalogue {
			var f parttest.Feed
			for p := range 50 {
				f = append(f, parttest.Page{Kind: "sign-ins", Records: signIns(p)})
			}
			handOver(t, b, f, func(o *part.Options) { o.Formats = []tenant.Format{tenant.CSV} })
			return directory()
		}, 60},
		"a record of 20 MiB": {func(t *testing.T, b *parttest.Bench) connector.Catalogue {
			handOver(t, b, parttest.Feed{{Kind: "profile", Records: []json.RawMessage{noise(1, 20<<20)}}}, func(o *part.Options) { o.Formats = nil })
			return directory()
		}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			b := parttest.NewBench(t)
			b.Counter.Reset()
			a := boundTo{b, tc.give(t, b)}.assembly()
			parts := b.Counter.Total()
			p, err := Assemble(t.Context(), a)
			require.NoError(t, err)
			assembly := b.Counter.Total() - parts
			_, err = Verify(t.Context(), b.Store, blob.PackageRef(p.Place))
			require.NoError(t, err)
			verify := b.Counter.Total() - parts - assembly
			require.NoError(t, part.Delete(t.Context(), b.Store, b.Case))
			all := b.Counter.Total()
			var stored int64
			for _, c := range b.Counter.Calls() {
				stored += c.Bytes
			}
			t.Logf("%s: %d calls (parts %d, assembly %d, verification %d, deletion %d), %.1f MiB stored, %.2f calls per MiB",
				name, all, parts, assembly, verify, all-parts-assembly-verify, float64(stored)/(1<<20), float64(all)/max(1, float64(stored)/(1<<20)))
			require.LessOrEqual(t, all, tc.most)
		})
	}
}

// block matches the sending of a block of a package.
func block(c storetest.Call) bool {
	return c.Is("blob", retention.Packages) && strings.Contains(c.Query+"&", "comp=block&")
}

// An assembly that takes over sends only the blocks that the first one had not sent, and those
// that hold other bytes: the index and the list of files have the time in them.
func TestAnAssemblyThatWasKilledGoesOnFromItsBlocks(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	var f parttest.Feed
	for i := range 8 {
		f = append(f, parttest.Page{Kind: "profile", Records: []json.RawMessage{noise(i, 6<<20)}})
	}
	handOver(t, b, f, func(o *part.Options) { o.Formats = nil })
	a := boundTo{b, directory()}.assembly()
	sent := func() (calls int, bytes int64) {
		for _, c := range b.Counter.Calls() {
			if block(c) {
				calls, bytes = calls+1, bytes+c.Bytes
			}
		}
		return calls, bytes
	}
	var arrived sync.WaitGroup
	arrived.Add(4)
	b.Faults.Add(storetest.Fault{Times: 4, Match: block, After: arrived.Done})
	revive := b.Faults.Add(storetest.Fault{Action: storetest.Lost, Match: block, Before: arrived.Wait})
	_, err := Assemble(t.Context(), a)
	revive()
	require.ErrorIs(t, err, storetest.ErrInjected)

	b.Counter.Reset()
	p, err := Assemble(t.Context(), a)
	require.NoError(t, err)
	calls, bytes := sent()
	all := int((p.Bytes + 4<<20 - 1) / (4 << 20))
	t.Logf("package of %.1f MiB in %d blocks; after the kill %d blocks with %.1f MiB were sent", float64(p.Bytes)/(1<<20), all, calls, float64(bytes)/(1<<20))
	// Up to four had arrived; the end of the first may have stopped some on their way.
	require.Less(t, calls, all, "what had arrived is not sent again")
	require.GreaterOrEqual(t, calls, all-4)
	require.LessOrEqual(t, bytes, p.Bytes-int64(all-calls)*4<<20)
	packageOf(t, b.Store, p)
}

// Blocks of other bytes are not taken, wherever they come from.
func TestBlocksOfOtherBytesAreNotReused(t *testing.T) {
	t.Parallel()
	b := parttest.NewBench(t)
	ref := blob.PackageRef(b.Case.Next.Place)
	for i := range 3 {
		var f parttest.Feed
		for n := range 3 {
			f = append(f, parttest.Page{Kind: "profile", Records: []json.RawMessage{noise(10*i+n, 6<<20)}})
		}
		handOver(t, b, f, func(o *part.Options) { o.Formats, o.Claim = nil, &parttest.Ledger{} })
		a := boundTo{b, directory()}.assembly()
		if i < 2 {
			revive := b.Faults.Add(storetest.Fault{Action: storetest.Lost, Skip: 1 + i, Match: block})
			_, err := Assemble(t.Context(), a)
			revive()
			require.Error(t, err)
			continue
		}
		p, err := Assemble(t.Context(), a)
		require.NoError(t, err)
		packageOf(t, b.Store, p)
		_, err = Verify(t.Context(), b.Store, ref)
		require.NoError(t, err)
	}
}
