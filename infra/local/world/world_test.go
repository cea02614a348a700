package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
)

// TestMain lets this test binary play the processes that the world starts. With the role
// process it answers on an address, or ends at once. With the role world it runs a whole world
// in a folder.
func TestMain(m *testing.M) {
	switch role := os.Getenv("WORLD_TEST_ROLE"); role {
	case "":
		os.Exit(m.Run())
	case "world":
		playWorld()
	default:
		play(os.Args[1], os.Args[2])
	}
}

func play(what, addr string) {
	fmt.Println("hello from", what, os.Getenv("RIGHTSDESK_CLOCK"))
	if what == "die" {
		os.Exit(3)
	}
	status := http.StatusOK
	if what == "unwell" {
		status = http.StatusServiceUnavailable
	}
	err := http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/quit" {
			os.Exit(0)
		}
		w.WriteHeader(status)
	}))
	fmt.Println(err)
	os.Exit(1)
}

func playWorld() {
	var s settings
	root := os.Args[1]
	s, err := testSettings(root, os.Args[0], os.Args[2], os.Args[3])
	if err == nil {
		err = newWorld(s, os.Stdout).run(context.Background())
	}
	fmt.Println(err)
	os.Exit(1)
}

// testSettings is a world in root whose tenant and host are played by this test binary.
func testSettings(root, self, tenant, host string) (settings, error) {
	var ports []int
	for range 2 {
		ln, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return settings{}, err
		}
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
		if err := ln.Close(); err != nil {
			return settings{}, err
		}
	}
	s := settings{
		root: root, state: filepath.Join(root, ".local"), hostDir: root,
		tenantAddr: fmt.Sprintf("127.0.0.1:%d", ports[0]), port: ports[1], readyLimit: 20 * time.Second,
		azurite: azurite.Options{Dir: filepath.Join(root, ".local", "azurite")},
	}
	as := func(what, addr string) []string { return []string{"env", "WORLD_TEST_ROLE=process", self, what, addr} }
	s.tenant, s.host = as(tenant, s.tenantAddr), as(host, fmt.Sprintf("127.0.0.1:%d", s.port))
	return s, nil
}

func worldOf(t *testing.T, tenant, host string) (*world, *transcript) {
	t.Helper()
	s, err := testSettings(t.TempDir(), os.Args[0], tenant, host)
	require.NoError(t, err)
	out := &transcript{}
	return newWorld(s, out), out
}

func TestWorldStartsIsReadyAndStops(t *testing.T) {
	t.Parallel()
	w, out := worldOf(t, "serve", "serve")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx) }()
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "Ctrl-C stops") }, time.Minute, 20*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)

	text := out.String()
	require.Contains(t, text, "host       | hello from serve http://"+w.tenantAddr+"/clock\n", "the handler's settings, and no colour")
	require.Contains(t, text, "azurite    | Azurite Table service is successfully listening")
	require.Contains(t, text, "rightsdesk | stopped\n")
	require.NoError(t, freePorts([]listener{{w.tenantAddr, "tenant"}, {fmt.Sprintf("127.0.0.1:%d", w.port), "host"}}), "nothing is left")
}

func TestWorldSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tenant, host string
		limit        time.Duration
		after        func(w *world)
		want         string
	}{
		"tenant dies at start": {"die", "serve", time.Minute, nil, "tenant ended before the simulated tenant answered"},
		"host dies at start":   {"serve", "die", time.Minute, nil, "host ended before the API answered"},
		"host is not healthy":  {"serve", "unwell", time.Second, nil, "the API did not answer on http://127.0.0.1"},
		"host dies later": {"serve", "serve", time.Minute, func(w *world) {
			_, _ = http.Get(w.api() + "/quit")
		}, "host ended unexpectedly, so everything was stopped"},
		"no such program": {"serve", "missing", time.Minute, nil, "start"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, out := worldOf(t, c.tenant, c.host)
			w.readyLimit = c.limit
			if c.host == "missing" {
				w.host = []string{filepath.Join(w.root, "missing")}
			}
			ended := make(chan error, 1)
			go func() { ended <- w.run(t.Context()) }()
			if c.after != nil {
				require.Eventually(t, func() bool { return strings.Contains(out.String(), "Ctrl-C stops") }, time.Minute, 20*time.Millisecond)
				c.after(w)
			}
			require.ErrorContains(t, <-ended, c.want)
			require.Contains(t, out.String(), "rightsdesk | stopped\n")
		})
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	t.Parallel()
	w, _ := worldOf(t, "serve", "serve")
	ln, err := net.Listen("tcp4", w.tenantAddr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	require.ErrorContains(t, w.run(t.Context()), w.tenantAddr+" is needed for the simulated tenant, but something listens there already")
}

