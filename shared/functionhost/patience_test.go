package functionhost

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/host"
)

// pipes is a listener whose connections are pipes: their deadlines follow the test's clock.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error { return nil }

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// caller is the other end of a connection to the server.
type caller struct {
	net.Conn
	in *bufio.Reader
}

// slow runs a test against a real server, in a bubble with a clock of its own.
func slow(t *testing.T, h http.HandlerFunc, test func(t *testing.T, c caller)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		log := slog.New(slog.DiscardHandler)
		whole, err := Handler(program(h, map[string]host.Trigger{"bulk": host.Queue(func(context.Context, []byte) error {
			time.Sleep(9 * time.Minute) // the clock is the bubble's
			return nil
		}, 10*time.Minute)}), log)
		require.NoError(t, err)
		server := newServer(t.Context(), whole, realClocks(), log)
		go func() { _ = server.Serve(p) }()
		near, far := net.Pipe()
		p.conns <- far
		test(t, caller{near, bufio.NewReader(near)})
		_ = near.Close()
		close(p.done)
		require.NoError(t, server.Shutdown(t.Context()))
	})
}

// send writes in the background, since a pipe has no buffer.
func (c caller) send(s string) { go func() { _, _ = io.WriteString(c, s) }() }

func post(path string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", path, length)
}

// answered reads an answer and returns its status and how long it took.
func (c caller) answered(t *testing.T) (status int, took time.Duration) {
	t.Helper()
	began := time.Now()
	resp, err := http.ReadResponse(c.in, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, time.Since(began)
}

// closed waits for the end of the connection and returns how long it took.
func (c caller) closed(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	_, err := io.Copy(io.Discard, c.in)
	require.NoError(t, err)
	return time.Since(began)
}

func reads(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
}

func refuses(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }

func TestSlowBodiesEnd(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		h      http.HandlerFunc
		path   string
		status int
		within time.Duration
	}{
		"one that is read":                 {reads, "/api/x", http.StatusBadRequest, bodyWait},
		"one that is not wanted":           {refuses, "/api/x", http.StatusUnauthorized, drainWait},
		"at an unknown address":            {refuses, "/nowhere", http.StatusNotFound, drainWait},
		"of a job":                         {refuses, "/bulk", http.StatusBadRequest, bodyWait},
		"one that is answered at length":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1<<20)) }, "/api/x", http.StatusOK, bodyWait + drainWait},
		"one that is read after a while":   {func(w http.ResponseWriter, r *http.Request) { time.Sleep(time.Minute); reads(w, r) }, "/api/x", http.StatusBadRequest, time.Minute + bodyWait},
		"one that is refused after a byte": {func(w http.ResponseWriter, r *http.Request) { _, _ = r.Body.Read(make([]byte, 1)); refuses(w, r) }, "/api/x", http.StatusUnauthorized, drainWait},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slow(t, tc.h, func(t *testing.T, c caller) {
				c.send(post(tc.path, 60_000) + "{")
				status, took := c.answered(t)
				require.Equal(t, tc.status, status)
				require.LessOrEqual(t, took+c.closed(t), tc.within+time.Second)
			})
		})
	}
}

func TestAByteNowAndThenIsTooSlow(t *testing.T) {
	t.Parallel()
	slow(t, reads, func(t *testing.T, c caller) {
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_, err := io.WriteString(c, post("/api/x", 60_000))
			for err == nil {
				time.Sleep(time.Second)
				_, err = io.WriteString(c, "x")
			}
		}()
		status, took := c.answered(t)
		require.Equal(t, http.StatusBadRequest, status)
		require.LessOrEqual(t, took, bodyWait+2*time.Second)
		c.closed(t)
		<-gone
	})
}

func TestALongUploadIsWaitedFor(t *testing.T) {
	t.Parallel()
	const chunks = 200
	slow(t, reads, func(t *testing.T, c caller) {
		go func() {
			_, _ = io.WriteString(c, post("/api/x", chunks*bodyRate))
			for range chunks {
				time.Sleep(time.Second)
				_, _ = io.WriteString(c, strings.Repeat("x", bodyRate))
			}
		}()
		status, took := c.answered(t)
		require.Equal(t, http.StatusOK, status)
		require.Greater(t, took, 3*time.Minute)
	})
}

func TestWorkMayTakeLongerThanItsBody(t *testing.T) {
	t.Parallel()
	works := func(w http.ResponseWriter, r *http.Request) {
		reads(w, r)
		select {
		case <-time.After(9 * time.Minute):
		case <-r.Context().Done():
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	slow(t, works, func(t *testing.T, c caller) {
		for _, request := range []string{post("/api/x", 1) + "x", post("/api/x", 0), post("/bulk", len(hello)) + hello, post("/api/x", 1) + "x"} {
			c.send(request)
			status, took := c.answered(t)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, 9*time.Minute, took)
		}
		require.Equal(t, idleWait, c.closed(t), "an idle connection ends, too")
	})
}

func TestACallerWhoSentEverythingKeepsTheConnectionAfterARefusal(t *testing.T) {
	t.Parallel()
	slow(t, refuses, func(t *testing.T, c caller) {
		for range 2 {
			c.send(post("/api/x", 10_000) + strings.Repeat("x", 10_000))
			status, took := c.answered(t)
			require.Equal(t, http.StatusUnauthorized, status)
			require.Zero(t, took)
		}
	})
}
