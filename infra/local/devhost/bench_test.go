package devhost

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// BenchmarkQueue is waiting messages drained by one host with the default batch, of which the
// real host did 255 a second.
func BenchmarkQueue(b *testing.B) {
	w := run(b, setup{functions: map[string]string{"qok": queueFunction("qok", "")}})
	var wg sync.WaitGroup
	const writers = 8
	for i := range writers {
		wg.Go(func() {
			for n := i; n < b.N; n += writers {
				w.send("filled", fmt.Sprint(n))
			}
		})
	}
	wg.Wait()
	_ = w.stop()
	b.ResetTimer()
	drain := run(b, setup{functions: map[string]string{"qok": queueFunction("filled", "")}, prefix: w.prefix})
	for limit := time.Now().Add(2 * time.Minute); drain.left("filled") > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			b.Fatalf("%d messages are left", drain.left("filled"))
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkHTTP is GETs on 16 connections through either mode, of which the real host did 5,000
// to 12,000 a second.
func BenchmarkHTTP(b *testing.B) {
	for name, mode := range map[string]string{"forwarding": forwards, "proxying": proxies} {
		b.Run(name, func(b *testing.B) {
			w := run(b, setup{flags: mode, functions: map[string]string{"echo": echo}})
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					resp, err := client.Get(w.url + "/api/echo/x")
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
