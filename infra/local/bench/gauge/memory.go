// Package gauge measures what a process takes: memory above what it had at rest, and processor
// time.
package gauge

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory watches the resident memory of this process above what it had at rest.
type Memory struct {
	Idle int64
	How  string
	Stop func() int64 // returns the peak
}

// Watch asks the kernel for its own high-water mark where that can be reset (Linux), and
// samples the Go runtime otherwise.
func Watch() Memory {
	runtime.GC()
	debug.FreeOSMemory()
	idle := status("VmRSS")
	if idle > 0 && os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) == nil {
		return Memory{idle, "VmHWM of the process, reset at its idle", func() int64 { return status("VmHWM") }}
	}
	return sampleMemory()
}

// Resident is the resident memory of a process in bytes, or 0 where /proc does not tell.
func Resident(pid int) int64 { return statusOf(strconv.Itoa(pid), "VmRSS") }

func status(name string) int64 { return statusOf("self", name) }

// statusOf reads a line of /proc/PID/status in bytes. It is 0 where there is no such file.
func statusOf(pid, name string) int64 {
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), name+":"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10
		}
	}
	return 0
}

// sampleMemory reads every 5 ms how much memory the runtime holds.
func sampleMemory() Memory {
	now := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.Sys - m.HeapReleased)
	}
	idle := now()
	peak, done := idle, make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				peak = max(peak, now())
			case <-done:
				return
			}
		}
	})
	return Memory{idle, "the Go runtime's own count, sampled every 5 ms", func() int64 { close(done); wg.Wait(); return peak }}
}

// Profiled runs do under the CPU profiler when a folder is given.
func Profiled(folder, name string, do func() error) error {
	if folder == "" {
		return do()
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(folder, name+".pprof"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return do()
}