func TestResetEmptiesTheState(t *testing.T) {
	t.Parallel()
	for _, reset := range []bool{true, false} {
		w, _ := worldOf(t, "die", "serve")
		w.reset = reset
		old := filepath.Join(w.state, "keys.json")
		require.NoError(t, os.MkdirAll(w.state, 0o700))
		require.NoError(t, os.WriteFile(old, []byte("{}"), 0o600))
		require.Error(t, w.run(t.Context()))
		_, err := os.Stat(old)
		require.Equal(t, reset, errors.Is(err, os.ErrNotExist))
	}
}

// SIGKILL of the world cannot be caught. On Linux the kernel ends what it has started.
func TestKilledWorldLeavesNothing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a parent-death signal")
	}
	root := t.TempDir()
	cmd := exec.Command(os.Args[0], root, "serve", "serve")
	cmd.Env = append(os.Environ(), "WORLD_TEST_ROLE=world")
	out := &transcript{}
	cmd.Stdout = out
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "Ctrl-C stops") }, time.Minute, 20*time.Millisecond)
	require.NotEmpty(t, processesNaming(t, root))
	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait() // it says that it was killed
	require.Eventually(t, func() bool { return len(processesNaming(t, root)) == 0 }, 30*time.Second, 50*time.Millisecond)
}

// processesNaming lists the live processes whose command line or working directory is in root.
func processesNaming(t *testing.T, root string) (found []string) {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	for _, d := range dirs {
		line, _ := os.ReadFile(filepath.Join(d, "cmdline")) // it may have ended since
		cwd, _ := os.Readlink(filepath.Join(d, "cwd"))
		if strings.Contains(string(line), root) || strings.HasPrefix(cwd, root) {
			found = append(found, d)
		}
	}
	return found
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"nothing set":     {nil, ""},
		"all set":         {map[string]string{"PORT": "8000", "RESET": "1", "HOST": "func"}, ""},
		"port in words":   {map[string]string{"PORT": "http"}, "PORT must be a number"},
		"port too high":   {map[string]string{"PORT": "70000"}, "PORT must be a number"},
		"another host":    {map[string]string{"HOST": "iis"}, "HOST must be devhost"},
		"reset otherwise": {map[string]string{"RESET": "yes"}, "RESET must be 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := settingsOf(func(k string) string { return c.env[k] })
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.env["RESET"] == "1", s.reset)
			require.Equal(t, c.env["HOST"] == "func", s.host[0] == "func")
		})
	}
}

func TestLocalSettingsKeepTheSample(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sample := `{"IsEncrypted":true,"Values":{"AzureWebJobsStorage":"x","OTHER":"kept"},"Host":{"CORS":"*"}}`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "local.settings.sample.json"), []byte(sample), 0o600))
	require.NoError(t, writeLocalSettings(dir, map[string]string{"AzureWebJobsStorage": "UseDevelopmentStorage=true"}))
	b, err := os.ReadFile(filepath.Join(dir, "local.settings.json"))
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, map[string]any{
		"IsEncrypted": false,
		"Host":        map[string]any{"CORS": "*"},
		"Values":      map[string]any{"AzureWebJobsStorage": "UseDevelopmentStorage=true", "OTHER": "kept"},
	}, got)
}

func TestLinesAreShownUnderAName(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		colour bool
		writes []string
		want   string
	}{
		"lines in pieces":      {false, []string{"a", "b\nc", "d\n"}, "host       | ab\nhost       | cd\n"},
		"coloured on terminal": {true, []string{"a\n"}, "\033[32mhost       |\033[0m a\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w := (&logs{out: &out, colour: c.colour}).output("host", green)
			for _, s := range c.writes {
				n, err := w.Write([]byte(s))
				require.NoError(t, err)
				require.Equal(t, len(s), n)
			}
			require.Equal(t, c.want, out.String())
		})
	}
}

// transcript is a buffer that is read while it is written.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(b)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
