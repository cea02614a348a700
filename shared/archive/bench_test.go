package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/storetest"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

const (
	benchPages   = 256
	benchPerPage = 2_000
)

// signIns is a page of records as a directory has them, about 1 MB.
func signIns(page int) []json.RawMessage {
	out := make([]json.RawMessage, benchPerPage)
	for i := range out {
		n := uint64(page*benchPerPage+i+1) * 0x9e3779b97f4a7c15
		out[i] = json.RawMessage(fmt.Sprintf(`{"id":"%016x-%08x","createdDateTime":"2026-0%d-1%dT10:%02d:00Z","userDisplayName":"Person %d","ipAddress":"10.%d.%d.%d","clientAppUsed":"Browser","location":{"city":"Berlin","countryOrRegion":"DE","geoCoordinates":{"latitude":52.%d,"longitude":13.%d}},"status":{"errorCode":%d,"failureReason":"Other.","additionalDetails":null},"deviceDetail":{"deviceId":"%08x","operatingSystem":"Windows 11","browser":"Edge"}}`,
			n, n>>7, 1+n%9, n%10, n%60, i, n>>8&255, n>>16&255, n>>24&255, n>>32&1023, n>>40&1023, n>>50&63, n>>20&0xffffffff))
	}
	return out
}

// peak samples the heap while a function runs and returns how much it grew over what was there.
func peak(run func()) uint64 {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				runtime.ReadMemStats(&now)
				most.Store(max(most.Load(), now.HeapInuse))
			}
		}
	}()
	run()
	close(done)
	<-ended
	return most.Load() - min(before.HeapInuse, most.Load())
}

// BenchmarkPackage compares parts and assembly with raw transfers of the same bytes. Parts are
// to be at least half as fast as an upload of the uncompressed bytes, and assembly at least 0.6
// times as fast as a download and an upload of the compressed ones, at most 64 MiB over idle.
func BenchmarkPackage(b *testing.B) {
	for _, formats := range [][]tenant.Format{nil, {tenant.CSV}} {
		b.Run(fmt.Sprintf("formats=%v", formats), func(b *testing.B) {
			for b.Loop() {
				benchPackage(b, formats)
			}
		})
	}
}

func benchPackage(b *testing.B, formats []tenant.Format) {
	w := storetest.New(b)
	var pages [][]json.RawMessage
	var size int64
	for p := range 8 { // handed over again and again: what is measured is not the making of records
		pages = append(pages, signIns(p))
		for _, r := range pages[p] {
			size += int64(len(r)+2) * (benchPages / 8)
		}
	}
	c := parttest.NewCase(b, w.Store, "bench", parttest.Asked(dsr.GDPR, dsr.Export))
	bench := parttest.Bench{World: w, TB: b, Case: c}
	spec := part.Spec{Tenant: parttest.TenantID, Request: c.ID, Task: "entra-export", System: "entra", Action: dsr.Export}
	var parts, assembly, upload, both time.Duration
	grown := peak(func() {
		start := time.Now()
		s := bench.Sink(w.Store, spec, func(o *part.Options) { o.Formats = formats })
		_, _, err := s.Resume(b.Context())
		require.NoError(b, err)
		for p := range benchPages {
			require.NoError(b, s.Put(b.Context(), "sign-ins", pages[p%8], []byte("x")))
		}
		sum, err := s.Close(b.Context())
		require.NoError(b, err)
		c.Tasks[1].Records, c.Tasks[1].Parts = sum.Records, sum.Parts
		parts = time.Since(start)
	})
	var p dsr.Package
	assembledIn := peak(func() {
		start := time.Now()
		var err error
		p, err = Assemble(b.Context(), Assembly{Store: w.Store, Case: c, Tenant: contoso(), Catalogue: directory(), Clocks: clock.Same(w.Clock.Now)})
		require.NoError(b, err)
		assembly = time.Since(start)
	})
	block := bytes.Join(func() (out [][]byte) {
		for _, r := range pages[0] {
			out = append(out, r)
		}
		return out
	}(), []byte(",\n"))
	start := time.Now()
	raw := w.Store.Blobs.Write(b.Context(), blob.Ref{Container: retention.Packages, Name: "raw"}, blob.WriteOptions{})
	for range benchPages {
		_, err := raw.Write(block)
		require.NoError(b, err)
	}
	_, err := raw.Commit(b.Context())
	require.NoError(b, err)
	upload = time.Since(start)

	start = time.Now()
	body, _, err := w.Store.Blobs.Get(b.Context(), blob.PackageRef(p.Place))
	require.NoError(b, err)
	again := w.Store.Blobs.Write(b.Context(), blob.Ref{Container: retention.Packages, Name: "again"}, blob.WriteOptions{})
	_, err = again.Write(body)
	require.NoError(b, err)
	_, err = again.Commit(b.Context())
	require.NoError(b, err)
	both = time.Since(start)

	start = time.Now()
	_, err = Verify(b.Context(), w.Store, blob.PackageRef(p.Place))
	require.NoError(b, err)
	b.ReportMetric(float64(size)/1e6/time.Since(start).Seconds(), "verify-MB/s")
	b.ReportMetric(float64(size)/1e6/parts.Seconds(), "parts-MB/s")
	b.ReportMetric(float64(size)/1e6/upload.Seconds(), "raw-MB/s")
	b.ReportMetric(upload.Seconds()/parts.Seconds(), "parts/raw")
	b.ReportMetric(both.Seconds()/assembly.Seconds(), "assembly/raw")
	b.ReportMetric(float64(p.Bytes)/1e6, "packed-MB")
	b.ReportMetric(float64(grown)/(1<<20), "parts-MiB")
	b.ReportMetric(float64(assembledIn)/(1<<20), "assembly-MiB")
}
